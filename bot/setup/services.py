"""The services and programs of this checkout, read from their files."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from msgspec.structs import replace

from bot.setup.settings import Config
from flows.answers import CHECKS
from flows.definition import Definition
from flows.loader import BadDefinitions, Known, load_definitions
from flows.program import Program, read_programs

ROOT = Path(__file__).resolve().parents[2]


def read_services(config: Config, root: Path = ROOT) -> dict[str, Definition]:
    """Return the services of ``flows/services``; raises BadDefinitions."""
    folder = root / "flows" / "services"
    texts = {f"flows/services/{p.name}": p.read_text() for p in sorted(folder.glob("*.yaml"))}
    letters = {p.stem for p in (root / "templates" / "letters").glob("*.typ")}
    known = Known(checks=CHECKS.keys(), roles=config.roles.keys(), letters=letters)
    offered = {service for services in config.services.values() for service in services}
    found = load_definitions(texts, known)
    return {service: one for service, one in found.items() if service in offered}


def program_texts(root: Path) -> dict[str, str]:
    """Return the files of ``flows/programs`` by their path below ``root``."""
    files = sorted((root / "flows" / "programs").glob("*.yaml"))
    return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files}


def programs_of(services: Collection[str], root: Path = ROOT) -> dict[str, Program]:
    """Return the programs of ``flows/programs`` with what this office offers of them.

    A service or village that this office does not have keeps no desk from working. Raises
    BadDefinitions.
    """
    found, problems = read_programs(program_texts(root))
    if problems:
        raise BadDefinitions(problems)
    offered = {
        one: replace(program, services=[each for each in program.services if each in services])
        for one, program in found.items()
    }
    return {one: program for one, program in offered.items() if program.services}
