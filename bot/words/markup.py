"""The four marks the desk's messages know, and what each channel makes of them.

Messages are HTML with ``<b> <i> <code> <a href="…">`` and line breaks, nothing else. What a person
typed is escaped before it gets here, so it is only ever text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from html import escape, unescape
from typing import NamedTuple

_TAG = re.compile(r'(<(?:/?(?:b|i|code)|/a|a href="[^"<>]*")>)')
_ANY_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SAFE_LINK = re.compile(r"(?:https?://|tel:|mailto:)[^\s]*\Z")
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

# WhatsApp has no escape: a mark of the citizen's own becomes the sign that looks like it.
_LOOKALIKE = {"*": "∗", "_": "＿", "~": "∼", "`": "‘"}
_MARK = {"b": "*", "i": "_", "code": "```"}


class MarkupError(ValueError):
    """A message holds something other than the four marks; the text names it."""


class Run(NamedTuple):
    """Words under the same marks, outermost first; ``link`` is empty where there is none."""

    text: str
    marks: tuple[str, ...] = ()
    link: str = ""


Runs = Sequence[Run]


class Form(NamedTuple):
    """How one kind of channel writes marks, and what counts towards its limit."""

    write: Callable[[Runs], str]
    size: Callable[[Runs], int]
    links: bool


def parse(html: str) -> list[Run]:
    """Read a message; raises MarkupError for any other tag and for marks that do not nest."""
    runs: list[Run] = []
    marks: list[str] = []
    link = ""
    for position, piece in enumerate(_TAG.split(html)):
        if position % 2 == 0:
            if "<" in piece:
                raise MarkupError(f"only b, i, code and a are known, not {_tag_name(piece)}")
            if piece:
                runs.append(Run(_sendable(unescape(piece)), tuple(marks), link))
        elif piece.startswith("</"):
            if not marks or marks.pop() != piece[2:-1]:
                raise MarkupError(f"{piece} closes what is not open")
            link = link if "a" in marks else ""
        else:
            name = piece[1:-1].partition(" ")[0]
            if name in marks:
                raise MarkupError(f"<{name}> inside <{name}>")
            marks.append(name)
            link = _address(piece) if name == "a" else link
    if marks:
        raise MarkupError(f"<{marks[-1]}> is not closed")
    return runs


def plain(text: str) -> str:
    """Return a person's own words as HTML without any mark."""
    return escape(text)


def bare(html: str) -> str:
    """Return the words of something that is not quite our markup, as they are."""
    return unescape(_ANY_TAG.sub("", html))


def to_telegram(html: str) -> str:
    """Return the message as Telegram's HTML (parse mode HTML)."""
    return _write_telegram(parse(html))


def to_whatsapp(html: str) -> str:
    """Return the message with WhatsApp's marks; links are written out as ``text: address``."""
    return _write_whatsapp(_spell_links(parse(html)))


def to_plain(html: str) -> str:
    """Return the message as words only; links are written out as ``text: address``."""
    return _write_plain(_spell_links(parse(html)))


def numbered(html: str, buttons: Sequence[tuple[str, str]], how: str = "") -> str:
    """Add the buttons (choice, label) as numbered lines, and how to answer with a number."""
    lines = "\n".join(f"{n}. {plain(label)}" for n, (_, label) in enumerate(buttons, 1))
    return "\n\n".join(part for part in (html, lines, how if buttons else "") if part)


def units(text: str) -> int:
    """Count UTF-16 units, as Telegram and WhatsApp do."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(html: str, limit: int, form: Form) -> list[str]:
    """Write the message in pieces of at most ``limit`` units each.

    Cuts at the end of a paragraph, else of a line, else of a word, else anywhere; the white space
    at a cut is dropped and a mark that was open is closed and opened again.
    """
    runs: Runs = parse(html) if form.links else _spell_links(parse(html))
    pieces: list[str] = []
    while runs := _trimmed(runs):
        if form.size(runs) <= limit:
            pieces.append(form.write(runs))
            break
        taken = _border(_text(runs), _fitting(runs, limit, form))
        # Marks that close at the cut may add to what fitted without them.
        while taken > 1 and form.size(_trimmed(_slice(runs, 0, taken))) > limit:
            taken -= 1
        pieces.append(form.write(_trimmed(_slice(runs, 0, taken))))
        runs = _slice(runs, taken)
    return pieces


# --- reading --------------------------------------------------------------------------------------


def _tag_name(piece: str) -> str:
    found = re.search(r"<[^\s>]{0,20}", piece)
    return found.group() + "…" if found else "<"


def _address(tag: str) -> str:
    link = _sendable(unescape(tag[len('<a href="') : -len('">')]))
    if not _SAFE_LINK.match(link):
        raise MarkupError("a link begins with https://, http://, tel: or mailto:")
    return link


def _sendable(text: str) -> str:
    """Replace what no platform takes: control characters and lone surrogates."""
    return _UNSENDABLE.sub("�", text)


# --- writing --------------------------------------------------------------------------------------


def _spell_links(runs: Runs) -> list[Run]:
    """Turn links into words: ``text: address``, or the address alone where it is its own text."""
    spelt: list[Run] = []
    for position, run in enumerate(runs):
        marks = tuple(mark for mark in run.marks if mark != "a")
        text = "" if run.text == run.link else run.text
        if text or not run.link:
            spelt.append(Run(text, marks))
        following = runs[position + 1].link if position + 1 < len(runs) else ""
        if run.link and following != run.link:
            spelt.append(Run((": " if text else "") + run.link, (), run.link))
    return spelt


def _write_plain(runs: Runs) -> str:
    return _text(runs)


def _write_telegram(runs: Runs) -> str:
    written: list[str] = []
    open_marks: tuple[str, ...] = ()
    open_link = ""
    for run in (*runs, Run("")):
        kept = _common(open_marks, run.marks) if run.link == open_link else 0
        written.extend(f"</{mark}>" for mark in reversed(open_marks[kept:]))
        for mark in run.marks[kept:]:
            written.append(f'<a href="{escape(run.link)}">' if mark == "a" else f"<{mark}>")
        written.append(escape(run.text, quote=False))
        open_marks, open_link = run.marks, run.link
    return "".join(written)


def _write_whatsapp(runs: Runs) -> str:
    written: list[str] = []
    for position, run in enumerate(runs):
        if run.link:
            written.append(run.text)
            continue
        before = written[-1][-1:] if written else ""
        after = runs[position + 1].text[:1] if position + 1 < len(runs) else ""
        lines = _disarmed(run.text).split("\n")
        last = len(lines) - 1
        for number, line in enumerate(lines):
            left = before if number == 0 else ""
            right = after if number == last else ""
            written.append(_marked(line, run.marks, left, right))
            written.append("\n" if number < last else "")
        written = [piece for piece in written if piece]
    return "".join(written)


def _marked(line: str, marks: tuple[str, ...], before: str, after: str) -> str:
    """Put WhatsApp's marks around a line, close to its words; it ignores them inside a word."""
    words = line.strip()
    if not words:
        return line
    start = line.index(words)
    left, right = line[:start] or before, line[start + len(words) :] or after
    if left[-1:].isalnum() or right[:1].isalnum():
        return line
    opening = "".join(_MARK[mark] for mark in marks if mark in _MARK)
    closing = "".join(_MARK[mark] for mark in reversed(marks) if mark in _MARK)
    return f"{line[:start]}{opening}{words}{closing}{line[start + len(words) :]}"


def _disarmed(text: str) -> str:
    """Replace marks where WhatsApp would obey them: beside anything but a letter or digit."""
    written: list[str] = []
    for position, character in enumerate(text):
        if character in _LOOKALIKE:
            around = text[position - 1 : position] + text[position + 1 : position + 2]
            inside = len(around) == 2 and around.isalnum() and character != "`"
            written.append(character if inside else _LOOKALIKE[character])
        else:
            written.append(character)
    # A line that begins with this sign would be shown as a quotation.
    return re.sub(r"(?m)^>", "›", "".join(written))


def _text(runs: Runs) -> str:
    return "".join(run.text for run in runs)


def _common(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    same = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        same += 1
    return same


# --- cutting --------------------------------------------------------------------------------------


def _slice(runs: Runs, start: int, end: int | None = None) -> list[Run]:
    return list(_sliced(runs, start, len(_text(runs)) if end is None else end))


def _sliced(runs: Runs, start: int, end: int) -> Iterator[Run]:
    position = 0
    for run in runs:
        text = run.text[max(0, start - position) : max(0, end - position)]
        position += len(run.text)
        if text:
            yield run._replace(text=text)


def _trimmed(runs: Runs) -> Runs:
    text = _text(runs)
    bare = text.lstrip()
    start, end = len(text) - len(bare), len(text.rstrip())
    if not bare or (start == 0 and end == len(text)):
        return runs if bare else []
    return _slice(runs, start, end)


def _fitting(runs: Runs, limit: int, form: Form) -> int:
    """Return how many characters fit the limit once written; at least one."""
    low, high = 1, min(len(_text(runs)), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if form.size(_slice(runs, 0, middle)) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _border(text: str, most: int) -> int:
    """Return where to cut at or before ``most``: a border in the second half, else a whole sign."""
    window = text[: most + 1]
    for border in ("\n\n", "\n", " "):
        found = window.rfind(border, most // 2)
        if found > 0:
            return found
    end = most
    while 1 < end < len(text) and _belongs_to_previous(text[end]):
        end -= 1
    return end if end > 1 else most


def _belongs_to_previous(character: str) -> bool:
    return character in "\u200d\ufe0f" or unicodedata.combining(character) > 0


TELEGRAM = Form(_write_telegram, lambda runs: units(_text(runs)), links=True)
WHATSAPP = Form(_write_whatsapp, lambda runs: units(_write_whatsapp(runs)), links=False)
PLAIN = Form(_write_plain, lambda runs: units(_text(runs)), links=False)
