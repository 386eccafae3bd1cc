"""``dataku`` shows all that is held; ``hapus data`` destroys it, but for what must be kept."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from bot.channels.protocol import File
from bot.letters import load_letter
from bot.papers.documents import load_document
from bot.rights.dossier import data_file
from storage import audit, requests
from storage.requests import Purged
from tests.conversations.runner import act
from tests.conversations.stage import Stage
from tests.security.desk import CHAT, happy, holding, opened, say


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await opened(tmp_path, happy("domisili"))
    try:
        yield stage
    finally:
        await stage.close()


async def serve(stage: Stage) -> None:
    """Let the person be served to the end."""
    for step in happy("domisili").steps:
        await act(stage, step)
    stage.news("")


async def rows(stage: Stage, sql: str) -> list[Any]:
    return [tuple(row) for row in await stage.desk.db.read(lambda tx: tx.all(sql))]


def words(file: File | None) -> str:
    """Return the text of a PDF, in one line."""
    assert file is not None
    pages = PdfReader(io.BytesIO(file.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


async def test_everything_held_is_in_the_file(stage: Stage) -> None:
    await serve(stage)
    await say(stage, "/catat 1 catatan untuk rekan", who="Rina")
    await say(stage, "/lihat 1", who="Rina")
    await say(stage, "pengaduan", "[Hal lain]", "[Tanpa nama]", "Ruang tunggu bocor", "[Kirim]")
    await say(stage, "dataku")
    sent = stage.news("")[-1]
    assert [file.mime for file in sent.files] == ["application/pdf"]
    text = words(sent.files[0])
    given = await stage.desk.db.read(lambda tx: requests.given(tx, stage.desk.vault, 1))
    for value in ("Siti Aminah", given.answers["nik"], CHAT, "DOM-26-0001", "KTP", "400.12"):
        assert value in text
    for value in ("catatan untuk rekan", "Ruang tunggu bocor", "Selamat datang", "Izin diberikan"):
        assert value in text
    assert "Dilihat petugas" in text
    assert "dikirim atas" not in text
    found = await stage.desk.db.read(lambda tx: audit.recent(tx, what="rights.data"))
    assert len(found) == 1


async def test_the_program_that_a_person_came_by_is_in_the_file(stage: Stage) -> None:
    await say(stage, "(mulai: program-ajak)", "[Setuju]", "Siti Aminah", "dataku")
    assert "Program AJAK" in words(stage.news("")[-1].files[0])


async def test_what_a_person_wrote_stays_data_in_the_file(stage: Stage) -> None:
    nasty = '#read("/etc/passwd") *tebal* $x$ `raw` <b>'
    await say(stage, "saran", nasty, "[Kirim]", "bahasa inggris", "my data")
    text = words(stage.news("")[-1].files[0])
    assert '#read("/etc/passwd") *tebal* $x$' in text
    assert "The personal data we hold" in text
    contact = (await rows(stage, "SELECT id FROM contact WHERE kind = 'citizen'"))[0][0]
    assert (await data_file(stage.desk, contact)) is not None


async def test_nobody_gets_the_data_by_sms(stage: Stage) -> None:
    stage.telegram.takes_media = False
    await say(stage, "halo", "dataku")
    last = stage.news("")[-1]
    assert last.files == []
    assert "SMS" in last.text


async def test_what_is_done_goes_and_the_letter_stays(stage: Stage, tmp_path: Path) -> None:
    await serve(stage)
    await say(stage, "hapus data")
    asked = stage.news("")[-1].text
    assert "400.12.2.1" in asked
    assert "2036" in asked
    await say(stage, "[Ya, hapus data saya]")
    assert "2036" in stage.news("")[-1].text
    with pytest.raises(Purged):
        await stage.desk.db.read(lambda tx: requests.given(tx, stage.desk.vault, 1))
    assert await load_document(stage.desk, 1) is None
    assert await load_letter(stage.desk, 1) is not None
    assert await rows(stage, "SELECT name, village, nik FROM request") == [("", "", "")]
    assert await rows(stage, "SELECT 1 FROM document WHERE key IS NOT NULL") == []
    note = (await stage.desk.db.read(lambda tx: audit.recent(tx, what="rights.erased")))[0]
    assert "requests=1" in note.ref
    assert "letters=1" in note.ref
    assert "Siti" not in note.ref
    await say(stage, "dataku")
    assert "400.12.2.1" in words(stage.news("")[-1].files[0])
    await stage.close()
    assert holding(tmp_path, b"Siti Aminah") == []


async def test_the_address_goes_an_hour_after_the_last_word(stage: Stage) -> None:
    await serve(stage)
    await say(stage, "hapus data", "[Ya, hapus data saya]")
    stage.clock.pass_time(timedelta(minutes=50))
    await say(stage, "terima kasih")
    stage.clock.pass_time(timedelta(minutes=20))
    await stage.rest()
    assert (
        await rows(stage, "SELECT 1 FROM contact WHERE kind = 'citizen' AND address IS NULL") == []
    )
    stage.clock.pass_time(timedelta(hours=2))
    await stage.rest()
    gone = "SELECT profile, state FROM contact WHERE kind = 'citizen' AND address IS NULL"
    assert await rows(stage, gone) == [(None, "invalid")]
    await say(stage, "halo")
    assert "Selamat datang" in stage.news("")[-1].text
    assert await rows(stage, "SELECT count(*) FROM contact WHERE kind = 'citizen'") == [(2,)]
    # Nothing of the first chat can be seen from the second.
    await say(stage, "status")
    assert "Belum ada permohonan" in stage.news("")[-1].text


async def test_who_begins_anew_is_not_forgotten(stage: Stage) -> None:
    await serve(stage)
    await say(stage, "hapus data", "[Ya, hapus data saya]", "surat domisili", "[Setuju]")
    stage.clock.pass_time(timedelta(hours=3))
    await stage.rest()
    assert (
        await rows(stage, "SELECT 1 FROM contact WHERE kind = 'citizen' AND address IS NULL") == []
    )


async def test_what_is_open_is_named_and_stays(stage: Stage) -> None:
    for step in happy("domisili").steps:
        await act(stage, step)
        if any("DOM-26-0001" in message.text for message in stage.news("")):
            break
    await say(stage, "hapus data")
    assert "DOM-26-0001" in stage.news("")[-1].text
    await say(stage, "[Ya, hapus data saya]")
    assert "DOM-26-0001" in stage.news("")[-1].text
    given = await stage.desk.db.read(lambda tx: requests.given(tx, stage.desk.vault, 1))
    assert given.answers
    assert await load_document(stage.desk, 1) is not None
    stage.clock.pass_time(timedelta(hours=3))
    await stage.rest()
    assert (
        await rows(stage, "SELECT 1 FROM contact WHERE kind = 'citizen' AND address IS NULL") == []
    )


async def test_a_repeated_message_is_still_known_after_erasing(stage: Stage) -> None:
    await say(stage, "halo", "surat domisili", "[Setuju]", "Siti Aminah")
    await say(stage, "hapus data", "[Ya, hapus data saya]")
    before = len(stage.telegram.sent[CHAT])
    await stage.desk.accept(stage._last)
    await stage.rest()
    assert len(stage.telegram.sent[CHAT]) == before
    keys = await rows(stage, "SELECT count(*), count(body) FROM inbox WHERE channel = 'telegram'")
    assert keys[0][0] > keys[0][1]
