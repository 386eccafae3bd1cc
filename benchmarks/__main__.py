"""``python -m benchmarks``: all contenders in one run, printed, and written with ``--write``."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import uvloop

from benchmarks.bots import ROOT, WHICH, contender
from benchmarks.load import World
from benchmarks.measuring import LOAD_CORE, Plan, Result, measure, middle
from benchmarks.report import ratios, table, write


async def run(which: list[str], plan: Plan, rounds: int) -> list[Result]:
    """Measure in turn, several rounds, on the same cores; return each one's median."""
    every = [await one_round(which, plan) for _ in range(rounds)]
    return [middle(list(results)) for results in zip(*every, strict=True)]


async def one_round(which: list[str], plan: Plan) -> list[Result]:
    """Measure one after another, each on fresh data."""
    results = []
    for one in which:
        with tempfile.TemporaryDirectory(prefix="loket-bench-", dir=ROOT) as name:
            world = World()
            bot = contender(one, Path(name), await world.open())
            results.append(await measure(bot, world, plan, Path(name)))
            world.close()
        print(table(results[-1:], head=len(results) == 1), flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=WHICH, default=list(WHICH))
    parser.add_argument("--seconds", type=float, default=10.0, help="at full load, each")
    parser.add_argument("--steady", type=float, default=15.0, help="seconds at a steady rate")
    parser.add_argument("--citizens", type=int, default=64)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    plan = Plan(seconds=given.seconds, citizens=given.citizens, steady_seconds=given.steady)
    os.sched_setaffinity(0, {LOAD_CORE})
    results = uvloop.run(run(given.only, plan, given.rounds))
    print("\n" + table(results))
    print(ratios(results))
    if given.write:
        write(results, plan)


if __name__ == "__main__":
    main()
