"""``python -m benchmarks.growth``: the same desk on an empty database and on one of ten years.

The rows are made by SQL, alike but for their keys, with sealed parts of the usual size. Measured in
one run on both: the start, memory, the dialogue of ``make bench``, and what officers look up.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from benchmarks.bots import ROOT, desk
from benchmarks.load import World
from benchmarks.measuring import LOAD_CORE, Plan, Result, measure
from storage import documents, finding, requests, worklist
from storage.database import Tx
from storage.migrating import bring_up_to_date
from storage.sqlite import SqliteTx
from storage.vault import Vault

_EPOCH = 1_600_000_000_000
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
_SERVICES = "CASE i % 4 WHEN 0 THEN 'domisili' WHEN 1 THEN 'kk' WHEN 2 THEN 'sktm' ELSE 'usaha' END"
_ROWS = {
    "citizen": ("people", {"created_at": f"{_EPOCH} + i"}),
    "contact": (
        "people",
        {
            "channel": "'telegram'",
            "kind": "'citizen'",
            "citizen_id": "i",
            "language": "'id'",
            "state": "'open'",
            "address": "randomblob(40)",
            "profile": "randomblob(60)",
            "heard_at": f"{_EPOCH} + i",
            "created_at": f"{_EPOCH} + i",
        },
    ),
    "address": (
        "people",
        {
            "channel": "'telegram'",
            "digest": "hex(randomblob(16))",
            "contact_id": "i",
            "value": "randomblob(40)",
        },
    ),
    "conversation": (
        "conversations",
        {
            "contact_id": "i",
            "session": "randomblob(700)",
            "service": _SERVICES,
            "digest": "'d'",
            "place": "'asking'",
            "turn": "7",
            "wake_at": "4000000000000 + i",
            "updated_at": f"{_EPOCH} + i",
        },
    ),
    "request": (
        "requests",
        {
            "number": "printf('OLD-%02d-%07d', i % 10, i)",
            "sequence": "i",
            "code": "hex(randomblob(13))",
            "contact_id": "1 + i % ?2",
            "citizen_id": "1 + i % ?2",
            "service": _SERVICES,
            "digest": "'d'",
            "stage": "'handover'",
            "role": "'counter'",
            "status": "CASE WHEN i % 5000 = 0 THEN 'open' ELSE 'done' END",
            "version": "8",
            "name": "'Siti ' || char(97 + i % 26, 97 + i / 26 % 26) || ' Aminah'",
            "village": "'2001'",
            "nik": "hex(randomblob(16))",
            "filed_at": f"{_EPOCH} + i * 300000",
            "closed_at": f"{_EPOCH} + i * 300000",
            "promised_at": f"{_EPOCH} + i * 300000",
            "stage_at": f"{_EPOCH} + i * 300000",
            "stage_due_at": f"{_EPOCH} + i * 300000",
            "key": "randomblob(60)",
            "data": "randomblob(600)",
        },
    ),
    "history": (
        "requests",
        {
            "request_id": "i",
            "at": f"{_EPOCH} + i * 300000",
            "kind": "'handedover'",
            "stage": "'handover'",
        },
    ),
    "inbox": (
        "messages",
        {
            "channel": "'telegram'",
            "key": "'old-' || i",
            "lane": "1 + i % ?2",
            "state": "1",
            "received_at": f"{_EPOCH} + i * 30000",
            "body": "randomblob(120)",
        },
    ),
    "outbox": (
        "messages",
        {
            "contact_id": "1 + i % ?2",
            "channel": "'telegram'",
            "state": "2",
            "tries": "1",
            "platform_id": "'old-' || i",
            "status": "'sent'",
            "body": "randomblob(120)",
            "created_at": f"{_EPOCH} + i * 30000",
            "sent_at": f"{_EPOCH} + i * 30000",
        },
    ),
}


def fill(path: Path, counts: dict[str, int]) -> None:
    """Make a database of so many people, conversations, requests and messages."""
    bring_up_to_date(path)
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous=OFF", "journal_mode=OFF", "cache_size=-800000"):
        database.execute(f"PRAGMA {pragma}")
    indexes = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    for table, (which, values) in _ROWS.items():
        known = {row[1]: row for row in database.execute(f"PRAGMA table_info({table})")}
        # What has no value of its own here is as it is in a row that says nothing of it.
        for column, row in known.items():
            if row[3] and row[4] is None and column not in values and not row[5]:
                values[column] = "''" if "CHAR" in row[2].upper() else "0"
        columns, expressions = ", ".join(values), ", ".join(values.values())
        database.execute("BEGIN")
        database.execute(
            f"{_NUMBERS} INSERT INTO {table} ({columns}) SELECT {expressions} FROM n",
            (counts[which], counts["people"])[: 1 + ("?2" in expressions)],
        )
        database.execute("COMMIT")
    for _, sql in indexes:
        database.execute(sql)
    database.execute("PRAGMA journal_mode=WAL")
    database.close()


def looked_up(path: Path, vault: Vault) -> dict[str, float]:
    """Return the milliseconds that officers wait for what they look up."""
    database = sqlite3.connect(path, isolation_level=None)
    tx: Tx = SqliteTx(database)
    number = str(database.execute("SELECT MAX(number) FROM request").fetchone()[0] or "")
    newest = int(database.execute("SELECT MAX(id) FROM request").fetchone()[0] or 0)
    tasks: dict[str, Callable[[], Any]] = {
        "antrean": lambda: worklist.page(tx, worklist.Wanted(), 15),
        "cari, a name": lambda: finding.search(tx, vault, "siti ab", 15),
        "cari, a second name": lambda: finding.search(tx, vault, "aminah", 15),
        "cari, nobody": lambda: finding.search(tx, vault, "zulkarnain", 15),
        "cari, a number": lambda: finding.search(tx, vault, number or "X-1", 15),
        "lihat": lambda: (requests.load(tx, newest), documents.by_path(tx, newest)),
    }
    return {name: _median(task) for name, task in tasks.items()}


def _median(task: Callable[[], Any]) -> float:
    times = []
    for _ in range(9):
        began = time.perf_counter()
        task()
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


async def one(folder: Path, plan: Plan, counts: dict[str, int]) -> tuple[Result, float, float, Any]:
    """Return the dialogue's figures, the seconds of a start, the MB on disk, and the look-ups."""
    world = World()
    bot = desk(folder, await world.open())
    path = folder / "data" / "loket.db"
    path.parent.mkdir(parents=True)
    if counts:
        fill(path, counts)
    await bot.start(LOAD_CORE, folder / "log")
    await bot.stop()
    began = time.perf_counter()
    await bot.start(LOAD_CORE, folder / "log")
    started = time.perf_counter() - began
    await bot.stop()
    result = await measure(bot, world, plan, folder)
    world.close()
    size = path.stat().st_size / 1e6
    return result, started, size, looked_up(path, Vault.load(path.parent, None))


def main() -> None:
    """Measure empty and grown, and print both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    grown = {
        "people": max(given.conversations, 1),
        "conversations": given.conversations,
        "requests": given.requests,
        "messages": given.messages // 2,
    }
    os.sched_setaffinity(0, {LOAD_CORE})
    plan = Plan(seconds=given.seconds, citizens=64, steady_seconds=15.0)
    print("| | start s | disk MB | RSS MB | CPU ms | p50 ms, 100/s | p99 ms | looked up, ms |")
    print("|---|" + "---:|" * 6 + "---|")
    for name, counts in (("empty", {}), ("grown", grown)):
        with tempfile.TemporaryDirectory(prefix="loket-growth-", dir=ROOT) as place:
            result, started, size, found = uvloop.run(one(Path(place), plan, counts))
        looks = ", ".join(f"{what} {ms:.1f}" for what, ms in found.items())
        print(
            f"| {name} | {started:.1f} | {size:,.0f} | {result.memory:.0f} | {result.cpu:.3f} "
            f"| {result.steady_p50:.1f} | {result.steady_p99:.1f} | {looks} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
