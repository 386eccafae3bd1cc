"""A wrong answer: why it cannot be one, and the question again, short enough for an SMS."""

from __future__ import annotations

from pathlib import Path

from flows.events import Text
from tests.office import office


async def test_a_wrong_answer_is_told_with_one_example_each_time(tmp_path: Path) -> None:
    async with office(tmp_path) as place:
        for text in ["surat domisili", "setuju", "Siti Aminah", "1409"]:
            await place.event("7", Text(text))
        first = place.last("7").text
        assert first.startswith("NIK terdiri dari 16 angka")
        assert "Berapa NIK" in first
        assert first.count("Contoh:") == 1
        assert len(first) < 306, "two pieces of an SMS"
        for text in ["1408", "1407"]:
            await place.event("7", Text(text))
        third = place.last("7").text
        assert "Berapa NIK" not in third
        assert third.count("Contoh:") == 1
        assert "Bicara ke petugas" in third
