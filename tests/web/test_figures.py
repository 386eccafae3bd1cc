"""Figures for who looks after the desk: true, complete, and cheap whatever was served."""

from __future__ import annotations

import os
import re
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.channels.protocol import Fault, SendError
from bot.engine.turn import Turn
from flows.events import Envelope, Text
from flows.messages import Message, Part
from storage import contacts, figures, settings
from storage.database import StorageUnavailable, Tx
from storage.files import FilesUnavailable
from storage.instant import to_ms
from tests.office import MONDAY
from tests.web.site import Site, site

_OF_WHAT_WAITS = re.compile(
    r"(SCAN|SEARCH) \w+ USING (COVERING )?INDEX"
    r" (inbox_waiting|inbox_aside|outbox_waiting|outbox_failed|outbox_announcing"
    r"|job_waiting|job_failed|request_queue)"
)
_ONE_ROW = re.compile(
    r"SEARCH (inbox|outbox) USING INTEGER PRIMARY KEY|SCAN pragma_|USE TEMP B-TREE"
    r"|SEARCH setting USING INDEX sqlite_autoindex_setting_1 \(name=\?\)"
)


async def exported(it: Site) -> dict[tuple[str, str], float]:
    """Return every figure by its name and the values of its labels."""
    answer = await it.browser.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_queues_are_counted_with_their_age(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        desk = it.desk
        await desk.worker.stop()
        await desk.jobs.stop()
        await desk.sender.stop()

        def fill(tx: Tx) -> None:
            now = desk.now()
            turn = Turn(desk, tx, now)
            contact = contacts.meet(tx, desk.vault, "telegram", "1", to_ms(now))
            turn.put(contact, Text("halo"), "a")
            turn.say(contact, Message([Part("conversation.told.reply", {})]))
            turn.job("fetch", "a", {})

        await desk.db.write(fill)
        it.clock.pass_time(timedelta(seconds=90))
        found = await exported(it)
        assert found["loket_inbox_waiting", ""] == 1
        assert found["loket_inbox_oldest_seconds", ""] == 90
        assert found["loket_outbox_waiting", "telegram,answers"] == 1
        assert found["loket_outbox_waiting", "telegram,announcements"] == 0
        assert found["loket_outbox_oldest_seconds", "telegram"] == 90
        assert found["loket_jobs_waiting", ""] == 1
        assert found["loket_jobs_oldest_seconds", ""] == 90
        # A clock that was set back makes nothing late.
        it.clock.pass_time(timedelta(hours=-1))
        assert (await exported(it))["loket_inbox_oldest_seconds", ""] == 0


async def test_turns_sendings_and_refusals_are_counted(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        await it.enter()
        await it.say("a", "halo")
        await it.settle()
        found = await exported(it)
        assert found["loket_turn_seconds_count", ""] == it.desk.worker.turns.buckets[-1][1]
        assert found["loket_turn_seconds_bucket", "+Inf"] == found["loket_turn_seconds_count", ""]
        assert found["loket_sent_total", "telegram"] == 0
        it.desk.channels["telegram"].faults.append(  # type: ignore[attr-defined]
            SendError(Fault.CONTENT, "bad", code="400")
        )

        def speak(tx: Tx) -> None:
            turn = Turn(it.desk, tx, it.desk.now())
            contact = contacts.meet(tx, it.desk.vault, "telegram", "1", to_ms(turn.now))
            for _ in range(2):
                args = {"officer": "Rina", "text": "selesai"}
                turn.say(contact, Message([Part("conversation.told.reply", args)]))

        await it.desk.db.write(speak)
        await it.settle()
        found = await exported(it)
        assert found["loket_sent_total", "telegram"] == 1
        assert found["loket_refused_total", "telegram,content,given_up"] == 1
        assert found["loket_outbox_failed", ""] == 1


async def test_the_machine_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path) as it:
        found = await exported(it)
        assert 0 < found["loket_disk_free_bytes", ""] <= found["loket_disk_bytes", ""]
        assert found["loket_database_bytes", ""] > 100_000
        assert found["loket_last_backup_timestamp_seconds", ""] == 0
        assert found["loket_files_up", ""] == 1
        assert [value for (name, _), value in found.items() if name == "loket_info"] == [1]
        last = it.desk.config.data_dir / "last-backup"
        last.touch()
        os.utime(last, (1000, 1000))

        async def away() -> None:
            raise FilesUnavailable("away")

        monkeypatch.setattr(it.desk.files, "check", away)
        found = await exported(it)
        assert found["loket_last_backup_timestamp_seconds", ""] == 1000
        await it.desk.db.write(lambda tx: settings.note_backup(tx, 2000.5))
        assert (await exported(it))["loket_last_backup_timestamp_seconds", ""] == 2000.5
        assert found["loket_files_up", ""] == 0
        answer = await it.browser.get("/readyz")
        assert answer.status_code == 200
        assert "file store cannot be used" in answer.text


class _Noted:
    """A transaction that notes what it is asked."""

    shared = False

    def __init__(self, tx: Tx) -> None:
        self._tx, self.asked = tx, list[tuple[str, tuple[Any, ...]]]()

    def all(self, sql: str, *params: Any) -> Any:
        self.asked.append((sql, params))
        return self._tx.all(sql, *params)

    def one(self, sql: str, *params: Any) -> Any:
        self.asked.append((sql, params))
        return self._tx.one(sql, *params)


async def test_nothing_is_counted_that_was_served(tmp_path: Path) -> None:
    """Every plan reads an index of what waits or is open, never a table."""
    async with site(tmp_path) as it:

        def plans(tx: Tx) -> list[str]:
            noted = _Noted(tx)
            figures.look(noted, MONDAY)  # type: ignore[arg-type]
            return [
                row[3]
                for sql, params in noted.asked
                for row in tx.all(f"EXPLAIN QUERY PLAN {sql}", *params)
            ]

        found = await it.desk.db.read(plans)
    assert len(found) > 8
    helpers = ("SCALAR SUBQUERY 1", "SCALAR SUBQUERY 2")
    strange = [
        one
        for one in found
        if not (_OF_WHAT_WAITS.match(one) or _ONE_ROW.match(one) or one.startswith(helpers))
    ]
    assert strange == []


async def test_a_disk_that_became_read_only_is_not_ready_and_harms_nothing(tmp_path: Path) -> None:
    """503 to platforms and probes, nothing half written; it goes on when the disk is back."""
    async with site(tmp_path) as it:
        desk = it.desk
        await desk.db.write(lambda tx: tx.all("PRAGMA query_only = ON"))
        answer = await it.browser.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the database cannot be written")
        assert (await it.browser.get("/healthz")).status_code == 200
        with pytest.raises(StorageUnavailable):
            await desk.accept([Envelope("telegram", "1", "1", Text("halo"))])
        desk.db.close()
        desk.db.open()
        assert (await it.browser.get("/readyz")).status_code == 200
        await desk.accept([Envelope("telegram", "1", "1", Text("halo"))])
        await it.settle()
        row = await desk.db.read(lambda tx: tx.one("SELECT count(*) FROM inbox WHERE key = '1'"))
        assert row == (1,)
    connection = sqlite3.connect(tmp_path / "loket.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
