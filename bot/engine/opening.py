"""Opening a desk: its database, key, files, services, words; everything but the channels."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path

import structlog

from bot.engine.clock import Clock
from bot.engine.databases import company_of, open_database
from bot.engine.desk import Desk
from bot.engine.handlers import JOB_HANDLERS
from bot.engine.jobs import Jobs
from bot.engine.limits import PersonLimits
from bot.engine.sender import Sender
from bot.engine.turns import take_turn
from bot.engine.worker import Worker
from bot.setup import config as configuration
from bot.setup.facts import office_facts
from bot.setup.filestore import file_store
from bot.setup.services import ROOT, programs_of, read_services
from bot.setup.settings import Config
from bot.setup.versions import stranding
from bot.words.wording import Wording
from flows.definition import Definition
from flows.loader import canonical, digest
from flows.program import Program
from storage import contacts, definitions, settings
from storage.database import Tx
from storage.files import LocalFiles
from storage.instant import to_ms
from storage.vault import Vault

log = structlog.get_logger()


class DataLocked(Exception):
    """Another process writes this data."""


@dataclass
class Lock:
    """A process's hold on a data folder, until it ends or ``release``.

    Who writes a SQLite file holds its folder alone; those of a PostgreSQL may share one.
    """

    handle: TextIOWrapper

    @classmethod
    def take(cls, folder: Path, *, shared: bool = False) -> Lock:
        """Take the folder's lock; raises DataLocked."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = (folder / "lock").open("a+")
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            raise DataLocked(f"a desk is running on {folder}") from None
        return cls(handle)

    def release(self) -> None:
        """Let another process write."""
        self.handle.close()


def system_clock() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def clock_from(start: datetime) -> Callable[[], datetime]:
    """Return a clock that shows ``start`` now and runs on from there (trial data only)."""
    ahead: timedelta = start - system_clock()
    return lambda: system_clock() + ahead


async def open_desk(
    config: Config,
    *,
    trial: bool = False,
    now: Callable[[], datetime] | None = None,
    root: Path = ROOT,
    services: Mapping[str, Definition] | None = None,
    programs: Mapping[str, Program] | None = None,
    candidate: bool = True,
) -> Desk:
    """Open the data and return a desk that is not yet at work; raises StorageUnavailable.

    Of several processes at one database a ``candidate`` may lead.
    """
    folder = config.data_dir / "coba" if trial else config.data_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = Vault.load(folder, config.secret_key.reveal() or None)
    moment = now or (clock_from(config.now) if trial and config.now else system_clock)
    found = services if services is not None else read_services(config, root)
    covered = programs if programs is not None else programs_of(found, root)

    def prepare(tx: Tx) -> list[definitions.Version]:
        settings.demand_key(tx, vault)
        for service, one in found.items():
            definitions.keep(tx, digest(one), service, canonical(one), to_ms(moment()))
        definitions.forget_unused(tx, {digest(one) for one in found.values()})
        return definitions.all_versions(tx)

    # In a thread: a server that is away may take long to say so, and other desks are at work.
    db = await asyncio.to_thread(open_database, config, trial=trial)
    try:
        kept = await db.write(prepare)
        wording = Wording(root / "templates", config.spoken, office_facts(config))
        for problem in stranding(kept, found, config, wording, root):
            # The others must be served: whoever it concerns is told of when their turn fails.
            log.error("somebody under way cannot finish", problem=str(problem))
        readable = {one.digest: one.definition for one in kept if one.definition}
        desk = Desk(
            config=config,
            office=configuration.office(config, found, wording.label, readable, covered),
            db=db,
            vault=vault,
            # What is tried out stays on this machine.
            files=LocalFiles(folder / "files") if trial else file_store(config),
            wording=wording,
            now=moment,
            trial=trial,
        )
        desk.limits = PersonLimits(config.limits.messages_per_minute)
        desk.worker = Worker(desk, take_turn)
        desk.sender = Sender(desk)
        desk.jobs = Jobs(desk, JOB_HANDLERS)
        desk.clock = Clock(desk)
        desk.company = company_of(desk, candidate=candidate)
        return desk
    except BaseException:
        db.close()
        raise


async def start_desk(desk: Desk) -> None:
    """Open the channels and take up all work where it was left."""
    await desk.files.sweep()
    staff_chat = desk.config.telegram.staff_chat
    if staff_chat and not desk.trial:
        await desk.db.write(lambda tx: _seat_staff(tx, desk, "telegram", staff_chat))
    for channel in desk.channels.values():
        await channel.open()
    await desk.company.open()
    await desk.sender.start()
    await desk.jobs.start()
    await desk.worker.start()
    await desk.company.lead(desk.clock)


def _seat_staff(tx: Tx, desk: Desk, channel: str, address: str) -> None:
    contact = contacts.meet(tx, desk.vault, channel, address, to_ms(desk.now()), kind="staff")
    tx.run("UPDATE contact SET kind = 'staff', state = 'open' WHERE id = ?", contact)
    tx.run("UPDATE contact SET kind = 'group' WHERE kind = 'staff' AND id <> ?", contact)


async def stop_desk(desk: Desk) -> None:
    """Finish what is under way, close the channels and the database."""
    await desk.company.rest()
    await desk.worker.stop()
    await desk.jobs.stop()
    await desk.sender.stop()
    for channel in desk.channels.values():
        await channel.close()
    await desk.files.close()
    desk.db.close()
    await desk.company.leave()
