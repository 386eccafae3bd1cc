"""``loket``: everything an administrator or officer does from a terminal of this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.setup.settings import Config
    from bot.terminal.visiting import Ask
    from flows.source import Problem

# Only what the asked command needs is imported, within it: `loket --help` answers at once.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A service desk that lives in WhatsApp, SMS and Telegram, for sub-district offices.",
)
staff = typer.Typer(
    no_args_is_help=True, help="The officers: invite, list, suspend.", rich_markup_mode=None
)
app.add_typer(staff, name="staff")

_OFFICE = "LOKET_OFFICE"
Trial = Annotated[bool, typer.Option("--trial", help="On the trial's own data.")]


class Drawing(StrEnum):
    """The forms in which a service can be drawn."""

    text = "text"
    json = "json"
    mermaid = "mermaid"
    svg = "svg"


def main() -> None:
    """Run the command line; an error is one sentence on standard error."""
    from msgspec import MsgspecError

    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        raise SystemExit(0) from None
    except (OSError, MsgspecError) as error:
        _fail(str(error))


@app.callback()
def one_of_several(
    office: Annotated[
        str,
        typer.Option("--office", envvar=_OFFICE, help="Which office, where there are several."),
    ] = "",
) -> None:
    """Choose the office that the command is for."""
    import os

    from bot.setup.config import ConfigError
    from bot.setup.offices import VARIABLE, has_offices, office_names

    if not office:
        return
    if not has_offices(os.environ):
        raise typer.BadParameter(f"there is one office only: {VARIABLE} is not set")
    try:
        known = office_names(os.environ)
    except ConfigError as error:
        _fail(str(error))
    if office not in known:
        raise typer.BadParameter(f'there is no "{office}": one of {", ".join(known)}')
    os.environ[_OFFICE] = office


@app.command()
def serve() -> None:
    """Serve the desk, or all offices, until it is told to stop (Ctrl-C)."""
    import os

    from bot.app import build
    from bot.installation import NoOffice, installed
    from bot.serving import PortTaken, run
    from bot.setup.offices import has_offices
    from bot.terminal.banner import announce, announce_offices

    def work() -> None:
        if not has_offices(os.environ):
            config = _config()
            run(lambda: build(config), announce)
            return
        if _office():
            raise typer.BadParameter("serve takes all offices: leave it out", param_hint="--office")
        run(lambda: installed(os.environ), announce_offices)

    try:
        _guarded(work)
    except (PortTaken, NoOffice) as error:
        _fail(str(error))


@app.command()
def console(
    trial: Trial = False,
    name: Annotated[str, typer.Option("--as", help="The officer, on trial data only.")] = "",
) -> None:
    """Work as an officer; without a terminal, commands are read from standard input."""
    if name and not trial:
        raise typer.BadParameter("works on trial data only: add --trial", param_hint="--as")
    from bot.terminal.sessions import officer_session

    _visit(lambda ask: officer_session(ask, trial=trial, name=name), trial=trial)


@app.command()
def chat(
    name: Annotated[str, typer.Option("--name", help="Which citizen of the trial.")] = "warga",
) -> None:
    """Chat as a citizen, on trial data."""
    from bot.terminal.sessions import citizen_session

    _visit(lambda ask: citizen_session(ask, name), trial=True)


@app.command()
def check(
    language: Annotated[
        str, typer.Option(help="Only this language: what it still has to say.")
    ] = "",
    write: Annotated[
        Path | None, typer.Option(help="Make a spreadsheet (CSV) of that language to fill in.")
    ] = None,
    read: Annotated[Path | None, typer.Option(help="Take a filled-in spreadsheet in.")] = None,
) -> None:
    """Check configuration, services, texts and letters; exit 1 when something is wrong."""
    if language:
        _translate(language, write, read)
        return
    if write or read:
        raise typer.BadParameter("say which language: --language min", param_hint="--language")
    import os

    from bot.setup.checking import check_all, check_offices
    from bot.setup.config import config_path
    from bot.setup.offices import has_offices
    from bot.setup.services import ROOT
    from bot.terminal.looking import kept_versions

    if has_offices(os.environ):
        found = check_offices(os.environ, ROOT, kept_versions, _office())
    else:
        found = check_all(config_path(os.environ), os.environ, ROOT, kept_versions)
    for note in found.notes:
        typer.echo(note)
    _tell(found.problems)


def _translate(language: str, write: Path | None, read: Path | None) -> None:
    from bot.setup import languages
    from bot.setup.services import ROOT

    if write and read:
        raise typer.BadParameter("one thing at a time: --write or --read")

    def work() -> None:
        texts = languages.texts_of(_config(), language, ROOT)
        if write:
            done, problems = languages.hand_out(texts, write)
        elif read:
            done, problems = languages.take_in(texts, read)
        else:
            done, problems = languages.still_to_say(texts)
        for line in done:
            typer.echo(line)
        _tell(problems)

    _guarded(work)


def _tell(problems: list[Problem]) -> None:
    for problem in problems:
        typer.echo(str(problem), err=True)
    if problems:
        raise typer.Exit(1)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write all data into one encrypted FILE, also while the desk runs; without the master key."""
    from bot.keeping.terminal import backup_to

    _guarded(lambda: backup_to(_config(), file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    key: Annotated[
        Path | None, typer.Option("--key", help="The kept copy of the master key.")
    ] = None,
) -> None:
    """Bring a backup's data to a machine that has none; nothing is overwritten."""
    from bot.keeping.terminal import restore_from

    _guarded(lambda: restore_from(_config(), file, key))


@app.command("rotate-key")
def rotate_key() -> None:
    """Seal all data with a new master key; stop the desk first."""
    from bot.keeping.terminal import change_key

    _guarded(lambda: change_key(_config()))


@app.command()
def migrate(
    to: Annotated[str, typer.Option("--to", help="A database: sqlite:///… or postgresql://…")] = "",
    files: Annotated[str, typer.Option("--files", help="A file store: file:///… or s3://…")] = "",
    stay: Annotated[bool, typer.Option("--stay", help="Call a move off, serve it here.")] = False,
) -> None:
    """Move the office to another database or file store; stop the desk first."""
    from bot.keeping.moving import DATABASES, STORES
    from bot.keeping.terminal import move_to, stay_here

    if stay == bool(to or files):
        raise typer.BadParameter("say where to: --to URL, --files URL or both; or only --stay")
    if to and not to.startswith(DATABASES):
        raise typer.BadParameter("sqlite:///… or postgresql://…", param_hint="--to")
    if files and not files.startswith(STORES):
        raise typer.BadParameter("file:///… or s3://bucket/prefix", param_hint="--files")
    _guarded(lambda: stay_here(_config()) if stay else move_to(_config(), to, files))


@app.command()
def flow(
    service: Annotated[str, typer.Argument(help="A service's id; without it all are listed.")] = "",
    format: Annotated[Drawing, typer.Option(help="How to draw it.")] = Drawing.text,
) -> None:
    """Show what a service asks and which stages it runs through."""
    _guarded(lambda: _draw(service, format))


@app.command()
def broadcast(
    text: Annotated[str, typer.Argument(help="The announcement; without it all are listed.")] = "",
    village: Annotated[str, typer.Option(help="Only for this village.")] = "",
    service: Annotated[str, typer.Option(help="Only for who asked for this service.")] = "",
    program: Annotated[str, typer.Option(help="Only for who filed within this program.")] = "",
    language: Annotated[str, typer.Option(help="Only for who reads this language.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Send it after showing it.")] = False,
    send: Annotated[int, typer.Option(help="Send the announcement of this number.")] = 0,
    pause: Annotated[int, typer.Option(help="Hold it.")] = 0,
    resume: Annotated[int, typer.Option(help="Go on with it.")] = 0,
    cancel: Annotated[int, typer.Option(help="Call it off.")] = 0,
    trial: Trial = False,
) -> None:
    """Announce something to many: it is shown first, with who gets it, time and cost."""
    from bot.terminal.sessions import announcement_session

    acts = {"kirim": send, "jeda": pause, "lanjut": resume, "batal": cancel}
    asked = {act: number for act, number in acts.items() if number}
    if len(asked) + bool(text) > 1:
        raise typer.BadParameter("one thing at a time: a text, or one number to act on")
    audience = {"village": village, "service": service, "program": program, "language": language}
    request = {"text": text, **audience}
    for act, number in asked.items():
        request |= {"act": act, "number": str(number)}
    _visit(lambda ask: announcement_session(ask, request, yes=yes), trial=trial)


@staff.command()
def invite(name: str, role: str, trial: Trial = False) -> None:
    """Make a code by which NAME joins with ROLE."""
    _staff({"act": "invite", "name": name, "role": role}, trial)


@staff.command("list")
def list_staff(trial: Trial = False) -> None:
    """List the officers."""
    _staff({"act": "list"}, trial)


@staff.command()
def suspend(name: str, trial: Trial = False) -> None:
    """Let an officer do nothing more, at once."""
    _staff({"act": "suspend", "name": name}, trial)


# --- what commands share ------------------------------------------------------------------------


def _fail(reason: str) -> NoReturn:
    typer.echo(f"loket: {reason}", err=True)
    raise SystemExit(1)


def _guarded(work: Callable[[], None]) -> None:
    """Run, and turn what can go wrong outside our hands into one sentence."""
    from bot.engine.opening import DataLocked
    from bot.keeping.keys import NoNewKey
    from bot.keeping.sides import Refused
    from bot.setup.config import ConfigError
    from flows.loader import BadDefinitions
    from storage.backup import BadBackup
    from storage.database import StorageUnavailable
    from storage.moving import MoveRefused
    from storage.vault import WrongKey

    outside = (ConfigError, BadDefinitions, DataLocked, StorageUnavailable, WrongKey)
    try:
        work()
    except (*outside, BadBackup, MoveRefused, NoNewKey, Refused) as error:
        _fail(str(error))


def _office() -> str:
    """Return the name of the office that was chosen before the command."""
    import os

    return os.environ.get(_OFFICE, "")


def _config() -> Config:
    import os

    from bot.setup.config import config_path, load_config
    from bot.setup.offices import has_offices, office_names
    from bot.setup.walls import office_config

    if has_offices(os.environ):
        if not _office():
            names = ", ".join(office_names(os.environ))
            raise typer.BadParameter(f"say which office: one of {names}", param_hint="--office")
        return office_config(os.environ, _office())
    path = config_path(os.environ)
    if not path.is_file():
        _fail(f"there is no {path}: go to the desk's folder or set LOKET_CONFIG")
    return load_config(path, os.environ)


def _visit(session: Callable[[Ask], Coroutine[Any, Any, bool]], *, trial: bool) -> None:
    from bot.terminal.visiting import visit

    def work() -> None:
        import asyncio

        if not asyncio.run(visit(_config(), session, trial=trial)):
            raise SystemExit(1)

    _guarded(work)


def _staff(request: dict[str, str], trial: bool) -> None:
    from bot.terminal.sessions import say

    async def session(ask: Ask) -> bool:
        answer = await ask({"do": "staff", **request})
        refused = "refused" in answer
        print_to = sys.stderr if refused else sys.stdout
        typer.echo(say("refused" if refused else "staff", **answer), file=print_to)
        return not refused

    _visit(session, trial=trial)


def _draw(service: str, format: Drawing) -> None:
    from bot.setup.facts import office_facts
    from bot.setup.services import ROOT, read_services
    from bot.words.wording import Wording
    from flows.drawing import draw

    config = _config()
    services = read_services(config)
    wording = Wording(ROOT / "templates", config.spoken, office_facts(config))
    if not service:
        for one in services:
            typer.echo(f"{one}\t{wording.label('id', f'{one}.title')}")
        return
    if service not in services:
        _fail(f'there is no service "{service}": one of {", ".join(services)}')
    typer.echo(draw(services[service], format.value, lambda key: wording.label("id", key)))
