"""What two offices of one installation must not have in common: senders, secrets, places, hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from bot.setup.config import ConfigError
from bot.setup.hosts import host_of, is_loopback_host
from bot.setup.offices import ENV, OfficeSetup, read_offices
from bot.setup.settings import Config
from flows.source import Problem

_SQLITE = "sqlite:///"
_POSTGRES_PORT = 5432
_KEY = "master.key"


class _Own(NamedTuple):
    """Something that one office alone may have: ``kind`` and ``value`` are compared."""

    kind: str
    value: object
    name: str
    write: str


def office_config(environ: Mapping[str, str], name: str) -> Config:
    """Return the configuration of one office that shares nothing; raises ConfigError."""
    offices = read_offices(environ)
    [setup] = [one for one in offices if one.name == name]
    problems = setup.problems or shared_between(offices, name)
    if setup.config is None or problems:
        raise ConfigError(problems)
    return setup.config


def shared_between(offices: Sequence[OfficeSetup], about: str = "") -> list[Problem]:
    """Return what two offices have in common and must not, naming both; or ``about`` only one."""
    sound = [one for one in offices if one.config is not None]
    own = {one.name: list(_owned(one)) for one in sound}
    problems = []
    for first, second in combinations(sound, 2):
        if about not in ("", first.name, second.name):
            continue
        has = {(one.kind, one.value) for one in own[first.name]}
        for one in own[second.name]:
            if (one.kind, one.value) in has:
                problems.append(_shared(first, second, one.name, one.write))
        problems += _overlapping(first, second)
    return problems


def _shared(first: OfficeSetup, second: OfficeSetup, name: str, write: str) -> Problem:
    wrong = f"{second.name} and {first.name} have the same"
    return Problem(f"{second.name}/{ENV}", 0, name, wrong, f"{write} for one of them")


def _owned(setup: OfficeSetup) -> Iterator[_Own]:
    config = setup.config
    assert config is not None
    telegram, twilio = config.telegram, config.twilio
    bot = telegram.token.reveal().partition(":")[0]
    found = [
        _Own("bot", bot, "TELEGRAM_BOT_TOKEN", "ask @BotFather for a bot of its own"),
        _Own("secret", telegram.secret_token, "TELEGRAM_SECRET_TOKEN", "write another random word"),
        _Own("group", telegram.staff_chat, "TELEGRAM_STAFF_CHAT", "write a group of its own"),
        _Own("number", twilio.whatsapp_from, "TWILIO_WHATSAPP_FROM", "write a number of its own"),
        _Own("number", twilio.sms_from, "TWILIO_SMS_FROM", "write a number of its own"),
        _Own("gateway", config.sms_gateway.secret, "SMS_GATEWAY_SECRET", "write another secret"),
        _Own("host", host_of(config.public_url), "LOKET_PUBLIC_URL", "write a host of its own"),
        _Own("key", _master_key(config), "LOKET_SECRET_KEY", "write another long random word"),
    ]
    yield from {(one.kind, one.value): one for one in found if one.value}.values()


def _master_key(config: Config) -> object:
    """The key in use: a word, or the bytes of a file that may have been copied along."""
    if config.secret_key:
        return config.secret_key
    try:
        return (config.data_dir / _KEY).read_bytes()
    except OSError:
        return b""


def _overlapping(first: OfficeSetup, second: OfficeSetup) -> Iterator[Problem]:
    """Whatever one office keeps lies neither in a place of the other's nor around it."""
    assert first.config is not None
    assert second.config is not None
    theirs = [place.parts for place in places_of(first.config)]
    for place in places_of(second.config):
        if any(_lies_in(place.parts, one) or _lies_in(one, place.parts) for one in theirs):
            yield _shared(first, second, place.name, "write a place of its own")
            return


def _lies_in(inner: Sequence[str], outer: Sequence[str]) -> bool:
    return tuple(inner[: len(outer)]) == tuple(outer)


# --- places -------------------------------------------------------------------------------------


class Place(NamedTuple):
    """The variable that names it, and the way to it: what begins with all of it lies in it."""

    name: str
    parts: tuple[str, ...]


def places_of(config: Config) -> Iterator[Place]:
    """Return the data folder, the database and the file store."""
    yield Place("LOKET_DATA_DIR", _folder(config.data_dir))
    yield Place("LOKET_DATABASE_URL", _database(config.database_url))
    yield Place("LOKET_FILES_URL", _files(config))


def _folder(path: Path) -> tuple[str, ...]:
    return ("disk", *path.resolve().parts)


def _database(url: str) -> tuple[str, ...]:
    """Who signs in there, and how, makes no other database of it."""
    if url.startswith(_SQLITE):
        return _folder(Path(url.removeprefix(_SQLITE)))
    parts = urlsplit(url)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = asked.get("host") or parts.hostname or "localhost"
    port = asked.get("port") or str(_port(url) or _POSTGRES_PORT)
    name = asked.get("dbname") or unquote(parts.path.strip("/")) or parts.username or ""
    return ("postgresql", "localhost" if is_loopback_host(host) else host.lower(), port, name)


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        # Several servers: "one:5432,two:5432".
        return None


def _files(config: Config) -> tuple[str, ...]:
    parts = urlsplit(config.files_url)
    if parts.scheme != "s3":
        return _folder(Path(unquote(parts.path)))
    store = config.bucket.endpoint.rstrip("/").lower()
    return ("s3", store, parts.netloc, *filter(None, parts.path.split("/")))
