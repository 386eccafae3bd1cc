"""A newcomer follows the guide: a new service in a temporary office, asked for and handed over."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from msgspec import structs

from bot.engine.opening import open_desk, start_desk, stop_desk
from bot.setup.config import load_config
from bot.setup.services import ROOT
from flows.events import Media, Pressed, Started, Text
from tests.blank import new_database
from tests.guide import guide_files
from tests.office import Clock, Kept, TestOffice
from tests.paper import photo

CITIZEN, COUNTER, VERIFIER, SIGNER = "1001", "2001", "2002", "2003"
ANSWERS = [
    "Siti Aminah",
    "1409074101800001",
    "Kampung Baru",
    "Dusun II, RT 02 RW 01",
    "petani karet",
    "dua juta",
    "sekolah",
    "Ahmad Fauzan",
]


def build(root: Path) -> None:
    """Copy the office and write what the guide says into it."""
    shutil.copytree(ROOT / "flows" / "services", root / "flows" / "services")
    shutil.copytree(ROOT / "templates", root / "templates")
    for file, text in guide_files(ROOT):
        (root / file).write_text(text, encoding="utf-8")
    config = (ROOT / "config.yaml").read_text(encoding="utf-8")
    (root / "config.yaml").write_text(
        config.replace("keluarga: [", "keluarga: [penghasilan, "), encoding="utf-8"
    )


async def test_a_service_added_by_the_guide_is_asked_for_and_handed_over(tmp_path: Path) -> None:
    build(tmp_path)
    config = load_config(tmp_path / "config.yaml", {"LOKET_DATA_DIR": str(tmp_path)})
    new_database(tmp_path / "loket.db")
    clock, channel = Clock(), Kept()
    desk = await open_desk(structs.replace(config, settle_ms=0), now=clock, root=tmp_path)
    desk.channels = {channel.name: channel}
    await start_desk(desk)
    try:
        await ask_and_hand_over(TestOffice(desk, channel, clock), channel)
    finally:
        await stop_desk(desk)


async def ask_and_hand_over(office: TestOffice, channel: Kept) -> None:
    for name, role, address in (
        ("Rina", "counter", COUNTER),
        ("Budi", "verifier", VERIFIER),
        ("Camat", "signer", SIGNER),
    ):
        await office.hire(name, role, address)

    async def press(label: str) -> None:
        choices = {text: choice for choice, text in office.last(CITIZEN).buttons}
        await office.event(CITIZEN, Pressed(choices[label]))
        office.clock.pass_time(timedelta(seconds=5))

    await office.event(CITIZEN, Started("layanan-penghasilan"))
    await press("Setuju")
    for answer in ANSWERS:
        await office.event(CITIZEN, Text(answer))
        office.clock.pass_time(timedelta(seconds=5))
    for number in range(3):
        channel.files[f"photo-{number}"] = photo("sharp", number)
        await office.event(CITIZEN, Media(f"photo-{number}"))
    await press("Lewati")
    assert "Penghasilan: Rp2.000.000" in office.last(CITIZEN).text
    await press("Kirim permohonan")
    assert "SKP-26-0001" in office.last(CITIZEN).text
    for address, line in (
        (COUNTER, "/terima 1 kunjungan"),
        (COUNTER, "/terima 1"),
        (VERIFIER, "/terima 1"),
        (SIGNER, "/terima 1"),
        (COUNTER, "/siap 1"),
        (COUNTER, "/serahkan 1 sama"),
    ):
        await office.event(address, Text(line))
    letters = [file for message in office.heard(COUNTER) for file in message.files]
    assert letters[0].content.startswith(b"%PDF")
    assert "sudah Bapak/Ibu terima" in office.last(CITIZEN).text
