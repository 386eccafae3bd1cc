"""A new master key: everything that the old one sealed or indexed is sealed and indexed anew.

Files and requests keep their own keys, which are only wrapped anew. Each portion is one
transaction, and what the new key opens already is left alone: after a crash it just goes on.
On a PostgreSQL nobody may serve the office meanwhile: what they wrote would be the old key's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from storage import complaints, definitions, settings, tables
from storage.complaints import Body
from storage.database import Database, Row, Tx
from storage.files import FileMissing, Files
from storage.requests import Given
from storage.tables import Progress, Table
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
"""Places beside the file store whose files wait for minutes, sealed by the master key."""
_NIK_PLACE, _BODY_PLACE = "request.data", "complaint.body"


class Rotation:
    """Seals a database anew; ``unreadable`` counts values that neither key opens.

    ``demand_rest`` raises where somebody else serves it: before anything is sealed and at the end.
    """

    def __init__(
        self,
        db: Database,
        old: Vault,
        new: Vault,
        progress: Progress = lambda done: None,
        demand_rest: Callable[[], None] = lambda: None,
    ) -> None:
        self._db, self._old, self._new, self._progress = db, old, new, progress
        self._demand_rest = demand_rest
        self.unreadable = 0
        self.unindexed = 0

    async def run(self) -> bool:
        """Do all that is left; False when it was finished before. Raises WrongKey."""
        if not await self._db.write(lambda tx: settings.begin_new_key(tx, self._old, self._new)):
            return False
        # A desk that opened before that was noted may only have begun to serve since.
        self._demand_rest()
        # Indexes first: an index is made of a value that either key still opens.
        await self._addresses()
        await self._identities()
        await self._senders()
        for table, column, place in SEALED:
            await self._seal_column(table, column, place)
        for table in KEYS:
            await self._wrap_keys(table)
        self._demand_rest()
        await self._db.write(self._finish)
        return True

    async def seal_files(self, files: Files, place: str) -> None:
        """Seal the files anew that wait in a store; each is replaced whole."""
        for name in sorted([name async for name in files.names()]):
            try:
                sealed = await files.get(name)
            except FileMissing:
                continue
            again = self._again(sealed, lambda v, s: v.unseal(place, s), place)
            if again is not None:
                await files.put(name, again)

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

    async def _seal_column(self, name: str, column: str, place: str) -> None:
        await self._all_of(name, column, lambda v, s: v.unseal(place, s), place)

    async def _wrap_keys(self, name: str) -> None:
        await self._all_of(name, "key", lambda v, s: v.open_key(s), "")

    async def _all_of(
        self, name: str, column: str, open_it: Callable[[Vault, bytes], bytes], place: str
    ) -> None:
        table = tables.narrowed(name, column)

        def one(tx: Tx, row: Row) -> None:
            again = None if row[-1] is None else self._again(row[-1], open_it, place)
            if again is not None:
                tables.change(tx, table, row, column, again)

        await self._rows(table, one)

    # --- blind indexes ---------------------------------------------------------------------------

    async def _addresses(self) -> None:
        """Index every address anew; one that is nowhere kept is learnt again when it writes.

        The index is the row's key: a row may be met once more where it stands now.
        """
        table = tables.narrowed("address", "value", "contact_id")
        which = "WHERE channel = ? AND digest = ?"

        def one(tx: Tx, row: Row) -> None:
            channel, digest, value, contact = row
            plain = self._value(channel, digest, value, lambda: _address_of(tx, contact))
            if plain is None:
                self.unindexed += 1
                tx.run(f"DELETE FROM address {which}", channel, digest)  # noqa: S608
                return
            index = self._new.index(channel, plain.decode())
            if index != digest:
                sealed = self._new.seal("address.value", plain)
                sql = f"UPDATE address SET digest = ?, value = ? {which}"  # noqa: S608
                tx.run(sql, index, sealed, channel, digest)

        await self._rows(table, one)

    def _value(
        self,
        channel: str,
        digest: str,
        value: bytes | None,
        of_contact: Callable[[], bytes | None],
    ) -> bytes | None:
        """Return the address behind a digest: its own copy, else the contact's if it fits."""
        if value is not None:
            return self._opened(value, lambda v, s: v.unseal("address.value", s))
        address = of_contact()
        if address is None:
            return None
        plain = self._opened(address, lambda v, s: v.unseal("contact.address", s))
        if plain is None:
            return None
        known = {vault.index(channel, plain.decode()) for vault in (self._old, self._new)}
        return plain if digest in known else None

    async def _identities(self) -> None:
        table = tables.narrowed("request", "key", "data", "digest", "nik")
        versions = await self._db.read(definitions.by_digest)

        def one(tx: Tx, row: Row) -> None:
            _, key, data, digest, known = row
            if not known:
                return
            definition = versions.get(digest)
            answers = self._own(key, data, _NIK_PLACE, Given)
            path = definition.applicant.get("nik", "") if definition else ""
            nik = answers.answers.get(path, "") if answers else ""
            index = self._new.index("nik", nik) if nik else ""
            if not index:
                self.unindexed += 1
            if index != known:
                tables.change(tx, table, row, "nik", index)

        await self._rows(table, one)

    async def _senders(self) -> None:
        table = tables.narrowed("complaint", "key", "body", "sender")

        def one(tx: Tx, row: Row) -> None:
            _, key, sealed, known = row
            if not known:
                return
            body = self._own(key, sealed, _BODY_PLACE, Body)
            sender = complaints.sender_of(self._new, body.citizen) if body else ""
            tables.change(tx, table, row, "sender", sender)

        await self._rows(table, one)

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

    async def _rows(self, table: Table, one: Callable[[Tx, Row], None]) -> None:
        """Do every row of a table in the order of its key, a portion in each transaction."""
        after: list[Any] = []
        while True:
            counted = (self.unreadable, self.unindexed)

            def portion(tx: Tx) -> list[Row]:
                # It may be run again from the beginning.
                self.unreadable, self.unindexed = counted  # noqa: B023
                rows = tables.page(tx, table, after)  # noqa: B023
                for row in rows:
                    one(tx, row)
                return rows

            rows = await self._db.write(portion)
            self._progress(len(rows))
            if len(rows) < tables.PORTION:
                return
            after = tables.key_of(table, rows[-1])

    def _finish(self, tx: Tx) -> None:
        """Codes whose hash was keyed are useless now; they live for hours and are made anew."""
        tx.run("DELETE FROM link")
        tx.run("DELETE FROM invite WHERE used_at IS NULL")
        settings.end_new_key(tx, self._new)


def _address_of(tx: Tx, contact: int) -> bytes | None:
    row = tx.one("SELECT address FROM contact WHERE id = ?", contact)
    return row[0] if row else None
