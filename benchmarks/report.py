"""The results as a table for the terminal and as a table and a plot for ``docs``."""

from __future__ import annotations

from benchmarks.measuring import Result


def table(results: list[Result], *, head: bool = True) -> str:
    """Return the results as lines of text."""
    lines = []
    if head:
        lines.append(
            f"{'':20} {'updates/s':>9} {'CPU ms':>7} {'busy':>5} {'load':>5} {'p50 ms':>7}"
            f" {'p99 ms':>7} {'100/s p50':>9} {'p99':>6} {'RSS MB':>7} {'fdatasync/s':>11}"
        )
    lines += [
        f"{r.name:20} {r.rate:9.0f} {r.cpu:7.3f} {r.busy:5.0%} {r.load:5.0%} {r.p50:7.1f}"
        f" {r.p99:7.1f} {r.steady_p50:9.2f} {r.steady_p99:6.2f} {r.memory:7.0f} {r.disk:11.0f}"
        for r in results
    ]
    return "\n".join(lines)


def write(results: list[Result]) -> None:
    """Write ``docs/performance.md``."""
