"""Keeping nothing longer than it is needed (UU 27/2022): what the retention ends, goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bot.channels.screen import Screen
from bot.engine.turn import Turn
from bot.papers import documents, outgoing, uploads
from bot.people import counter
from storage import complaints, conversations, counterdrafts, history, purges, retention
from storage.database import Tx
from storage.instant import to_ms
from storage.purges import Purge

if TYPE_CHECKING:
    from bot.engine.desk import Desk

# Platforms repeat what they sent for a day: for longer than that a repetition must be known.
_LEAST_MESSAGES = timedelta(days=3)
_CODES = timedelta(days=1)
_YEAR = timedelta(days=365.25)


class _Purge(NamedTuple):
    """Something to end: ``unit`` does a portion and returns how much it was, 0 for nothing left."""

    sort: str
    rule: str
    unit: Callable[[Tx], int]
    service: str = ""


async def tidy(desk: Desk) -> None:
    """Remove all that is past its time, in portions; raises StorageUnavailable.

    A portion and its line in the protocol are one transaction, and files are deleted by jobs that
    it queues: what is cut off goes on with the next time.
    """
    now = to_ms(desk.now())
    kinds = await desk.db.read(retention.versions)
    for one in [*_everybody(desk), *(each for kind in kinds for each in _service(desk, kind))]:
        while await desk.db.write(partial(_noted, one, now)):
            pass
    while await desk.db.write(lambda tx: counter.drop_stale(Turn(desk, tx, desk.now()))):
        pass
    await _discard_forgotten(desk, to_ms(desk.now() - _draft(desk)))
    for channel in desk.channels.values():
        if isinstance(channel, Screen):
            await channel.sweep()
    await outgoing.sweep(desk)
    await uploads.sweep(desk)


def _everybody(desk: Desk) -> Iterator[_Purge]:
    """What config.yaml alone ends."""
    kept, now = desk.config.retention, desk.now()
    messages = to_ms(now - max(timedelta(days=kept.messages_days), _LEAST_MESSAGES))
    codes, closed = to_ms(now - _CODES), to_ms(now - timedelta(days=kept.answers_days))
    audited = to_ms(now - _YEAR * kept.audit_years)
    yield _Purge(
        "messages",
        f"messages_days={kept.messages_days}",
        lambda tx: retention.forget_messages(tx, messages),
    )
    yield _Purge("codes", f"days={_CODES.days}", lambda tx: retention.forget_codes(tx, codes))
    yield _Purge(
        "audit",
        f"audit_years={kept.audit_years}",
        lambda tx: retention.forget_audit(tx, audited),
    )
    yield _Purge(
        "complaints",
        f"answers_days={kept.answers_days}",
        lambda tx: complaints.purge_closed(tx, closed),
    )


def _service(desk: Desk, kind: retention.Version) -> Iterator[_Purge]:
    """What ends for the requests of one version of a service."""
    keeps, now, service = desk.office.keeps(*kind), desk.now(), kind[0]
    papers = to_ms(now - timedelta(days=keeps.documents_days))
    answers = to_ms(now - timedelta(days=keeps.answers_days))
    issued = to_ms(now - _YEAR * keeps.letters_years)
    yield _Purge(
        "documents",
        f"documents_days={keeps.documents_days}",
        lambda tx: _discard(Turn(desk, tx, now), kind, papers),
        service,
    )
    yield _Purge(
        "requests",
        f"answers_days={keeps.answers_days}",
        lambda tx: _forget_answers(Turn(desk, tx, now), kind, answers),
        service,
    )
    yield _Purge(
        "letters",
        f"letters_years={keeps.letters_years}",
        lambda tx: _purge_letters(Turn(desk, tx, now), kind, issued),
        service,
    )


def _noted(one: _Purge, now: int, tx: Tx) -> int:
    count = one.unit(tx)
    purges.note(tx, Purge(now, one.sort, one.service, one.rule, count))
    return count


def _discard(turn: Turn, kind: retention.Version, before: int) -> int:
    found = retention.papers_of_closed(turn.tx, kind, before)
    for request_id, papers in found.items():
        documents.discard(turn, papers)
        _remember(turn, request_id, "papersexpired")
    return sum(map(len, found.values()))


def _forget_answers(turn: Turn, kind: retention.Version, before: int) -> int:
    found = retention.purge_requests(turn.tx, kind, before)
    for request_id in found:
        _remember(turn, request_id, "answersexpired")
    return len(found)


def _purge_letters(turn: Turn, kind: retention.Version, before: int) -> int:
    found = retention.purge_letters(turn.tx, kind, before)
    for letter_id, request_id, file in found:
        if file:
            turn.job("delete", f"delete-letter:{letter_id}", {"files": [file]})
        _remember(turn, request_id, "letterexpired")
    return len(found)


def _remember(turn: Turn, request_id: int, kind: str) -> None:
    """Whoever looks at the request later sees what went, and when."""
    history.record(turn.tx, turn.desk.vault, request_id, turn.now, kind)


def _draft(desk: Desk) -> timedelta:
    """After this long what is half-finished has ended, or somebody still writes."""
    return timedelta(hours=desk.office.limits.expire_after)


async def _discard_forgotten(desk: Desk, before: int) -> None:
    """Discard papers that no conversation needs any more, as after a crash in between."""
    reached, rule = 0, f"expire_hours={desk.office.limits.expire_after}"

    def portion(tx: Tx) -> int:
        turn = Turn(desk, tx, desk.now())
        found = retention.papers_of_nobody(tx, before, reached)
        needed = {contact: _needed(desk, tx, contact) for contact in {one[1] for one in found}}
        loose = [paper for paper, contact in found if paper not in needed[contact]]
        documents.discard(turn, loose)
        purges.note(tx, Purge(turn.instant, "documents", "", rule, len(loose)))
        return found[-1][0] if found else 0

    while last := await desk.db.write(portion):
        reached = last


def _needed(desk: Desk, tx: Tx, contact_id: int) -> set[int]:
    draft = counterdrafts.of_contact(tx, desk.vault, contact_id)
    kept = conversations.load(tx, desk.vault, contact_id)
    session = draft.session if draft else kept.session
    return {page.id for pages in session.documents.values() for page in pages}
