"""How numbers are written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.numbering import faults, period, series, write

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("pattern", "number", "code", "written"),
    [
        (
            "{kode}/{nomor:03}/{unit}/{bulan_romawi}/{tahun}",
            123,
            "400.12.2.2",
            "400.12.2.2/123/KEC-GT/XI/2026",
        ),
        ("{kode}-{tahun2}-{nomor:04}", 12, "DOM", "DOM-26-0012"),
        ("{nomor:05}{kode:03}01{bulan:02}{tahun}", 2249, "2", "0224900201112026"),
        ("{nomor:06}-{kode}-{tahun}", 1745, "MB", "001745-MB-2026"),
        ("{nomor:03}/{hari}", 12345, "", "12345/23"),
    ],
)
def test_a_pattern_is_filled(pattern: str, number: int, code: str, written: str) -> None:
    assert write(pattern, number, DAY, code=code, unit="KEC-GT") == written


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("{kode}/{nomor}/{tahun}", []),
        ("{kode}/{nomor}/{tahun2}", []),
        ("{kode}/{tahun}", ["missing:nomor"]),
        ("{nomor}/{tahun}", ["missing:kode"]),
        ("{kode}/{nomor}", ["missing:tahun"]),
        ("{kode}/{nomor}/{tahun}/{apa}", ["field:apa"]),
        ("{kode}/{nomor}/{tahun}/{", ["braces"]),
        ("{kode}/{nomor}/{tahun:04}", ["length:tahun"]),
        ("{nomor!r}{kode}{tahun}", ["braces", "missing:nomor"]),
    ],
)
def test_a_faulty_pattern_is_named(pattern: str, wrong: list[str]) -> None:
    assert faults(pattern, "code", "year") == wrong


def test_an_office_wide_endless_series_needs_only_its_number() -> None:
    assert faults("{nomor}", "office", "never") == []


def test_a_series_counts_by_what_is_configured() -> None:
    assert (series("letter", "code", "470"), series("letter", "office", "470")) == (
        "letter:470",
        "letter",
    )
    assert (period("year", DAY), period("never", DAY)) == ("2026", "")


@given(st.text(max_size=40))
def test_any_pattern_is_judged_without_an_error(pattern: str) -> None:
    if not faults(pattern, "office", "never"):
        assert "7" in write(pattern, 7, DAY, code="X", unit="Y")


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.dates(), st.dates())
def test_two_numbers_of_a_series_are_never_written_alike(
    one: int, other: int, first: date, second: date
) -> None:
    pattern = "{kode}-{tahun}-{nomor:04}"
    assert not faults(pattern, "code", "year")
    same = (one, period("year", first)) == (other, period("year", second))
    written = [write(pattern, n, d, code="DOM") for n, d in ((one, first), (other, second))]
    assert (written[0] == written[1]) == same
