"""What ``loket check`` looks at: configuration, services, texts, letters, and what is not set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field, structs
from rapidfuzz import process

from bot.setup.config import ENVIRONMENT, IN_FILES, ConfigError, load_config
from bot.setup.facts import office_facts
from bot.setup.filestore import file_store
from bot.setup.offices import located, read_offices
from bot.setup.services import program_texts
from bot.setup.settings import Config
from bot.setup.versions import stranding, under_way
from bot.setup.walls import shared_between
from bot.words.markup import to_plain
from bot.words.translation import SOURCE, problems_in, texts_to_say
from bot.words.wording import Wording, WordsBroken
from flows.answers import CHECKS
from flows.definition import Definition
from flows.keys import keys_of
from flows.loader import Known, read_definitions
from flows.program import Program, read_programs
from flows.source import Problem, Source, nearest
from storage.database import StorageUnavailable
from storage.definitions import Version
from storage.files import FilesUnavailable

_ALSO_READ = {"LOKET_CONFIG", "LOKET_OFFICES", "LOKET_OFFICE"}
_FRAME = "office"  # letterhead and signature, which every letter imports


class Findings(Struct):
    """``problems`` keep the desk from working; ``notes`` are good to know."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _nobody(config: Config) -> Sequence[Version]:
    return []


def check_all(
    config_path: Path,
    environ: Mapping[str, str],
    root: Path,
    kept: Callable[[Config], Sequence[Version]] = _nobody,
) -> Findings:
    """Check everything below ``root`` (``flows``, ``templates``) and the configuration.

    ``kept`` looks up the versions that conversations and requests of this office are on.
    """
    found = Findings()
    config = _config(config_path, environ, found)
    definitions = _definitions(root, config, found)
    services = {Path(file).stem for file in service_texts(root)}
    villages = config.villages if config else None
    programs, wrong = read_programs(program_texts(root), services, villages)
    found.problems += wrong
    languages = config.spoken if config else ["id", "en"]
    facts = office_facts(config) if config else {}
    wording = Wording(root / "templates", languages, facts)
    found.problems += _texts(wording, config, definitions, programs, root)
    if config is not None:
        source = Source(config_path.name, config_path.read_text(encoding="utf-8"))
        source.read(Config)
        found.problems += _menu(config, definitions, source)
        found.problems += _emblem(config, root, source)
        found.problems += _variables(config, wording, source)
        found.problems += _files(config)
        found.notes += [*_unset(config), *_strangers(environ)]
        found.notes += templates_to_submit(config, wording)
        found.notes += _partly_said(config, wording)
        try:
            versions = kept(config)
        except StorageUnavailable as error:
            if config.database_url.startswith("postgresql"):
                write = "write the address of a PostgreSQL that runs: see docs/postgres.md"
                found.problems.append(Problem("LOKET_DATABASE_URL", 0, "", str(error), write))
            found.notes.append(f"Nobody can say who is on which version: {error}.")
        else:
            found.notes += under_way(versions, config)
            found.problems += stranding(versions, definitions, config, wording, root)
    return found


def check_offices(
    environ: Mapping[str, str],
    root: Path,
    kept: Callable[[Config], Sequence[Version]] = _nobody,
    only: str = "",
) -> Findings:
    """Check every office of an installation, or ``only`` one, and the walls between them.

    What is wrong with texts and services that they share is said once.
    """
    try:
        offices = read_offices(environ)
    except ConfigError as error:
        return Findings(error.problems)
    problems: dict[Problem, None] = {}
    notes: list[str] = []
    for office in offices:
        if only in ("", office.name):
            problems.update(dict.fromkeys(office.problems))
            if not office.problems:
                found = check_all(office.config_path, office.environ, root, kept)
                problems.update(dict.fromkeys(located(office, one) for one in found.problems))
                notes += [f"{office.name}: {note}" for note in found.notes]
    problems.update(dict.fromkeys(shared_between(offices, only)))
    return Findings(list(problems), [*notes, *_strangers(environ)])


def service_texts(root: Path) -> dict[str, str]:
    """Return the files of ``flows/services`` by their path below ``root``."""
    files = sorted((root / "flows" / "services").glob("*.yaml"))
    return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files}


def known_names(root: Path, config: Config | None) -> Known:
    """Return the names that services may use in this installation."""
    letters = {file.stem for file in (root / "templates" / "letters").glob("*.typ")} - {_FRAME}
    return Known(checks=CHECKS, roles=config.roles if config else None, letters=letters)


def templates_to_submit(config: Config, wording: Wording) -> Iterator[str]:
    """Yield each WhatsApp template that is not approved yet, as it is to be submitted."""
    for name, template in config.twilio.templates.items():
        if template.content_sid or f"whatsapp.{name}" not in wording.keys("id"):
            continue
        places = {word: f"{{{{{place}}}}}" for place, word in enumerate(template.variables, 1)}
        try:
            text = to_plain(wording.part("id", f"whatsapp.{name}", places))
        except WordsBroken:
            # _variables names what does not fit.
            continue
        yield (
            f"WhatsApp template {name}: submit this text for approval (category utility, language "
            f"id), then write its ContentSid into config.yaml, twilio.templates.{name}:\n{text}"
        )


def _variables(config: Config, wording: Wording, source: Source) -> Iterator[Problem]:
    """A template's text and its variables in config.yaml must be the same."""
    for name, template in config.twilio.templates.items():
        key = f"whatsapp.{name}"
        if key not in wording.keys("id"):
            continue
        used = wording.variables("id", key)
        if used != set(template.variables):
            path = ("twilio", "templates", name, "variables")
            wrong = "are not those of its text in templates/messages/id/whatsapp.yaml"
            write = f"write [{', '.join(sorted(used))}]"
            yield Problem(source.file, source.line(path), source.name(path), wrong, write)


def _config(path: Path, environ: Mapping[str, str], found: Findings) -> Config | None:
    try:
        return load_config(path, environ)
    except ConfigError as error:
        found.problems += error.problems
        return None


def _definitions(root: Path, config: Config | None, found: Findings) -> dict[str, Definition]:
    definitions, problems = read_definitions(service_texts(root), known_names(root, config))
    found.problems += problems
    return definitions


def _menu(
    config: Config, definitions: Mapping[str, Definition], source: Source
) -> Iterator[Problem]:
    """The menu and the services must agree: nothing offered that is not there, nothing hidden."""
    listed = {one: group for group, services in config.services.items() for one in services}
    for service, group in listed.items():
        definition = definitions.get(service)
        path = ("services", group)
        wrong = ""
        if definition is None:
            wrong = f'"{service}" has no sound file flows/services/{service}.yaml'
            write = nearest(service, definitions.keys() - listed.keys(), "write or correct it")
        elif definition.group != group:
            wrong = f"{service} says that it belongs to {definition.group}"
            write = f"list it there, or write group: {group} in its file"
        if wrong:
            yield Problem(source.file, source.line(path), source.name(path), wrong, write)
    for service in sorted(definitions.keys() - listed.keys()):
        write = f"add it to services.{definitions[service].group}"
        line = source.line(("services",))
        yield Problem(source.file, line, "services", f"{service} is in no menu", write)


def _emblem(config: Config, root: Path, source: Source) -> Iterator[Problem]:
    emblem = config.office.emblem
    if emblem and not (root / "templates" / emblem).is_file():
        line = source.line(("office", "emblem"))
        wrong = f"templates/{emblem} does not exist"
        yield Problem(source.file, line, "office.emblem", wrong, "put the image there")


def _files(config: Config) -> Iterator[Problem]:
    """The bucket must be there, and must know our key."""

    async def ask() -> None:
        files = file_store(config)
        try:
            await files.check()
        finally:
            await files.close()

    if config.files_url.startswith("s3://"):
        try:
            asyncio.run(ask())
        except FilesUnavailable as error:
            yield Problem("environment", 0, "LOKET_FILES_URL", str(error), "then check again")


def _texts(
    wording: Wording,
    config: Config | None,
    definitions: Mapping[str, Definition],
    programs: Mapping[str, Program],
    root: Path,
) -> Iterator[Problem]:
    told = {}
    for one in wording.check():
        told[one.file, one.line, one.key] = one
    for language in wording.languages:
        for one in problems_in(wording, language) if language != SOURCE else ():
            told.setdefault((one.file, one.line, one.key), one)
    for one in told.values():
        yield structs.replace(one, file=_below(root, one.file))
    wanted = [key for definition in definitions.values() for key in keys_of(definition)]
    wanted += [f"languages.{language}" for language in wording.languages]
    wanted += [f"programs.{program}.{text}" for program in programs for text in ("title", "about")]
    for group in config.services if config else ():
        wanted.append(f"groups.{group}")
    for template in config.twilio.templates if config else ():
        wanted.append(f"whatsapp.{template}")
    complete = config.languages if config else wording.languages
    for language, key in wording.missing(wanted, complete):
        name, _, rest = key.partition(".")
        folder = "services/" if name in definitions else ""
        file = f"templates/messages/{language}/{folder}{name}.yaml"
        yield Problem(file, 0, rest, "has no text", "write one")


def _partly_said(config: Config, wording: Wording) -> Iterator[str]:
    """Say how much of a language there is; the rest is no mistake."""
    wanted = texts_to_say(wording)
    for language in config.partial_languages:
        said = len(wanted.keys() & wording.keys(language).keys())
        yield (
            f"{language}: {said} of {len(wanted)} texts, the others are said in Indonesian "
            f"(loket check --language {language} lists them)."
        )


def _below(root: Path, file: str) -> str:
    path = Path(file)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else file


def _unset(config: Config) -> Iterator[str]:
    if not config.telegram.enabled:
        yield "TELEGRAM_BOT_TOKEN is not set: the desk does not answer on Telegram."
    if not config.twilio.enabled:
        yield (
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set: no WhatsApp, and no SMS "
            "through Twilio."
        )
    elif not config.twilio.whatsapp:
        yield "TWILIO_WHATSAPP_FROM is not set: the desk does not answer on WhatsApp."
    if config.telegram.enabled and not config.telegram.staff_chat:
        yield "TELEGRAM_STAFF_CHAT is not set: officers work from their own chats or the console."
    if not config.secret_key:
        yield (
            "LOKET_SECRET_KEY is not set: the key is made in the data directory at first start; "
            "keep a copy of it elsewhere."
        )


def _strangers(environ: Mapping[str, str]) -> Iterator[str]:
    """Name variables that look like ours and are not: a misspelt one has no effect."""
    known = {*ENVIRONMENT, *_ALSO_READ, *(f"{name}_FILE" for name in IN_FILES)}
    for name in sorted(environ):
        if name.startswith(("LOKET_", "TWILIO_", "SMS_GATEWAY_")) and name not in known:
            meant = process.extractOne(name, sorted(known), score_cutoff=85)
            if meant:
                yield f"{name} is set and not read: did you mean {meant[0]}?"
