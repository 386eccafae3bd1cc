"""A public-service program: which services it covers, where and when. Pure.

A citizen comes into a program by its link or its name, and by asking for one of its services where
and while it takes place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct, field

from flows.source import Path, Problem, Source, nearest
from flows.spelling import raw_words

LINK = "program-"
"""What a deep link to a program begins with; its id follows."""
_LINK_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_LONGEST_ID = 40


class Program(Struct, frozen=True, forbid_unknown_fields=True):
    """The data of ``flows/programs/<id>.yaml``.

    No ``villages`` mean all of them; ``begins`` and ``ends`` are its first and its last day.
    """

    id: str
    services: list[str]
    villages: list[str] = field(default_factory=list)
    begins: date | None = None
    ends: date | None = None

    @property
    def bounded(self) -> bool:
        """Whether it says where or when: what is asked for there and then belongs to it.

        Into one that says neither only its link and its name lead.
        """
        return bool(self.villages or self.begins or self.ends)

    def runs(self, day: date) -> bool:
        """Whether it takes place on that day."""
        return (self.begins or day) <= day <= (self.ends or day)

    def reaches(self, village: str) -> bool:
        """Whether it is for that village."""
        return not self.villages or village in self.villages


def program_of(
    programs: Mapping[str, Program], came_by: str, service: str, village: str, day: date
) -> str:
    """Return the program that a request belongs to, empty for none.

    ``came_by`` is the program whose link was followed; a request without a village may still
    belong to that one.
    """
    fit = [one for one in programs.values() if service in one.services and one.runs(day)]
    for one in fit:
        if one.id == came_by and (not village or one.reaches(village)):
            return one.id
    return next((one.id for one in fit if one.bounded and one.reaches(village)), "")


def named(programs: Mapping[str, Program], said: str, title: Callable[[str], str]) -> str:
    """Return the program that is called exactly so, by its id or its title; empty for none."""
    wanted = "".join(raw_words(said))
    for one in programs if wanted else ():
        if wanted in ("".join(raw_words(one)), "".join(raw_words(title(one)))):
            return one
    return ""


def read_programs(
    texts: Mapping[str, str],
    services: Collection[str] | None = None,
    villages: Collection[str] | None = None,
) -> tuple[dict[str, Program], list[Problem]]:
    """Return the sound programs of these files (name → text) by id, and what is wrong elsewhere.

    None for ``services`` or ``villages`` means that they are not known here and not checked.
    """
    programs: dict[str, Program] = {}
    problems: list[Problem] = []
    for file in sorted(texts):
        source = Source(file, texts[file])
        data = source.read(Program)
        if not source.problems:
            program = msgspec.convert(data, Program)
            for path, wrong, write in _problems(program, file, services, villages, programs):
                source.complain(path, wrong, write)
            if not source.problems:
                programs[program.id] = program
        problems += sorted(source.problems, key=lambda problem: problem.line)
    return programs, problems


def _problems(
    program: Program,
    file: str,
    services: Collection[str] | None,
    villages: Collection[str] | None,
    others: Mapping[str, Program],
) -> Iterator[tuple[Path, str, str]]:
    stem = PurePosixPath(file).stem
    if program.id != stem:
        yield ("id",), f'"{program.id}" is not the file\'s name', f'write "{stem}"'
    if len(program.id) > _LONGEST_ID or not _LINK_SIGNS.issuperset(program.id):
        write = f"use at most {_LONGEST_ID} small letters, digits and hyphens"
        yield ("id",), f'"{program.id}" cannot stand in a link', write
    if not program.services:
        yield ("services",), "names no service", "write at least one"
    yield from _strangers("services", program.services, services)
    yield from _strangers("villages", program.villages, villages)
    if program.begins and program.ends and program.ends < program.begins:
        yield ("ends",), f"lies before {program.begins}", "exchange the two dates"
    for other in others.values():
        if shared := _shared(program, other):
            write = "give one of them other villages or dates, or neither: then its link leads in"
            yield ("services",), f"{other.id} takes {', '.join(shared)} there and then too", write


def _strangers(
    key: str, named_here: list[str], known: Collection[str] | None
) -> Iterator[tuple[Path, str, str]]:
    for place, one in enumerate(named_here):
        if known is not None and one not in known:
            yield (key, place), f'"{one}" is not known', nearest(one, known)
        elif one in named_here[:place]:
            yield (key, place), f'"{one}" is written twice', "keep one of the two"


def _shared(one: Program, other: Program) -> list[str]:
    """Return the services of which nobody could say to which of the two a request belongs."""
    if not (one.bounded and other.bounded):
        return []
    apart = one.villages and other.villages and not set(one.villages) & set(other.villages)
    begins = max(each.begins or date.min for each in (one, other))
    ends = min(each.ends or date.max for each in (one, other))
    if apart or begins > ends:
        return []
    return [service for service in one.services if service in other.services]
