"""What a thief of the disk and a reader of the logs find of people: nothing but names and villages.

The recorded transcripts are played on a real desk with secrets planted in every way in which they
can come: answers, wrong answers, captions, edits, cards, talk with an officer, and everything that
fails on its way.
"""

from __future__ import annotations

import base64
import io
import itertools
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.channels.protocol import Fault, FetchError, Receipt, Rendered, SendError
from bot.engine import handlers, turns
from bot.engine.opening import open_desk
from bot.logs import configure_logs
from bot.setup.config import load_config
from bot.setup.services import ROOT
from tests.conversations.runner import act
from tests.conversations.script import Script
from tests.conversations.stage import Stage
from tests.office import Kept
from tests.security.desk import CHAT, files_below, happy, holding, opened, say, typed

NIK, FAMILY, PHONE = "1409075203981234", "1409070101159876", "081298765432"
STREET = "Jalan Mawar Berduri 47"
PLANTED = (NIK, FAMILY, PHONE, "+6281298765432", STREET, CHAT, "Rahasia Sekali")
_HEADERS = (b"\xff\xd8\xff\xe0\x00\x10JFIF", b"%PDF-1.", b"\x89PNG\r\n\x1a\n", b"Exif\x00\x00")
_NOTHING, _HOUR = timedelta(0), timedelta(hours=1)
_PLAIN = {"Siti Aminah", "Kampung Baru"}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged, by the desk and by libraries, down to the last detail."""
    root = logging.getLogger()
    handlers_, level, before = root.handlers[:], root.level, structlog.get_config()
    out = io.StringIO()
    configure_logs(out, "debug")
    root.setLevel(logging.DEBUG)
    yield out
    structlog.configure(**before)
    root.handlers[:], root.level = handlers_, level


@pytest.fixture(autouse=True)
def _nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts of a platform are its own numbers, never the address."""
    numbers = itertools.count(1)
    send = Kept.send

    async def numbered(self: Kept, address: str, message: Rendered) -> Receipt:
        await send(self, address, message)
        return Receipt(f"m{next(numbers)}")

    monkeypatch.setattr(Kept, "send", numbered)


async def _until_asked_for_nik(stage: Stage, script: Script) -> None:
    for step in script.steps:
        if step.inputs and step.inputs[0].text.isdigit():
            return
        await act(stage, step)


def _found(folder: Path, secrets: set[str]) -> dict[str, list[str]]:
    """Return the secrets that can be read from the disk, plain or lightly wrapped."""
    found: dict[str, list[str]] = {}
    for secret in secrets:
        for form in (
            secret.encode(),
            secret.encode("utf-16-le"),
            base64.b64encode(secret.encode())[:-4],
            secret.encode().hex().encode(),
        ):
            if where := holding(folder, form):
                found[secret] = where
    return found


def _secrets(script: Script) -> set[str]:
    """Return what a citizen typed that must not be read: all of any length but names."""
    return {text for text in typed(script) if len(text) > 8} - _PLAIN


@pytest.mark.parametrize("service", ["domisili", "kk", "ahli_waris"])
async def test_nothing_of_a_whole_request_can_be_read_from_disk_or_log(
    service: str, tmp_path: Path, written: io.StringIO
) -> None:
    script = happy(service)
    names = {text for text in typed(script) if text.istitle() and not any(map(str.isdigit, text))}
    secrets = _secrets(script) - names
    assert any(text.isdigit() for text in secrets)
    stage = await opened(tmp_path, script)
    try:
        for step in script.steps:
            await act(stage, step)
        photos = list(stage.telegram.files.values())
        assert photos
        # While it is at work: what was written last is only in the write-ahead log.
        assert (tmp_path / "loket.db-wal").stat().st_size
        assert _found(tmp_path, secrets | set(PLANTED)) == {}
    finally:
        await stage.close()
    assert _found(tmp_path, secrets | set(PLANTED)) == {}
    # Names are plain for the search: this is how a secret would have been found.
    assert any(holding(tmp_path, name.encode()) for name in names)
    for header in (*_HEADERS, *(photo[200:232] for photo in photos)):
        assert holding(tmp_path, header) == []
    text = written.getvalue()
    assert [
        secret for secret in (*secrets, *names, *PLANTED, "Siti Aminah") if secret in text
    ] == []


async def test_nothing_of_what_goes_wrong_can_be_read_from_disk_or_log(
    tmp_path: Path, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.worker.timedelta", lambda seconds: _NOTHING)
    take = turns.take_citizen_turn

    def poisoned(turn: Any, contact: Any, envelope: Any) -> None:
        if "racun" in getattr(envelope.event, "text", ""):
            raise ValueError(f"{envelope!r}")
        take(turn, contact, envelope)

    monkeypatch.setattr(turns, "take_citizen_turn", poisoned)
    script = happy("domisili")
    stage = await opened(tmp_path, script)
    try:
        await _until_asked_for_nik(stage, script)
        for words in (f"NIK saya {NIK[:15]}", f"{PHONE} {STREET}", FAMILY + "99", f"racun {NIK}"):
            await say(stage, words)
        await say(stage, NIK, f"(ubah: {NIK} Rahasia Sekali)", f"(kontak: {PHONE})")
        await say(stage, f"(foto tajam: {STREET} Rahasia Sekali)", "(suara)", "(lokasi)")
        await say(stage, f"(mulai: {FAMILY})", f"status {NIK}", f"/gabung {NIK}", f"/lihat {NIK}")
        await say(stage, "petugas", f"tolong {NIK} {PHONE}", f"{STREET}, Rahasia Sekali")
        stage.telegram.faults = [
            SendError(Fault.LATER, "later"),
            SendError(Fault.CONTENT, "refused", code="400"),
            RuntimeError(f"{NIK} at {CHAT}"),
        ]
        await say(stage, "menu", "menu")
        for _ in range(3):
            stage.clock.pass_time(_HOUR)
            await stage.rest()
        await say(stage, f"/cari {NIK}", "/gagal", "/antrean", who="Rina")
        assert "ValueError" in stage.news("Rina")[-2].text
        assert _found(tmp_path, set(PLANTED)) == {}
    finally:
        await stage.close()
    assert _found(tmp_path, set(PLANTED)) == {}
    assert "ValueError" in written.getvalue()
    assert "RuntimeError" in written.getvalue()
    assert [secret for secret in PLANTED if secret in written.getvalue()] == []


async def test_work_that_fails_leaves_no_words(
    tmp_path: Path, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(desk: Any, body: dict[str, Any]) -> Any:
        raise OSError(f"cannot work on {body} of {NIK}")

    async def gone(self: Kept, ref: str, limit: int) -> bytes:
        raise FetchError(f"{ref} cannot be reached")

    script = happy("domisili")
    stage = await opened(tmp_path, script)
    try:
        monkeypatch.setitem(handlers.JOB_HANDLERS, "letter", broken)
        for step in script.steps:
            if step.inputs and step.inputs[0].text == "/siap 1":
                break
            await act(stage, step)
        for _ in range(12):
            stage.clock.pass_time(_HOUR)
            await stage.rest()
        monkeypatch.setattr(Kept, "fetch", gone)
        await say(stage, "(foto tajam: Rahasia Sekali)")
        assert "OSError" in written.getvalue()
        errors = await stage.desk.db.read(
            lambda tx: tx.all("SELECT error FROM job WHERE state = 3")
        )
        assert [row[0] for row in errors] == ["OSError"]
    finally:
        await stage.close()
    assert _found(tmp_path, {*PLANTED, *_secrets(script)} - {"Rahasia Sekali"}) == {}
    assert [one for one in (*PLANTED, *_secrets(script)) if one in written.getvalue()] == []


async def test_the_folder_and_the_key_are_for_the_desk_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    config = load_config(ROOT / "config.yaml", {"LOKET_DATA_DIR": str(folder)})
    desk = await open_desk(config)
    desk.db.close()
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "master.key").stat().st_mode & 0o077 == 0
    key = (folder / "master.key").read_bytes().strip()
    assert [path.name for path, content in files_below(folder) if key in content] == ["master.key"]
