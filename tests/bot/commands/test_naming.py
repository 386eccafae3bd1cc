"""Which paper an officer means."""

from __future__ import annotations

import pytest

from bot.commands.naming import Ambiguous, Item, take, ways_to_say

HEIRS = ("ahli waris", "heirs")
ITEMS = [
    Item("ktp", ("KTP-el pemohon", "ktp")),
    Item("family_card", ways_to_say("Kartu keluarga (KK)", "family_card")),
    Item("village_letter", ("Surat pengantar desa", "village_letter", "village letter")),
    Item("name", ("Nama lengkap", "name")),
    *[Item(f"heirs.{i}.ktp", ("KTP ahli waris", "ktp"), HEIRS, i + 1) for i in range(3)],
    *[Item(f"heirs.{i}.nik", ("NIK", "nik"), HEIRS, i + 1) for i in range(3)],
]


@pytest.mark.parametrize(
    ("said", "paths", "rest"),
    [
        ("ktp buram", ["ktp"], "buram"),
        ("kpt buram", ["ktp"], "buram"),
        ("KTP: buram", ["ktp"], "buram"),
        ("ktp, kk belum terbaca", ["ktp", "family_card"], "belum terbaca"),
        ("ktp, kartu keluarga (kk) gelap", ["ktp", "family_card"], "gelap"),
        ("ktp dan kartu keluarga gelap", ["ktp", "family_card"], "gelap"),
        ("kartu kelurga potong", ["family_card"], "potong"),
        ("surat pengantar tanpa cap, minta lagi", ["village_letter"], "tanpa cap, minta lagi"),
        ("ktp ahli waris 2 buram sekali", ["heirs.1.ktp"], "buram sekali"),
        ("ktp ahli wris 2 buram", ["heirs.1.ktp"], "buram"),
        ("ktp 3 gelap", ["heirs.2.ktp"], "gelap"),
        ("heirs.1.ktp: buram", ["heirs.1.ktp"], "buram"),
        ("nik ahli waris 1, nik ahli waris 3 tertukar", ["heirs.0.nik", "heirs.2.nik"], "tertukar"),
        ("nama lengkap", ["name"], ""),
        ("ktp, ktp gelap", ["ktp"], "gelap"),
        ("fotonya gelap", [], "fotonya gelap"),
        ("", [], ""),
        (",", [], ","),
        ("family_card sobek", ["family_card"], "sobek"),
    ],
)
def test_papers_are_named_at_the_beginning(said: str, paths: list[str], rest: str) -> None:
    named = take(said, ITEMS)
    assert [item.path for item in named.items] == paths
    assert named.rest == rest


def test_a_name_that_fits_several_members_asks_which() -> None:
    with pytest.raises(Ambiguous) as caught:
        take("nik salah", ITEMS)
    assert [item.label for item in caught.value.items] == [f"NIK ahli waris {n}" for n in (1, 2, 3)]


def test_the_number_of_a_member_is_never_a_typo() -> None:
    with pytest.raises(Ambiguous):
        take("nik ahli waris 4 salah", ITEMS)
