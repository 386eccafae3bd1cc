"""The desk in a terminal: an officer's console, a citizen's chat; plain lines in a pipe."""

from __future__ import annotations

import asyncio
import base64
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.setup.services import ROOT

if TYPE_CHECKING:
    from bot.terminal.visiting import Ask

_KEPT = "\n\t\u200d"  # the last one joins emoji
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FILE = "/kirim "
_LOOK_SECONDS = 20
Line = dict[str, Any]


def say(template: str, /, **data: Any) -> str:
    """Render a text of ``templates/cli``."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    words = Environment(
        loader=FileSystemLoader(ROOT / "templates" / "cli"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - a terminal, not a page
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return harmless(words.get_template(f"{template}.j2").render(data).strip())


def harmless(text: str) -> str:
    """Take out what would steer the terminal or turn the reading direction of a line.

    A citizen's words come along here.
    """
    return "".join(
        letter for letter in text if letter in _KEPT or unicodedata.category(letter) not in _UNFIT
    )


async def officer_session(ask: Ask, *, trial: bool, name: str) -> bool:
    """Work as an officer until the input ends; False when one was refused."""
    screen = _screen()
    entered = await _enter_trial(ask, screen, name) if trial else await _sign_in(ask, screen)
    if entered is None:
        return False
    screen.prompt = f"{entered['entered']}> "
    screen.known(entered["lines"], await ask({"do": "words"}))
    screen.note(say("console", name=entered["entered"], trial=trial, tty=screen.tty))
    return await _converse(ask, screen)


async def citizen_session(ask: Ask, name: str) -> bool:
    """Chat as a citizen of the trial until the input ends."""
    screen = _screen()
    entered = await ask({"do": "enter", "citizen": name})
    if _refused(entered):
        return False
    screen.prompt = "> "
    screen.known(entered["lines"], {"commands": [], "numbers": []})
    screen.note(say("chat", tty=screen.tty))
    if screen.tty:
        screen.show(entered["lines"][-4:])
    return await _converse(ask, screen)


async def announcement_session(ask: Ask, request: dict[str, str], *, yes: bool) -> bool:
    """Write, show or steer an announcement; send a new one at once where ``yes``."""
    answer = await ask({"do": "broadcast", **request})
    if _refused(answer):
        return False
    sys.stdout.write(harmless(answer["words"]) + "\n")
    if not (yes and request["text"]):
        return True
    return await announcement_session(
        ask, {"text": "", "act": "kirim", "number": str(answer["number"])}, yes=False
    )


async def _enter_trial(ask: Ask, screen: Screen, name: str) -> Line | None:
    wanted = name or await screen.question(say("who"))
    entered = await ask({"do": "enter", "as": wanted or ""})
    return None if _refused(entered) else entered


async def _sign_in(ask: Ask, screen: Screen) -> Line | None:
    """On the office's data a code goes to the officer's own chat."""
    sent = await ask({"do": "sign_in", "name": await screen.question(say("who")) or ""})
    if _refused(sent):
        return None
    while (code := await screen.question(say("code", name=sent["sent"]))) is not None:
        entered = await ask({"do": "prove", "code": code})
        if not _refused(entered):
            return entered
        if entered["refused"] == "code_over":
            return None
    return None


async def _converse(ask: Ask, screen: Screen) -> bool:
    fine = True
    listening = asyncio.create_task(_listen(ask, screen)) if screen.tty else None
    try:
        while (text := await screen.read()) is not None:
            if not text.strip():
                continue
            request = _request(text)
            if request is None:
                screen.note(say("refused", refused="no_file", name=text.removeprefix(_FILE)))
                fine = False
                continue
            answer = await ask(request)
            if _refused(answer):
                fine = False
                continue
            screen.show(answer["lines"])
            fine = fine and not any(line["refused"] for line in answer["lines"])
    finally:
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    return fine or screen.tty


async def _listen(ask: Ask, screen: Screen) -> None:
    """Show what comes by itself: a new request, a citizen's answer, a finished letter."""
    while True:
        seen = await ask({"do": "look", "seconds": _LOOK_SECONDS})
        if "refused" in seen:
            return
        screen.show(seen["lines"])


def _request(text: str) -> dict[str, Any] | None:
    if not text.startswith(_FILE):
        return {"do": "say", "text": text}
    path = Path(text.removeprefix(_FILE).strip()).expanduser()
    try:
        content = base64.b64encode(path.read_bytes()).decode()
    except OSError:
        return None
    return {"do": "send", "name": path.name, "content": content}


def _refused(answer: Line) -> bool:
    if "refused" not in answer:
        return False
    sys.stderr.write(say("refused", **answer) + "\n")
    return True


def _screen() -> Screen:
    if sys.stdin.isatty() and sys.stdout.isatty():
        from bot.terminal.drawing import Interactive

        return Interactive()
    return Screen()


class Screen:
    """A pipe: lines in, plain lines out."""

    tty = False
    prompt = ""

    def known(self, lines: list[Line], words: Line) -> None:
        """Take note of what was said before and of what can be completed."""

    def note(self, text: str) -> None:
        """Tell the person at the terminal something that is no message."""

    async def question(self, text: str) -> str | None:
        """Ask for a line; None at the end of the input."""
        return await self.read()

    async def read(self) -> str | None:
        """Return the next line; None at the end of the input."""
        line = await asyncio.to_thread(sys.stdin.readline)
        return line.rstrip("\n") if line else None

    def show(self, lines: list[Line]) -> None:
        """Print what was answered; a table's cells are parted by tabs."""
        for line in lines:
            sys.stdout.write(harmless("\n".join(plain(line))) + "\n")
        sys.stdout.flush()


def plain(line: Line) -> list[str]:
    """Return an answer as plain lines: words, table, buttons, names of files."""
    if line.get("mine"):
        return [f"> {line.get('text') or line.get('choice') or line['file']['name']}"]
    out = [line["text"]] if line["text"] else []
    if line["table"]:
        out += ["\t".join(row) for row in (line["table"]["columns"], *line["table"]["rows"])]
    out += [line["text_after"]] if line["text_after"] else []
    out += [f"[{file['name'] or file['kind']}]" for file in line["files"]]
    return out + buttons(line)


def buttons(line: Line) -> list[str]:
    """Return the buttons as what can be typed instead: a command, or its number."""
    return [
        f"  /{choice.removeprefix('cmd:').lstrip('/')}"
        if choice.startswith("cmd:")
        else f"  {n}. {label}"
        for n, (choice, label) in enumerate(line["buttons"], 1)
    ]
