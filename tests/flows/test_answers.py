"""Answers as people give them: what is taken, what is marked, what is kindly refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flows import dates, words
from flows.answers import CHECKS, About, Accepted, Wrong
from flows.cleaning import clean
from flows.definition import Question

TODAY = date(2026, 11, 23)
VILLAGES = [
    ("2001", "Pulau Mungkur"), ("2002", "Teluk Beringin"), ("2003", "Pulau Rumput"),
    ("2004", "Seberang Gunung"), ("2005", "Teberau Panjang"), ("2006", "Koto Gunung"),
    ("2007", "Gunung"), ("2008", "Toar"), ("2009", "Petapahan"), ("2010", "Kampung Baru"),
    ("2011", "Pisang Berebus"), ("2012", "Lubuk Terentang"), ("2013", "Siberobah"),
    ("2014", "Seberang Sungai"),
]  # fmt: skip
LABELS = {"new": "KK baru", "change": "Ubah data", "lost": "KK hilang", "yes": "Ya", "no": "Tidak"}


def about(check: str, answers: dict[str, str] | None = None, **bounds: Any) -> About:
    question = Question("it", check, choices=["new", "change", "lost"], **bounds)
    return About(question, TODAY, VILLAGES, LABELS, answers or {})


def accept(check: str, text: str, **more: Any) -> Accepted:
    return CHECKS[check](text, about(check, **more))


def refuse(check: str, text: str, **more: Any) -> str:
    with pytest.raises(Wrong) as caught:
        accept(check, text, **more)
    return caught.value.reason


def outcome(check: str, text: str) -> Accepted | Wrong:
    try:
        return accept(check, text)
    except Wrong as wrong:
        return wrong


# --- what is taken -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "value", "texts"),
    [
        ("nik", "1409071203980001", ["1409071203980001", "1409 0712 0398 0001",
            "14.09.07.120398.0001", "NIK saya 1409-0712-0398-0001 pak", "١٤٠٩٠٧١٢٠٣٩٨٠٠٠١"]),
        ("nik", "1409075203980001", ["1409075203980001"]),
        ("kk_number", "1409070101100001", ["1409070101100001", "no kk: 1409 0701 0110 0001"]),
        ("npwp", "012345678901000", ["01.234.567.8-901.000", "012345678901000"]),
        ("npwp", "1409071203980001", ["1409071203980001"]),
        ("phone", "+6281234567890", ["081234567890", "0812-3456-7890", "+62 812 3456 7890",
            "6281234567890", "81234567890", "hp saya 0812.3456.7890 bg", "(0812) 3456 7890"]),
        ("phone", "+16502530000", ["+1 650 253 0000"]),
        ("village", "2007", ["Gunung", "gunung", "7", "2007", "no 7", "desa gunung pak"]),
        ("village", "2004", ["seberang gunung", "sebrang gunung", "SEBERANGGUNUNG"]),
        ("village", "2002", ["tlk beringin", "teluk bringin", "yang kedua"]),
        ("village", "2011", ["pisang brebus", "Pisang Berebus"]),
        ("village", "2010", ["kp baru", "Kampung Baru"]),
        ("amount", "1500000", ["1500000", "Rp 1.500.000", "Rp1.500.000,-", "1,5 juta", "1.5jt",
            "1.500.000,00", "1,500,000", "satu juta lima ratus ribu", "1 juta 500 ribu",
            "satu setengah juta", "sekitar 1,5 juta per bulan", "1500 ribu", "Rp. 1500rb"]),
        ("amount", "5000000", ["lima juta", "5 jt", "5juta", "five million"]),
        ("amount", "500000", ["500rb", "lima ratus ribu", "setengah juta", "limaratus ribu"]),
        ("amount", "0", ["0", "gratis", "tidak ada"]),
        ("count", "3", ["3", "tiga", "3 orang", "tiga orang anak", "tigo", "three", "3anak"]),
        ("count", "100", ["100", "seratus"]),
        ("count", "25", ["dua puluh lima", "duapuluh lima", "twenty five"]),
        ("choice", "lost", ["3", "hilang", "KK ilang", "yang terakhir", "lost"]),
        ("yesno", "yes", ["ya", "iyo", "ok pak", "1", "👍", "nggih"]),
        ("yesno", "no", ["tidak", "gak", "2", "ndak bg", "mboten", "no"]),
        ("email", "siti@mail.co.id", ["Siti@Mail.co.id ", "ini: siti@mail.co.id"]),
        ("place", "Teluk Kuantan", ["Teluk Kuantan", "teluk kuantan", "TELUK  KUANTAN"]),
        ("address", "Dusun II, RT 02, RW 01", ["Dusun II, RT 02, RW 01", "Dusun II\nRT 02\nRW 01"]),
        ("text", "beli motor", ["beli motor", "\x00beli\u200b \u202emotor\ud800 "]),
    ],
)  # fmt: skip
def test_an_answer_is_taken_in_all_its_ways(check: str, value: str, texts: list[str]) -> None:
    for text in texts:
        assert accept(check, text) == Accepted(value), ascii(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Siti Aminah", "Siti Aminah"),
        ("SITI AMINAH", "Siti Aminah"),
        ("siti  aminah", "Siti Aminah"),
        ("nama saya siti aminah", "Siti Aminah"),
        ("nur'aini", "Nur'aini"),
        ("O’Brien", "O'Brien"),
        ("ahmad bin ali", "Ahmad bin Ali"),
        ("AL-AMIN", "Al-Amin"),
        ("m. ali", "M. Ali"),
        ("budi santoso, s.pd", "Budi Santoso, S.Pd"),
        ("DRS. H. M. YUSUF, M.SI", "Drs. H. M. Yusuf, M.Si"),
        ("dr. Budi Santoso, Sp.PD", "dr. Budi Santoso, Sp.PD"),
        ("İsmail Çelik", "İsmail Çelik"),
        ("Wa", "Wa"),
    ],
)
def test_a_name_is_written_as_on_a_letter(text: str, name: str) -> None:
    assert accept("name", text).value == name


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12-3-98", "1998-03-12"),
        ("12/03/1998", "1998-03-12"),
        ("12.3.1998", "1998-03-12"),
        ("12 3 98", "1998-03-12"),
        ("12 - 3 - 1998", "1998-03-12"),
        ("12031998", "1998-03-12"),
        ("120398", "1998-03-12"),
        ("1998-03-12", "1998-03-12"),
        ("12 maret 1998", "1998-03-12"),
        ("12 MARET 98", "1998-03-12"),
        ("12 mar 98", "1998-03-12"),
        ("12maret1998", "1998-03-12"),
        ("12 maert 1998", "1998-03-12"),
        ("12 desember '98", "1998-12-12"),
        ("tgl 12 bulan 3 tahun 1998", "1998-03-12"),
        ("tanggal 12 bulan maret tahun 1998 pak", "1998-03-12"),
        ("dua belas maret 1998", "1998-03-12"),
        ("Kamis, 12 Maret 1998", "1998-03-12"),
        ("Teluk Kuantan, 12 Maret 1998", "1998-03-12"),
        ("March 12, 1998", "1998-03-12"),
        ("12th of March 1998", "1998-03-12"),
        ("03/25/1998", "1998-03-25"),
        ("5 Pebruari 1970", "1970-02-05"),
        ("17 agt 45", "1945-08-17"),
        ("1 jan 26", "2026-01-01"),
        ("1 des 26", "1926-12-01"),
        ("29 februari 2000", "2000-02-29"),
        ("٢-٣-١٩٩٨", "1998-03-02"),
    ],
)
def test_a_birth_date_is_read_as_people_write_it(text: str, day: str) -> None:
    assert accept("birth_date", text).value == day


@pytest.mark.parametrize(
    ("check", "text", "day"),
    [
        ("past_date", "hari ini", "2026-11-23"),
        ("past_date", "kemarin", "2026-11-22"),
        ("past_date", "kemaren pak", "2026-11-22"),
        ("past_date", "3 hari yang lalu", "2026-11-20"),
        ("past_date", "dua minggu lalu", "2026-11-09"),
        ("past_date", "12 maret", "2026-03-12"),
        ("past_date", "12 desember", "2025-12-12"),
        ("past_date", "hari jumat", "2026-11-20"),
        ("past_date", "29 feb", "2024-02-29"),
        ("future_date", "besok", "2026-11-24"),
        ("future_date", "lusa", "2026-11-25"),
        ("future_date", "senin depan", "2026-11-30"),
        ("future_date", "jum'at", "2026-11-27"),
        ("future_date", "tiga hari lagi", "2026-11-26"),
        ("future_date", "in 3 days", "2026-11-26"),
        ("future_date", "minggu depan", "2026-11-30"),
        ("future_date", "12 maret", "2027-03-12"),
        ("future_date", "1-12-26", "2026-12-01"),
        ("date", "12 mar 98", "1998-03-12"),
        ("date", "12 mar 30", "2030-03-12"),
        ("date", "1-12", "2026-12-01"),
    ],
)
def test_a_date_near_today_lies_where_the_question_looks(check: str, text: str, day: str) -> None:
    assert accept(check, text).value == day


# --- what is marked ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "text", "warning"),
    [
        ("nik", "3201011203980001", ""),  # from another province: never refused
        ("nik", "1409073102980001", "nik_date"),  # 31 February
        ("nik", "9909071203980001", "nik_region"),
        ("kk_number", "0009070101100001", "kk_region"),
        ("phone", "0999123456", "phone"),
        ("amount", "500", "amount"),
        ("future_date", "1 januari 2030", "date_far"),
    ],
)
def test_what_is_unlikely_is_marked_and_taken(check: str, text: str, warning: str) -> None:
    assert accept(check, text).warning == warning


def test_a_nik_and_a_birth_date_that_differ_are_marked_whichever_comes_last() -> None:
    woman = {"nik": "1409075203980001", "birth_date": "1998-03-12"}
    assert accept("nik", woman["nik"], answers=woman).warning == ""
    assert accept("birth_date", "12-3-1998", answers=woman).warning == ""
    assert accept("nik", "1409071303980001", answers=woman).warning == "nik_birth"
    assert accept("birth_date", "13-3-1998", answers=woman).warning == "nik_birth"
    assert accept("birth_date", "13-3-1998").warning == ""


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "reason", "texts"),
    [
        ("nik", "nik.length", ["140907120398000", "14090712039800011", "tidak tahu",
            "1409071203980001 1409071203980002"]),
        ("nik", "nik.date", ["1409073203980001", "1409070003980001", "1409077203980001",
            "1409071213980001", "1409071200980001"]),
        ("nik", "nik.serial", ["1409071203980000"]),
        ("kk_number", "kk.length", ["123", "lupa"]),
        ("npwp", "npwp.length", ["1234", "tidak punya"]),
        ("birth_date", "date.year", ["12 maret", "12-3"]),
        ("birth_date", "date.day", ["1998", "maret 1998"]),
        ("birth_date", "date.impossible", ["31-2-1998", "29 feb 1999", "13-13-1998", "0-0-1998"]),
        ("birth_date", "date.in_future", ["besok", "12 maret 2030"]),
        ("birth_date", "date.too_old", ["1 januari 1900"]),
        ("birth_date", "date.unclear", ["lupa", "12", "1-2-1998 atau 2-2-1998", "1-2-3-4", "😀"]),
        ("past_date", "date.in_future", ["besok", "12-12-2026"]),
        ("future_date", "date.in_past", ["kemarin", "12 maret 1998", "12-3-98"]),
        ("phone", "phone.format", ["tidak ada", "0812", "081234567890 atau 085212345678"]),
        ("phone", "phone.length", ["081234567890123456"]),
        ("village", "village.which", ["seberang", "gunung toar", "pulau"]),
        ("village", "village.unknown", ["jakarta", "15", "😀", "0"]),
        ("amount", "amount.unclear", ["mahal", "-5", "1.5", "1.23.4", "dua tiga", "1 2", "juta"]),
        ("amount", "amount.most", ["100 triliun"]),
        ("count", "count.unclear", ["banyak", "2 anak 3 cucu", "setengah", "1,5"]),
        ("name", "name.digits", ["budi123", "1409071203980001"]),
        ("name", "name.signs", ["budi 😀", "محمد", "budi@mail", "Иван"]),
        ("name", "name.short", ["A", "-", "."]),
        ("name", "name.long", ["a" * 101]),
        ("place", "place.unclear", ["12", "-", "RT 02"]),
        ("address", "address.short", ["RT 1"]),
        ("address", "address.unclear", ["12345", "-----"]),
        ("text", "text.empty", ["-", "...", "😀"]),
        ("text", "text.short", ["x"]),
        ("text", "text.long", ["x" * 501]),
        ("email", "email.format", ["siti", "siti@mail", "a@b.co c@d.co", "@b.co"]),
        ("choice", "choice.which", ["4", "0", "entah", "kk"]),
        ("yesno", "yesno.which", ["mungkin", "ya atau tidak", "3"]),
        ("text", "empty", ["", " ", "\x00\u200b\ud800", "\n\t"]),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_refused_with_its_reason(
    check: str, reason: str, texts: list[str]
) -> None:
    for text in texts:
        assert refuse(check, text) == reason, ascii(text)


def test_a_question_sets_its_own_bounds() -> None:
    assert refuse("text", "lima huruf", most=5) == "text.long"
    assert refuse("text", "lima", least=5) == "text.short"
    assert refuse("count", "3", most=2) == "count.most"
    assert refuse("count", "0", least=1) == "count.least"
    assert refuse("amount", "500rb", least=1_000_000) == "amount.least"
    assert refuse("amount", "5 juta", most=1_000_000) == "amount.most"
    assert refuse("past_date", "12-3-98", most=60) == "date.too_long_ago"
    assert refuse("future_date", "besok", least=3) == "date.too_soon"
    assert refuse("future_date", "1-12-2027", most=30) == "date.too_far"


def test_close_villages_are_offered_by_name() -> None:
    with pytest.raises(Wrong) as caught:
        accept("village", "seberang")
    assert set(caught.value.args_["options"]) == {"Seberang Gunung", "Seberang Sungai"}


def test_a_refusal_does_not_repeat_what_was_written() -> None:
    for check in CHECKS:
        with pytest.raises(Wrong) as caught:
            accept(check, "1409071203980001" * 40)
        assert "1409071203980001" not in f"{caught.value!r} {caught.value.args_}"


# --- words for every reason ----------------------------------------------------------------------


def _texts(tree: dict[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in tree.items():
        below = _texts(value, f"{before}{name}.") if isinstance(value, dict) else None
        found |= {f"{before}{name}": value} if below is None else below
    return found


def _spoken(language: str) -> dict[str, str]:
    file = Path(__file__).parents[2] / f"templates/messages/{language}/answers.yaml"
    return _texts(yaml.safe_load(file.read_text("utf-8")))


SPOKEN = _spoken("id")


@pytest.mark.parametrize(("language", "example"), [("id", "Contoh:"), ("en", "Example:")])
def test_every_refusal_gives_an_example(language: str, example: str) -> None:
    spoken = _spoken(language)
    assert spoken.keys() == SPOKEN.keys()
    for key, text in spoken.items():
        if not key.startswith("warning.") and key != "empty":
            assert example in text, key


# --- any text at all -----------------------------------------------------------------------------

signs = st.characters(categories=["Cs", "Cc", "Cf", "L", "M", "N", "P", "S", "Z"])
a_piece = st.sampled_from(
    [*dates.MONTHS, *dates.WEEKDAYS, *dates.NEARBY, "rp", "juta", "ribu", "rb", "belas", "puluh",
     "dua", "setengah", "ratus", "hari", "lalu", "depan", "lagi", "tgl", "@", "+62", "08", "-", "/",
     ".", ",", "'", "s.pd", "bin", "drs.", *words.YES, *words.NO, *(name for _, name in VILLAGES)]
)  # fmt: skip
any_answer = (
    st.text(signs)
    | st.lists(
        a_piece | st.integers(0, 3000).map(str) | st.text(signs, max_size=3), max_size=8
    ).map(" ".join)
    | st.lists(a_piece | st.integers(0, 99).map(str), max_size=5).map("".join)
    | st.text("0123456789-/. ", max_size=20)
    | st.dates().map(str)
)
every_check = st.sampled_from(sorted(CHECKS))


@given(every_check, any_answer)
def test_any_text_is_accepted_for_good_or_refused_with_words(check: str, text: str) -> None:
    result = outcome(check, text)
    if isinstance(result, Wrong):
        assert result.reason in SPOKEN
        return
    assert not result.warning or f"warning.{result.warning}" in SPOKEN
    result.value.encode()  # can be stored
    assert clean(result.value) == result.value
    assert accept(check, result.value).value == result.value


@given(st.text(signs, min_size=1), every_check)
def test_a_long_answer_is_no_trouble(piece: str, check: str) -> None:
    result = outcome(check, piece * (10_000 // len(piece)))
    assert not isinstance(result, Wrong) or result.reason in SPOKEN


@given(st.text(signs))
def test_cleaned_text_is_clean(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode()
    assert "\x00" not in once


def test_cleaning_keeps_what_people_mean() -> None:
    assert clean("  Dusun II \r\n\r\n\r\n\r\n RT\t02 ") == "Dusun II\n\nRT 02"
    assert clean("i\u0307stanbul 👨‍👩‍👧 ا\u200fب\u202e\u2066") == "i̇stanbul 👨‍👩‍👧 اب"
    assert clean("\ufeffya\x00\ud83d\u2028ok\uffff") == "ya\nok"


@given(st.dates(date(1901, 1, 1), TODAY))
def test_every_way_to_write_a_date_means_that_date(day: date) -> None:
    months = {number: name for name, number in reversed(dates.MONTHS.items())}
    for text in (
        f"{day.day}-{day.month}-{day.year}",
        f"{day:%d/%m/%Y}",
        f"{day:%d%m%Y}",
        day.isoformat(),
        f"{day.day} {months[day.month]} {day.year}",
        f"tgl {day.day} bln {day.month} thn {day.year}",
    ):
        assert accept("past_date", text).value == day.isoformat()


@given(st.integers(0, 10**12))
def test_an_amount_reads_the_same_in_every_dress(rupiah: int) -> None:
    dotted = f"{rupiah:,}".replace(",", ".")
    for text in (str(rupiah), dotted, f"Rp{dotted},-", f"Rp {dotted},00", f"{rupiah:,}"):
        assert accept("amount", text).value == str(rupiah)
