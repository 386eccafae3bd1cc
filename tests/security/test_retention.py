"""Nothing stays longer than config.yaml says; what is purged cannot be read again."""

from __future__ import annotations

import csv
import io
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.terminal import Terminal
from bot.engine.tidying import tidy
from bot.letters import load_letter
from bot.papers.documents import load_document
from bot.web.tracking import tracked
from flows.events import Envelope, Media
from storage import history, links, officers, requests
from storage.database import Tx
from storage.requests import Purged
from tests.conversations.runner import act
from tests.conversations.script import Pause
from tests.conversations.stage import Stage
from tests.paper import photo
from tests.security.desk import happy, holding, opened, say


async def _tidy(stage: Stage) -> None:
    await tidy(stage.desk)
    await stage.rest()


async def _rows(stage: Stage, sql: str) -> list[Any]:
    return [tuple(row) for row in await stage.desk.db.read(lambda tx: tx.all(sql))]


async def _until(stage: Stage, button: str) -> None:
    """Play the happy domisili until just before that button is pressed."""
    for step in happy("domisili").steps:
        if step.inputs and step.inputs[0].text == button:
            return
        await act(stage, step)


async def test_a_closed_request_is_purged_step_by_step(tmp_path: Path) -> None:
    script = happy("domisili")
    stage = await opened(tmp_path, script)
    try:
        for step in script.steps:
            await act(stage, step)
        db, vault = stage.desk.db, stage.desk.vault
        await say(stage, "/catat 1 catatan rahasia", who="Rina")
        row = await db.read(lambda tx: requests.load(tx, 1))
        assert row is not None
        assert row.closed_at is not None
        sealed = [
            key for (key,) in await _rows(stage, "SELECT key FROM document WHERE key IS NOT NULL")
        ]
        own = (await _rows(stage, "SELECT key FROM request"))[0][0]
        files = len(list((tmp_path / "files").rglob("*")))
        await _tidy(stage)
        assert (await load_document(stage.desk, 1)) is not None

        stage.clock.pass_time(timedelta(days=91))
        await _tidy(stage)
        assert await load_document(stage.desk, 1) is None
        assert await _rows(stage, "SELECT 1 FROM document WHERE key IS NOT NULL") == []
        assert len(list((tmp_path / "files").rglob("*"))) < files
        assert (await db.read(lambda tx: requests.given(tx, vault, 1))).answers
        assert await _rows(stage, "SELECT 1 FROM inbox WHERE channel = 'telegram'") == []
        assert await _rows(stage, "SELECT 1 FROM outbox WHERE state > 1") == []

        stage.clock.pass_time(timedelta(days=280))
        await _tidy(stage)
        with pytest.raises(Purged):
            await db.read(lambda tx: requests.given(tx, vault, 1))
        assert await db.read(lambda tx: history.notes(tx, vault, 1)) == {}
        assert await _rows(stage, "SELECT number, name, village, nik FROM request") == [
            (row.number, "", "", "")
        ]
        assert await load_letter(stage.desk, 1) is not None
        desk = stage.desk
        page = await db.read(lambda tx: tracked(tx, desk, row.code))
        assert page is not None
        assert page.initials == ""
        await say(stage, "/lihat 1", "/berkas 1", who="Rina")
        assert row.number in stage.news("Rina")[-2].text

        stage.clock.pass_time(timedelta(days=366 * 10))
        await _tidy(stage)
        assert await load_letter(stage.desk, 1) is None
        assert await _rows(stage, "SELECT number, state FROM letter WHERE sha256 <> ''")
    finally:
        await stage.close()
    # Not even a copy of the sealed keys is left: whoever has the master key finds nothing.
    for key in [own, *sealed]:
        assert holding(tmp_path, key) == []
    assert holding(tmp_path, b"Siti Aminah") == []


async def test_codes_and_the_audit_end(tmp_path: Path) -> None:
    stage = await opened(tmp_path, happy("domisili"))
    try:
        now, vault = stage.clock(), stage.desk.vault

        def make(tx: Tx) -> None:
            links.make(tx, vault, "document", "1", None, now + timedelta(minutes=10))
            officers.invite(tx, vault, "Joko", "counter", now)

        await stage.desk.db.write(make)
        await _tidy(stage)
        assert len(await _rows(stage, "SELECT 1 FROM link")) == 1
        stage.clock.pass_time(timedelta(days=4))
        await _tidy(stage)
        assert await _rows(stage, "SELECT 1 FROM link") == []
        assert await _rows(stage, "SELECT 1 FROM invite") == []
        assert await _rows(stage, "SELECT 1 FROM audit")
        stage.clock.pass_time(timedelta(days=366 * 5))
        await _tidy(stage)
        assert await _rows(stage, "SELECT 1 FROM audit WHERE what NOT LIKE 'purged.%'") == []
        assert await _rows(stage, "SELECT 1 FROM audit WHERE what = 'purged.audit'")
    finally:
        await stage.close()


async def test_an_expired_draft_takes_its_documents_with_it(tmp_path: Path) -> None:
    stage = await opened(tmp_path, happy("domisili"))
    try:
        await _until(stage, "[Kirim permohonan]")
        assert await load_document(stage.desk, 1) is not None
        stage.clock.pass_time(timedelta(days=8))
        await _tidy(stage)
        # Still needed: the person was not told yet that it ended.
        assert await load_document(stage.desk, 1) is not None
        for _ in range(5):
            await stage.pause(Pause(0, "4 hari kemudian"))
        assert await _rows(stage, "SELECT 1 FROM document WHERE key IS NOT NULL") == []
        await stage.rest()
        assert [p for p in (tmp_path / "files").rglob("*") if p.is_file()] == []
    finally:
        await stage.close()


async def test_a_document_that_no_conversation_needs_is_discarded(tmp_path: Path) -> None:
    stage = await opened(tmp_path, happy("domisili"))
    try:
        await _until(stage, "[Kirim permohonan]")
        await stage.desk.db.write(lambda tx: tx.run("DELETE FROM conversation"))
        await _tidy(stage)
        assert await load_document(stage.desk, 1) is not None
        stage.clock.pass_time(timedelta(days=8))
        await _tidy(stage)
        assert await _rows(stage, "SELECT 1 FROM document WHERE key IS NOT NULL") == []
    finally:
        await stage.close()


async def test_a_staged_upload_goes_once_it_was_fetched_or_after_a_day(tmp_path: Path) -> None:
    stage = await opened(tmp_path, happy("domisili"))
    try:
        terminal = Terminal(stage.desk.vault, stage.desk.files)
        stage.desk.channels["terminal"] = terminal
        await _until(stage, "(foto tajam)")
        staged = tmp_path / "staged"

        async def upload(key: str, content: bytes) -> str:
            ref = await terminal.stage("warga:siti", key, content)
            assert [p for p in staged.rglob("*") if p.is_file()]
            return ref

        # The citizen of the transcript sits at a terminal for these pictures.
        stage.desk.channels["telegram"] = _Seat(stage)
        for key, content in (("a", photo("sharp", 1)), ("b", b"MZ no picture at all" * 50)):
            ref = await upload(key, content)
            media = Media(ref, "photo", "image/jpeg")
            await stage.desk.accept([Envelope("telegram", f"up-{key}", stage.people[""][1], media)])
            await stage.rest()
            assert [p for p in staged.rglob("*") if p.is_file()] == []
        await upload("c", b"never asked for")
        await _tidy(stage)
        old = [p for p in staged.rglob("*") if p.is_file()]
        for path in old:
            os.utime(path, (0, 0))
        await _tidy(stage)
        assert [p for p in staged.rglob("*") if p.is_file()] == []
    finally:
        await stage.close()


class _Seat(Terminal):
    """A terminal that stands for the channel by which the citizen of a transcript writes."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.desk.vault, stage.desk.files)


async def test_officers_read_and_keep_the_protocol_of_what_went(tmp_path: Path) -> None:
    script = happy("domisili")
    stage = await opened(tmp_path, script)
    try:
        for step in script.steps:
            await act(stage, step)
        stage.clock.pass_time(timedelta(days=91))
        await _tidy(stage)
        month = f"{stage.clock():%Y-%m}"
        await say(stage, f"/berkas dihapus {month}", "/berkas dihapus bulan lalu", who="Rina")
        answer, refused = stage.news("Rina")[-2:]
        assert "documents_days=90" in answer.text
        assert "Siti" not in answer.text
        [file] = [one for one in answer.files if one.name == f"penghapusan-{month}.csv"]
        rows = list(csv.reader(io.StringIO(file.content.decode())))
        [papers] = [row for row in rows if "documents_days=90" in row]
        assert papers[0].startswith(month)
        assert papers[2] == "Surat keterangan domisili"
        assert papers[5] == "otomatis"
        assert "2026-11" in refused.text
        await say(stage, "/lihat 1", who="Rina")
        assert "berkas dihapus sesuai aturan" in stage.news("Rina")[-1].text
        await say(stage, "hapus data", "1")
        await say(stage, f"/berkas dihapus {month}", who="Rina")
        assert "permintaan warga" in stage.news("Rina")[-1].text
    finally:
        await stage.close()
