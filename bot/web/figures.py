"""The desk's figures as Prometheus reads them; what each means stands in docs/monitoring.md."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot.keeping.backup import LAST
from storage.figures import Figures, Queue

if TYPE_CHECKING:
    from bot.engine.desk import Desk


class Machine(NamedTuple):
    """What is known of where the desk runs: bytes, and instants in seconds."""

    size: int
    free: int
    files_up: bool
    backup_at: float
    version: str


def look_at_machine(folder: Path, files_up: bool) -> Machine:
    """Return what the disk, the file of the last backup and the package say."""
    disk = shutil.disk_usage(folder)
    last = folder / LAST
    backup_at = last.stat().st_mtime if last.exists() else 0.0
    return Machine(disk.total, disk.free, files_up, backup_at, _version())


def _version() -> str:
    try:
        return metadata.version("loket")
    except metadata.PackageNotFoundError:
        # In a container the program lies beside the packages it needs.
        return "source"


class Exported(Collector):
    """The desk's figures at this moment, as Prometheus wants them."""

    def __init__(self, desk: Desk, figures: Figures, machine: Machine) -> None:
        self._desk, self._figures, self._machine = desk, figures, machine

    def collect(self) -> Iterator[Metric]:
        yield from self._waiting()
        yield from self._requests()
        yield from self._done()
        yield from self._kept()

    def _waiting(self) -> Iterator[Metric]:
        found = self._figures
        yield _gauge("inbox_waiting", "Events whose turn was not taken", found.inbox.waiting)
        yield _gauge("inbox_oldest_seconds", "How long the oldest waits", found.inbox.oldest)
        yield _gauge("inbox_aside", "Events set aside for a person", found.failed["inbox"])
        waiting = _gauges("outbox_waiting", "Messages not handed over", "channel", "line")
        oldest = _gauges("outbox_oldest_seconds", "How long the oldest answer waits", "channel")
        for channel in {*self._desk.channels, *found.answers, *found.announcements}:
            answers = found.answers.get(channel, Queue(0, 0.0))
            waiting.add_metric([channel, "answers"], answers.waiting)
            waiting.add_metric([channel, "announcements"], found.announcements.get(channel, 0))
            oldest.add_metric([channel], answers.oldest)
        yield waiting
        yield oldest
        yield _gauge(
            "outbox_failed", "Messages given up, not yet forgotten", found.failed["outbox"]
        )
        yield _gauge("jobs_waiting", "Slow work not done", found.jobs.waiting)
        yield _gauge("jobs_oldest_seconds", "How long the oldest is overdue", found.jobs.oldest)
        yield _gauge("jobs_failed", "Slow work given up", found.failed["jobs"])

    def _requests(self) -> Iterator[Metric]:
        """The backlog: a stage has the same name in all services."""
        total: Counter[tuple[str, str]] = Counter()
        late: Counter[str] = Counter()
        oldest: dict[str, float] = {}
        now = self._desk.now()
        for one in self._figures.requests:
            total[one.stage, one.status] += one.total
            late[one.stage] += one.late
            age = max(0.0, (now - one.oldest).total_seconds())
            oldest[one.stage] = max(age, oldest.get(one.stage, 0.0))
        yield _gauge("requests_open", "Requests that are not closed", sum(total.values()))
        requests = _gauges("requests", "Open requests by stage and status", "stage", "status")
        for (stage, status), count in total.items():
            requests.add_metric([stage, status], count)
        yield requests
        behind = _gauges("requests_late", "Requests past the time of their stage", "stage")
        longest = _gauges("requests_oldest_seconds", "The longest stay in a stage", "stage")
        for stage, age in oldest.items():
            behind.add_metric([stage], late[stage])
            longest.add_metric([stage], age)
        yield behind
        yield longest

    def _done(self) -> Iterator[Metric]:
        desk = self._desk
        turns = desk.worker.turns
        yield HistogramMetricFamily(
            "loket_turn_seconds",
            "How long turns took",
            buckets=turns.buckets,
            sum_value=turns.total,
        )
        sent = CounterMetricFamily("loket_sent", "Messages handed over", labels=["channel"])
        for channel in desk.channels:
            sent.add_metric([channel], desk.sender.sent[channel])
        yield sent
        refused = CounterMetricFamily(
            "loket_refused",
            "Messages that a platform refused, by what was wrong and what became of them",
            labels=["channel", "fault", "outcome"],
        )
        for labels, count in desk.sender.refusals.counts.items():
            refused.add_metric(list(labels), count)
        yield refused
        calls = CounterMetricFamily(
            "loket_webhooks", "Webhook calls by what became of them", labels=["channel", "result"]
        )
        for told, count in desk.calls.items():
            calls.add_metric(list(told), count)
        yield calls
        yield from self._spent()

    def _spent(self) -> Iterator[Metric]:
        cost = self._desk.cost
        yield CounterMetricFamily(
            "loket_sms_pieces",
            "SMS handed over, as they are billed: 160 or 70 letters each",
            value=cost.pieces,
        )
        spent = CounterMetricFamily(
            "loket_cost_rupiah",
            "Estimated cost of messages handed over, in rupiah",
            labels=["by"],
        )
        for by, rupiah in cost.charged.items():
            spent.add_metric([by], rupiah)
        yield spent

    def _kept(self) -> Iterator[Metric]:
        machine = self._machine
        yield _gauge("database_bytes", "Size of the database", self._figures.database_bytes)
        yield _gauge("disk_free_bytes", "Room on the disk of the data folder", machine.free)
        yield _gauge("disk_bytes", "Size of the disk of the data folder", machine.size)
        yield _gauge("files_up", "1 where the file store can be used", machine.files_up)
        # Beside a PostgreSQL any machine may make it, and all are to know.
        backup_at = max(machine.backup_at, self._figures.backup_at)
        yield _gauge("last_backup_timestamp_seconds", "When the last backup was made", backup_at)
        version = GaugeMetricFamily("loket_info", "Which Loket this is", labels=["version"])
        version.add_metric([machine.version], 1)
        yield version


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"loket_{name}", about, value=value)


def _gauges(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"loket_{name}", about, labels=labels)
