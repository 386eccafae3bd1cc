"""Every sentence the desk says: keys and arguments in, words in a person's language out.

``templates/messages/<language>/<file>.yaml`` gives the keys ``<file>.<nested.path>``, and
``services/<id>.yaml`` gives ``<id>.<nested.path>``; a service's id alone means its title. A key
that a service does not have is looked for under ``common``, then under ``conversation`` (so a
service may say anything in words of its own); each first in the person's language, then in
Indonesian, so that a language with few texts never covers what a service says itself. Values are
Jinja2 and hold only the marks of ``bot.words.markup``; arguments are always escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from bot.words import display
from bot.words.markup import to_plain
from flows.messages import Button, Message
from flows.source import Problem, Source

_ULTIMATE = "id"
_HOW = "common.answer_with_number"
_USED: dict[str, frozenset[str]] = {}
"""The arguments of each text: the same in every language, for filters and globals are."""


class KeyMissing(KeyError):
    """There is no text for a key; the message names the key and the language."""

    def __init__(self, key: str, language: str) -> None:
        super().__init__(key, language)
        self.key = key
        self.language = language

    def __str__(self) -> str:
        return f'there is no text for "{self.key}" in "{self.language}"'


class WordsBroken(ValueError):
    """A text cannot be made from its arguments; names the key, never the arguments' values."""


class Worded(NamedTuple):
    """A message in words: ``html`` has only b, i, code, a; ``buttons`` are (choice, label).

    ``how`` says how to answer where buttons can only be numbered lines; empty without buttons.
    """

    html: str
    buttons: list[tuple[str, str]]
    how: str = ""

    @property
    def text(self) -> str:
        """The words without marks."""
        return to_plain(self.html)


class Sentence(NamedTuple):
    """The source of one text, and where it stands."""

    source: str
    file: str
    line: int


class Wording:
    """All texts under ``root`` (templates/), in these languages.

    ``facts`` is what every text may say about the office (``{{ office.name }}``): name, address,
    hours, contact, ``villages`` (id and name), ``zone`` (IANA name).
    """

    def __init__(
        self, root: Path, languages: Sequence[str], facts: Mapping[str, Any] | None = None
    ) -> None:
        self.languages = tuple(languages)
        self.problems: list[Problem] = []
        self.root = root
        self._facts = MappingProxyType(dict(facts or {}))
        self._zone = ZoneInfo(str(self._facts.get("zone", "Asia/Jakarta")))
        self._places = _places(self._facts.get("villages", ()))
        self._files: set[str] = set()
        self._sentences: dict[str, dict[str, Sentence]] = {}
        for language in dict.fromkeys((*self.languages, _ULTIMATE)):
            self._sentences[language] = self._load(language)
        self._environments = {one: self._environment(one) for one in self._sentences}
        self._templates: dict[tuple[str, str], Template] = {}
        self._fixed: dict[tuple[str, str], Markup] = {}
        self._labels: dict[tuple[str, str], str] = {}
        self._constant: set[tuple[str, str]] = set()
        self._always: dict[tuple[str, str], str] = {}

    def render(self, message: Message) -> Worded:
        """Say a message in its language; raises KeyMissing or WordsBroken."""
        said = [(part, self.part(message.language, part.key, part.args)) for part in message.parts]
        html = "\n\n".join(_brief(text) if part.brief else text for part, text in said if text)
        buttons = [(one.choice, self._button(message.language, one)) for one in message.buttons]
        how = str(self.fixed(message.language, _HOW)) if buttons else ""
        return Worded(html, buttons, how)

    def part(self, language: str, key: str, args: Mapping[str, Any]) -> str:
        """Say one text as HTML; raises KeyMissing or WordsBroken."""
        language = self._known(language)
        always = self._always.get((language, key))
        if always is not None:
            return always
        try:
            said = self._template(language, key).render(args).strip()
            if (language, key) in self._constant:
                self._always[language, key] = said
            return said
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            # Jinja's own messages name variables; others could repeat what a person wrote.
            reason = str(error) if isinstance(error, TemplateError) else type(error).__name__
            raise WordsBroken(f'the text "{key}" in "{language}": {reason}') from None

    def label(self, language: str, key: str) -> str:
        """Return a short text without arguments as plain words; empty where there is none."""
        known = self._labels.get((language, key))
        if known is None:
            found = self._find(self._known(language), key) is not None
            known = to_plain(self.fixed(language, key)) if found else ""
            self._labels[language, key] = known
        return known

    def fixed(self, language: str, key: str) -> Markup:
        """Return a text that takes no arguments as HTML, made once; raises KeyMissing."""
        known = self._fixed.get((language, key))
        if known is None:
            known = Markup(self.part(language, key, {}))  # noqa: S704 - escaped when it was made
            self._fixed[language, key] = known
        return known

    def page(self, name: str, /, **data: object) -> str:
        """Render templates/pages/<name>.html, autoescaped; ``language`` chooses its filters."""
        language = self._known(str(data.get("language", _ULTIMATE)))
        return self._environments[language].get_template(f"pages/{name}.html").render(data)

    def keys(self, language: str) -> dict[str, Sentence]:
        """Return every text of a language by its key, without fallbacks."""
        return self._sentences.get(language, {})

    def variables(self, language: str, key: str) -> set[str]:
        """Return the names of the arguments that a text uses; raises KeyMissing."""
        return self.used(language, self._source(language, key).source)

    def used(self, language: str, source: str) -> set[str]:
        """Return the arguments that a text not yet among these uses; raises TemplateError."""
        if "{" not in source:
            return set()
        known = _USED.get(source)
        if known is None:
            environment = self._environments[self._known(language)]
            environment.from_string(source)
            tree = environment.parse(source)
            found = meta.find_undeclared_variables(tree) - set(environment.globals)
            known = _USED[source] = frozenset(found)
        return set(known)

    def missing(self, keys: Iterable[str], languages: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return (language, key) for every key that a language (of these, or any) has no text for.

        What others say instead does not count.
        """
        return [
            (language, key)
            for key in keys
            for language in languages or self.languages
            if not any(name in self._sentences[language] for name in self._names(key))
        ]

    def check(self) -> list[Problem]:
        """Compile every text and return what is wrong, with file, line and key."""
        found = list(self.problems)
        for language, sentences in self._sentences.items():
            for key, sentence in sentences.items():
                if "{" not in sentence.source:
                    continue
                try:
                    self._environments[language].parse(sentence.source)
                except TemplateError as error:
                    wrong = f"this is no template ({error})"
                    place = (sentence.file, sentence.line, key, wrong)
                    found.append(Problem(*place, "check braces and filters"))
        return found

    # --- finding ---------------------------------------------------------------------------------

    def _known(self, language: str) -> str:
        return language if language in self._sentences else _ULTIMATE

    def _names(self, key: str) -> tuple[str, ...]:
        """A key, and where a service's own is missing, what all have in common or the desk says."""
        prefix, dot, rest = key.partition(".")
        if not dot:
            return (f"{key}.title",)
        if prefix in self._files:
            return (key,)
        return (key, f"common.{rest}", f"conversation.{rest}")

    def _find(self, language: str, key: str) -> Sentence | None:
        names = self._names(key)
        for name in names:
            for tongue in (language, _ULTIMATE):
                if found := self._sentences[tongue].get(name):
                    return found
        return None

    def _source(self, language: str, key: str) -> Sentence:
        found = self._find(self._known(language), key)
        if found is None:
            raise KeyMissing(key, language)
        return found

    def _template(self, language: str, key: str) -> Template:
        template = self._templates.get((language, key))
        if template is None:
            environment = self._environments[language]
            if key.startswith("commands/"):
                if not (self.root / f"{key}.j2").is_file():
                    raise KeyMissing(key, language)
                template = environment.get_template(f"{key}.j2")
            else:
                source = self._source(language, key).source
                template = environment.from_string(source)
                if not _varies(environment, source):
                    self._constant.add((language, key))
            self._templates[language, key] = template
        return template

    def _button(self, language: str, button: Button) -> str:
        if button.text:
            return button.text
        return self.label(language, button.key) or to_plain(self.fixed(language, button.key))

    # --- loading ---------------------------------------------------------------------------------

    def _load(self, language: str) -> dict[str, Sentence]:
        folder = self.root / "messages" / language
        found: dict[str, Sentence] = {}
        for file in sorted(folder.glob("*.yaml")) + sorted(folder.glob("services/*.yaml")):
            if file.parent == folder:
                self._files.add(file.stem)
            source = Source(str(file), file.read_text(encoding="utf-8"))
            for path, (text, line) in source.leaves().items():
                found[f"{file.stem}.{path}"] = Sentence(text, str(file), line)
            self.problems.extend(source.problems)
        return found

    def _environment(self, language: str) -> ImmutableSandboxedEnvironment:
        environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.root),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        environment.globals = {"office": self._facts, "range": range}
        environment.filters.update(
            date=partial(display.show_date, language=language),
            day=partial(display.show_day, language=language),
            datetime=partial(display.show_time, language=language, zone=self._zone),
            rupiah=partial(display.show_rupiah, language=language),
            mask=display.mask,
            place=self._place,
            label=partial(self.fixed, language),
            whose=partial(self._whose, language),
            weekday=partial(display.show_weekday, language=language),
            shown=partial(self.shown, language),
        )
        return environment

    # --- what templates use ----------------------------------------------------------------------

    def _place(self, village: str) -> str:
        return self._places.get(village, village)

    def _whose(self, language: str, group: str, number: int) -> str:
        """Name a member of a group in brackets, behind what is theirs; nothing without a group."""
        return f" ({self.label(language, group).lower()} {number})" if group else ""

    def shown(self, language: str, line: Mapping[str, str]) -> str:
        """Show an answer: ``choice`` is the key of its label where it was chosen from a list."""
        value = line["value"]
        if not value:
            return "–"
        if choice := line.get("choice"):
            return self.fixed(language, choice)
        check = line.get("check", "")
        if check == "village":
            return self._place(value)
        if check == "yesno":
            return self.fixed(language, f"common.button.{value}")
        word = partial(self.label, language)
        return display.show_answer(value, check, language, self._zone, word)


def _varies(environment: ImmutableSandboxedEnvironment, source: str) -> bool:
    """Tell whether a text depends on anything but the office; most do not."""
    tree = environment.parse(source)
    names = meta.find_undeclared_variables(tree) - environment.globals.keys()
    return bool(names) or any(True for _ in meta.find_referenced_templates(tree))


def _brief(html: str) -> str:
    """Leave away the last line, which is the example, unless there is no other."""
    return html.rpartition("\n")[0].rstrip() or html


def _places(villages: Iterable[Any]) -> dict[str, str]:
    """Return village names by id, from mappings or structs."""
    places: dict[str, str] = {}
    for village in villages:
        if isinstance(village, Mapping):
            places[str(village["id"])] = str(village["name"])
        else:
            places[str(village.id)] = str(village.name)
    return places
