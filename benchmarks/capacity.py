"""``python -m benchmarks.capacity``: how much machine so many districts need, by simulation.

Citizens write by the hour of the day as a Poisson process; each update, photo and letter is a piece
of work that takes a core the time that was measured. The busiest hour is played through, piece by
piece, on one core, then on two, until 99 of 100 pieces are answered within ``--seconds``. Rooms on
disk and prices are plain multiplication. Every assumption is an argument.
"""

from __future__ import annotations

import argparse
import heapq
import random
from dataclasses import dataclass

DAYS = 245
"""Working days in a year."""
BUSIEST = 0.14
"""The share of a day's messages that falls into its busiest hour (mid-morning)."""


@dataclass(frozen=True)
class Piece:
    """One kind of work: how many of it a request brings, and seconds of one core for each."""

    name: str
    each: float
    seconds: float


@dataclass(frozen=True)
class Load:
    """What a request is, as measured in a day of the whole town (``make day``).

    Bytes are what is on the disk a request; the share of the photos goes when retention ends.
    """

    pieces: tuple[Piece, ...] = (
        Piece("update", 32.0, 0.00045),
        Piece("message", 30.0, 0.00010),
        Piece("photo", 2.7, 0.040),
        Piece("letter", 0.7, 0.013),
    )
    file_bytes: float = 705_000
    row_bytes: float = 84_000
    kept_days: int = 90

    @property
    def cpu(self) -> float:
        """Seconds of one core that a request costs."""
        return sum(piece.each * piece.seconds for piece in self.pieces)


@dataclass(frozen=True)
class Plan:
    """An answer: what so many districts need."""

    districts: int
    requests_a_day: float
    updates_a_second: float
    cores: int
    p99: float
    busy: float
    files_gb: float
    rows_gb_a_year: float


def plan(districts: int, each: float, load: Load, seconds: float, chance: random.Random) -> Plan:
    """Return the smallest machine whose busiest hour is answered in time."""
    requests = districts * each
    hour = requests * BUSIEST
    cores = 1
    while True:
        p99, busy = busiest_hour(hour, cores, load, chance)
        if p99 <= seconds and busy < 0.7:
            break
        cores = max(cores + 1, int(cores * 1.3))
    updates = next(piece.each for piece in load.pieces if piece.name == "update")
    return Plan(
        districts=districts,
        requests_a_day=requests,
        updates_a_second=hour * updates / 3600,
        cores=cores,
        p99=p99,
        busy=busy,
        files_gb=requests * load.kept_days * DAYS / 365 * load.file_bytes / 1e9,
        rows_gb_a_year=requests * DAYS * load.row_bytes / 1e9,
    )


def busiest_hour(
    requests: float, cores: int, load: Load, chance: random.Random, most: int = 300_000
) -> tuple[float, float]:
    """Play the hour (or its first ``most`` pieces); return seconds to the answer, and how busy.

    Work goes to the core that is free first, in the order in which it came: what lanes and
    processes do, but for the order within a lane, which one person never feels.
    """
    rate = requests * sum(piece.each for piece in load.pieces) / 3600
    weights = [piece.each for piece in load.pieces]
    seconds = [piece.seconds for piece in load.pieces]
    free = [0.0] * cores
    now, worked, answers = 0.0, 0.0, []
    for _ in range(min(most, max(1, int(rate * 3600)))):
        now += chance.expovariate(rate)
        work = chance.choices(seconds, weights)[0] * chance.uniform(0.5, 1.5)
        start = max(now, heapq.heappop(free))
        heapq.heappush(free, start + work)
        worked += work
        answers.append(start + work - now)
    answers.sort()
    return answers[int(len(answers) * 0.99)], worked / (now * cores)


def table(plans: list[Plan]) -> str:
    """Return the answers as a table."""
    head = (
        "| districts | requests a day | updates/s, busiest hour | cores | p99 ms | busy "
        "| photos kept, GB | database, GB a year |"
    )
    lines = [head, "|" + "---:|" * 8]
    lines += [
        f"| {one.districts:,} | {one.requests_a_day:,.0f} | {one.updates_a_second:,.1f} "
        f"| {one.cores} | {one.p99 * 1000:,.0f} | {one.busy:.0%} | {one.files_gb:,.0f} "
        f"| {one.rows_gb_a_year:,.1f} |"
        for one in plans
    ]
    return "\n".join(lines)


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--districts", type=int, nargs="+", default=[1, 15, 200, 1500, 7285])
    parser.add_argument("--each", type=float, default=40.0, help="requests a district and day")
    parser.add_argument("--seconds", type=float, default=0.5, help="99 of 100 pieces within")
    parser.add_argument("--slower", type=float, default=1.0, help="cores so many times slower")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    whole = Load()
    load = Load(
        tuple(Piece(one.name, one.each, one.seconds * given.slower) for one in whole.pieces)
    )
    chance = random.Random(given.seed)
    print(f"a request costs {load.cpu:.2f} s of one core")
    print(table([plan(n, given.each, load, given.seconds, chance) for n in given.districts]))


if __name__ == "__main__":
    main()
