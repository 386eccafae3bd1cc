"""The results as a table for the terminal, and as a table and a plot in ``docs``."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from html import escape

from benchmarks.bots import ROOT
from benchmarks.measuring import Plan, Result

_PAGE = ROOT / "docs" / "performance.md"
_PLOT = ROOT / "docs" / "performance.svg"
_BEGIN, _END = "<!-- figures -->", "<!-- /figures -->"
_OURS = "Loket"
_INK, _SOFT, _OWN = "#24292f", "#8c959f", "#0a7d4b"


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


def ratios(results: list[Result]) -> str:
    """Return how the desk stands beside each of the others."""
    ours = next((r for r in results if r.name == _OURS), None)
    if ours is None:
        return ""
    return "\n".join(
        f"{_OURS} / {r.name}: {ours.rate / r.rate:.2f} times the updates a second,"
        f" {r.cpu / ours.cpu:.2f} times the updates for the same CPU"
        for r in results
        if r is not ours
    )


def write(results: list[Result], plan: Plan) -> None:
    """Put the figures into ``docs/performance.md`` and draw ``docs/performance.svg``."""
    page = _PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    figures = f"{_BEGIN}\n{_markdown(results, plan)}\n{_END}"
    _PAGE.write_text(before + figures + after, encoding="utf-8")
    _PLOT.write_text(plot(results), encoding="utf-8")


def _markdown(results: list[Result], plan: Plan) -> str:
    day = datetime.now(UTC).date().isoformat()
    lines = [
        f"{day}, Python {platform.python_version()}, medians of the rounds;"
        f" {plan.citizens} citizens at once for"
        f" {plan.seconds:.0f} s, then {plan.steady_rate:.0f} updates/s for"
        f" {plan.steady_seconds:.0f} s.",
        "",
        "| | updates/s | CPU ms/update | p50/p99 ms, full load | p50/p99 ms, 100/s | RSS MB"
        " | fdatasync/s beside it |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {_strong(r)} | {r.rate:,.0f} | {r.cpu:.3f} | {r.p50:.1f} / {r.p99:.1f}"
        f" | {r.steady_p50:.1f} / {r.steady_p99:.1f} | {r.memory:.0f} | {r.disk:,.0f} |"
        for r in results
    ]
    lines += ["", *(f"- {line}" for line in ratios(results).splitlines())]
    return "\n".join(lines)


def _strong(result: Result) -> str:
    return f"**{result.name}**" if result.name == _OURS else result.name


def plot(results: list[Result]) -> str:
    """Draw two rows of bars: updates a second, and CPU an update (shorter is better)."""
    wide, row = 720, 26
    panels = (
        ("updates per second, one core (longer is better)", [r.rate for r in results], "{:,.0f}"),
        ("CPU ms per update (shorter is better)", [r.cpu for r in results], "{:.3f}"),
    )
    high = sum(40 + row * len(results) for _ in panels) + 10
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{wide}" height="{high}" fill="white"/>',
    ]
    top = 24
    for title, values, form in panels:
        drawn.append(f'<text x="10" y="{top}" font-weight="600" fill="{_INK}">{title}</text>')
        for place, (result, value) in enumerate(zip(results, values, strict=True)):
            y = top + 10 + row * place
            length = max(2, (wide - 270) * value / max(values))
            colour = _OWN if result.name == _OURS else _SOFT
            drawn += [
                f'<text x="160" y="{y + 15}" text-anchor="end" fill="{_INK}">'
                f"{escape(result.name)}</text>",
                f'<rect x="168" y="{y + 2}" width="{length:.0f}" height="18" fill="{colour}"/>',
                f'<text x="{174 + length:.0f}" y="{y + 15}" fill="{_INK}">'
                f"{form.format(value)}</text>",
            ]
        top += 40 + row * len(results)
    return "\n".join([*drawn, "</svg>", ""])
