"""What people write is understood; what is an answer is never taken for a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import words
from flows.understanding import Intent, anywhere, pick, polarity, surely_asks_back, understand

ALL = {service: [] for service in words.SERVICES}
TITLED = {
    "domisili": ["Surat Keterangan Domisili", "Certificate of residence"],
    "kk": ["Kartu Keluarga", "Family card"],
    "ahli_waris": ["Surat Keterangan Ahli Waris", "Certificate of heirs"],
}
any_text = st.text() | st.text(st.characters(categories=["Cs", "Cc", "Cf", "L", "Nd", "So"]))
a_word = st.sampled_from(
    [word for texts in (*words.SERVICES.values(), *words.COMMANDS.values()) for word in texts]
    + sorted(words.FILLERS | words.GREETINGS | words.YES | words.NO)
)
sentences = st.lists(a_word | st.text(max_size=5), max_size=12).map(" ".join)


# --- services ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "texts"),
    [
        ("pindah", ["pindah alamat", "surat pindah domisili", "mau ngurus pindah",
                    "urus pindahan"]),
        (
            "kk",
            ["bikin kk", "KK", "buat kk baru", "pecah kk", "kk ilang", "kknya rusak", "bikinkk",
             "kartu keluarga", "kartukeluarga", "ambo nio buek kk", "mau tambah anak di kk",
             "Assalamualaikum pak mau ngurus kk", "i want a family card"],
        ),
        ("ktp", ["ktp ilang", "KTPHILANG", "e-ktp", "ektp", "E KTP rusak", "kulo ajeng damel ktp",
                 "rekam ktp", "ktpku hilang bg"]),
        ("akta_lahir", ["akte lahir", "akta kelahiran anak", "bikin akte anak", "bayi baru lahir"]),
        ("akta_mati", ["akte kematian", "akta mati", "bapak saya meninggal"]),
        ("ahli_waris", ["ahli waris", "surat waris", "mau urus surat ahli warisnya", "ahliwaris"]),
        ("tanah", ["surat tanah", "skgr", "SKT", "jual beli tanah"]),
        ("sktm", ["sktm", "surat tidak mampu", "surat gak mampu", "suket ndak mampu"]),
        ("domisili", ["domisili", "suket domisili", "surat ket domisli", "domosili", "dommisili",
                      "keterangan tempat tinggal", "certificate of residence"]),
        ("usaha", ["suket usaha", "SKU", "surat ket usaha", "keterangan usaha warung",
                   "domisili usaha"]),
        ("keramaian", ["izin keramaian", "mau hajatan", "izin pesta nikah", "orgen tunggal"]),
        ("dispensasi_nikah", ["dispen nikah", "dispensasi nikah", "surat nikah"]),
        ("skck", ["skck", "surat pengantar skck", "bikin SKCK bg"]),
        ("penelitian", ["izin penelitian", "rekomendasi riset", "surat buat skripsi"]),
        ("legalisasi", ["legalisir", "legalisir kk", "mau legalisir ktp"]),
        ("pengantar", ["surat pengantar", "pengantar umum"]),
    ],
)  # fmt: skip
def test_a_service_is_known_in_all_its_ways(service: str, texts: list[str]) -> None:
    for text in texts:
        assert understand(text, ALL) == Intent("service", service), text


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("syaratnya apo kk", "kk"),
        ("brp lama bikin ktp", "ktp"),
        ("apa saja syarat domisili pak?", "domisili"),
        ("biaya urus skgr berapa", "tanah"),
        ("gimana cara bikin sku", "usaha"),
        ("pripun caranipun damel ktp", "ktp"),
    ],
)
def test_a_question_about_a_service_is_no_beginning_of_it(text: str, service: str) -> None:
    assert understand(text, ALL) == Intent("info", service)


def test_two_services_at_once_are_asked_about() -> None:
    assert understand("mau bikin ktp dan kk", ALL) == Intent("none", among=("ktp", "kk"))


def test_only_what_the_office_offers_is_found() -> None:
    assert understand("bikin skck", TITLED).service == ""
    assert understand("info skck", TITLED).service == ""
    assert understand("surat keterangan", TITLED).kind == "none"
    assert understand("domisili usaha", TITLED).service == "domisili"


def test_titles_of_a_new_service_are_enough_to_find_it() -> None:
    new = {"reklame": ["Izin Pasang Reklame"]}
    assert understand("mau pasang reklamee", new) == Intent("service", "reklame")


# --- wishes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("greeting", ["P", "halo", "Haloooo", "bg", "assalamualaikum", "Assalamu'alaikum wr. wb.",
                      "selamat pagi pak", "assalamualaikum pak, mau tanya", "pak", "pagi kak"]),
        ("thanks", ["makasih", "terima kasih banyak pak", "mksh ya bg", "thanks", "matur nuwun",
                    "oke makasih", "tarimo kasih"]),
        ("status", ["status", "kk saya sudah jadi belum?", "surat saya udah selesai belum pak",
                    "sampai mana surat saya", "sdh siap blm"]),
        ("officer", ["petugas", "mau bicara dengan petugas", "bisa bicara sama orang?",
                     "I want to speak to someone", "help me please, a person"]),
        ("schedule", ["jadwal", "jam buka", "kantor buka jam berapa", "hari ini buka?"]),
        ("complaint", ["pengaduan", "ada yang minta uang", "saya mau komplain"]),
        ("suggestion", ["saran", "saya punya usul"]),
        ("erase", ["hapus data", "tolong hapus data saya"]),
        ("data", ["dataku", "data saya"]),
        ("none", ["", "0", "123456", "asdf qwer", "😀", "ya", "akta", "jalan kembali no 3"]),
    ],
)  # fmt: skip
def test_wishes_are_understood(kind: str, texts: list[str]) -> None:
    for text in texts:
        assert understand(text, ALL).kind == kind, text


# --- commands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("menu", Intent("menu")),
        ("/menu", Intent("menu")),
        ("MENU pak", Intent("menu")),
        ("batal", Intent("cancel")),
        ("gak jadi bg", Intent("cancel")),
        ("Batalkan!", Intent("cancel")),
        ("kembali", Intent("back")),
        ("ubah", Intent("change")),
        ("koreksi", Intent("change")),
        ("ubah nama", Intent("change", argument="nama")),
        ("status", Intent("status")),
        ("status GT-DOM-2611-0004", Intent("status", argument="GT-DOM-2611-0004")),
        ("/status gt-dom-2611-0004", Intent("status", argument="GT-DOM-2611-0004")),
        ("petugas", Intent("officer")),
        ("person", Intent("officer")),
        ("A person, please", Intent("officer")),
        ("officer", Intent("officer")),
        ("bahasa", Intent("language")),
        ("bahasa inggris", Intent("language", argument="en")),
        ("English", Intent("language", argument="en")),
        ("info kk", Intent("info", "kk", "kk")),
        ("jadwal", Intent("schedule")),
        ("saran", Intent("suggestion")),
        ("pengaduan", Intent("complaint")),
        ("dataku", Intent("data")),
        ("hapus data", Intent("erase")),
        ("stop", Intent("stop")),
        ("mulai", Intent("start")),
        ("lanjut", Intent("resume")),
        ("bantuan", Intent("help")),
    ],
)
def test_a_command_works_anywhere(text: str, intent: Intent) -> None:
    assert anywhere(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "Jalan Kembali No. 3",
        "Gang Menu RT 2",
        "untuk batal nikah",
        "saya kembali ke kampung halaman",
        "ganti alamat karena pindah",
        "ubah alamat karena pindah rumah ke desa sebelah",
        "petugas kebersihan",
        "0",
        "1",
        "123456",
        "1409071203980001",
        "bahasa arab saya lancar",
        "data",
        "Status Siregar",
        "mulai tahun 2010",
        "kerja sebagai operator alat berat",
    ],
)
def test_an_answer_is_no_command(text: str) -> None:
    assert anywhere(text) is None


@given(st.text(st.characters(categories=["Nd", "Zs", "Po", "Pd"])))
def test_digits_alone_never_are_a_command(text: str) -> None:
    assert anywhere(text) is None


# --- choices -------------------------------------------------------------------------------------

CARDS = [("new", "KK baru"), ("change", "Ubah data KK"), ("lost", "KK hilang"), ("bad", "KK rusak")]
PAPERS = [("agree", "Setuju"), ("disagree", "Tidak setuju")]
REVIEW = [("send", "Kirim permohonan"), ("change", "Ubah"), ("cancel", "Batalkan")]
LEAVING = [("cancel", "Batalkan"), ("keep", "Simpan dulu"), ("continue", "Lanjutkan")]
VILLAGES = [("2004", "Seberang Gunung"), ("2007", "Gunung"), ("2014", "Seberang Sungai")]


@pytest.mark.parametrize(
    ("options", "choice", "texts"),
    [
        (CARDS, "new", ["1", "1.", "1)", "satu", "no 1", "nomor satu", "yang pertama", "pertama",
                        "KK BARU", "baru", "kk baru pak", "kkbaru", "1️⃣", "new", "١", "ciek"]),
        (CARDS, "change", ["2", "dua", "kedua", "ke dua", "ke-2", "yang kedua", "pilih 2",
                           "ubah data kk", "ubah", "data"]),
        (CARDS, "lost", ["3", "tigo", "hilang", "ilang", "kk ilang bg", "yang hilang aja pak"]),
        (CARDS, "bad", ["4", "yang terakhir", "rusak", "rusk"]),
        (CARDS, None, ["0", "5", "99", "kk", "bukan yang hilang", "tidak", "", "ya", "😀",
                       "baru atau hilang", "1409071203980001"]),
        (PAPERS, "agree", ["setuju", "saya setuju", "ya", "iya pak", "ok", "oke", "siap", "1"]),
        (PAPERS, "disagree", ["tidak setuju", "gak setuju", "tidak", "ndak", "2", "jangan"]),
        (REVIEW, "send", ["kirim", "ya", "sudah benar", "betul pak", "kirim aja"]),
        (REVIEW, "change", ["ubah", "tidak", "salah", "belum"]),
        (LEAVING, None, ["ya", "tidak", "iya"]),
        (VILLAGES, "2007", ["gunung", "Gunung", "2", "2007"]),
        (VILLAGES, "2004", ["seberang gunung", "sebrang gunung", "seberanggunung"]),
        (VILLAGES, None, ["seberang", "4", "2005"]),
        ([], None, ["1", "ya", ""]),
    ],
)  # fmt: skip
def test_a_choice_is_named_in_many_ways(
    options: list[tuple[str, str]], choice: str | None, texts: list[str]
) -> None:
    for text in texts:
        assert pick(text, options) == choice, text


@pytest.mark.parametrize(
    ("said", "texts"),
    [
        (True, ["ya", "iya", "y", "iyo", "nggih", "ok", "betul", "ya betul", "benar pak", "👍",
                "✅", "iyaaa", "sudah benar", "yes", "boleh"]),
        (False, ["tidak", "gak", "ndak", "tak", "nggak pak", "mboten", "indak", "bukan", "belum",
                 "salah", "no", "n", "tidak betul", "gak ada", "👎", "jangan dulu"]),
        (None, ["", "tidak salah", "ya tidak", "iya atau tidak", "mungkin", "no 2", "👍👎", "0",
                "ya saya mau menikah di kampung halaman istri saya"]),
    ],
)  # fmt: skip
def test_yes_and_no_have_many_ways(said: bool | None, texts: list[str]) -> None:
    for text in texts:
        assert polarity(text) is said, text


# --- any text at all -----------------------------------------------------------------------------


@given(any_text | sentences)
def test_nothing_people_write_makes_it_stumble(text: str) -> None:
    known = {"menu", "cancel", "back", "change", "status", "officer", "language", "info",
             "schedule", "suggestion", "complaint", "data", "erase", "stop", "start", "resume",
             "help", "greeting", "thanks", "services", "service", "link", "part",
             "none"}  # fmt: skip
    intent = understand(text, TITLED)
    assert intent.kind in known
    assert intent.service in {"", *TITLED}
    assert (intent.kind == "service") <= bool(intent.service)
    assert (anywhere(text) or Intent("none")).kind in known
    assert polarity(text) in (True, False, None)


@given(any_text | sentences, st.lists(st.tuples(st.text(max_size=8), any_text), max_size=5))
def test_a_choice_is_always_one_that_was_offered(text: str, options: list[tuple[str, str]]) -> None:
    assert pick(text, options) in {None, *(choice for choice, _ in options)}


@given(st.lists(sentences.filter(str.strip), min_size=1, max_size=6, unique=True), st.data())
def test_the_number_shown_before_a_label_chooses_it(labels: list[str], data: st.DataObject) -> None:
    options = [(f"choice-{at}", f"label {label}") for at, label in enumerate(labels)]
    at = data.draw(st.integers(0, len(labels) - 1))
    if all(f"label {label}" != str(at + 1) for label in labels):
        assert pick(str(at + 1), options) == f"choice-{at}"


def test_ten_thousand_characters_take_no_time() -> None:
    assert understand("bikin kk " * 1200, ALL).service == "kk"
    assert pick("a" * 10_000, CARDS) is None


@pytest.mark.parametrize("text", ["berapa lama bu?", "biayanya berapa ya", "syaratnya apa saja?"])
def test_a_question_instead_of_a_name_is_heard_as_one(text: str) -> None:
    assert surely_asks_back(text)


@pytest.mark.parametrize("text", ["Siti Aminah", "Cara Delia", "Muhammad Info", "Apa?", ""])
def test_a_name_is_not_heard_as_a_question(text: str) -> None:
    assert not surely_asks_back(text)


@pytest.mark.parametrize(
    ("text", "kind", "argument"),
    [
        ("baliak", "back", ""),
        ("wangsul", "back", ""),
        ("indak jadi", "cancel", ""),
        ("mboten sios", "cancel", ""),
        ("lanjuikkan", "resume", ""),
        ("lajengaken", "resume", ""),
        ("gantos basa", "language", ""),
        ("baso minang", "language", "min"),
        ("Baso Minang (Kuantan)", "language", "min"),
        ("basa jawi", "language", "jv"),
    ],
)
def test_words_of_minang_and_javanese_are_commands_too(text: str, kind: str, argument: str) -> None:
    command = anywhere(text)
    assert command is not None
    assert (command.kind, command.argument) == (kind, argument)


def test_who_sells_meatballs_does_not_change_the_language() -> None:
    """Baso is a language in Minang and a dish in Indonesian."""
    assert anywhere("baso") is None
    assert anywhere("jual baso") is None
