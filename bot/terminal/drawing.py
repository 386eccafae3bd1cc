"""The terminal with a person before it: completion, history, tables and colour."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bot.terminal.sessions import Line, Screen, buttons, harmless

_STYLES = {"b": "bold", "i": "italic", "code": "cyan", "a": "underline"}


class Interactive(Screen):
    """Reads with prompt_toolkit, writes with rich, above the line that is being typed.

    The history is what this officer said before, from the sealed inbox: none lies on the disk.
    """

    tty = True

    def __init__(self) -> None:
        self._completer = Words()
        self._history = InMemoryHistory()
        self._session: PromptSession[str] = PromptSession(
            completer=self._completer, history=self._history, complete_while_typing=True
        )

    def known(self, lines: list[Line], words: Line) -> None:
        """Take note of what was said before and of what can be completed."""
        self._completer.commands = words["commands"]
        self._completer.numbers = words["numbers"]
        for line in lines:
            if line.get("mine") and line.get("text"):
                self._history.append_string(harmless(line["text"]))

    def note(self, text: str) -> None:
        """Tell the person at the terminal something that is no message."""
        _console().print(Text(text, style="dim"))

    async def question(self, text: str) -> str | None:
        """Ask for a line; None at the end of the input."""
        return await self._read(f"{text} ")

    async def read(self) -> str | None:
        """Return the next line; None at the end of the input."""
        return await self._read(self.prompt)

    async def _read(self, prompt: str) -> str | None:
        with patch_stdout(raw=True):
            try:
                return await self._session.prompt_async(prompt)
            except (EOFError, KeyboardInterrupt):
                return None

    def show(self, lines: list[Line]) -> None:
        """Print what was answered, tables as tables."""
        console = _console()
        for line in lines:
            if line.get("mine"):
                console.print(Text(f"> {harmless(line.get('text') or '…')}", style="dim"))
                continue
            self._completer.learn(line["table"])
            for piece in _pieces(line):
                console.print(piece)
            console.print()


class Words(Completer):
    """Completes commands, and the numbers of requests after them."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.numbers: list[str] = []

    def learn(self, table: Line | None) -> None:
        """Numbers that were shown can be completed from now on."""
        if table and table["keys"][0] == "number":
            new = [row[0] for row in table["rows"] if row[0] not in self.numbers]
            self.numbers = [*new, *self.numbers]

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """Offer what fits the word before the cursor."""
        before = document.text_before_cursor
        word = before.rpartition(" ")[2]
        if " " not in before:
            known = [f"/{command}" for command in self.commands] if before.startswith("/") else []
        else:
            known = self.numbers
        for one in known:
            if word.lower() in one.lower():
                yield Completion(one, start_position=-len(word))


def _console() -> Console:
    # Made anew: patch_stdout exchanges sys.stdout while a line is being typed.
    return Console(highlight=False, soft_wrap=False)


def _pieces(line: Line) -> Iterable[Any]:
    if line["html"]:
        yield styled(line["html"])
    if line["table"]:
        table = Table(header_style="bold", border_style="dim", expand=False)
        for name in line["table"]["columns"]:
            table.add_column(escape(harmless(name)))
        for row in line["table"]["rows"]:
            table.add_row(*(escape(harmless(cell)) for cell in row))
        yield table
    if line["after"]:
        yield styled(line["after"])
    for file in line["files"]:
        yield Text(f"[{harmless(file['name'] or file['kind'])}]", style="magenta")
    if line["buttons"]:
        yield Text("\n".join(harmless(one) for one in buttons(line)), style="cyan")


def styled(html: str) -> Text:
    """Return our small HTML (b, i, code, a) as styled text; a link is written out."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = Text()
        self._open: list[str] = []
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(_STYLES.get(tag, ""))
        self._link = dict(attrs).get("href") or "" if tag == "a" else self._link

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open.pop()
        if tag == "a" and self._link:
            if not self.text.plain.endswith(self._link):
                self.text.append(f" ({harmless(self._link)})", style="dim")
            self._link = ""

    def handle_data(self, data: str) -> None:
        self.text.append(harmless(data), style=" ".join(filter(None, self._open)))
