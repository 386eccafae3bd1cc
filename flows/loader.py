"""YAML to definitions. Every problem is found at once, with file, line, key and what to write."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from flows.definition import Definition
from flows.soundness import problems_of
from flows.source import Problem, Source


class BadDefinitions(Exception):
    """Definitions cannot be used; ``problems`` say where, what and what to write instead."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Known(Struct, frozen=True):
    """The names a definition may use: checks of answers, roles of the office, letter templates.

    None means that they are not known here and not checked.
    """

    checks: Collection[str] | None = None
    roles: Collection[str] | None = None
    letters: Collection[str] | None = None


ANYTHING = Known()


def load_definitions(
    folder_texts: Mapping[str, str], known: Known = ANYTHING
) -> dict[str, Definition]:
    """Return the definitions of these files (name → text) by id; raises BadDefinitions."""
    definitions, problems = read_definitions(folder_texts, known)
    if problems:
        raise BadDefinitions(problems)
    return definitions


def read_definitions(
    folder_texts: Mapping[str, str], known: Known = ANYTHING
) -> tuple[dict[str, Definition], list[Problem]]:
    """Return the sound definitions by id, and every problem of the others, by file and line."""
    definitions: dict[str, Definition] = {}
    problems: list[Problem] = []
    codes: dict[str, str] = {}
    for file in sorted(folder_texts):
        source = Source(file, folder_texts[file])
        data = source.read(Definition)
        if not source.problems:
            definition = msgspec.convert(data, Definition)
            _check_names(definition, source, codes)
            for path, wrong, write in problems_of(
                definition, known.checks, known.roles, known.letters
            ):
                source.complain(path, wrong, write)
            if not source.problems:
                definitions[definition.id] = definition
        problems += sorted(source.problems, key=lambda problem: problem.line)
    return definitions, problems


def digest(definition: Definition) -> str:
    """Return the name of exactly this version: 16 hex digits over its canonical JSON."""
    return sha256(canonical(definition)).hexdigest()[:16]


def canonical(definition: Definition) -> bytes:
    """Return the definition as JSON that is the same for the same content."""
    return msgspec.json.encode(definition, order="deterministic")


def _check_names(definition: Definition, source: Source, codes: dict[str, str]) -> None:
    stem = PurePosixPath(source.file).stem
    if definition.id != stem:
        source.complain(("id",), f'"{definition.id}" is not the file\'s name', f'write "{stem}"')
    if definition.code in codes:
        other = codes[definition.code]
        source.complain(
            ("code",), f"{definition.code} is also the code of {other}", "choose another"
        )
    codes.setdefault(definition.code, definition.id)
