"""An office that cannot be opened keeps no other from work, and comes back by itself."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import httpx
import pytest

from bot import installation
from bot.app import App
from bot.engine.opening import Lock
from bot.installation import Installation, NoOffice, installed
from bot.setup.config import ConfigError
from bot.setup.settings import Config
from tests.blank import new_database
from tests.offices.regency import PORT, write_office
from tests.standins.server import until


def environ(folder: Path) -> dict[str, str]:
    return {"LOKET_OFFICES": str(folder / "offices"), "LOKET_DATA_DIR": str(folder / "data")}


def offices(folder: Path) -> None:
    """Make two offices with nothing but their pages."""
    for name in ("benai", "toar"):
        write_office(folder / "offices", name)
        config = folder / "offices" / name / "config.yaml"
        config.write_text(config.read_text().replace("trial: auto", "trial: off"))
        new_database(folder / "data" / name / "loket.db")


async def asked(town: Installation, host: str, path: str, **headers: str) -> tuple[int, str]:
    transport = httpx.ASGITransport(app=town.front()[0], client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}:{PORT}") as door:
        answer = await door.get(path, headers=headers)
    return answer.status_code, answer.text


async def test_one_whose_database_is_broken_is_left_out_until_it_is_repaired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(installation, "_AGAIN_SECONDS", 0.05)
    offices(tmp_path)
    database = tmp_path / "data" / "benai" / "loket.db"
    shutil.move(database, tmp_path / "kept.db")
    database.write_bytes(b"what a dying disk leaves" * 4096)
    town = await installed(environ(tmp_path))
    try:
        await town.start()
        assert set(town.apps) == {"toar"}
        assert (await asked(town, "toar.localhost", "/readyz")) == (200, "ready")
        assert (await asked(town, "toar.localhost", "/"))[0] == 200
        # Platforms come again; nobody is told that there was no such office.
        assert (await asked(town, "benai.localhost", "/telegram/webhook"))[0] == 503
        status, words = await asked(town, "127.0.0.1", "/readyz")
        assert status == 503
        assert words.startswith("benai: ")
        assert "toar" not in words
        assert await asked(town, "x.example", "/readyz") == (503, "not ready")
        assert await asked(town, "127.0.0.1", "/readyz", Via="x") == (503, "not ready")
        figures = (await asked(town, "127.0.0.1", "/metrics"))[1]
        assert 'loket_office_up{office="benai"} 0.0' in figures
        assert 'loket_office_up{office="toar"} 1.0' in figures
        database.unlink()
        shutil.move(tmp_path / "kept.db", database)
        await until(lambda: set(town.apps) == {"benai", "toar"})
        assert (await asked(town, "benai.localhost", "/readyz")) == (200, "ready")
    finally:
        await town.stop()
    log = capsys.readouterr().out
    assert log.count("an office is left out") == 1
    assert "office=benai" in log


async def test_one_that_fails_while_it_starts_is_taken_down_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    offices(tmp_path)
    started = App.start

    async def start(app: App) -> None:
        await started(app)
        if app.config.data_dir.name == "benai":
            raise ZeroDivisionError("words that may be anybody's")

    monkeypatch.setattr(App, "start", start)
    town = await installed(environ(tmp_path))
    try:
        await town.start()
        assert set(town.apps) == {"toar"}
        assert "ZeroDivisionError" in town.closed["benai"]
        # Nothing of it is held: whoever repairs it can open it.
        Lock.take(tmp_path / "data" / "benai").release()
    finally:
        await town.stop()
    assert "words that may be anybody's" not in capsys.readouterr().out


async def test_one_whose_configuration_is_broken_is_left_out(tmp_path: Path) -> None:
    offices(tmp_path)
    broken = tmp_path / "offices" / "benai" / "config.yaml"
    broken.write_text(broken.read_text().replace("undo_minutes: 60", "undo_minutes: enam"))
    town = await installed(environ(tmp_path))
    try:
        await town.start()
        assert set(town.apps) == {"toar"}
        assert "benai/config.yaml:" in (await asked(town, "127.0.0.1", "/readyz"))[1]
        assert (await asked(town, "benai.localhost", "/"))[0] == 503
    finally:
        await town.stop()


async def test_where_none_can_be_opened_nothing_is_served(tmp_path: Path) -> None:
    offices(tmp_path)
    held = [Lock.take(tmp_path / "data" / name) for name in ("benai", "toar")]
    town = await installed(environ(tmp_path))
    try:
        with pytest.raises(NoOffice, match=r"benai: a desk is running.*toar: a desk is running"):
            await town.start()
    finally:
        await town.stop()
        for lock in held:
            lock.release()
    for name in ("benai", "toar"):
        (tmp_path / "offices" / name / "env").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        await installed(environ(tmp_path))


async def test_offices_that_share_something_are_not_served(tmp_path: Path) -> None:
    offices(tmp_path)
    write_office(tmp_path / "offices", "toar", LOKET_PUBLIC_URL="http://benai.localhost")
    with pytest.raises(ConfigError, match="toar and benai have the same"):
        await installed(environ(tmp_path))


async def test_a_host_that_a_broken_office_claims_too_is_nobodys(tmp_path: Path) -> None:
    offices(tmp_path)
    broken = write_office(tmp_path / "offices", "cerenti", LOKET_PUBLIC_URL="http://toar.localhost")
    (broken / "config.yaml").write_text("office: {}\n")
    town = await installed(environ(tmp_path))
    try:
        await town.start()
        assert set(town.apps) == {"benai", "toar"}
        assert await asked(town, "toar.localhost", "/") == (404, "not found")
    finally:
        await town.stop()


async def test_one_that_hangs_is_waited_for_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offices(tmp_path)
    opened = installation.build

    async def build(config: Config) -> App:
        if config.data_dir.name == "benai":
            await asyncio.Event().wait()
        return await opened(config)

    monkeypatch.setattr(installation, "build", build)
    monkeypatch.setattr(installation, "_PATIENCE_SECONDS", 0.5)
    town = await installed(environ(tmp_path))
    try:
        await town.start()
        await until(lambda: set(town.apps) == {"toar"})
        assert town.closed == {"benai": "not tried yet"}
        assert (await asked(town, "toar.localhost", "/readyz")) == (200, "ready")
    finally:
        await town.stop()
