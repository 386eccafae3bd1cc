"""``/berkas dihapus``: the protocol of what the retention ended, to read and to keep as a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from bot.channels.protocol import File
from bot.commands.grammar import first_word
from bot.commands.names import Names
from bot.commands.registry import Answer, Call, Table, command
from bot.engine.turn import Turn
from bot.requests.private import carries_files
from flows.messages import Attachment
from flows.workflow import Refused
from storage import purges
from storage.instant import from_ms, to_ms
from storage.purges import Purge

if TYPE_CHECKING:
    from bot.engine.desk import Desk

_WORDS = ("dihapus", "erased", "deleted")
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_LINES = 15
_COLUMNS = ["time", "kind", "service", "rule", "count", "by"]


@command("berkas", "files")
def purged(call: Call) -> Answer:
    """Show what was erased in a month (this one, or ``2026-11``), and attach all of it as CSV."""
    word, month = first_word(call.rest)
    if word.lower() not in _WORDS:
        raise Refused("number_unknown", said=word[:40])
    month = month or call.turn.desk.office.today(call.turn.now)[:7]
    if not _MONTH.fullmatch(month):
        raise Refused("month_unclear", said=month[:20])
    found = _of_month(call.turn, month)
    rows = [_row(call.names, one) for one in found[:_LINES]]
    args = {"month": month, "more": max(0, len(found) - _LINES)}
    files = []
    if found and carries_files(call.asker.channel):
        files = [Attachment("purges", month, f"penghapusan-{month}.csv")]
    return Answer("berkas_dihapus", args, Table(_COLUMNS, rows), files)


async def purges_file(desk: Desk, month: str) -> File:
    """Return the whole protocol of a month as CSV, made at the moment it is sent."""

    rows = await desk.db.read(lambda tx: list(_lines(Turn(desk, tx, desk.now()), month)))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return File("document", f"penghapusan-{month}.csv", "text/csv", text.getvalue().encode())


def _lines(turn: Turn, month: str) -> Iterator[list[str]]:
    names, zone = Names(turn), turn.desk.office.calendar.zone
    yield [names.label(f"commands.column.{column}") for column in _COLUMNS]
    for one in _of_month(turn, month):
        at = from_ms(one.at).astimezone(zone).isoformat(timespec="seconds")
        yield [at, *_row(names, one)[1:]]


def _of_month(turn: Turn, month: str) -> list[Purge]:
    year, number = int(month[:4]), int(month[5:])
    zone = turn.desk.office.calendar.zone
    since = datetime(year, number, 1, tzinfo=zone)
    until = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    return purges.between(turn.tx, to_ms(since), to_ms(until))


def _row(names: Names, one: Purge) -> list[str]:
    wish = one.rule == purges.WISH
    return [
        names.time(one.at),
        names.label(f"commands.purge.{one.sort}") or one.sort,
        names.service(one.service) if one.service else "",
        names.label("commands.purge.wish") if wish else one.rule,
        str(one.taken),
        names.label(f"commands.purge.by_{'wish' if wish else 'desk'}"),
    ]
