"""Several offices in one installation: where each has its settings, and what else reaches it.

``LOKET_OFFICES`` names a folder; each folder in it is an office, with a ``config.yaml`` and, in
``env``, an environment of its own. What the process's environment holds reaches an office only
where it belongs to the installation: a token there would be every office's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from bot.setup.config import ENVIRONMENT, IN_FILES, ConfigError, load_config
from bot.setup.hosts import host_of, is_loopback_host
from bot.setup.settings import Config
from flows.source import Problem, nearest

VARIABLE = "LOKET_OFFICES"
_PROCESS = ("LOKET_HOST", "LOKET_PORT", "LOKET_LOGS")
_INSTALLATION = frozenset(
    {*_PROCESS, "LOKET_DATA_DIR", "LOKET_NOW"}
    | {"TELEGRAM_API_BASE", "TWILIO_API_BASE", "AWS_ENDPOINT_URL", "AWS_REGION"}
)
"""What offices may take from the process's environment."""

_SETTABLE = frozenset(ENVIRONMENT) | {f"{name}_FILE" for name in IN_FILES}
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_QUOTES = ("'", '"')
_FOR_OTHERS = 0o077
_CONFIG, ENV = "config.yaml", "env"


class OfficeSetup(Struct):
    """An office as its folder describes it; without ``config`` the ``problems`` say why."""

    name: str
    config_path: Path
    environ: dict[str, str]
    config: Config | None
    problems: list[Problem]

    @property
    def host(self) -> str:
        """The name at which it is asked for, also where its ``config.yaml`` is broken."""
        config = self.config
        return host_of(config.public_url if config else self.environ.get("LOKET_PUBLIC_URL", ""))


def has_offices(environ: Mapping[str, str]) -> bool:
    """Tell whether the installation is one of several offices."""
    return bool(environ.get(VARIABLE))


def office_names(environ: Mapping[str, str]) -> list[str]:
    """Return the names of the offices; raises ConfigError."""
    return [folder.name for folder in _folders(environ)]


def read_offices(environ: Mapping[str, str]) -> list[OfficeSetup]:
    """Read every office, also those that are broken; raises ConfigError where none may start."""
    if problems := _foreign(environ):
        raise ConfigError(problems)
    return [_read(folder, environ) for folder in _folders(environ)]


def located(setup: OfficeSetup, problem: Problem) -> Problem:
    """Return a problem of this office's configuration with the file that it stands in."""
    files = {setup.config_path.name: _CONFIG, "environment": ENV}
    file = files.get(problem.file)
    return replace(problem, file=f"{setup.name}/{file}") if file else problem


# --- reading ------------------------------------------------------------------------------------


def _folders(environ: Mapping[str, str]) -> list[Path]:
    above = Path(environ[VARIABLE])
    try:
        found = sorted(one for one in above.iterdir() if one.is_dir() and one.name[0] != ".")
    except OSError as error:
        wrong = f"{above} cannot be read: {error.strerror}"
        write = "write the folder that holds a folder for each office"
        raise ConfigError([Problem("environment", 0, VARIABLE, wrong, write)]) from None
    if not found:
        write = f"make one for each office, with a {_CONFIG} in it"
        raise ConfigError([Problem("environment", 0, VARIABLE, f"{above} holds no folder", write)])
    return found


def _foreign(environ: Mapping[str, str]) -> list[Problem]:
    """What the process's environment holds and no office may get from there."""
    problems = []
    for name in sorted(_SETTABLE - _INSTALLATION):
        if environ.get(name):
            wrong = "would be every office's"
            write = "write it into the file env in the folder of the office that it belongs to"
            problems.append(Problem("environment", 0, name, wrong, write))
    if environ.get("LOKET_CONFIG"):
        wrong = f"names one office's configuration, and {VARIABLE} many"
        problems.append(Problem("environment", 0, "LOKET_CONFIG", wrong, "set one of the two"))
    return problems


def _read(folder: Path, environ: Mapping[str, str]) -> OfficeSetup:
    own, problems = _own_environment(folder)
    shared = {name: environ[name] for name in _INSTALLATION if environ.get(name)}
    data = Path(environ.get("LOKET_DATA_DIR") or "data") / folder.name
    setup = OfficeSetup(
        folder.name,
        folder / _CONFIG,
        {**shared, "LOKET_DATA_DIR": str(data), **own},
        None,
        problems,
    )
    if not _NAME.fullmatch(folder.name):
        write = "call it by small letters, digits and -"
        setup.problems.append(Problem(folder.name, 0, "", "is no name for an office", write))
    if not setup.config_path.is_file():
        write = "copy the example config.yaml there, or take the folder away"
        file = f"{folder.name}/{_CONFIG}"
        setup.problems.append(Problem(file, 0, "", "there is no such file", write))
    if not setup.problems:
        try:
            config = load_config(setup.config_path, setup.environ)
        except ConfigError as error:
            setup.problems += [located(setup, one) for one in error.problems]
        else:
            setup.problems += _host_problems(setup, config)
            setup.config = None if setup.problems else config
    return setup


def _host_problems(setup: OfficeSetup, config: Config) -> list[Problem]:
    """Offices are asked for by name; the machine's own addresses are the installation's."""
    host = host_of(config.public_url)
    if host and not is_loopback_host(host):
        return []
    wrong = f"{config.public_url} is no address that only this office has"
    write = f"write such as https://{setup.name}.example.go.id, to try it out "
    write += f"http://{setup.name}.localhost:{config.port}"
    return [Problem(f"{setup.name}/{ENV}", 0, "LOKET_PUBLIC_URL", wrong, write)]


def _own_environment(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """Read an office's ``env``: NAME=VALUE, empty lines and comments (#); it holds secrets."""
    file, path = f"{folder.name}/{ENV}", folder / ENV
    try:
        with path.open(encoding="utf-8") as lines:
            if path.stat().st_mode & _FOR_OTHERS:
                wrong, write = "others on this machine may read it", f"run chmod 600 {path}"
                return {}, [Problem(file, 0, "", wrong, write)]
            return _parsed(file, lines.read())
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError) as error:
        wrong = f"unreadable: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}"
        return {}, [Problem(file, 0, "", wrong, "make it a file that this user may read")]


def _parsed(file: str, text: str) -> tuple[dict[str, str], list[Problem]]:
    values: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if (not name and not equals) or name.startswith("#"):
            continue
        fault = _fault(name, values) if equals else ("is no setting", "write NAME=VALUE")
        if fault is not None:
            # A line that is no setting may be a secret that was pasted: it is not shown.
            problems.append(Problem(file, number, name if equals else "", *fault))
        elif len(value) > 1 and value[0] in _QUOTES and value[0] == value[-1]:
            values[name] = value[1:-1]
        else:
            values[name] = value
    return values, problems


def _fault(name: str, values: Mapping[str, str]) -> tuple[str, str] | None:
    if name in _PROCESS:
        return "belongs to the installation", "set it for the process, and remove it here"
    if name not in _SETTABLE:
        return "is no setting of an office", nearest(name, _SETTABLE, "remove it")
    return ("stands here twice", "keep one of them") if name in values else None
