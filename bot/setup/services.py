"""The services of this checkout, read from their files."""

from __future__ import annotations

from pathlib import Path

from bot.setup.settings import Config
from flows.answers import CHECKS
from flows.definition import Definition
from flows.loader import Known, load_definitions

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
