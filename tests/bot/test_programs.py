"""A request keeps the program that it was filed within, and the command line can choose by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from bot.announcements.shell import order
from bot.engine.turn import Turn
from bot.requests.filing import file_request
from bot.setup.config import load_config
from bot.setup.services import ROOT, programs_of, read_services
from flows.broadcast import Audience, read
from flows.effects import Submit
from flows.events import Filed
from flows.loader import BadDefinitions
from flows.program import Program
from storage import contacts, requests
from storage.database import Tx
from storage.instant import to_ms
from tests.bot.test_broadcasting import CHOICES
from tests.office import TestOffice, office

ANSWERS = {"name": "Siti Aminah", "nik": "1409074101800001", "village": "2008"}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[TestOffice]:
    async with office(tmp_path) as found:
        yield found


async def filed(place: TestOffice, service: str, program: str = "") -> str:
    """File a request; return the program that is written down for it."""
    desk = place.desk

    def work(tx: Tx) -> str:
        contact = contacts.meet(tx, desk.vault, "telegram", "1", to_ms(desk.now()))
        submit = Submit(service, "", ANSWERS, {}, {}, program=program)
        done = file_request(Turn(desk, tx, desk.now()), contact, submit)
        assert isinstance(done, Filed)
        row = requests.load(tx, done.request)
        assert row is not None
        return row.program

    return await desk.db.write(work)


async def test_it_is_the_one_whose_link_was_followed_or_that_takes_place(
    place: TestOffice,
) -> None:
    assert await filed(place, "akta_lahir") == "ajak"
    assert await filed(place, "akta_lahir", "sipaten-guwa") == "sipaten-guwa"
    assert await filed(place, "domisili") == ""
    assert await filed(place, "domisili", "ajak") == ""


async def test_the_village_that_was_answered_decides(place: TestOffice) -> None:
    there = Program("there", ["kk"], ["2008"])
    elsewhere = Program("elsewhere", ["domisili"], ["2007"], ends=date(2100, 1, 1))
    programs = {one.id: one for one in (there, elsewhere)}
    place.desk.office = structs.replace(place.desk.office, programs=programs)
    assert await filed(place, "kk") == "there"
    assert await filed(place, "domisili") == ""


@pytest.mark.parametrize(
    ("request_", "audience"),
    [
        ({"program": "sipaten-guwa"}, Audience(program="sipaten-guwa")),
        (
            {"program": "Sipaten Guwa", "village": "Toar", "service": "kk", "language": "id"},
            Audience("2008", "kk", "id", "sipaten-guwa"),
        ),
    ],
)
def test_the_command_line_names_a_program(request_: dict[str, str], audience: Audience) -> None:
    assert read(order({"text": "x", **request_}), CHOICES) == (audience, "x")


# --- files ----------------------------------------------------------------------------------------


def write(root: Path, name: str, text: str) -> None:
    folder = root / "flows" / "programs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_what_an_office_does_not_offer_keeps_no_desk_from_working(tmp_path: Path) -> None:
    write(tmp_path, "x", "id: x\nservices: [kk, parkir]\nvillages: ['9999']")
    write(tmp_path, "y", "id: y\nservices: [parkir]")
    services = read_services(load_config(ROOT / "config.yaml", {}))
    assert programs_of(services, tmp_path) == {"x": Program("x", ["kk"], ["9999"])}


def test_a_file_that_cannot_be_read_does(tmp_path: Path) -> None:
    write(tmp_path, "x", "id: x\nservices: [kk]\nvilage: ['2008']")
    with pytest.raises(BadDefinitions, match=r"x\.yaml:3: vilage: is an unknown key"):
        programs_of(["kk"], tmp_path)
