"""A language completed without a program: what is missing, as a list or as a sheet to fill in."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from bot.setup.facts import office_facts
from bot.setup.settings import Config
from bot.words import sheet
from bot.words.translation import SOURCE, problems_in, texts_to_say
from bot.words.wording import Wording
from flows.source import Problem

Answer = tuple[list[str], list[Problem]]
"""What to tell, and what is wrong."""


class Texts(Struct):
    """A language's texts beside the Indonesian ones; ``root`` is the desk's folder."""

    wording: Wording
    language: str
    config: Config
    root: Path

    @property
    def count(self) -> str:
        """How much of it there is."""
        wanted = texts_to_say(self.wording).keys()
        said = len(wanted & self.wording.keys(self.language).keys())
        return f"{self.language}: {said} of {len(wanted)} texts, the others are said in Indonesian."

    def below(self, path: Path) -> str:
        """Name a file as seen from the desk's folder."""
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
        )


def texts_of(config: Config, language: str, root: Path) -> Texts:
    """Return the texts of any language, one that does not exist yet among them."""
    spoken = dict.fromkeys([*config.spoken, language])
    return Texts(_wording(config, list(spoken), root), language, config, root)


def still_to_say(texts: Texts) -> Answer:
    """List what the language has no text for, with the Indonesian one."""
    if wrong := _unfit(texts.language):
        return [], [wrong]
    known = texts.wording.keys(texts.language)
    missing = [
        f"{key}:\n    " + source.strip().replace("\n", "\n    ")
        for key, source in texts_to_say(texts.wording).items()
        if key not in known
    ]
    problems = [
        Problem(texts.below(Path(one.file)), one.line, one.key, one.wrong, one.write)
        for one in problems_in(texts.wording, texts.language)
    ]
    return [*missing, texts.count], problems


def hand_out(texts: Texts, path: Path) -> Answer:
    """Write the sheet of a language; one that is there is never overwritten."""
    if wrong := _unfit(texts.language):
        return [], [wrong]
    if path.exists():
        return [], [Problem(str(path), 0, "", "is there already", "choose another name")]
    path.write_bytes(sheet.write_sheet(texts.wording, texts.language))
    then = f"loket check --language {texts.language} --read {path}"
    return [texts.count, f"Fill in the third column of {path}, then: {then}"], []


def take_in(texts: Texts, path: Path) -> Answer:
    """Write what a sheet brings into templates/messages; nothing where any row is wrong."""
    if wrong := _unfit(texts.language):
        return [], [wrong]
    content = path.read_bytes()
    brought, problems = sheet.read_sheet(texts.wording, texts.language, str(path), content)
    if problems:
        return [], problems
    changed = sheet.save_texts(texts.wording, texts.language, brought)
    again = texts_of(texts.config, texts.language, texts.root)
    told = [f"{texts.below(file)} is written." for file in changed] or ["Nothing has changed."]
    told.append(again.count)
    if changed:
        told.append("The desk says it after its next start.")
    if texts.language not in texts.config.spoken:
        told.append(
            f"To offer it, add {texts.language} to partial_languages in config.yaml, and its own "
            f"name to languages.yaml of {', '.join(texts.config.languages)}."
        )
    return told, []


def _unfit(language: str) -> Problem | None:
    if language == SOURCE:
        wrong = "is the language that the others are made from"
        return Problem("--language", 0, SOURCE, wrong, "name another")
    if not re.fullmatch(r"[a-z]{2,3}", language):
        return Problem(
            "--language", 0, language, "is no language code", "write one such as min, jv"
        )
    return None


def _wording(config: Config, languages: list[str], root: Path) -> Wording:
    return Wording(root / "templates", languages, office_facts(config))
