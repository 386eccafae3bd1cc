"""Two offices behind one port of a real process, and whatever can be written on a connection."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from tests.blank import new_database
from tests.offices.regency import HEADER, at_telegram, write_office
from tests.process.installation import Installation
from tests.standins.server import until
from tests.standins.telegram import TelegramStandin

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Town(Installation):
    """The process of an installation; ``folder`` holds the offices' folders and their data."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "")
        keep = ("PATH", "PYTHONPATH", "LOKET_PORT")
        self.env = {
            **{name: self.env[name] for name in keep},
            "LOKET_OFFICES": str(folder / "offices"),
            "LOKET_DATA_DIR": str(folder / "data"),
        }

    def add(self, name: str, **env: str) -> None:
        """Make an office before the start."""
        here = {"LOKET_PUBLIC_URL": f"http://{name}.localhost:{self.port}"}
        write_office(self.folder / "offices", name, **here, **env)
        for place in ("", "coba"):
            new_database(self.folder / "data" / name / place / "loket.db")

    async def says(self, *lines: str, body: str = "") -> tuple[int, str]:
        """Write a request's head and body as they are; return the status and all of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
        writer.write((head + body).encode("latin-1"))
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(answer)
            answer += await reader.readexactly(int(length[1])) if length else await reader.read()
        writer.close()
        text = answer.decode()
        return int(text.split()[1]), text


def update(number: int, words: str) -> str:
    """Return what Telegram posts when somebody writes."""
    who = {"id": 777, "is_bot": False, "first_name": "Siti", "language_code": "id"}
    chat = {"id": 777, "type": "private", "first_name": "Siti"}
    message = {"message_id": number, "from": who, "chat": chat, "date": 1, "text": words}
    return json.dumps({"update_id": number, "message": message})


async def test_walls_stand_on_the_wire(tmp_path: Path) -> None:
    here, there = TelegramStandin("101:standin"), TelegramStandin("100:standin")
    async with here, there:
        town = Town(tmp_path)
        town.add("toar", **at_telegram("toar", here.url))
        town.add("benai", **at_telegram("benai", there.url))
        town.add("cerenti")
        (tmp_path / "data" / "cerenti" / "loket.db").write_bytes(b"broken" * 999)
        try:
            await town.start(asked="/healthz")
            await _updates_go_to_whom_they_are_for(town, here, there)
            await _names_decide(town)
            await _commands_reach_one_office(town)
            assert await town.stop() == 0
        finally:
            await town.close()
        log = town.text()
        assert "http://toar.localhost" in log
        assert "/coba?token=" in log
        assert "BELUM DIBUKA: cerenti" in log
        assert "office=cerenti" in log


async def _updates_go_to_whom_they_are_for(
    town: Town, here: TelegramStandin, there: TelegramStandin
) -> None:
    post = "POST /telegram/webhook HTTP/1.1"
    number = 0
    # As a platform sends it (taken off the connection at once), and in ways that go the long way.
    for more in ([], ["Connection: keep-alive"], ["X-Forwarded-Host: benai.localhost"]):
        for host, bot in (("toar.localhost", here), ("BENAI.localhost.:80", there)):
            other = there if bot is here else here
            name = "toar" if bot is here else "benai"
            before, number = (len(bot.sent), len(other.sent)), number + 1
            for secret, status in (("secret-of-cerenti", 403), (f"secret-of-{name}", 200)):
                lines = [post, f"Host: {host}", f"{HEADER}: {secret}", *more]
                found = await town.says(*lines, body=update(number, "menu"))
                assert found[0] == status, found[1]
            wrong = "benai" if name == "toar" else "toar"
            lines = [post, f"Host: {host}", f"{HEADER}: secret-of-{wrong}", *more]
            assert (await town.says(*lines, body=update(number + 500, "menu")))[0] == 403
            await until(lambda bot=bot, count=before[0]: len(bot.sent) > count)  # type: ignore[misc]
            assert len(other.sent) == before[1]
    # Nobody's, or of two minds, or closed.
    for hosts, status in (
        (["x.example"], 404),
        ([], 404),
        (["toar.localhost", "benai.localhost"], 404),
        (["toar.localhost", "toar.localhost"], 404),
        (["cerenti.localhost"], 503),
    ):
        lines = [post, *(f"Host: {one}" for one in hosts), f"{HEADER}: secret-of-toar"]
        found = await town.says(*lines, body=update(900, "menu"))
        assert found[0] == status, (hosts, found)
    assert not any("Toar" in one.text for one in there.sent)
    assert not any("Benai" in one.text for one in here.sent)


async def _names_decide(town: Town) -> None:
    for first, host, office in (
        ("GET / HTTP/1.1", "toar.localhost", "Toar"),
        ("GET / HTTP/1.1", f"ToAr.LoCaLhOsT.:{town.port}", "Toar"),
        # Who writes a whole address goes where its Host says, and nowhere else.
        ("GET http://benai.localhost/ HTTP/1.1", "toar.localhost", "Toar"),
        ("GET //benai.localhost/ HTTP/1.1", "toar.localhost", "Toar"),
        ("GET /?host=benai.localhost HTTP/1.1", "toar.localhost", "Toar"),
    ):
        told = ["X-Forwarded-Host: benai.localhost", "Forwarded: host=benai.localhost"]
        _, text = await town.says(first, f"Host: {host}", *told)
        assert f"Kecamatan {office}" in text, (first, text)
        assert "Benai" not in text
    for host in ("localhost", "toar.localhost@benai.localhost", "toar.localhost/..", "[::1]"):
        status, text = await town.says("GET / HTTP/1.1", f"Host: {host}")
        assert status in (400, 404)
        assert "Kecamatan" not in text
    status, text = await town.says("GET /readyz HTTP/1.1", "Host: 127.0.0.1")
    assert status == 503
    assert "cerenti: " in text
    assert "toar" not in text
    assert (await town.says("GET /readyz HTTP/1.1", "Host: toar.localhost"))[0] == 200


async def _commands_reach_one_office(town: Town) -> None:
    code, said = await town.run("staff", "list")
    assert code == 2
    assert "benai, cerenti, toar" in said
    invited = await town.run("--office", "toar", "staff", "invite", "Rina", "counter")
    assert invited[0] == 0
    assert (await town.run("--office", "toar", "serve"))[0] == 2
