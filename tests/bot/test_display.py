"""Days and hours as people read them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from bot.words.display import show_answer

WORDS = {"common.until": "s.d.", "common.until_done": "selesai"}


@pytest.mark.parametrize(
    ("check", "value", "shown"),
    [
        ("times", "20:00", "20.00 WIB"),
        ("times", "08:00-17:00", "08.00 s.d. 17.00 WIB"),
        ("times", "20:00-", "20.00 WIB s.d. selesai"),
        ("period", "2026-12-12", "12 Desember 2026"),
        ("period", "2026-12-12/2026-12-13", "12 Desember 2026 s.d. 13 Desember 2026"),
        ("future_date", "2026-12-12", "12 Desember 2026"),
        ("amount", "1500000", "Rp1.500.000"),
        ("text", "apa adanya", "apa adanya"),
    ],
)
def test_an_answer_is_shown_as_people_write_it(check: str, value: str, shown: str) -> None:
    assert show_answer(value, check, "id", ZoneInfo("Asia/Jakarta"), WORDS.__getitem__) == shown


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("Asia/Makassar", "20.00 WITA"), ("Asia/Jayapura", "20.00 WIT"), ("Asia/Singapore", "20.00")],
)
def test_hours_name_the_time_of_the_office(zone: str, shown: str) -> None:
    assert show_answer("20:00", "times", "id", ZoneInfo(zone), WORDS.__getitem__) == shown
