"""Who is on which version of a service, and what a change would take from under their feet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.setup.settings import Config
from bot.words.wording import Wording
from flows.answers import CHECKS
from flows.definition import Definition
from flows.keys import keys_of
from flows.loader import canonical
from flows.source import Problem, Source
from storage.definitions import Version

_UNTIL = "until they are done"


def under_way(versions: Sequence[Version], config: Config) -> Iterator[str]:
    """Say of every version that somebody is on how many they are, and since when it is in force."""
    zone = ZoneInfo(config.office.time_zone)
    for one in _together(versions):
        if one.in_use:
            day = datetime.fromtimestamp(one.since / 1000, UTC).astimezone(zone).date()
            yield f"{_named(one)}, in force since {day.isoformat()}: {_people(one)} under way."


def stranding(
    versions: Sequence[Version],
    current: Mapping[str, Definition],
    config: Config,
    wording: Wording,
    root: Path,
) -> Iterator[Problem]:
    """Yield what somebody under way could not finish with; ``current`` is what is in force now."""
    for one in _together(versions):
        if not one.in_use:
            continue
        if one.definition is None:
            wrong = f"{_on(one)}, which this program cannot read"
            write = f"go on with the newer program {_UNTIL}"
            yield Problem(_file(one.service), 0, "version", wrong, write)
            continue
        if one.definition == current.get(one.service):
            continue
        yield from _unraised(one, one.definition, versions, current, root)
        yield from _unsaid(one, one.definition, config, wording)
        yield from _undone(one, one.definition, config, root)


def _together(versions: Sequence[Version]) -> list[Version]:
    """Join what reads the same: a newer program writes the same version in more words."""
    found: dict[bytes, Version] = {}
    for one in versions:
        content = canonical(one.definition) if one.definition else one.digest.encode()
        same = found.setdefault(content, one)
        if same is not one:
            found[content] = same._replace(
                since=min(same.since, one.since),
                conversations=same.conversations + one.conversations,
                requests=same.requests + one.requests,
            )
    return list(found.values())


def _unraised(
    one: Version,
    kept: Definition,
    versions: Sequence[Version],
    current: Mapping[str, Definition],
    root: Path,
) -> Iterator[Problem]:
    """What is asked or done has changed, and the version has not."""
    now = current.get(one.service)
    if now is None or now.version != kept.version:
        return
    file = _file(one.service)
    path = root / file
    source = Source(file, path.read_text(encoding="utf-8") if path.is_file() else "")
    source.read(Definition)
    wrong = f"{now.version} was another one before: {_on(one)}"
    known = [each.definition for each in versions if each.service == one.service]
    newest = max(each.version for each in known if each is not None)
    yield Problem(file, source.line(("version",)), "version", wrong, f"write version: {newest + 1}")


def _unsaid(one: Version, kept: Definition, config: Config, wording: Wording) -> Iterator[Problem]:
    """A text that it needs is gone."""
    for language, key in wording.missing(keys_of(kept), config.languages):
        file = f"templates/messages/{language}/services/{one.service}.yaml"
        wrong = f"has no text any more: {_on(one)}"
        yield Problem(file, 0, key.partition(".")[2], wrong, f"write it back {_UNTIL}")


def _undone(one: Version, kept: Definition, config: Config, root: Path) -> Iterator[Problem]:
    """A letter, a role or a check that it needs is gone."""
    if kept.letter and not (root / "templates" / "letters" / f"{kept.letter}.typ").is_file():
        wrong = f"is gone: {_on(one)}"
        yield Problem(f"templates/letters/{kept.letter}.typ", 0, "", wrong, f"put it back {_UNTIL}")
    for role in sorted({stage.role for stage in kept.stages} - config.roles.keys()):
        stages = ", ".join(stage.id for stage in kept.stages if stage.role == role)
        wrong = f"is no role any more, but that of stage {stages}: {_on(one)}"
        yield Problem("config.yaml", 0, f"roles.{role}", wrong, f"write it back {_UNTIL}")
    asked = [*kept.questions, *(each for group in kept.groups for each in group.questions)]
    for check in sorted({question.check for question in asked} - CHECKS.keys()):
        wrong = f'needs the check "{check}", which this program does not have: {_on(one)}'
        write = f"go on with the other program {_UNTIL}"
        yield Problem(_file(one.service), 0, "version", wrong, write)


def _file(service: str) -> str:
    return f"flows/services/{service}.yaml"


def _named(one: Version) -> str:
    number = one.definition.version if one.definition else "unreadable"
    return f"{one.service} version {number}"


def _people(one: Version) -> str:
    counts = ((one.conversations, "conversation"), (one.requests, "request"))
    return " and ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n)


def _on(one: Version) -> str:
    return f"{_people(one)} under way on {_named(one)}"
