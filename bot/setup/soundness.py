"""What a configuration must be beyond its shape: where, what is wrong, what to write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from bot.setup.settings import Config, Series
from flows.calendar import Calendar, Hours
from flows.numbering import FIELDS, faults
from flows.source import Problem, Source, nearest

Found = Iterator[tuple[tuple[str | int, ...], str, str]]
"""Where, what is wrong, what to write instead."""

_SPAN = re.compile(r"(\d\d:\d\d) ?[-–] ?(\d\d:\d\d)")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?")
_MENU_ROWS = 10  # rows of a WhatsApp list
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def problems_of(config: Config, source: Source, variables: Mapping[str, str]) -> list[Problem]:
    """Return every broken rule; ``variables`` names the keys that the environment had set."""
    problems = []
    rules = (
        _place,
        _hours,
        _menu,
        _staff,
        _numbers,
        _complaints,
        _amounts,
        _addresses,
        _file_store,
        _telegram,
        _gateway,
    )
    for rule in rules:
        for path, wrong, write in rule(config):
            key = ".".join(map(str, path))
            if key in variables:
                problems.append(Problem("environment", 0, variables[key], wrong, write))
            else:
                problems.append(Problem(source.file, source.line(path), key, wrong, write))
    if config.logs != "text" and "logs" not in variables:
        wrong, write = "is asked for before this file is read", "remove it, and set LOKET_LOGS"
        problems.append(Problem(source.file, source.line(("logs",)), "logs", wrong, write))
    return problems


def span(written: str) -> Hours:
    """Return ``08:00-16:00`` as hours; raises ValueError."""
    found = _SPAN.fullmatch(written.strip())
    if not found:
        raise ValueError(written)
    return Hours(time.fromisoformat(found[1]), time.fromisoformat(found[2]))


def _place(config: Config) -> Found:
    zone = config.office.time_zone
    if zone not in available_timezones():
        yield (
            ("office", "time_zone"),
            f'"{zone}" is no time zone',
            nearest(zone, ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]),
        )
    if not config.villages:
        yield ("villages",), "no village is named", 'write lines such as "2001": Pulau Mungkur'
    for code in config.villages:
        if not re.fullmatch(r"[123]\d{3}", code):
            yield (
                ("villages", code),
                "is no village code",
                ("write four digits that begin with 1 (kelurahan), 2 (desa) or 3 (customary)"),
            )
    if len(set(config.villages.values())) < len(config.villages):
        yield ("villages",), "two villages have the same name", "tell them apart by their names"
    for language in config.partial_languages:
        if language in config.languages:
            wrong = f'"{language}" is also in languages'
            yield ("partial_languages",), wrong, "keep it where it belongs"
    for language in config.spoken:
        if not re.fullmatch(r"[a-z]{2,3}", language):
            yield ("languages",), f'"{language}" is no language code', "write codes such as id, en"
    if "id" not in config.languages:
        yield ("languages",), "Indonesian is missing", "write id first: other languages lean on it"


def _hours(config: Config) -> Found:
    written_days: dict[tuple[str, ...], list[str]] = {
        ("hours", day): spans for day, spans in zip(_DAYS, config.hours.week, strict=True)
    }
    for day, spans in config.hours.extra.items():
        written_days["hours", "extra", str(day)] = spans
    sound = True
    for path, spans in written_days.items():
        for written in spans:
            try:
                hours = span(written)
                sound = sound and hours.opens < hours.closes
                wrong = "" if hours.opens < hours.closes else "closes before it opens"
            except ValueError:
                sound, wrong = False, "is no span of hours"
            if wrong:
                yield path, f'"{written}" {wrong}', "write spans such as 08:00-12:00"
    try:
        quiet = span(config.hours.quiet)
    except ValueError:
        yield ("hours", "quiet"), f'"{config.hours.quiet}" is no span', "write 20:00-07:00"
        return
    if sound:
        try:
            Calendar(week=tuple(tuple(map(span, day)) for day in config.hours.week), quiet=quiet)
        except ValueError as error:
            yield ("hours",), str(error), "write hours below the days the office works"


def _menu(config: Config) -> Found:
    seen: dict[str, str] = {}
    if not config.services:
        yield ("services",), "there is no service", "write a menu group and its services"
    if len(config.services) > _MENU_ROWS:
        yield ("services",), "more groups than a phone's list holds", f"keep {_MENU_ROWS} of them"
    for group, services in config.services.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,29}", group):
            yield ("services", group), "is no name for a group", "write small letters and _"
        if not 1 <= len(services) <= _MENU_ROWS:
            yield (
                ("services", group),
                f"has {len(services)} services",
                (f"keep 1 to {_MENU_ROWS}; more go into another group"),
            )
        for service in services:
            if service in seen:
                yield ("services", group), f"{service} is also in {seen[service]}", "keep one"
            seen[service] = group


def _staff(config: Config) -> Found:
    if not any("staff" in permissions for permissions in config.roles.values()):
        yield ("roles",), "nobody may invite officers", "give one role the permission staff"
    if not config.signers:
        yield ("signers",), "nobody signs letters", "write id, title, name and nip of the camat"
    if len({signer.id for signer in config.signers}) < len(config.signers):
        yield ("signers",), "two signers have the same id", "give each its own"
    yield from _signers(config)


def _signers(config: Config) -> Found:
    for place, one in enumerate(config.signers):
        if one.through and not one.on_behalf:
            wrong = "is between this signer and nobody"
            yield ("signers", place, "through"), wrong, "write on_behalf too, or remove it"
    signers = {one.id for one in config.signers}
    offered = {service for services in config.services.values() for service in services}
    for service, signer in config.signed_by.items():
        if service not in offered:
            yield ("signed_by", service), "is no service of this office", nearest(service, offered)
        if signer not in signers:
            wrong = f'"{signer}" is no signer'
            yield ("signed_by", service), wrong, nearest(signer, signers)


def _numbers(config: Config) -> Found:
    for name in ("registration", "letter"):
        series: Series = getattr(config.numbers, name)
        path = ("numbers", name, "pattern")
        for fault in faults(series.pattern, series.per, series.restart):
            sort, _, name = fault.partition(":")
            yield path, *_number_fault(sort, name)


def _complaints(config: Config) -> Found:
    series, role = config.complaints.number, config.complaints.bribery
    for fault in faults(series.pattern, series.per, series.restart):
        sort, _, name = fault.partition(":")
        yield ("complaints", "number", "pattern"), *_number_fault(sort, name)
    if role not in config.roles:
        wrong = f'there is no role "{role}": nobody would read a report of bribery'
        yield ("complaints", "bribery"), wrong, f"write one of {', '.join(config.roles)}"


def _number_fault(sort: str, name: str) -> tuple[str, str]:
    match sort, name:
        case "field", _:
            return f"{{{name}}} is no part of a number", "use " + " ".join(
                f"{{{x}}}" for x in FIELDS
            )
        case "length", _:
            return f"{{{name}}} has no length", f"write {{{name}}}"
        case "missing", "nomor":
            return "it does not count", "add {nomor:03}"
        case "missing", "kode":
            return "it repeats for every code", "add {kode}, or write per: office"
        case "missing", _:
            return "it repeats every year", "add {tahun}, or write restart: never"
    return "its braces do not fit", "write such as {kode}/{nomor:03}/{unit}/{bulan_romawi}/{tahun}"


def _amounts(config: Config) -> Found:
    hours = config.reminders.unfinished_hours
    if hours != sorted(set(hours)) or any(hour <= 0 for hour in hours):
        yield ("reminders", "unfinished_hours"), "hours do not rise", "write [24, 72]"
    elif hours and config.reminders.expire_hours <= hours[-1]:
        yield (
            ("reminders", "expire_hours"),
            "ends before the last reminder",
            f"write over {hours[-1]}",
        )
    days = config.reminders.collect_days
    if days != sorted(set(days)) or any(day <= 0 for day in days):
        yield ("reminders", "collect_days"), "days do not rise", "write [3, 7, 14]"
    for section in ("limits", "retention", "people"):
        part = getattr(config, section)
        for name in part.__struct_fields__:
            if getattr(part, name) < 1:
                yield (section, name), "is less than one", "write a whole number from 1"
    rates = {
        ("telegram", "rate"): config.telegram.rate,
        ("telegram", "chat_rate"): config.telegram.chat_rate,
        ("telegram", "group_rate"): config.telegram.group_rate,
        ("twilio", "rate"): config.twilio.rate,
        ("twilio", "sms_rate"): config.twilio.sms_rate,
    }
    for path, rate in rates.items():
        if not 0 < rate <= 1_000_000:
            yield path, f"{rate} is no rate", "write a number above 0"
    for name, least, most in (
        ("undo_minutes", 0, 1440),
        ("settle_ms", 0, 10_000),
        ("port", 1, 65535),
    ):
        if not least <= getattr(config, name) <= most:
            yield (name,), "is out of range", f"write {least} to {most}"


def _addresses(config: Config) -> Found:
    places = {
        ("public_url",): config.public_url,
        ("telegram", "api_base"): config.telegram.api_base,
        ("twilio", "api_base"): config.twilio.api_base,
        ("sms_gateway", "url"): config.sms_gateway.url,
        ("complaints", "national"): config.complaints.national,
    }
    for path, address in places.items():
        if address and not _is_web(address):
            yield path, "is no web address", "write https://…"
    if not config.database_url.startswith(("sqlite:///", "postgresql://", "postgresql+")):
        yield (
            ("database_url",),
            "is no database this desk knows",
            ("write sqlite:///path/to/loket.db or postgresql://…"),
        )
    for name in ("whatsapp_from", "sms_from"):
        number = getattr(config.twilio, name)
        if name == "whatsapp_from" and number and not re.fullmatch(r"\+\d{8,15}", number):
            yield ("twilio", name), "is no international number", "write it as +62811…"


def _file_store(config: Config) -> Found:
    url, bucket = config.files_url, config.bucket
    if not url.startswith("s3://"):
        if not url.startswith("file:///"):
            yield ("files_url",), "is no file store this desk knows", "write file:///… or s3://…"
        return
    if not _BUCKET.fullmatch(url):
        yield ("files_url",), "names no bucket", "write s3://bucket or s3://bucket/prefix"
    if bucket.endpoint and not _is_web(bucket.endpoint):
        yield ("bucket", "endpoint"), "is no web address", "write https://…"
    elif "@" in bucket.endpoint:
        yield (
            ("bucket", "endpoint"),
            "has a key in it, which would be logged",
            "write keys into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if not bucket.key_id:
        yield ("bucket", "key_id"), "is missing", "set AWS_ACCESS_KEY_ID"
    if not bucket.secret_key:
        yield (
            ("bucket", "secret_key"),
            "is missing",
            "set AWS_SECRET_ACCESS_KEY, or AWS_SECRET_ACCESS_KEY_FILE",
        )


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _gateway(config: Config) -> Found:
    if config.sms_gateway.enabled and not config.sms_gateway.secret:
        yield (
            ("sms_gateway", "secret"),
            "is missing, so nothing that the gateway tells is believed",
            ("set SMS_GATEWAY_SECRET to the signing key of the gateway"),
        )


def _telegram(config: Config) -> Found:
    secret = config.telegram.secret_token.reveal()
    path = ("telegram", "secret_token")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        yield path, "has characters Telegram refuses", "use letters, digits, _ and - only"
    if config.telegram.mode == "webhook" and config.telegram.enabled and not secret:
        yield (
            path,
            "is missing, so anybody could post to the webhook",
            ("set TELEGRAM_SECRET_TOKEN to a long random word"),
        )
    if config.now is not None and config.now.tzinfo is None:
        zone = ZoneInfo(config.office.time_zone)
        moment = config.now.replace(tzinfo=zone).isoformat()
        yield ("now",), "has no time zone", f"write {moment}"
