"""A service changes while people are in the middle of it: they finish as they began."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.engine.opening import open_desk, start_desk, stop_desk
from bot.setup.checking import Findings, check_all
from bot.setup.config import load_config
from bot.setup.services import ROOT
from bot.setup.settings import Config
from bot.terminal.looking import kept_versions
from flows.events import Media, Pressed, Started, Text
from tests.blank import new_database
from tests.domisili import HERSELF
from tests.office import Clock, Kept, TestOffice
from tests.paper import photo

CITIZEN, OTHER = "1001", "1002"
OFFICERS = (("Rina", "counter", "2001"), ("Budi", "verifier", "2002"), ("Camat", "signer", "2003"))
SERVICE = "flows/services/domisili.yaml"
WORDS = "templates/messages/id/services/domisili.yaml"
CHANGES = {
    "version: 1": "version: 2",
    "  - {id: since, check: text, most: 60}\n": "",
    "  - {id: purpose, check": "  - {id: reason, check",
    "  - {id: initials, role: verifier, minutes: 60, may: [return, reject]}\n": "",
}


class Place:
    """An office whose files can be changed between two openings of its desk."""

    def __init__(self, root: Path) -> None:
        shutil.copytree(ROOT / "flows" / "services", root / "flows" / "services")
        shutil.copytree(ROOT / "templates", root / "templates")
        shutil.copy(ROOT / "config.yaml", root)
        self.root, self.clock, self.channel, self.counter = root, Clock(), Kept(), 0
        self.data = root / "data"
        new_database(self.data / "loket.db")
        self.change("config.yaml", "settle_ms: 1500", "settle_ms: 0")

    @property
    def config(self) -> Config:
        environ = {"LOKET_DATA_DIR": str(self.data)}
        return load_config(self.root / "config.yaml", environ)

    def change(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def renew(self) -> None:
        """Bring the second version into force; its texts and those of the first are there."""
        for old, new in CHANGES.items():
            self.change(SERVICE, old, new)
        for language in ("id", "en"):
            file = f"templates/messages/{language}/services/domisili.yaml"
            self.change(file, "  purpose: |-", "  reason: |-\n    Alasannya apa?\n  purpose: |-")
            self.change(file, "label:\n", "label:\n  reason: Alasan\n")

    def withdraw(self) -> None:
        """Offer the service no more."""
        (self.root / SERVICE).unlink()
        self.change("config.yaml", "[domisili, kk,", "[kk,")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[TestOffice]:
        desk = await open_desk(self.config, now=self.clock, root=self.root)
        desk.channels = {self.channel.name: self.channel}
        await start_desk(desk)
        office = TestOffice(desk, self.channel, self.clock, counter=self.counter)
        try:
            yield office
        finally:
            self.counter = office.counter
            await stop_desk(desk)

    def check(self) -> Findings:
        environ = {"LOKET_DATA_DIR": str(self.data)}
        return check_all(self.root / "config.yaml", environ, self.root, kept_versions)

    def problems(self) -> list[str]:
        return [str(problem) for problem in self.check().problems]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def press(office: TestOffice, label: str, who: str = CITIZEN) -> None:
    choices = {text: choice for choice, text in office.last(who).buttons}
    await office.event(who, Pressed(choices[label]))
    office.clock.pass_time(timedelta(seconds=5))


async def say(office: TestOffice, *words: str, who: str = CITIZEN) -> None:
    for one in words:
        await office.event(who, Text(one))
        office.clock.pass_time(timedelta(seconds=5))


async def begin(office: TestOffice, who: str = CITIZEN) -> None:
    await office.event(who, Started("layanan-domisili"))
    await press(office, "Setuju", who)
    await say(office, *HERSELF, who=who)


async def send_photos(office: TestOffice) -> None:
    for number in range(3):
        office.channel.files[f"photo-{number}"] = photo("sharp", number)
        await office.event(CITIZEN, Media(f"photo-{number}"))


async def file(office: TestOffice) -> None:
    await begin(office)
    await say(office, "tahun 2015", "membuka rekening bank")
    await send_photos(office)
    await press(office, "Kirim permohonan")
    assert "DOM-26-0001" in office.last(CITIZEN).text


async def hire(office: TestOffice) -> None:
    for name, role, address in OFFICERS:
        await office.hire(name, role, address)


async def hand_over(office: TestOffice) -> None:
    """Take a request of the first version through all its stages."""
    counter, verifier, signer = (address for _, _, address in OFFICERS)
    for address, line, answer in (
        (counter, "/terima 1", "Surat disiapkan"),
        (counter, "/terima 1", "Surat diperiksa atasan"),
        (verifier, "/terima 1", "Menunggu tanda tangan"),
        (signer, "/terima 1", "Surat dicetak"),
        (counter, "/siap 1", "siap diambil"),
        (counter, "/serahkan 1 sama", "selesai"),
    ):
        await office.event(address, Text(line))
        assert answer in office.last(address).text, line
    files = [file for message in office.heard(counter) for file in message.files]
    assert files[0].content.startswith(b"%PDF")
    assert "sudah Bapak/Ibu terima" in office.last(CITIZEN).text


async def test_who_is_in_the_middle_finishes_as_begun_and_who_comes_now_begins_anew(
    place: Place,
) -> None:
    async with place.open() as office:
        await hire(office)
        await begin(office)
        assert "Sejak kapan" in office.last(CITIZEN).text
    place.renew()
    async with place.open() as office:
        await say(office, "tahun 2015")
        assert "untuk keperluan apa" in office.last(CITIZEN).text
        await say(office, "membuka rekening bank")
        await begin(office, OTHER)
        assert "Alasannya apa?" in office.last(OTHER).text
        await send_photos(office)
        summary = office.last(CITIZEN).text
        assert "Tinggal sejak: tahun 2015" in summary
        assert "Keperluan: membuka rekening bank" in summary
        await press(office, "Kirim permohonan")
        await hand_over(office)


async def test_a_request_returned_after_the_change_is_repaired_as_it_was_asked(
    place: Place,
) -> None:
    async with place.open() as office:
        await hire(office)
        await file(office)
    place.renew()
    async with place.open() as office:
        await office.event("2001", Text("/kembalikan 1 since sejak tahun berapa"))
        assert "Sejak kapan" in office.last(CITIZEN).text
    async with place.open() as office:
        await say(office, "tahun 2016")
        await press(office, "Kirim permohonan")
        assert "sudah kami terima" in office.last(CITIZEN).text
        await hand_over(office)


async def test_a_service_that_is_offered_no_more_is_finished_by_who_is_on_it(
    place: Place,
) -> None:
    async with place.open() as office:
        await hire(office)
        await file(office)
        await begin(office, OTHER)
    place.withdraw()
    assert place.problems() == []
    async with place.open() as office:
        await say(office, "tahun 2015", who=OTHER)
        assert "untuk keperluan apa" in office.last(OTHER).text
        await say(office, "status")
        assert "Surat keterangan domisili (DOM-26-0001)" in office.last(CITIZEN).text
        await office.event("2001", Text("/lihat 1"))
        assert "Tinggal sejak" in office.last("2001").text
        await office.event("2001", Text("/antrean"))
        assert "DOM-26-0001" in office.last("2001").text
        await say(office, "surat domisili", who="1003")
        assert "Setuju" not in str(office.last("1003").buttons)
        await office.move(timedelta(hours=25))
        assert "belum selesai diisi" in office.last(OTHER).text
        await hand_over(office)
        await say(office, "dataku")
        assert office.last(CITIZEN).files


async def test_check_says_who_is_on_what_and_the_next_start_tidies_up(place: Place) -> None:
    async with place.open() as office:
        await begin(office)
    place.renew()
    place.clock.pass_time(timedelta(days=1))
    async with place.open() as office:
        await begin(office, OTHER)
    notes = "\n".join(place.check().notes)
    assert (
        "domisili version 1, in force since 2026-11-23: 1 conversation under way.\n"
        "domisili version 2, in force since 2026-11-24: 1 conversation under way."
    ) in notes
    assert place.problems() == []
    async with place.open() as office:
        await say(office, "batal")
        await press(office, "Ya, hapus")
    async with place.open() as office:
        kept = {one.version for one in office.desk.office.definitions.values()}
        domisili = [one for one in office.desk.office.definitions.values() if one.code == "DOM"]
        assert [one.version for one in domisili] == [2]
        assert kept == {1, 2}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            SERVICE,
            "version: 2",
            "version: 1",
            "domisili.yaml:3: version: 1 was another one before: 1 conversation under way on"
            " domisili version 1, write version: 2",
        ),
        (
            WORDS,
            "  since: Tinggal",
            "  sinc: Tinggal",
            "templates/messages/id/services/domisili.yaml: label.since: has no text any more: "
            "1 conversation under way on domisili version 1, write it back until they are done",
        ),
        (
            "config.yaml",
            "  verifier: [",
            "  checker: [",
            "config.yaml: roles.verifier: is no role any more, but that of stage initials: "
            "1 conversation under way on domisili version 1, write it back until they are done",
        ),
    ],
)
async def test_what_would_strand_somebody_is_refused_and_a_desk_goes_on(
    place: Place, file: str, old: str, new: str, expected: str
) -> None:
    async with place.open() as office:
        await begin(office)
    place.renew()
    place.change(file, old, new)
    assert any(expected in problem for problem in place.problems()), place.problems()
    if file == "config.yaml":
        # Other services name that role too: such an office does not start anew.
        return
    with capture_logs() as logs:
        async with place.open() as office:
            await say(office, "tahun 2015")
            assert "untuk keperluan apa" in office.last(CITIZEN).text
    assert [log["problem"] for log in logs if "problem" in log] != []


async def test_a_letter_that_is_still_to_be_printed_may_not_go(place: Place) -> None:
    async with place.open() as office:
        await hire(office)
        await file(office)
    place.withdraw()
    (place.root / "templates" / "letters" / "domisili.typ").unlink()
    assert place.problems() == [
        "templates/letters/domisili.typ: is gone: 1 request under way on domisili version 1, "
        "put it back until they are done"
    ]


async def test_a_version_that_this_program_cannot_read_is_told_where_somebody_is_on_it(
    place: Place,
) -> None:
    async with place.open() as office:
        await begin(office)
        await office.desk.db.write(
            lambda tx: tx.run(
                "UPDATE storeddefinition SET body = ? WHERE service = 'domisili'", '{"colour": 1}'
            )
        )
    place.change(SERVICE, "version: 1", "version: 2")
    assert place.problems() == [
        "flows/services/domisili.yaml: version: 1 conversation under way on domisili version "
        "unreadable, which this program cannot read, go on with the newer program until they are "
        "done"
    ]
    with capture_logs() as logs:
        async with place.open() as office:
            await say(office, "tahun 2015")
            assert "untuk keperluan apa" in office.last(CITIZEN).text
    assert "cannot read" in str(logs)


async def test_a_program_that_knows_more_does_not_make_another_version(place: Place) -> None:
    async with place.open() as office:
        await begin(office)
        # What an older program wrote: the same, without what definitions learnt since.
        await office.desk.db.write(
            lambda tx: tx.run(
                "UPDATE storeddefinition SET digest = 'older',"
                " body = REPLACE(body, '\"validity_months\":1', '\"validity_months\":1 ')"
                " WHERE service = 'domisili'"
            )
        )
        await office.desk.db.write(lambda tx: tx.run("UPDATE conversation SET digest = 'older'"))
    assert place.problems() == []
    async with place.open():
        pass
    notes = place.check().notes
    assert [note for note in notes if note.startswith("domisili version")] == [
        "domisili version 1, in force since 2026-11-23: 1 conversation under way."
    ]
