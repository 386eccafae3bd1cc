"""Days and hours of an event, as people write them."""

from __future__ import annotations

from datetime import date

import pytest

from flows.dates import Unclear
from flows.periods import read_period
from flows.times import read_times

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("20:00", ["20.00", "20:00 WIB", "jam 8 malam", "pukul delapan malam", "8 pm"]),
        ("08:00", ["jam 8", "8 pagi", "08.00", "jam 8 pagi pak", "eight am"]),
        ("12:00", ["jam 12 siang", "12.00"]),
        ("00:00", ["jam 12 malam", "24.00"]),
        ("19:30", ["setengah 8 malam", "jam 7 lewat 30 malam", "7.30 malam"]),
        ("08:00-17:00", ["8-5", "jam 8 pagi sampai jam 5 sore", "08.00 s.d. 17.00 WIB",
            "dari jam 8 sampai dengan jam 5", "8 am to 5 pm", "08.00-17.00"]),
        ("08:00-22:00", ["jam 8 pagi sampai jam 10 malam", "8.00 pagi - 10.00 malam"]),
        ("20:00-22:00", ["8 - 10 malam", "20.00 s/d 22.00"]),
        ("20:00-", ["20.00 sampai selesai", "jam 8 malam s/d selesai", "20:00-"]),
        ("20:00-01:00", ["jam 8 malam sampai jam 1 malam", "20.00 - 01.00"]),
        ("10:00-01:00", ["10:00-01:00"]),
    ],
)  # fmt: skip
def test_hours_are_understood(value: str, texts: list[str]) -> None:
    for text in texts:
        found = read_times(text)
        assert found is not None, text
        assert found.canonical() == value, text


@pytest.mark.parametrize(
    "text", ["pagi", "jam 25", "8.75", "besok", "s/d selesai", "8 sampai sore", "99:99-01:00"]
)
def test_what_is_no_hour_is_none(text: str) -> None:
    assert read_times(text) is None


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("2026-12-12", ["12 Desember 2026", "12-12-2026", "12/12", "12 des", "2026-12-12"]),
        ("2026-11-24", ["besok", "tomorrow"]),
        ("2026-12-12/2026-12-13", ["12-13 Desember 2026", "12 dan 13 desember", "12 s.d. 13 des",
            "12 s/d 13 desember 2026", "tgl 12 sampai 13 desember", "12-13/12/2026",
            "2 hari mulai 12 desember 2026", "12 to 13 December 2026"]),
        ("2026-12-12/2026-12-14", ["12, 13 dan 14 desember 2026"]),
        ("2026-11-28/2026-11-29", ["sabtu sampai minggu", "Sabtu dan Minggu"]),
        ("2026-12-01/2027-01-31", ["1 desember 2026 sampai 31 januari 2027",
            "1 desember s/d 31 januari", "1 Desember 2026 selama 2 bulan",
            "dua bulan mulai 1 desember", "1-12-2026 - 31-1-2027"]),
        ("2027-01-31/2027-02-28", ["31 januari 2027 selama 1 bulan"]),
    ],
)  # fmt: skip
def test_days_are_understood(value: str, texts: list[str]) -> None:
    for text in texts:
        assert read_period(text, TODAY).canonical() == value, text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("13-12 desember", "backwards"),
        ("31 november sampai 2 desember", "impossible"),
        ("31 sampai 30 november", "impossible"),
        ("kapan-kapan", "unclear"),
        ("sebulan", "unclear"),
        ("desember 2026", "day"),
    ],
)
def test_what_are_no_days_is_told_why(text: str, reason: str) -> None:
    with pytest.raises(Unclear) as caught:
        read_period(text, TODAY)
    assert caught.value.reason == reason
