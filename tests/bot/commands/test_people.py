"""Strangers, officers, groups, topics, conversations: who is answered, and what they may do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.commands.registry import Asker
from flows.events import Text
from flows.messages import Message, Part
from storage import inbox, officers, outbox
from storage.instant import to_ms
from tests.bot.commands.hall import Hall


@pytest.mark.parametrize(
    "line", ["antrean", "/ambil 1", "bantuan", "gabung", "gabung SALAH-SALAH", "x"]
)
def test_a_stranger_gets_nothing(hall: Hall, line: str) -> None:
    hall.file()
    assert hall.ask(None, line) is None
    assert hall.ask(None, line, group=True) is None


def test_an_invited_stranger_joins_once_and_in_private(hall: Hall) -> None:
    admin = hall.officer("Ani", "admin")
    message = hall.ask(admin, "petugas undang Budi Santoso counter")
    assert message is not None
    code = message.parts[0].args["code"]
    assert "Berlaku 48 jam" in hall.wording.render(message).text
    assert hall.ask(None, f"/gabung {code}", group=True) is None
    typed = code.lower().replace("-", " ").replace("0", "O")
    assert hall.ask(None, f"gabung {typed.replace(' ', '')}") is not None
    assert hall.ask(None, f"gabung {code}") is None
    joined = officers.of_contact(hall.tx, hall.home(None))
    assert joined is not None
    assert (joined.name, joined.role) == ("Budi Santoso", "counter")
    stored = hall.tx.all("SELECT digest, name FROM invite")
    assert code not in repr(stored)


def test_an_invite_is_not_valid_after_two_days(hall: Hall) -> None:
    code = officers.invite(hall.tx, hall.vault, "Budi", "counter", hall.now)
    hall.now += timedelta(hours=49)
    assert hall.ask(None, f"gabung {code}") is None


def test_the_first_officer_joins_with_a_name_of_their_own(hall: Hall) -> None:
    older = officers.ensure_first_invite(hall.tx, hall.vault, hall.now, "admin")
    code = officers.ensure_first_invite(hall.tx, hall.vault, hall.now, "admin")
    assert hall.ask(None, f"gabung {older}") is None
    assert "dengan nama Bapak/Ibu" in hall.say(None, f"gabung {code}")
    assert "Selamat bergabung, Ani Lestari" in hall.say(None, f"gabung {code} Ani Lestari")
    assert officers.ensure_first_invite(hall.tx, hall.vault, hall.now, "admin") is None


def test_nobody_joins_as_somebody_else(hall: Hall) -> None:
    hall.officer("Ani", "admin")
    code = officers.invite(hall.tx, hall.vault, "", "counter", hall.now)
    assert "sudah dipakai petugas lain" in hall.say(None, f"gabung {code} ani")
    assert officers.of_contact(hall.tx, hall.home(None)) is None


def test_a_suspended_officer_gets_nothing_at_once(hall: Hall) -> None:
    admin, budi = hall.officer("Ani", "admin"), hall.officer("Budi", "counter")
    hall.file()
    hall.say(budi, "ambil 1")
    hall.say(budi, f"ambil P{hall.citizen}")
    said = hall.say(admin, "petugas tangguhkan budi")
    assert "memegang 1 permohonan" in said
    assert hall.ask(budi, "antrean") is None
    assert hall.events(hall.citizen)[-1]["type"] == "handedback"
    assert "ditangguhkan" in hall.say(admin, "petugas")
    assert "bisa bekerja lagi" in hall.say(admin, "petugas aktifkan Budi")
    assert "Antrean" in hall.say(budi, "antrean")


def test_staff_is_managed_by_who_may(hall: Hall) -> None:
    admin, budi = hall.officer("Ani", "admin"), hall.officer("Budi", "counter")
    assert "belum boleh memakai /petugas tangguhkan" in hall.say(budi, "petugas tangguhkan Ani")
    assert "sekarang kepala seksi" in hall.say(admin, "petugas peran Budi kepala seksi")
    assert officers.of_contact(hall.tx, hall.home(budi)) == officers.Officer(
        budi.id, "Budi", "head", "active"
    )
    assert "Bapak/Ibu sendiri" in hall.say(admin, "petugas tangguhkan Ani")
    assert "Peran yang ada: counter (petugas loket)" in hall.say(admin, "petugas undang Budi")
    assert "chat pribadi" in hall.say(admin, "/petugas undang Rina counter", group=True)
    assert 'petugas foo" tidak ada' in hall.say(admin, "petugas foo")
    assert "staff.role.head" in hall.audited()


def test_help_names_only_what_a_role_may(hall: Hall) -> None:
    admin = hall.officer("Ani", "admin")
    said = hall.say(admin, "/help")
    assert "/petugas" in said
    assert "/terima" not in said
    assert "belum boleh" in hall.say(admin, "bantuan terima")


def test_a_group_needs_the_slash_and_a_topic_needs_no_number(hall: Hall) -> None:
    budi = hall.officer("Budi", "counter")
    filed = hall.file()
    assert hall.ask(budi, "antrean", group=True) is None
    assert hall.ask(budi, "besok rapat jam 9", group=True) is None
    assert "Antrean" in hall.say(budi, "/antrean@LoketBot", group=True)
    topic = filed.request
    assert "sekarang dipegang" in hall.say(budi, "/ambil", group=True, topic=topic)
    assert "dikirim ke warga" in hall.say(budi, "Besok datang ya, Bu.", group=True, topic=topic)
    told = hall.events(hall.citizen)[-1]
    assert told["args"] == {"officer": "Budi", "text": "Besok datang ya, Bu."}
    assert hall.ask(None, "saya juga", group=True, topic=topic) is None
    admin = hall.officer("Ani", "admin")
    assert "belum boleh" in hall.say(admin, "halo", group=True, topic=topic)


def test_a_number_in_a_topic_is_never_guessed(hall: Hall) -> None:
    budi = hall.officer("Budi", "counter")
    own, other = hall.file(), hall.file()
    say = lambda text: hall.say(budi, text, group=True, topic=own.request)  # noqa: E731
    assert "Supaya tidak salah orang" in say("/balas 2 lembar fotokopi dibawa ya")
    assert hall.events(hall.citizen) == []
    say("/balas 7 lembar fotokopi dibawa ya")
    assert hall.events(hall.citizen)[-1]["args"]["text"] == "7 lembar fotokopi dibawa ya"
    say("/balas . 2 lembar")
    assert hall.events(hall.citizen)[-1]["args"]["text"] == "2 lembar"
    say("2 lembar saja")
    assert hall.events(hall.citizen)[-1]["args"]["text"] == "2 lembar saja"
    say(f"/balas {other.number} halo")
    assert hall.events(hall.citizen)[-1]["request"] == other.request


def test_a_conversation_is_taken_over_and_handed_back(hall: Hall) -> None:
    budi, rina = hall.officer("Budi", "counter"), hall.officer("Rina", "counter")
    talk = f"P{hall.citizen}"
    assert "Dikirim ke warga" in hall.say(budi, f"/balas {talk} Selamat pagi")
    taken, told = hall.events(hall.citizen)
    assert (taken["type"], taken["officer"]) == ("takenover", "Budi")
    assert told["args"]["text"] == "Selamat pagi"
    assert "dipegang Budi" in hall.say(rina, f"ambil {talk}")
    assert "dipegang Budi" in hall.say(rina, f"lepas {talk}")
    assert "sudah Bapak/Ibu pegang" in hall.say(budi, f"ambil {talk}")
    assert "dikembalikan ke mesin" in hall.say(budi, f"lepas {talk}")
    assert hall.events(hall.citizen)[-1]["type"] == "handedback"
    assert "sekarang dengan Bapak/Ibu" in hall.say(rina, f"ambil {talk}")


def test_failures_are_seen_and_tried_again(hall: Hall) -> None:
    budi = hall.officer("Budi", "counter")
    assert "Tidak ada yang gagal" in hall.say(budi, "gagal")
    message = Message([Part("conversation.greeting")])
    sent = outbox.add(hall.tx, hall.vault, hall.citizen, message, to_ms(hall.now))
    outbox.give_up(hall.tx, sent, "63016 outside the window")
    inbox.put(hall.tx, hall.vault, hall.citizen, Text("x"), "k", to_ms(hall.now))
    hall.tx.run("UPDATE inbox SET state = 2, error = 'ValueError'")
    hall.tx.run(
        "INSERT INTO job (kind, key, state, tries, run_at, error)"
        " VALUES ('letter', 'j', 3, 5, 0, 'x')"
    )
    said = hall.say(budi, "gagal")
    assert f"M{sent}" in said
    assert "63016 outside the window" in said
    for mark in (f"M{sent}", "e1", "J1"):
        assert "dicoba lagi" in hall.say(budi, f"/gagal ulang {mark}")
    assert "Tidak ada yang gagal" in hall.say(budi, "gagal")
    assert "tidak ada dalam daftar" in hall.say(budi, "/gagal ulang J1")


def test_a_files_list_on_a_terminal_has_links_only(hall: Hall) -> None:
    from bot.commands import answer

    budi = hall.officer("Budi", "counter")
    hall.file()
    asker = Asker(budi, hall.home(budi), False, "terminal")
    message = answer(hall.turn(), asker, "berkas 1")
    assert message is not None
    assert message.attachments == []
    assert "/berkas/" in hall.wording.render(message).text
