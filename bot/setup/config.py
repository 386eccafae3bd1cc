"""Loading the configuration: ``config.yaml``, the environment above it, and what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import inspect, structs

from bot.setup.settings import Config, Secret
from bot.setup.soundness import problems_of, span
from flows.calendar import Calendar, national_holidays
from flows.definition import Definition
from flows.keeping import Keeping
from flows.loader import digest
from flows.office import Limits, Office, Village
from flows.program import Program
from flows.source import Problem, Source, Unfit, fit

__all__ = ["Config", "ConfigError", "Secret", "config_path", "load_config", "office"]

ENVIRONMENT: dict[str, str] = {
    "LOKET_DATABASE_URL": "database_url",
    "LOKET_DATA_DIR": "data_dir",
    "LOKET_FILES_URL": "files_url",
    "LOKET_SECRET_KEY": "secret_key",
    "LOKET_PUBLIC_URL": "public_url",
    "LOKET_HOST": "host",
    "LOKET_PORT": "port",
    "LOKET_NOW": "now",
    "LOKET_LOGS": "logs",
    "TELEGRAM_BOT_TOKEN": "telegram.token",
    "TELEGRAM_SECRET_TOKEN": "telegram.secret_token",
    "TELEGRAM_API_BASE": "telegram.api_base",
    "TELEGRAM_MODE": "telegram.mode",
    "TELEGRAM_RATE": "telegram.rate",
    "TELEGRAM_CHAT_RATE": "telegram.chat_rate",
    "TELEGRAM_GROUP_RATE": "telegram.group_rate",
    "TELEGRAM_STAFF_CHAT": "telegram.staff_chat",
    "TWILIO_ACCOUNT_SID": "twilio.sid",
    "TWILIO_AUTH_TOKEN": "twilio.token",
    "TWILIO_API_BASE": "twilio.api_base",
    "TWILIO_WHATSAPP_FROM": "twilio.whatsapp_from",
    "TWILIO_SMS_FROM": "twilio.sms_from",
    "TWILIO_RATE": "twilio.rate",
    "TWILIO_SMS_RATE": "twilio.sms_rate",
    "SMS_GATEWAY_URL": "sms_gateway.url",
    "SMS_GATEWAY_SECRET": "sms_gateway.secret",
    "AWS_ENDPOINT_URL": "bucket.endpoint",
    "AWS_REGION": "bucket.region",
    "AWS_ACCESS_KEY_ID": "bucket.key_id",
    "AWS_SECRET_ACCESS_KEY": "bucket.secret_key",
}
"""Each variable and the key of ``config.yaml`` above which it stands."""

IN_FILES = {
    "LOKET_DATABASE_URL",
    "LOKET_SECRET_KEY",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_SECRET_TOKEN",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "SMS_GATEWAY_SECRET",
    "AWS_SECRET_ACCESS_KEY",
}
"""Secrets: each may also be in a file that ``NAME_FILE`` names."""


YEARS = range(2025, 2036)


class ConfigError(Exception):
    """The configuration cannot be used; ``problems`` say where, what and what to write instead."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def config_path(environ: Mapping[str, str]) -> Path:
    """Return where the configuration is expected."""
    return Path(environ.get("LOKET_CONFIG") or "config.yaml")


def load_config(path: Path, environ: Mapping[str, str]) -> Config:
    """Read ``config.yaml`` and the environment; raises ConfigError with every problem found."""
    source = _open(path)
    data = source.read(Config)
    above, problems = _from_environment(environ)
    if source.problems or problems:
        raise ConfigError(source.problems + problems)
    for key, value in above.items():
        section, _, name = key.rpartition(".")
        target = data.setdefault(section, {}) if section else data
        target[name] = value
    config = _complete(msgspec.convert(data, Config, dec_hook=_keep))
    variables = {key: name for name, key in ENVIRONMENT.items() if key in above}
    if found := problems_of(config, source, variables):
        raise ConfigError(found)
    return config


def office(
    config: Config,
    definitions: Mapping[str, Definition],
    label: Callable[[str, str], str],
    kept: Mapping[str, Definition] | None = None,
    programs: Mapping[str, Program] | None = None,
    years: Iterable[int] = YEARS,
) -> Office:
    """Return the office the machines work for.

    ``definitions`` are the current ones by service; ``kept`` are older versions by digest, for
    the conversations and requests that began with them; ``programs`` are those it takes part in;
    ``years`` are those whose national
    holidays are looked up.
    """
    current = {service: digest(one) for service, one in definitions.items()}
    limits = Limits(
        remind_after=tuple(config.reminders.unfinished_hours),
        expire_after=config.reminders.expire_hours,
        text=config.limits.text,
        file_size=config.limits.file_megabytes * 1_000_000,
        files=config.limits.files,
        collect_after_days=tuple(config.reminders.collect_days),
        undo_minutes=config.undo_minutes,
    )
    return Office(
        name=config.office.name,
        villages=[Village(code, name) for code, name in config.villages.items()],
        groups=config.services,
        definitions={
            **(kept or {}),
            **{current[service]: one for service, one in definitions.items()},
        },
        current=current,
        calendar=calendar(config, years),
        languages=config.spoken,
        limits=limits,
        keeping=Keeping(
            config.retention.documents_days,
            config.retention.answers_days,
            config.retention.letters_years,
        ),
        programs=dict(programs or {}),
        label=label,
    )


def calendar(config: Config, years: Iterable[int] = YEARS) -> Calendar:
    """Return the office's working time, national holidays of ``years`` among its holidays."""
    hours = config.hours
    national = national_holidays(years) if hours.national_holidays else frozenset()
    return Calendar(
        zone=ZoneInfo(config.office.time_zone),
        week=tuple(tuple(map(span, day)) for day in hours.week),
        holidays=national | frozenset(hours.holidays),
        extra={day: tuple(map(span, spans)) for day, spans in hours.extra.items()},
        quiet=span(hours.quiet),
    )


def _open(path: Path) -> Source:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        write = "copy the example config.yaml there, or set LOKET_CONFIG to where yours is"
        raise ConfigError([Problem(str(path), 0, "", "there is no such file", write)]) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        write = "make it a file that this user may read"
        raise ConfigError([Problem(str(path), 0, "", f"unreadable: {reason}", write)]) from None
    return Source(path.name, text, {key: name for name, key in ENVIRONMENT.items()})


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Return what the environment sets, by dotted key, and what is wrong with it."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, key in ENVIRONMENT.items():
        try:
            word = _word(name, environ)
            if word:
                kind = _kind(key)
                secret = isinstance(kind, inspect.CustomType) and kind.cls is Secret
                values[key] = Secret(word) if secret else fit(word, kind)
        except Unfit as unfit:
            problems.append(Problem("environment", 0, name, unfit.wrong, unfit.write))
    return values, problems


def _word(name: str, environ: Mapping[str, str]) -> str:
    """Return a variable's value, from the file that ``NAME_FILE`` names where there is one."""
    word, file = environ.get(name, ""), environ.get(f"{name}_FILE", "")
    if name not in IN_FILES or not file:
        return word
    if word:
        raise Unfit(f"is set, and so is {name}_FILE", "keep one of the two")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Unfit(f"the file {file} cannot be read", f"correct {name}_FILE") from None


def _kind(key: str) -> inspect.Type:
    kind: inspect.Type = inspect.type_info(Config)
    for part in key.split("."):
        assert isinstance(kind, inspect.StructType)
        kind = next(one.type for one in kind.fields if one.encode_name == part)
    if isinstance(kind, inspect.UnionType):
        kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    return kind


def _keep(kind: type, value: Any) -> Any:
    """Values of our own types are made already; msgspec asks what to do with them."""
    return value if isinstance(value, kind) else kind(value)


def _complete(config: Config) -> Config:
    """Fill in what follows from other settings."""
    data = config.data_dir.expanduser().absolute()
    return structs.replace(
        config,
        data_dir=data,
        database_url=config.database_url or f"sqlite:///{data / 'loket.db'}",
        files_url=config.files_url or (data / "files").as_uri(),
        public_url=config.public_url.rstrip("/") or f"http://127.0.0.1:{config.port}",
        twilio=structs.replace(
            config.twilio, whatsapp_from=config.twilio.whatsapp_from.removeprefix("whatsapp:")
        ),
    )
