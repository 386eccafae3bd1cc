"""After any sequence nothing that must stay is gone, and nothing that must go stays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from bot.engine.desk import Desk
from bot.engine.opening import open_desk
from bot.engine.tidying import tidy
from bot.setup.services import read_services
from flows.definition import Definition, Retention
from flows.loader import digest
from storage import purges
from storage.database import StorageUnavailable, Tx
from storage.instant import to_ms
from tests.blank import new_database
from tests.office import MONDAY, Clock, configured

_DAY = timedelta(days=1)
_OWN = {
    "domisili": Retention(),
    "skck": Retention(documents_days=20, law=["x"]),
    "tanah": Retention(letters_years=1, answers_days=30, law=["x"]),
}
_KEPT = {"domisili": (90, 365, 10), "skck": (20, 365, 10), "tanah": (90, 30, 1)}

Steps = st.lists(
    st.one_of(
        st.tuples(st.just("file"), st.sampled_from(sorted(_OWN))),
        st.tuples(st.just("close"), st.integers(0, 5)),
        st.tuples(st.just("reopen"), st.integers(0, 5)),
        st.tuples(st.just("issue"), st.integers(0, 5)),
        st.tuples(st.just("pass"), st.sampled_from([1, 19, 21, 31, 89, 91, 366, 3660])),
        st.tuples(st.just("tidy"), st.just(0)),
        st.tuples(st.just("crash"), st.integers(1, 12)),
    ),
    max_size=25,
)


@dataclass
class Filed:
    """What is expected of a request."""

    service: str
    closed: int | None = None
    issued: int | None = None
    gone: set[str] = field(default_factory=set)


class Office:
    """The desk, and beside it what must be there."""

    def __init__(self, desk: Desk, clock: Clock, versions: dict[str, str]) -> None:
        self.desk, self.clock, self.versions = desk, clock, versions
        self.requests: list[Filed] = []

    async def step(self, kind: str, value: Any) -> None:
        one = self.requests[value % len(self.requests)] if self._about(kind) else None
        match kind:
            case "file" if len(self.requests) < 6:
                await self._file(value)
            case "close" if one and one.closed is None:
                one.closed = to_ms(self.clock())
                await self._set(one, "closed_at", one.closed)
            case "reopen" if one and one.closed is not None and not one.gone:
                one.closed = None
                await self._set(one, "closed_at", None)
            case "issue" if one and one.issued is None:
                one.issued = to_ms(self.clock())
                await self._issue(one)
            case "pass":
                self.clock.pass_time(value * _DAY)
            case "tidy":
                await tidy(self.desk)
                self._expect_gone()
                await self._agree(exactly=True)
            case "crash":
                await self._cut_off(value)
                await self._agree(exactly=False)

    def _about(self, kind: str) -> bool:
        return bool(self.requests) and kind in ("close", "reopen", "issue")

    def _number(self, one: Filed) -> int:
        return self.requests.index(one) + 1

    async def _file(self, service: str) -> None:
        self.requests.append(Filed(service))
        ref, now = len(self.requests), to_ms(self.clock())

        def add(tx: Tx) -> None:
            tx.run(
                "INSERT INTO request (id, number, sequence, code, contact_id, citizen_id, service,"
                " digest, stage, role, status, version, name, village, nik, filed_at, returned,"
                " asked_by, late, reminders, letter, made, key, data)"
                " VALUES (?, ?, ?, ?, 1, 1, ?, ?, 'check', '', 'open', 1, 'Siti', '2010', 'x', ?,"
                " '', '', 0, 0, 0, 0, x'00', x'00')",
                *(ref, f"N-{ref}", ref, f"C{ref}", service, self.versions[service], now),
            )
            for page in range(2):
                tx.run(
                    "INSERT INTO document (contact_id, request_id, path, name, state, problem,"
                    " file, thumbnail, mime, size, pages, identity, key, created_at) VALUES"
                    " (1, ?, 'ktp', 'KTP', 'stored', '', ?, '', '', 1, 1, 1, x'00', ?)",
                    *(ref, f"f{ref}-{page}", now),
                )

        await self.desk.db.write(add)

    async def _set(self, one: Filed, column: str, value: int | None) -> None:
        sql = f"UPDATE request SET {column} = ? WHERE id = ?"
        await self.desk.db.write(lambda tx: tx.run(sql, value, self._number(one)))

    async def _issue(self, one: Filed) -> None:
        ref = self._number(one)
        sql = (
            "INSERT INTO letter (request_id, number, state, file, sha256, key, dated, made_at)"
            " VALUES (?, ?, 'made', ?, 'h', x'00', '2026-11-23', ?)"
        )
        await self.desk.db.write(lambda tx: tx.run(sql, ref, f"L-{ref}", f"l{ref}", one.issued))

    async def _cut_off(self, after: int) -> None:
        """The process dies after so many transactions of a tidying."""
        write, left = self.desk.db.write, [after]

        async def dying(unit: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise StorageUnavailable("the process was killed")
            return await write(unit)

        self.desk.db.write = dying  # type: ignore[method-assign]
        try:
            await tidy(self.desk)
        except StorageUnavailable:
            pass
        finally:
            self.desk.db.write = write  # type: ignore[method-assign]

    def _due(self, one: Filed) -> set[str]:
        days, answers, years = _KEPT[one.service]
        now, found = self.clock(), set()
        if one.closed is not None and one.closed < to_ms(now - days * _DAY):
            found.add("papers")
        if one.closed is not None and one.closed < to_ms(now - answers * _DAY):
            found.add("answers")
        if one.issued is not None and one.issued < to_ms(now - years * 365.25 * _DAY):
            found.add("letter")
        return found

    def _expect_gone(self) -> None:
        for one in self.requests:
            one.gone |= self._due(one)

    async def _agree(self, *, exactly: bool) -> None:
        for one in self.requests:
            gone = await self.desk.db.read(partial(_gone, self._number(one)))
            if exactly:
                assert gone == one.gone, one
            else:
                assert one.gone <= gone <= one.gone | self._due(one), one
                one.gone = gone
        await self.desk.db.read(self._protocol_agrees)

    def _protocol_agrees(self, tx: Tx) -> None:
        """What went is written down once, and every file that may go is on its way."""
        counted: dict[str, int] = {}
        for purge in purges.between(tx, 0, 2**62):
            counted[purge.sort] = counted.get(purge.sort, 0) + purge.taken
        total = {
            sort: each * sum(what in one.gone for one in self.requests)
            for sort, what, each in (
                ("documents", "papers", 2),
                ("requests", "answers", 1),
                ("letters", "letter", 1),
            )
        }
        assert {sort: counted.get(sort, 0) for sort in total} == total
        jobs = tx.one("SELECT count(*) FROM job WHERE kind = 'delete'")
        assert jobs is not None
        assert jobs[0] == total["documents"] + total["letters"]
        steps = tx.one("SELECT count(*) FROM history")
        assert steps is not None
        assert steps[0] == total["documents"] / 2 + total["requests"] + total["letters"]


def _gone(request: int, tx: Tx) -> set[str]:
    asked = {
        "papers": "SELECT 1 FROM document WHERE request_id = ? AND state <> 'discarded'",
        "answers": "SELECT 1 FROM request WHERE id = ? AND key IS NOT NULL",
        "letter": "SELECT 1 FROM letter WHERE request_id = ? AND key IS NOT NULL",
    }
    there = {what for what, sql in asked.items() if tx.one(sql, request)}
    if tx.one("SELECT 1 FROM letter WHERE request_id = ?", request) is None:
        there.add("letter")
    return set(asked) - there


def _services(config: Any) -> dict[str, Definition]:
    found = read_services(config)
    return {name: structs.replace(found[name], retention=own) for name, own in _OWN.items()}


@example([("file", "domisili"), ("issue", 0), ("pass", 3660), ("tidy", 0), ("pass", 3660)])
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(Steps)
def test_what_must_go_goes_and_nothing_else(steps: list[tuple[str, Any]]) -> None:
    async def play(folder: Path) -> None:
        new_database(folder / "loket.db")
        config, clock = configured(folder), Clock(MONDAY)
        # The protocol itself ends with the audit: here it is read to the end.
        kept = structs.replace(config.retention, audit_years=100)
        config = structs.replace(config, retention=kept)
        services = _services(config)
        desk = await open_desk(config, now=clock, services=services)
        try:
            office = Office(desk, clock, {name: digest(one) for name, one in services.items()})
            for kind, value in steps:
                await office.step(kind, value)
            await office.step("tidy", 0)
        finally:
            desk.db.close()

    with TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))
