"""From a photo at the platform to a sealed file, and what becomes of it when things go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.protocol import FetchError
from bot.engine.jobs import Retry
from bot.engine.turn import Turn
from bot.papers import documents
from flows.effects import Fetch
from flows.events import Inspected, Media
from flows.session import Session
from storage import contacts, inbox
from storage import documents as stored
from storage.database import Tx
from storage.documents import DocumentRow
from storage.files import FilesUnavailable
from storage.instant import to_ms
from tests.bot import papers, pictures
from tests.office import TestOffice, office
from tests.paper import photo

SESSION = Session(service="domisili")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[TestOffice]:
    async with office(tmp_path) as found:
        await found.desk.worker.stop()
        await found.desk.jobs.stop()
        yield found


async def begin(desk: TestOffice, *, size: int = 0, path: str = "ktp") -> int:
    """Want a document of a citizen; the test does the job itself."""

    def work(tx: Tx) -> int:
        now = desk.desk.now()
        turn = Turn(desk.desk, tx, now)
        contact = contacts.load(tx, contacts.meet(tx, desk.desk.vault, "telegram", "1", to_ms(now)))
        effect = Fetch(path.rpartition(".")[2], Media("ref-1", size=size), path)
        documents.want(turn, contact, effect, SESSION)
        row = tx.one("SELECT MAX(id) FROM document")
        return int(row[0]) if row else 0

    return await desk.desk.db.write(work)


async def fetch(desk: TestOffice, document: int, *, size: int = 0) -> None:
    """Do the job and record it, as the queue of jobs does."""
    body: dict[str, Any] = {
        "document": document,
        "contact": 1,
        "channel": "telegram",
        "path": "ktp",
        "ref": "ref-1",
        "size": size,
    }
    record = await documents.fetch_document(desk.desk, body)
    await desk.desk.db.write(lambda tx: record(Turn(desk.desk, tx, desk.desk.now())))


async def row_of(desk: TestOffice, document: int) -> DocumentRow:
    row = await desk.desk.db.read(lambda tx: stored.by_id(tx, document))
    assert row
    return row


async def told(desk: TestOffice) -> list[Inspected]:
    """Return what the conversation will hear."""

    def read(tx: Tx) -> list[Inspected]:
        found = inbox.following(tx, desk.desk.vault, 1)
        assert found is None or isinstance(found.envelope.event, Inspected)
        return [found.envelope.event] if found else []

    return await desk.desk.db.read(read)


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


async def test_a_photo_is_kept_sealed_and_the_conversation_told(
    desk: TestOffice, tmp_path: Path
) -> None:
    desk.channel.files["ref-1"] = photo()
    one = await begin(desk)
    await fetch(desk, one)
    assert await told(desk) == [Inspected(one, "ktp", "ref-1", "", True, 1)]
    row = await row_of(desk, one)
    assert (row.state, row.mime, row.name, row.identity) == ("stored", "image/jpeg", "ktp", True)
    assert sorted(path.name for path in files(tmp_path)) == sorted([row.file, row.thumbnail])
    assert not any(b"\xff\xd8\xff" in path.read_bytes()[:64] for path in files(tmp_path))
    whole = await documents.load_document(desk.desk, one)
    small = await documents.load_document(desk.desk, one, thumbnail=True)
    assert whole
    assert small
    assert whole.name == f"ktp-{one}.jpg"
    assert whole.content.startswith(b"\xff\xd8\xff")
    assert len(small.content) < len(whole.content)


async def test_a_pdf_stays_as_it_was(desk: TestOffice) -> None:
    desk.channel.files["ref-1"] = papers.plain()
    one = await begin(desk)
    await fetch(desk, one)
    found = await documents.load_document(desk.desk, one)
    assert found
    assert (found.content, found.kind) == (papers.plain(), "document")
    assert found.name == f"ktp-{one}.pdf"
    assert await documents.load_document(desk.desk, one, thumbnail=True) is None


@pytest.mark.parametrize("kind", ["blurry", "dark", "small", "sideways"])
async def test_a_bad_photo_is_kept_and_marked(desk: TestOffice, kind: str) -> None:
    desk.channel.files["ref-1"] = photo(kind)
    one = await begin(desk)
    await fetch(desk, one)
    assert await told(desk) == [Inspected(one, "ktp", "ref-1", kind, True, 1)]
    assert (await row_of(desk, one)).problem == kind


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"GIF89a", "type"),
        (pictures.bomb(20_000), "large"),
        (photo()[:5000], "damaged"),
        (papers.plain(b"/AA << >>"), "active"),
        (papers.plain(trailer=b"/Encrypt 9 0 R"), "encrypted"),
    ],
    ids=["type", "large", "damaged", "active", "encrypted"],
)
async def test_what_cannot_be_used_is_not_kept(
    desk: TestOffice, tmp_path: Path, content: bytes, problem: str
) -> None:
    desk.channel.files["ref-1"] = content
    one = await begin(desk)
    await fetch(desk, one)
    assert await told(desk) == [Inspected(one, "ktp", "ref-1", problem, False, 0)]
    row = await row_of(desk, one)
    assert (row.state, row.problem, row.key) == ("refused", problem, None)
    assert files(tmp_path) == []


async def test_doing_it_again_changes_nothing(desk: TestOffice, tmp_path: Path) -> None:
    desk.channel.files["ref-1"] = photo()
    one = await begin(desk)
    body = {"document": one, "contact": 1, "channel": "telegram", "path": "ktp", "ref": "ref-1"}
    # Two workers did it, or the desk stopped between the files and the record.
    first, second = await asyncio.gather(
        *(documents.fetch_document(desk.desk, body) for _ in range(2))
    )
    assert len(files(tmp_path)) == 2
    await desk.desk.db.write(lambda tx: first(Turn(desk.desk, tx, desk.desk.now())))
    assert await documents.load_document(desk.desk, one)
    third = await documents.fetch_document(desk.desk, body)
    await desk.desk.db.write(lambda tx: third(Turn(desk.desk, tx, desk.desk.now())))
    assert len(files(tmp_path)) == 2
    assert await documents.load_document(desk.desk, one)
    assert second is not first


async def test_the_same_photo_of_two_papers_is_two_files(desk: TestOffice, tmp_path: Path) -> None:
    desk.channel.files["ref-1"] = photo()
    one, other = await begin(desk), await begin(desk)
    await fetch(desk, one)
    await fetch(desk, other)
    assert len({path.name for path in files(tmp_path)}) == 4


async def test_a_file_that_is_gone_is_asked_for_again(desk: TestOffice) -> None:
    one = await begin(desk)
    await fetch(desk, one)
    assert await told(desk) == [Inspected(one, "ktp", "ref-1", "gone", False, 0)]


@pytest.mark.parametrize("reason", ["too large", "the staged file is too large"])
async def test_a_file_the_platform_calls_too_large_is_not_asked_for_again(
    desk: TestOffice, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    async def refuse(ref: str, limit: int) -> bytes:
        raise FetchError(reason, gone=True)

    monkeypatch.setattr(desk.channel, "fetch", refuse)
    one = await begin(desk)
    await fetch(desk, one)
    assert [event.problem for event in await told(desk)] == ["large"]


async def test_a_size_told_beforehand_spares_the_download(desk: TestOffice) -> None:
    one = await begin(desk, size=90_000_000)
    await fetch(desk, one, size=90_000_000)
    assert [event.problem for event in await told(desk)] == ["large"]


async def test_a_platform_that_is_away_is_tried_again_but_not_for_ever(
    desk: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(ref: str, limit: int) -> bytes:
        raise FetchError("Telegram answers 502")

    monkeypatch.setattr(desk.channel, "fetch", refuse)
    one = await begin(desk)
    with pytest.raises(Retry):
        await fetch(desk, one)
    assert await told(desk) == []
    desk.clock.pass_time(timedelta(minutes=3))
    await fetch(desk, one)
    assert [event.problem for event in await told(desk)] == ["gone"]


async def test_a_full_disk_is_tried_again(
    desk: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(name: str, sealed: bytes) -> None:
        raise FilesUnavailable("the file store cannot be written")

    desk.channel.files["ref-1"] = photo()
    one = await begin(desk)
    with monkeypatch.context() as broken:
        broken.setattr(desk.desk.files, "put", full)
        with pytest.raises(FilesUnavailable):
            await fetch(desk, one)
    await fetch(desk, one)
    assert (await row_of(desk, one)).state == "stored"


async def test_a_discarded_document_is_destroyed_at_once_and_deleted_later(
    desk: TestOffice, tmp_path: Path
) -> None:
    desk.channel.files["ref-1"] = photo()
    one = await begin(desk)
    await fetch(desk, one)
    row = await row_of(desk, one)
    await desk.desk.db.write(
        lambda tx: documents.discard(Turn(desk.desk, tx, desk.desk.now()), [one, 999])
    )
    assert (await row_of(desk, one)).key is None
    assert await documents.load_document(desk.desk, one) is None
    body = {"files": [row.file, row.thumbnail]}
    await documents.delete_files(desk.desk, body)
    await documents.delete_files(desk.desk, body)
    assert files(tmp_path) == []


async def test_a_document_discarded_while_it_is_fetched_leaves_nothing(
    desk: TestOffice, tmp_path: Path
) -> None:
    desk.channel.files["ref-1"] = photo()
    one = await begin(desk)
    body = {"document": one, "contact": 1, "channel": "telegram", "path": "ktp", "ref": "ref-1"}
    record = await documents.fetch_document(desk.desk, body)

    def meanwhile(tx: Tx) -> None:
        turn = Turn(desk.desk, tx, desk.desk.now())
        documents.discard(turn, [one])
        record(turn)

    await desk.desk.db.write(meanwhile)
    assert await told(desk) == []
    await desk.desk.jobs.start()
    for _ in range(100):
        if not files(tmp_path):
            break
        await asyncio.sleep(0.02)
    assert files(tmp_path) == []


async def test_a_flood_of_photos_is_stopped(desk: TestOffice) -> None:
    most = 4 * desk.desk.office.limits.files

    def flood(tx: Tx) -> None:
        now = to_ms(desk.desk.now())
        for _ in range(most):
            stored.create(tx, desk.desk.vault, 1, "ktp", "ktp", now, identity=True)

    await begin(desk)
    await desk.desk.db.write(flood)
    await begin(desk)
    assert [event.problem for event in await told(desk)] == ["many"]
    desk.clock.pass_time(timedelta(days=2))
    fresh = await begin(desk)
    assert (await row_of(desk, fresh)).state == "fetching"


async def test_a_missing_file_blocks_no_message(desk: TestOffice) -> None:
    desk.channel.files["ref-1"] = photo()
    one = await begin(desk)
    await fetch(desk, one)
    await desk.desk.files.delete((await row_of(desk, one)).file)
    assert await documents.load_document(desk.desk, one) is None
    assert await documents.load_document(desk.desk, 999) is None


async def test_a_paper_the_definition_does_not_know_is_handled_as_an_identity(
    desk: TestOffice,
) -> None:
    one = await begin(desk, path="heirs.0.unknown")
    assert (await row_of(desk, one)).identity
