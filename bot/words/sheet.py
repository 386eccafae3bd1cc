"""A language as a spreadsheet: whoever knows it fills in a column, no program is needed.

A row holds the key, the Indonesian text and the other one. CSV, because every office program and
telephone opens it; an empty cell says nothing, so nothing is lost by leaving one out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.words.layout import laid_out
from bot.words.translation import SOURCE, fault_of, texts_to_say
from bot.words.wording import Wording
from flows.source import Problem

_KEY = "kunci"
_SEPARATORS = ",;\t"


def write_sheet(wording: Wording, language: str) -> bytes:
    """Return the sheet of a language as CSV that LibreOffice and Excel open with a double click."""
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL)
    rows.writerow([_KEY, SOURCE, language])
    known = wording.keys(language)
    for key, text in texts_to_say(wording).items():
        rows.writerow([key, text, known[key].source if key in known else ""])
    # Without this mark Excel takes UTF-8 for another alphabet.
    return out.getvalue().encode("utf-8-sig")


def read_sheet(
    wording: Wording, language: str, name: str, content: bytes
) -> tuple[dict[str, str], list[Problem]]:
    """Return the texts that a filled-in sheet brings, by key, and what is wrong by its row."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        wrong, write = "is not UTF-8 text", "save it again as CSV, character set Unicode (UTF-8)"
        return {}, [Problem(name, 0, "", wrong, write)]
    head = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if not rows or [cell.strip() for cell in rows[0][:3]] != [_KEY, SOURCE, language]:
        wrong = f"does not begin with the columns {_KEY}, {SOURCE}, {language}"
        write = f"keep the first row of the sheet, or make it anew for {language}"
        return {}, [Problem(name, 1, "", wrong, write)]
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for number, row in enumerate(rows[1:], start=2):
        key, source, said = (*map(_tidied, row[:3]), "", "", "")[:3]
        if not said:
            continue
        texts[key] = said
        problems += (
            Problem(name, number, key, wrong, write)
            for wrong, write in _faults(wording, language, key, source, said)
        )
    return texts, problems


def _faults(
    wording: Wording, language: str, key: str, source: str, said: str
) -> Iterator[tuple[str, str]]:
    if fault := fault_of(wording, language, key, said):
        yield fault
    elif source != _tidied(wording.keys(SOURCE)[key].source):
        yield "the Indonesian text is another one now", "make the sheet anew and look at this row"


def _tidied(cell: str) -> str:
    """Return a cell with the line ends of the desk, and no spaces that nobody sees."""
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def save_texts(wording: Wording, language: str, texts: Mapping[str, str]) -> list[Path]:
    """Write the language's files with these texts above those it has; return the files changed.

    A file is laid out like the Indonesian one, with its remarks.
    """
    kept = {key: _tidied(one.source) for key, one in wording.keys(language).items()}
    new = {key for key, text in texts.items() if kept.get(key) != text}
    messages = wording.root / "messages"
    changed = []
    for source in sorted((messages / SOURCE).rglob("*.yaml")):
        prefix = f"{source.stem}."
        if not any(key.startswith(prefix) for key in new):
            continue
        own = {
            key.removeprefix(prefix): text
            for key, text in {**kept, **texts}.items()
            if key.startswith(prefix)
        }
        file = messages / language / source.relative_to(messages / SOURCE)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(laid_out(source.read_text(encoding="utf-8"), own), encoding="utf-8")
        part.replace(file)
        changed.append(file)
    return changed
