"""A new master key: everything that the old one sealed or indexed is sealed and indexed anew.

Files and requests keep their own keys, which are only wrapped anew. Each portion is one
transaction, and what the new key opens already is left alone: after a crash it just goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from flows.definition import Definition
from storage import complaints, definitions, settings
from storage.complaints import Body
from storage.database import Database, Tx
from storage.requests import Given
from storage.vault import Unreadable, Vault

SEALED: tuple[tuple[str, str, str], ...] = (
    ("contact", "address", "contact.address"),
    ("contact", "profile", "contact.profile"),
    ("address", "value", "address.value"),
    ("conversation", "session", "conversation.session"),
    ("inbox", "body", "inbox.body"),
    ("outbox", "body", "outbox.body"),
    ("broadcast", "body", "broadcast.body"),
    ("job", "body", "job.body"),
    ("counterdraft", "body", "counterdraft.body"),
)
"""Columns sealed by the master key itself: table, column, place."""
KEYS = ("request", "document", "letter", "complaint")
"""Tables whose ``key`` column holds a key of the row's own, wrapped by the master key."""
OWN: tuple[tuple[str, str], ...] = (
    ("request", "data"),
    ("history", "note"),
    ("complaint", "body"),
    ("complaintstep", "note"),
)
"""Columns sealed by a row's own key: they stay as they are."""
FOLDERS = ("outgoing", "staged", "upload")
"""Folders beside the file store whose files wait for minutes, sealed by the master key."""
_PORTION = 500
_NIK_PLACE, _BODY_PLACE = "request.data", "complaint.body"

Progress = Callable[[int], None]


class Rotation:
    """Seals a database anew; ``unreadable`` counts values that neither key opens."""

    def __init__(
        self, db: Database, old: Vault, new: Vault, progress: Progress = lambda done: None
    ) -> None:
        self._db, self._old, self._new, self._progress = db, old, new, progress
        self.unreadable = 0
        self.unindexed = 0

    async def run(self) -> bool:
        """Do all that is left; False when it was finished before. Raises WrongKey."""
        if not await self._db.write(lambda tx: settings.begin_new_key(tx, self._old, self._new)):
            return False
        # Indexes first: an index is made of a value that either key still opens.
        await self._addresses()
        versions = await self._db.read(definitions.by_digest)
        await self._rows("request", lambda tx, row: self._nik(tx, row, versions), "nik <> ''")
        await self._rows("complaint", self._sender, "sender <> ''")
        for table, column, place in SEALED:
            await self._seal_column(table, column, place)
        for table in KEYS:
            await self._wrap_keys(table)
        await self._db.write(self._finish)
        return True

    def seal_folder(self, folder: Path, place: str) -> None:
        """Seal the files anew that wait in a folder; each is replaced whole."""
        for path in sorted(folder.glob("*/*/*")):
            again = self._again(path.read_bytes(), lambda v, s: v.unseal(place, s), place)
            if again is not None:
                part = path.with_suffix(".part")
                part.write_bytes(again)
                part.chmod(0o600)
                part.replace(path)

    # --- values ----------------------------------------------------------------------------------

    def _again(
        self, sealed: bytes, open_it: Callable[[Vault, bytes], bytes], place: str
    ) -> bytes | None:
        """Return the value sealed anew; None where it is already, or nobody can open it."""
        try:
            open_it(self._new, sealed)
            return None
        except Unreadable:
            pass
        try:
            plain = open_it(self._old, sealed)
        except Unreadable:
            self.unreadable += 1
            return None
        return self._new.seal(place, plain) if place else self._new.keep_key(plain)

    def _opened(self, sealed: bytes, open_it: Callable[[Vault, bytes], bytes]) -> bytes | None:
        for vault in (self._new, self._old):
            try:
                return open_it(vault, sealed)
            except Unreadable:
                continue
        return None

    async def _seal_column(self, table: str, column: str, place: str) -> None:
        def one(tx: Tx, row: Sequence[Any]) -> None:
            again = self._again(row[1], lambda v, s: v.unseal(place, s), place)
            if again is not None:
                tx.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", again, row[0])  # noqa: S608

        await self._rows(table, one, f"{column} IS NOT NULL", column)

    async def _wrap_keys(self, table: str) -> None:
        def one(tx: Tx, row: Sequence[Any]) -> None:
            again = self._again(row[1], lambda v, s: v.open_key(s), "")
            if again is not None:
                tx.run(f"UPDATE {table} SET key = ? WHERE rowid = ?", again, row[0])  # noqa: S608

        await self._rows(table, one, "key IS NOT NULL", "key")

    # --- blind indexes ---------------------------------------------------------------------------

    async def _addresses(self) -> None:
        """Index every address anew; one that is nowhere kept is learnt again when it writes."""

        def one(tx: Tx, row: Sequence[Any]) -> None:
            rowid, channel, digest, value, address = row
            plain = self._value(channel, digest, value, address)
            if plain is None:
                self.unindexed += 1
                tx.run("DELETE FROM address WHERE rowid = ?", rowid)
                return
            index = self._new.index(channel, plain.decode())
            if index != digest:
                tx.run(
                    "UPDATE address SET digest = ?, value = ? WHERE rowid = ?",
                    index,
                    self._new.seal("address.value", plain),
                    rowid,
                )

        columns = (
            "channel, digest, value,"
            " (SELECT address FROM contact WHERE contact.id = address.contact_id)"
        )
        await self._rows("address", one, "1 = 1", columns)

    def _value(
        self, channel: str, digest: str, value: bytes | None, address: bytes | None
    ) -> bytes | None:
        """Return the address behind a digest: its own copy, else the contact's if it fits."""
        if value is not None:
            return self._opened(value, lambda v, s: v.unseal("address.value", s))
        if address is None:
            return None
        plain = self._opened(address, lambda v, s: v.unseal("contact.address", s))
        if plain is None:
            return None
        known = {vault.index(channel, plain.decode()) for vault in (self._old, self._new)}
        return plain if digest in known else None

    def _nik(self, tx: Tx, row: Sequence[Any], versions: dict[str, Definition]) -> None:
        found = tx.one("SELECT key, data, digest, nik FROM request WHERE rowid = ?", row[0])
        assert found is not None
        key, data, digest, known = found
        definition = versions.get(digest)
        answers = self._own(key, data, _NIK_PLACE, Given)
        path = definition.applicant.get("nik", "") if definition else ""
        nik = answers.answers.get(path, "") if answers else ""
        index = self._new.index("nik", nik) if nik else ""
        if not index:
            self.unindexed += 1
        if index != known:
            tx.run("UPDATE request SET nik = ? WHERE rowid = ?", index, row[0])

    def _sender(self, tx: Tx, row: Sequence[Any]) -> None:
        found = tx.one("SELECT key, body FROM complaint WHERE rowid = ?", row[0])
        assert found is not None
        body = self._own(found[0], found[1], _BODY_PLACE, Body)
        sender = complaints.sender_of(self._new, body.citizen) if body else ""
        tx.run("UPDATE complaint SET sender = ? WHERE rowid = ?", sender, row[0])

    def _own(self, key: bytes | None, data: bytes | None, place: str, kind: type[Any]) -> Any:
        """Return what a row's own key sealed, None where that is gone or damaged."""
        if key is None or data is None:
            return None
        raw = self._opened(key, lambda v, s: v.open_key(s))
        if raw is None:
            return None
        try:
            return msgspec.json.decode(self._new.unseal_with(raw, place, data), type=kind)
        except (Unreadable, msgspec.MsgspecError):
            return None

    # --- portions --------------------------------------------------------------------------------

    async def _rows(
        self,
        table: str,
        one: Callable[[Tx, Sequence[Any]], None],
        which: str,
        columns: str = "1",
    ) -> None:
        """Do every row of a table, a portion in each transaction, in the order of its rowid."""
        after = 0

        def portion(tx: Tx) -> tuple[int, int]:
            rows = tx.all(
                f"SELECT rowid, {columns} FROM {table} WHERE rowid > ? AND {which}"  # noqa: S608
                " ORDER BY rowid LIMIT ?",
                after,
                _PORTION,
            )
            for row in rows:
                one(tx, row)
            return (len(rows), rows[-1][0] if rows else after)

        while True:
            count, after = await self._db.write(portion)
            self._progress(count)
            if count < _PORTION:
                return

    def _finish(self, tx: Tx) -> None:
        """Codes whose hash was keyed are useless now; they live for hours and are made anew."""
        tx.run("DELETE FROM link")
        tx.run("DELETE FROM invite WHERE used_at IS NULL")
        settings.end_new_key(tx, self._new)
