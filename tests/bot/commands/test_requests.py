"""The work on requests, as officers write it and as it is answered."""

from __future__ import annotations

import pytest

from flows.messages import Attachment
from storage import requests
from tests.bot.commands.hall import NIK, Hall


def stage(hall: Hall, request: int) -> tuple[str, str]:
    row = requests.load(hall.tx, request)
    assert row is not None
    return row.state.stage, row.state.status


def test_a_request_goes_through_all_its_stages(hall: Hall) -> None:
    budi, vera = hall.officer("Budi", "counter"), hall.officer("Vera", "verifier")
    sari = hall.officer("Sari", "signer")
    filed = hall.file()
    assert "DOM-26-0001" in hall.say(budi, "antrean")
    assert "sekarang dipegang" in hall.say(budi, "/ambil 1")
    assert "sekarang: Surat disiapkan" in hall.say(budi, "terima 1")
    assert "giliran pemeriksa" in hall.say(budi, "terima 1")
    assert "pemeriksa" in hall.say(budi, "terima 1")
    assert stage(hall, filed.request) == ("initials", "open")
    hall.say(vera, "/accept dom1")
    assert "Nomor surat: 400.12.2.1/001/" in hall.say(sari, "/terima DOM-26-0001")
    assert "masih dibuat" in hall.say(budi, "siap 1")
    hall.tx.run("UPDATE request SET made = 1")
    assert "belum siap diserahkan" in hall.say(budi, "serahkan 1")
    assert "siap diambil. Warga" in hall.say(budi, "siap 1")
    asked = hall.ask(budi, "serahkan 1")
    assert asked is not None
    assert [button.choice for button in asked.buttons] == [
        "cmd:serahkan DOM-26-0001 sama",
        "cmd:serahkan DOM-26-0001 beda",
    ]
    assert "Apa bedanya" in hall.say(budi, asked.buttons[1].choice)
    assert "sudah diserahkan" in hall.say(budi, asked.buttons[0].choice)
    assert stage(hall, filed.request)[1] == "done"
    assert "sudah ditutup" in hall.say(budi, "serahkan 1")
    assert "tidak bisa diurungkan" in hall.say(budi, "urungkan")


def test_the_history_says_whom_an_officer_let_sign(hall: Hall) -> None:
    budi, vera = hall.officer("Budi", "counter"), hall.officer("Vera", "verifier")
    sari = hall.officer("Sari", "signer")
    for number in ("1", "2"):
        hall.file()
        for officer in (budi, budi, vera):
            hall.say(officer, f"terima {number}")
    hall.say(sari, "terima 1 sekcam")
    hall.say(sari, "terima 2")
    chosen = hall.say(vera, "lihat 1")
    assert "surat diberi nomor → Surat dicetak, penanda tangan Sekretaris Camat (Sari)" in chosen
    assert "Catatan dan pesan" not in chosen
    assert "penanda tangan" not in hall.say(vera, "lihat 2").partition("Perjalanan")[2]
    hall.say(sari, "urungkan")
    hall.tx.run("UPDATE request SET key = NULL, data = NULL WHERE id = 1")
    assert "surat diberi nomor → Surat dicetak (Sari)" in hall.say(budi, "lihat 1")


def test_of_two_who_take_it_the_second_is_told_who_has_it(hall: Hall) -> None:
    budi, rina = hall.officer("Budi", "counter"), hall.officer("Rina", "counter")
    hall.file()
    hall.say(budi, "/ambil 1")
    assert "dipegang Budi" in hall.say(rina, "/take 1")
    assert "dipegang Budi" in hall.say(rina, "balas 1 halo")
    assert "sudah Bapak/Ibu pegang" in hall.say(budi, "/ambil 1")
    assert "kembali ke antrean" in hall.say(budi, "lepas 1")
    assert "sekarang dipegang" in hall.say(rina, "/take 1")
    assert "dipegang Budi" in hall.say(rina, "tugaskan 1 budi")
    assert "kembali ke antrean" in hall.say(budi, "lepas 1")
    assert "belum siapa pun" in hall.say(rina, "tugaskan 1 budi")


def test_the_citizen_is_asked_for_just_what_is_named(hall: Hall) -> None:
    budi = hall.officer("Budi", "counter")
    filed = hall.file()
    said = hall.say(budi, "kembalikan 1 kpt, surat pengantar fotonya kabur")
    assert "Yang diminta lagi: KTP, Surat pengantar desa." in said
    wanted = hall.events(hall.citizen)[-1]
    assert (wanted["paths"], wanted["reason"]) == (["ktp", "village_letter"], "fotonya kabur")
    assert stage(hall, filed.request)[1] == "returned"
    assert "menunggu perbaikan dari warga" in hall.say(budi, "terima 1")
    assert "DOM-26-0001" in hall.say(budi, "antrean kembali")
    assert "diurungkan" in hall.say(budi, "urungkan")
    assert stage(hall, filed.request)[1] == "open"


@pytest.mark.parametrize(
    ("line", "answered"),
    [
        ("kembalikan 1 ktp", "/kembalikan DOM-26-0001 KTP fotonya kabur"),
        ("kembalikan 1 fotonya kabur", "Yang bisa diminta lagi: KTP, Kartu keluarga (KK)"),
        ("kembalikan 1", "Berkas atau jawaban yang mana?"),
        ("kembalikan", "Permohonan yang mana?"),
        ("tolak 1", "Tulis juga alasannya"),
        ("batalkan 1", "/batalkan DOM-26-0001 bukan penduduk"),
        ("balas 1", "Tulis juga pesannya"),
        ("catat 1", "Tulis juga catatannya"),
        ("tugaskan 1", "Petugas yang mana?"),
        ("tugaskan 1 Zulkifli", 'Petugas "Zulkifli" tidak ada'),
        ("cari", "Apa yang dicari?"),
        ("lihat 99", "Permohonan 99 tidak ditemukan"),
        ("lihat siti", "Permohonan siti tidak ditemukan"),
        ("antrean xyzzy", 'Tahap "xyzzy" tidak ada'),
        ("gagal ulang 7", "tidak ada dalam daftar gagal"),
        ("urungkan", "Belum ada langkah"),
        ("bantuan foo", 'Perintah "foo" tidak ada'),
        ("antrian", "Mungkin maksudnya /antrean?"),
        ("12", "Itu bukan perintah"),
        ("", "Itu bukan perintah"),
        ("siap 1", "belum sampai tahap itu"),
        ("lepas 1", "Tidak ada yang memegangnya"),
        ("ambil P999", "Percakapan P999 tidak ada"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_can(hall: Hall, line: str, answered: str) -> None:
    head = hall.officer("Hani", "head")
    hall.file()
    assert answered in hall.say(head, line)


def test_a_refusal_changes_nothing_and_rejecting_is_told(hall: Hall) -> None:
    head, budi = hall.officer("Hani", "head"), hall.officer("Budi", "counter")
    filed = hall.file()
    assert "belum boleh memakai /tolak" in hall.say(budi, "tolak 1 palsu")
    assert stage(hall, filed.request) == ("check", "open")
    assert "Warga diberi tahu alasannya: bukan penduduk sini" in hall.say(
        head, "tolak 1 bukan penduduk sini"
    )
    assert hall.events(hall.citizen)[-1]["key"] == "domisili.told.rejected"
    assert "sudah ditutup: Tidak dapat diproses" in hall.say(head, "terima 1")


def test_originals_that_differ_end_the_request_with_the_reason_kept(hall: Hall) -> None:
    head = hall.officer("Hani", "head")
    filed = hall.file()
    hall.tx.run("UPDATE request SET stage = 'handover', role = 'counter'")
    assert "asli berbeda: nama lain" in hall.say(head, "serahkan 1 beda nama lain")
    assert stage(hall, filed.request)[1] == "cancelled"
    assert "nama lain" in hall.say(head, "lihat 1")


def test_a_tail_that_fits_several_requests_lists_them(hall: Hall) -> None:
    budi = hall.officer("Budi", "counter")
    hall.file()
    hall.file("kk", {"kind": "lost", "name": "Amir", "nik": NIK, "village": "2001"})
    said = hall.say(budi, "lihat 1")
    assert "DOM-26-0001" in said
    assert "KK-26-0001" in said
    assert "Kartu keluarga" in hall.say(budi, "lihat kk1")


def test_a_group_sees_masks_and_no_identity_documents(hall: Hall) -> None:
    budi = hall.officer("Budi", "counter")
    hall.file()
    assert NIK in hall.say(budi, "lihat 1")
    said = hall.say(budi, "/lihat 1", group=True)
    assert NIK not in said
    assert "1409**********01" in said
    alone = hall.ask(budi, "berkas 1")
    assert alone is not None
    assert [one.kind for one in alone.attachments] == ["document", "document"]
    together = hall.ask(budi, "/berkas 1", group=True)
    assert together is not None
    assert together.attachments == [Attachment("thumbnail", "2")]
    words = hall.wording.render(together).text
    assert words.count("http://127.0.0.1:8080/berkas/") == 2
    audited = hall.audited()
    assert audited.count("document.sent") == 2
    assert "request.seen" in audited


def test_who_may_not_see_identities_gets_neither_link_nor_file(hall: Hall) -> None:
    sari = hall.officer("Sari", "signer")
    hall.file()
    assert NIK not in hall.say(sari, "lihat 1")
    asked = hall.ask(sari, "berkas 1")
    assert asked is not None
    assert asked.attachments == [Attachment("document", "2")]
    assert "hanya untuk petugas yang berhak" in hall.wording.render(asked).text


def test_heirs_are_named_one_by_one(hall: Hall) -> None:
    budi = hall.officer("Budi", "counter")
    heirs = {f"heirs.{n}.{what}": "x" for n in (0, 1) for what in ("name", "nik", "relation")}
    hall.file("ahli_waris", {"deceased_name": "Almarhum", "village": "2001", **heirs})
    unclear = hall.say(budi, "kembalikan 1 ktp kabur")
    assert "KTP ahli waris 1 atau KTP ahli waris 2" in unclear
    said = hall.say(budi, "kembalikan 1 ktp ahli waris 2, heirs.0.nik tertukar")
    assert "Yang diminta lagi: KTP ahli waris 2, NIK ahli waris 1." in said
    assert hall.events(hall.citizen)[-1]["paths"] == ["heirs.1.ktp", "heirs.0.nik"]


def test_the_queue_has_pages_and_is_narrowed(hall: Hall) -> None:
    budi = hall.officer("Budi", "counter")
    for _ in range(17):
        hall.file()
    first = hall.ask(budi, "antrean")
    assert first is not None
    assert len(first.parts[0].args["table"]["rows"]) == 15
    assert "… dan 2 lagi: /antrean 2" in hall.wording.render(first).text
    assert hall.say(budi, "antrean 2").count("DOM-26-") == 2
    hall.say(budi, "ambil 3")
    assert "1 permohonan" in hall.say(budi, "antrean saya")
    assert "17 permohonan" in hall.say(budi, "/queue diperiksa")
    assert 'Tidak ada permohonan untuk "telat"' in hall.say(budi, "antrean telat")
    hall.tx.run("UPDATE request SET stage_due_at = 1 WHERE id = 5")
    late = hall.say(budi, "antrean telat")
    assert "1 permohonan" in late
    assert "TELAT" in late


@pytest.mark.parametrize("line", ["cari siti", "cari aminah", "cari dom1", f"cari {NIK}"])
def test_requests_are_found_by_name_number_and_nik(hall: Hall, line: str) -> None:
    budi = hall.officer("Budi", "counter")
    hall.file()
    said = hall.say(budi, line)
    assert "DOM-26-0001" in said
    assert NIK not in said
