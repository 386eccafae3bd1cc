"""A day at the office: the real process, two platforms, two officers, and a restart at noon."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest

from bot.setup.services import ROOT
from tests.paper import photo
from tests.process.installation import LOKET, Installation
from tests.process.people import OnTelegram, OnWhatsApp, Person
from tests.standins.server import until
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import TwilioStandin

SITI_NIK, AHMAD_NIK = "1409074101800001", "1409070305810002"
AHMAD_PHONE = "+6281299887766"
SITI_CHAT, RINA_CHAT, BUDI_CHAT, GROUP = 512300871, 512300872, 512300873, "-1001234567890"
_INVITED = re.compile(r"/gabung ([\w-]+)")
_SIX = re.compile(r"\b\d{6}\b")

DOMISILI = [
    ("surat domisili", "setuju"),
    ("setuju", "nama lengkap"),
    ("Siti Rahmayani", "NIK"),
    (SITI_NIK, "lahir"),
    ("Teluk Kuantan", "Kapan"),
    ("1 januari 1980", "desa mana"),
    ("Toar", "alamat"),
    ("Dusun II, RT 02 RW 01", "Sejak kapan"),
    ("tahun 2015", "keperluan"),
    ("membuka rekening", "KTP"),
]
KK = [
    ("kk saya hilang", "setuju"),
    ("setuju", "KK yang mana"),
    ("kk hilang", "nama lengkap"),
    ("Ahmad Zulkarnain", "NIK"),
    (AHMAD_NIK, "nomor KK"),
    ("lewati", "desa mana"),
    ("Gunung", "alamat"),
    ("Dusun III", "KTP"),
]
CONSOLE = ["ambil kk1", *["terima kk1"] * 3, "siap kk1", "serahkan kk1 sama"]


@pytest.mark.parametrize("mode", ["webhook", "polling"])
async def test_two_letters_across_a_restart(tmp_path: Path, mode: str) -> None:
    telegram, twilio = TelegramStandin(), TwilioStandin(callbacks=["sent", "delivered"])
    async with telegram, twilio:
        desk = Installation(
            tmp_path / "data",
            telegram.url,
            twilio.url,
            TELEGRAM_MODE=mode,
            TELEGRAM_STAFF_CHAT=GROUP,
        )
        try:
            await _day(desk, telegram, twilio, polled=mode == "polling")
            assert await desk.stop() == 0
        finally:
            await desk.close()
    _assert_nothing_personal(desk)


async def _day(
    desk: Installation, telegram: TelegramStandin, twilio: TwilioStandin, *, polled: bool
) -> None:
    first = await desk.start()
    rina = OnTelegram(desk, telegram, RINA_CHAT, polled=polled)
    budi = OnTelegram(desk, telegram, BUDI_CHAT, polled=polled)
    await rina.asks(f"/gabung {desk.invite()} Rina", "Selamat bergabung")
    invited = _INVITED.findall(await rina.asks("/petugas undang Budi counter", "Undangan"))[0]
    await budi.asks(f"/gabung {invited}", "Selamat bergabung")

    siti = OnTelegram(desk, telegram, SITI_CHAT, polled=polled)
    ahmad = OnWhatsApp(desk, twilio, AHMAD_PHONE)
    await asyncio.gather(_talk(siti, DOMISILI), _talk(ahmad, KK))
    await siti.shows(photo("sharp", 11), "kartu keluarga")
    idle = desk.memory()

    assert await desk.stop() == 0
    second = await desk.start()
    record(f"starts after {first:.1f} s and {second:.1f} s; memory {idle:.0f} MB")

    await siti.shows(photo("sharp", 12), "pengantar")
    await siti.shows(photo("sharp", 13), "sudah benar semua")
    number = re.findall(r"DOM-\d\d-\d{4}", await siti.asks("kirim", "sudah kami terima"))[0]
    await ahmad.shows(photo("sharp", 14), "polisi")
    await ahmad.shows(photo("sharp", 15), "sudah benar semua")
    await ahmad.asks("kirim", "sudah kami terima")
    await asyncio.gather(_domisili(rina, siti, number), _kk_at_the_console(desk, budi, ahmad))
    assert any(number in m.text for m in telegram.sent if m.chat == GROUP)
    assert not any(SITI_NIK in m.text for m in telegram.sent if m.chat == GROUP)


def record(figure: str) -> None:
    """Print a figure; none is a reason to fail, for machines differ."""
    sys.stdout.write(f"{figure}\n")


async def _talk(person: Person, lines: list[tuple[str, str]]) -> None:
    for said, expected in lines:
        await person.asks(said, expected)


async def _domisili(rina: OnTelegram, siti: Person, number: str) -> None:
    """The head may work in every stage."""
    await rina.asks(f"/ambil {number}", "dipegang")
    await rina.asks(f"/terima {number}", "Surat disiapkan")
    await siti.hears("Surat disiapkan")
    await rina.asks(f"/terima {number}", "diperiksa atasan")
    await rina.asks(f"/terima {number}", "Menunggu tanda tangan")
    await rina.asks(f"/terima {number}", "400.12.2.1/001/KEC-GT")
    await until(lambda: any(m.method == "sendDocument" for m in rina.platform.sent), 30)
    await rina.asks(f"/siap {number}", "siap diambil")
    await siti.hears("siap diambil")
    await rina.asks(f"/serahkan {number} sama", "sudah diserahkan")
    await siti.hears("Terima kasih")


async def _kk_at_the_console(desk: Installation, budi: OnTelegram, ahmad: Person) -> None:
    """An officer signs in with a code from their own chat and works by lines."""
    process = await create_subprocess_exec(
        LOKET, "console", cwd=ROOT, env=desk.env, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert process.stdin is not None
    try:
        process.stdin.write(b"Budi\n")
        await process.stdin.drain()
        code = _SIX.findall(await budi.hears("konsol"))[0]
        lines = [code, *(f"/{word}" for word in CONSOLE)]
        out, errors = await asyncio.wait_for(
            process.communicate("".join(f"{line}\n" for line in lines).encode()), 60
        )
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, (out, errors)
    assert "sudah diserahkan" in out.decode()
    for words in ["Disdukcapil", "sudah kembali", "siap diambil", "Terima kasih"]:
        await ahmad.hears(words)


def _assert_nothing_personal(desk: Installation) -> None:
    log = desk.text()
    for personal in [SITI_NIK, AHMAD_NIK, "Rahmayani", "Zulkarnain", AHMAD_PHONE[1:], "Dusun"]:
        assert personal not in log
    assert str(SITI_CHAT) not in log
    files = [path for path in desk.folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    sealed = [SITI_NIK, AHMAD_NIK, AHMAD_PHONE[1:], str(SITI_CHAT), "membuka rekening", "Dusun"]
    for path in files:
        content = path.read_bytes()
        for personal in sealed:
            assert personal.encode() not in content, (path.name, personal)
        assert b"\xff\xd8\xff" not in content[:16], path.name
        assert not content.startswith(b"%PDF"), path.name
        assert path.stat().st_mode & 0o077 == 0, path.name
