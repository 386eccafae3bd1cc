"""What Siti answers when she asks for a letter of domicile, up to her papers."""

from __future__ import annotations

HERSELF = (
    "Siti Aminah",
    "1409074101800001",
    "Teluk Kuantan",
    "1 januari 1980",
    "Kampung Baru",
    "Dusun II, RT 02 RW 01",
)
ANSWERS = ("surat domisili", "setuju", *HERSELF, "tahun 2015", "membuka rekening bank")
