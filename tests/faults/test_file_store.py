"""A desk whose files lie in a bucket: on a good day, and while the bucket is away."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.protocol import File
from bot.engine.opening import open_desk
from bot.engine.tidying import tidy
from bot.engine.turn import Turn
from bot.keeping.backup import Work, back_up
from bot.keeping.restoring import restore
from bot.keeping.sides import Refused
from bot.letters.making import load_letter
from bot.papers.documents import discard, load_document, want
from bot.papers.outgoing import publish
from bot.papers.uploads import Uploads
from bot.setup.checking import check_all
from bot.setup.config import load_config
from bot.setup.filestore import file_store
from bot.setup.services import ROOT
from flows.effects import Fetch
from flows.events import Media
from flows.session import Session
from storage import contacts, documents
from storage.database import Tx
from storage.files import LocalFiles, files_in
from storage.instant import to_ms
from tests.conversations.runner import act
from tests.conversations.stage import Stage
from tests.office import TestOffice, configured, office
from tests.paper import photo
from tests.security.desk import happy, opened
from tests.standins.seaweed import Seaweed, environment

STAFF = "-500"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Seaweed]:
    """A server of the test's own: it is stopped on the way."""
    folder = tmp_path / "seaweed"
    folder.mkdir()
    made = Seaweed(folder)
    made.start()
    yield made
    made.stop()


def in_bucket(server: Seaweed | None = None, prefix: str = "") -> dict[str, object]:
    """Return the settings of an office whose files lie there."""
    url = server.url if server else ""
    found = load_config(ROOT / "config.yaml", environment(prefix or secrets.token_hex(8), url))
    return {"files_url": found.files_url, "bucket": found.bucket}


async def send_photo(it: TestOffice, ref: str) -> None:
    """A citizen sends a photo of an identity card."""
    it.channel.files[ref] = photo("sharp", 3)

    def begin(tx: Tx) -> None:
        now = it.desk.now()
        turn = Turn(it.desk, tx, now)
        contact = contacts.load(tx, contacts.meet(tx, it.desk.vault, "telegram", "1", to_ms(now)))
        want(turn, contact, Fetch("ktp", Media(ref), "ktp"), Session(service="domisili"))

    await it.desk.db.write(begin)


async def state(it: TestOffice) -> str:
    row = await it.desk.db.read(lambda tx: tx.one("SELECT state FROM document"))
    return str(row[0]) if row else ""


async def a_second(it: TestOffice) -> None:
    """Let the desk's clock go on; no real second passes."""
    it.clock.pass_time(timedelta(seconds=1))
    it.desk.jobs.wake()
    await asyncio.sleep(0.05)


async def reaches(it: TestOffice, wanted: str) -> None:
    async with asyncio.timeout(20):
        while await state(it) != wanted:
            await a_second(it)


@asynccontextmanager
async def served(folder: Path, **where: object) -> AsyncIterator[Stage]:
    """A desk that served one person to the end."""
    script = happy("domisili")
    stage = await opened(folder, script, **where)
    try:
        for step in script.steps:
            await act(stage, step)
        yield stage
    finally:
        await stage.close()


async def test_a_request_with_papers_and_letter_is_served_from_a_bucket(tmp_path: Path) -> None:
    async with served(tmp_path, **in_bucket()) as stage:
        desk = stage.desk
        paper = await load_document(desk, 1)
        assert paper is not None
        assert paper.content.startswith(b"\xff\xd8")
        letter = await load_letter(desk, 1)
        assert letter is not None
        assert letter.content.startswith(b"%PDF")
        assert not (tmp_path / "files").exists()
        row = await desk.db.read(lambda tx: documents.by_id(tx, 1))
        assert row is not None
        await desk.db.write(lambda tx: discard(Turn(desk, tx, desk.now()), [1]))
        await stage.rest()
        assert not await desk.files.exists(row.file)


async def test_a_photo_is_not_lost_while_the_bucket_is_away(
    tmp_path: Path, server: Seaweed
) -> None:
    async with office(tmp_path / "desk", **in_bucket(server)) as it:
        # The conversation is not asked here: what became of the photo is.
        await it.desk.worker.stop()
        it.desk.jobs.files_pause, it.desk.jobs.files_patience = 0.05, 1.0
        await it.seat_staff(STAFF)
        await asyncio.to_thread(server.stop)
        await send_photo(it, "a")
        async with asyncio.timeout(20):
            while not it.heard(STAFF):
                await a_second(it)
        assert "Penyimpanan berkas" in it.last(STAFF).text
        assert await state(it) == "fetching"
        # An hour later it is still tried, and nobody was told to send it again.
        it.clock.pass_time(timedelta(hours=1))
        await asyncio.sleep(1.2)
        assert await state(it) == "fetching"
        assert it.heard("1") == []
        await asyncio.to_thread(server.start)
        await reaches(it, "stored")
        assert await load_document(it.desk, 1) is not None
        assert len(it.heard(STAFF)) == 1


async def test_a_desk_starts_without_its_bucket(tmp_path: Path, server: Seaweed) -> None:
    server.stop()
    async with office(tmp_path / "desk", **in_bucket(server)) as it:
        await it.event("1", Media("x"))
        assert it.heard("1")


async def test_what_nobody_fetched_goes_by_itself(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        desk = it.desk
        uploads = Uploads(desk.vault, desk.files)
        await uploads.stage(1, "old", b"never asked for")
        await publish(desk, File("document", "a.pdf", "application/pdf", b"%PDF"))
        left = [p for place in ("upload", "outgoing") for p in files_in(tmp_path / place)]
        assert len(left) == 2
        await tidy(desk)
        assert all(path.exists() for path in left)
        for path in left:
            os.utime(path, (0, 0))
        await tidy(desk)
        assert not any(path.exists() for path in left)


async def test_an_office_moves_from_a_bucket_to_a_folder_and_to_a_bucket(tmp_path: Path) -> None:
    """A backup holds the files wherever they lie, and is restored to wherever they shall lie."""
    file, secret = tmp_path / "a.loket", "kata sandi yang panjang"
    async with served(tmp_path / "one", **in_bucket()) as stage:
        paper, letter = await load_document(stage.desk, 1), await load_letter(stage.desk, 1)
        config, vault = stage.desk.config, stage.desk.vault
    manifest = await back_up(config, file, secret, Work())
    assert manifest.absent == []
    (tmp_path / "one" / "loket.db").rename(tmp_path / "aside.db")
    store = file_store(config)
    await store.put("0123456789abcdef" * 4, vault.seal("x", b"another's"))
    await store.close()
    with pytest.raises(Refused, match="holds other files"):
        await restore(config, file, secret, None, Work())
    for folder, where in (("two", {}), ("three", in_bucket())):
        there = configured(tmp_path / folder, **where)
        await restore(there, file, secret, tmp_path / "one" / "master.key", Work())
        desk = await open_desk(there)
        try:
            assert isinstance(desk.files, LocalFiles) == (folder == "two")
            assert await load_document(desk, 1) == paper
            assert await load_letter(desk, 1) == letter
        finally:
            await desk.files.close()
            desk.db.close()


def test_the_check_says_what_is_wrong_with_the_bucket(server: Seaweed) -> None:
    right = environment("x", server.url)
    config = ROOT / "config.yaml"
    assert not check_all(config, right, ROOT).problems
    wrong = check_all(config, {**right, "AWS_SECRET_ACCESS_KEY": "salah-sekali"}, ROOT).problems
    assert ["AWS_SECRET_ACCESS_KEY is not that" in str(one) for one in wrong] == [True]
    assert "salah-sekali" not in str(wrong)
    server.stop()
    away = check_all(config, right, ROOT).problems
    assert ["does not answer" in str(one) for one in away] == [True]
