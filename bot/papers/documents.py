"""A citizen's documents: fetched, inspected and sealed outside any transaction, then recorded.

Between the platform and the sealed file the content is only in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.channels import http
from bot.channels.protocol import FetchError, File, Forgets
from bot.engine.jobs import Record, Retry
from bot.papers.inspection import Inspection, inspect
from flows.definition import Definition
from flows.effects import Fetch
from flows.events import Inspected
from flows.session import Session
from storage import documents
from storage.documents import DocumentRow, Kept
from storage.files import FileMissing
from storage.instant import to_ms

if TYPE_CHECKING:
    from bot.engine.desk import Desk
    from bot.engine.turn import Turn
    from storage.contacts import ContactRow

log = structlog.get_logger()
_FILE, _THUMBNAIL = "document.file", "document.thumbnail"
_SUFFIX = {"image/jpeg": "jpg", "application/pdf": "pdf"}
# After this long the person is asked to send it again rather than left waiting; the queue of jobs
# gives up at its eighth try, which with this pause is not before 135 s.
_PATIENCE_MS = 120_000
_PAUSE_SECONDS = 5.0
_FORGET_SECONDS = 60.0
# Requests' worth of files that one person may send in a day.
_REQUESTS_A_DAY = 4
# Two pictures at once: decoded ones are large, and the machine may have two cores.
_EYES = ThreadPoolExecutor(2, thread_name_prefix="inspection")


def want(turn: Turn, contact: ContactRow, effect: Fetch, session: Session) -> None:
    """Begin a document and queue its fetching; who sent too many is told at once."""
    definition = turn.desk.office.service(session.service, session.digest)
    document_id = documents.create(
        turn.tx,
        turn.desk.vault,
        contact.id,
        effect.path,
        effect.document,
        turn.instant,
        identity=_is_identity(definition, effect.path, effect.document),
    )
    day_ago = to_ms(turn.now - timedelta(days=1))
    count, _ = documents.given_since(turn.tx, contact.id, day_ago)
    body = {
        "document": document_id,
        "contact": contact.id,
        "channel": contact.channel,
        "path": effect.path,
        "ref": effect.media.ref,
        "size": effect.media.size,
    }
    if count > _REQUESTS_A_DAY * turn.desk.office.limits.files:
        _refuse(turn, body, "many")
    else:
        turn.job("fetch", f"fetch:{document_id}", body)


async def fetch_document(desk: Desk, body: dict[str, Any]) -> Record:
    """Fetch ``body["ref"]`` from ``body["channel"]``, inspect it, keep it sealed, record it.

    Doing it again after a crash gives the same files under the same names. Raises Retry while the
    platform may recover, FilesUnavailable while our own store does not take files.
    """
    row = await desk.db.read(lambda tx: documents.by_id(tx, int(body["document"])))
    if row is None or row.key is None or row.state != documents.FETCHING:
        return _nothing
    limit = desk.office.limits.file_size
    if int(body.get("size", 0)) > limit:
        return _refusal(body, "large")
    channel = desk.channels.get(body["channel"])
    if channel is None:
        return _later(desk, row, body, f"{body['channel']} is not connected")
    try:
        content = await channel.fetch(body["ref"], limit)
    except FetchError as error:
        if error.gone:
            return _refusal(body, "large" if http.TOO_LARGE in error.reason else "gone")
        return _later(desk, row, body, error.reason)
    return await _keep(desk, row, body, content)


async def _keep(desk: Desk, row: DocumentRow, body: dict[str, Any], content: bytes) -> Record:
    """Inspect and seal beside the event loop, and put the files."""
    key = desk.vault.open_key(row.key or b"")
    salt = row.id.to_bytes(8, "big")

    def seal() -> tuple[Inspection, dict[str, bytes]]:
        found = inspect(content, identity=row.identity, limit=desk.office.limits.file_size)
        parts = {_FILE: found.content, _THUMBNAIL: found.thumbnail or b""} if found.usable else {}
        return found, {
            place: desk.vault.seal_with(key, place, p) for place, p in parts.items() if p
        }

    found, sealed = await asyncio.get_running_loop().run_in_executor(_EYES, seal)
    if not found.usable:
        return _refusal(body, found.problem)
    plain = {_FILE: found.content, _THUMBNAIL: found.thumbnail or b""}
    names = {place: desk.vault.name_of(salt + plain[place]) for place in sealed}
    for place, name in names.items():
        await desk.files.put(name, sealed[place])
    kept = Kept(
        names[_FILE],
        names.get(_THUMBNAIL, ""),
        found.mime,
        len(found.content),
        found.pages,
        found.problem,
    )

    def record(turn: Turn) -> None:
        if documents.store(turn.tx, row.id, kept):
            _tell(turn, body, found.problem, usable=True, pages=found.pages)
        else:
            _delete_later(turn, row.id, list(names.values()))
        _unstage(turn, body)

    return record


async def load_document(desk: Desk, document_id: int, thumbnail: bool = False) -> File | None:
    """Return a stored document, decrypted in memory; None where it was purged or has no picture."""
    row = await desk.db.read(lambda tx: documents.by_id(tx, document_id))
    if row is None or row.key is None or row.state != documents.STORED:
        return None
    name, place = (row.thumbnail, _THUMBNAIL) if thumbnail else (row.file, _FILE)
    if not name:
        return None
    try:
        sealed = await desk.files.get(name)
    except FileMissing:
        log.error("a stored document's file is missing; restore it from a backup", document=row.id)
        return None
    content = desk.vault.unseal_with(desk.vault.open_key(row.key), place, sealed)
    mime = "image/jpeg" if thumbnail else row.mime
    kind = "photo" if mime.startswith("image/") else "document"
    return File(kind, f"{row.name}-{row.id}.{_SUFFIX.get(mime, 'bin')}", mime, content)


def discard(turn: Turn, document_ids: Sequence[int]) -> None:
    """Destroy the keys of these documents now; their files are deleted after the commit."""
    for document_id in document_ids:
        names = documents.discard(turn.tx, document_id)
        if names:
            _delete_later(turn, document_id, names)


async def forget_upload(desk: Desk, body: dict[str, Any]) -> Record:
    """Have the channel forget its copy of ``body["ref"]``: the document is recorded by now."""
    channel: object = desk.channels.get(body["channel"])
    if isinstance(channel, Forgets):
        try:
            await channel.forget(body["ref"])
        except FetchError as error:
            raise Retry(str(error), after=_FORGET_SECONDS) from error
    return _nothing


async def delete_files(desk: Desk, body: dict[str, Any]) -> Record:
    """Delete the files named in ``body["files"]``, whose key is gone already."""
    for name in body["files"]:
        await desk.files.delete(name)
    return _nothing


def _is_identity(definition: Definition, path: str, document: str) -> bool:
    group = path.partition(".")[0] if path.count(".") == 2 else ""
    papers = definition.documents
    for one in definition.groups:
        if one.id == group:
            papers = one.documents
    # What the definition does not know is handled with the greater care.
    return next((paper.identity for paper in papers if paper.id == document), True)


def _later(desk: Desk, row: DocumentRow, body: dict[str, Any], reason: str) -> Record:
    """Try again, unless the person has waited long enough."""
    if to_ms(desk.now()) - row.created_at > _PATIENCE_MS:
        log.warning("a document was not fetched", document=row.id, reason=reason)
        return _refusal(body, "gone")
    raise Retry(reason, after=_PAUSE_SECONDS)


def _refusal(body: dict[str, Any], problem: str) -> Record:
    return lambda turn: _refuse(turn, body, problem)


def _refuse(turn: Turn, body: dict[str, Any], problem: str) -> None:
    if documents.refuse(turn.tx, int(body["document"]), problem):
        _tell(turn, body, problem, usable=False, pages=0)
    _unstage(turn, body)


def _tell(turn: Turn, body: dict[str, Any], problem: str, *, usable: bool, pages: int) -> None:
    document_id = int(body["document"])
    event = Inspected(document_id, body["path"], body["ref"], problem, usable, pages)
    turn.put(int(body.get("lane", body["contact"])), event, f"inspected:{document_id}")


def _unstage(turn: Turn, body: dict[str, Any]) -> None:
    """The channel's own copy (at the platform, or staged) is not needed twice."""
    if isinstance(turn.desk.channels.get(body["channel"]), Forgets):
        about = {"channel": body["channel"], "ref": body["ref"]}
        turn.job("unstage", f"unstage:{body['document']}", about)


def _delete_later(turn: Turn, document_id: int, names: list[str]) -> None:
    turn.job("delete", f"delete:{document_id}", {"files": names})


def _nothing(turn: Turn) -> None:
    """Nothing is left to record: the document was discarded or recorded before."""
