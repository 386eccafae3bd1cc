"""The configuration: read strictly, the environment above it, secrets never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.setup.config import (
    ENVIRONMENT,
    ConfigError,
    Secret,
    calendar,
    config_path,
    load_config,
    office,
)
from flows.loader import digest, load_definitions

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.yaml"


def refused(path: Path, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ or {})
    return str(caught.value)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "config.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_example_office_needs_no_environment() -> None:
    config = load_config(EXAMPLE, {})
    assert config.office.name == "Kecamatan Gunung Toar"
    assert len(config.villages) == 14
    assert config.public_url == "http://127.0.0.1:8080"
    assert (config.host, config.port, config.now) == ("127.0.0.1", 8080, None)
    assert config.database_url == f"sqlite:///{Path('data').absolute() / 'loket.db'}"
    assert config.files_url == (Path("data").absolute() / "files").as_uri()
    channels = (config.telegram, config.twilio, config.sms_gateway)
    assert not any(channel.enabled for channel in channels)
    assert (config.telegram.rate, config.telegram.chat_rate, config.telegram.group_rate) == (
        30,
        1,
        20,
    )
    assert (config.twilio.rate, config.twilio.sms_rate) == (80, 1)


def test_the_environment_stands_above_the_file() -> None:
    config = load_config(
        EXAMPLE,
        {
            "LOKET_PUBLIC_URL": "https://loket.example.id/",
            "LOKET_PORT": "9000",
            "LOKET_DATA_DIR": "/srv/loket",
            "LOKET_NOW": "2026-11-23T08:00:00+07:00",
            "TELEGRAM_BOT_TOKEN": "123:ABC",
            "TELEGRAM_RATE": "1000",
            "TELEGRAM_STAFF_CHAT": "-100123",
            "TWILIO_ACCOUNT_SID": "AC1",
            "TWILIO_AUTH_TOKEN": "word",
            "TWILIO_WHATSAPP_FROM": "whatsapp:+628111222333",
            "TWILIO_API_BASE": "http://127.0.0.1:9/",
        },
    )
    assert config.public_url == "https://loket.example.id"
    assert config.database_url == "sqlite:////srv/loket/loket.db"
    assert config.now == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert config.telegram.token.reveal() == "123:ABC"
    assert config.telegram.staff_chat == "-100123"
    assert config.twilio.whatsapp
    assert not config.twilio.sms
    assert config.twilio.whatsapp_from == "+628111222333"
    assert config.twilio.templates["ready"].variables


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert load_config(EXAMPLE, dict.fromkeys(ENVIRONMENT, "")).port == 8080


def test_a_secret_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("123:ABC\n", encoding="utf-8")
    config = load_config(EXAMPLE, {"TELEGRAM_BOT_TOKEN_FILE": str(tmp_path / "token")})
    assert config.telegram.token == Secret("123:ABC")


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    environ = {"TELEGRAM_BOT_TOKEN": "123:ABC", "TELEGRAM_BOT_TOKEN_FILE": str(tmp_path / "token")}
    assert "TELEGRAM_BOT_TOKEN: is set, and so is TELEGRAM_BOT_TOKEN_FILE" in refused(
        EXAMPLE, environ
    )
    del environ["TELEGRAM_BOT_TOKEN"]
    assert "cannot be read, correct TELEGRAM_BOT_TOKEN_FILE" in refused(EXAMPLE, environ)


def test_nothing_that_is_printed_shows_a_secret() -> None:
    names = ("LOKET_SECRET_KEY", "TELEGRAM_BOT_TOKEN", "TWILIO_AUTH_TOKEN", "SMS_GATEWAY_SECRET")
    config = load_config(EXAMPLE, dict.fromkeys(names, "hush") | {"TWILIO_ACCOUNT_SID": "hush"})
    for shown in (config, config.telegram, config.twilio, config.sms_gateway, config.secret_key):
        assert "hush" not in f"{shown!r} {shown!s}"


def test_the_form_of_the_log_is_not_a_matter_of_the_file(tmp_path: Path) -> None:
    told = refused(changed(tmp_path, "undo_minutes: ", "logs: json\nundo_minutes: "))
    assert "logs: is asked for before this file is read, remove it, and set LOKET_LOGS" in told


def test_a_secret_in_the_file_is_refused(tmp_path: Path) -> None:
    told = refused(changed(tmp_path, "twilio:\n", "twilio:\n  token: hush\n"))
    assert "twilio.token: is a secret" in told
    assert "TWILIO_AUTH_TOKEN" in told
    assert "hush" not in told


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    told = refused(tmp_path / "config.yaml")
    assert told.count("\n") == 0
    assert "there is no such file, copy the example config.yaml there" in told
    assert config_path({}) == Path("config.yaml")
    assert config_path({"LOKET_CONFIG": "/etc/loket.yaml"}) == Path("/etc/loket.yaml")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("settle_ms: 1500", "setle_ms: 1500", 'setle_ms: is an unknown key, write "settle_ms"'),
        ("settle_ms: 1500", "settle_ms: soon", 'settle_ms: "soon" does not fit here, write a wh'),
        ("settle_ms: 1500", "settle_ms: 60000", "settle_ms: is out of range, write 0 to 10000"),
        ("unit: KEC-GT", "units: KEC-GT", "office.unit: is missing, write a text"),
        ("Asia/Jakarta", "Asia/Jakart", 'is no time zone, write "Asia/Jakarta"'),
        ('"2001": Pulau', '"1": Pulau', "villages.1: is no village code, write four digits"),
        ("Pulau Rumput", "Toar", "villages: two villages have the same name"),
        ("[id, en]", "[en]", "languages: Indonesian is missing"),
        ("[08:00-11:30", "[8-11", '"8-11" is no span of hours, write spans such as 08:00-12:00'),
        ("[08:00-11:30", "[11:30-08:00", '"11:30-08:00" closes before it opens'),
        ("quiet: 20:00-07:00", "quiet: night", 'hours.quiet: "night" is no span'),
        ("extra: {}", "extra: {soon: [19:00-21:00]}", 'hours.extra.soon: "soon" does not fit'),
        ("extra: {}", "extra: {2026-12-01: [late]}", '"late" is no span of hours'),
        ("quiet: 20:00-07:00", "quiet: 06:00-22:00", "hours: the week needs opening hours"),
        ("[domisili, kk, ", "[domisili, kk, kk, ", "services.kependudukan: kk is also in"),
        ("[ahli_waris, sktm, dispensasi_nikah]", "[]", "services.keluarga: has 0 services"),
        ("note, letter, undo", "note, leter, undo", '"leter" does not fit here, write "letter"'),
        ("id: sekcam", "id: camat", "signers: two signers have the same id"),
        ("{kode}/{nomor:03}", "{kode}/{nomer:03}", "{nomer} is no part of a number"),
        ("{kode}/{nomor:03}", "{nomor:03}", "numbers.letter.pattern: it repeats for every code"),
        ("{bulan_romawi}/{tahun}", "{bulan}", "it repeats every year, add {tahun}"),
        ("{kode}/{nomor:03}", "{kode}", "numbers.letter.pattern: it does not count"),
        ("{kode}/{nomor:03}", "{{kode}/{nomor:03}", "its braces do not fit"),
        ("[24, 72]", "[72, 24]", "reminders.unfinished_hours: hours do not rise"),
        ("expire_hours: 168", "expire_hours: 48", "ends before the last reminder, write over 72"),
        ("[3, 7, 14]", "[3, 3]", "reminders.collect_days: days do not rise"),
        ("digest: 08:00", "digest: morning", "write a time such as 08:00"),
        ("files: 60", "files: 0", "limits.files: is less than one"),
        ("https://www.lapor.go.id", "lapor", "complaints.national: is no web address"),
        ("trial: auto", "trial: maybe", 'trial: "maybe" does not fit here, write one of: auto'),
    ],
)
def test_a_wrong_setting_is_told_where_and_what_to_write(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = changed(tmp_path, old, new)
    lines = refused(path).splitlines()
    found = [line for line in lines if told in line]
    assert found, lines
    assert found[0].startswith("config.yaml:")
    assert int(found[0].split(":")[1]) > 1 or "office.unit" in told


def test_somebody_must_be_able_to_invite_officers(tmp_path: Path) -> None:
    path = changed(tmp_path, "search, staff, broadcast]", "search]")
    path.write_text(path.read_text(encoding="utf-8").replace(", staff", ""), encoding="utf-8")
    assert "roles: nobody may invite officers, give one role the permission staff" in refused(path)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"LOKET_PORT": "http"}, "environment: LOKET_PORT: "),
        ({"LOKET_PORT": "0"}, "environment: LOKET_PORT: is out of range, write 1 to 65535"),
        ({"LOKET_NOW": "yesterday"}, "environment: LOKET_NOW: "),
        ({"LOKET_NOW": "2026-11-23T08:00:00"}, "LOKET_NOW: has no time zone, write 2026-11-23T08"),
        ({"LOKET_PUBLIC_URL": "loket.id"}, "LOKET_PUBLIC_URL: is no web address"),
        ({"LOKET_DATABASE_URL": "mysql://x:hush@y"}, "LOKET_DATABASE_URL: is no database"),
        ({"LOKET_FILES_URL": "ftp://x"}, "LOKET_FILES_URL: is no file store"),
        ({"LOKET_FILES_URL": "s3://"}, "LOKET_FILES_URL: names no bucket"),
        ({"LOKET_FILES_URL": "s3://papers"}, "set AWS_ACCESS_KEY_ID"),
        (
            {"LOKET_FILES_URL": "s3://papers", "AWS_ENDPOINT_URL": "https://me:hush@s3.example"},
            "AWS_ENDPOINT_URL: has a key in it",
        ),
        ({"TELEGRAM_MODE": "webhok"}, 'TELEGRAM_MODE: "webhok" does not fit here, write "webhook"'),
        ({"TELEGRAM_RATE": "0"}, "TELEGRAM_RATE: 0.0 is no rate"),
        ({"LOKET_LOGS": "xml"}, "environment: LOKET_LOGS: "),
        ({"TELEGRAM_SECRET_TOKEN": "a b"}, "TELEGRAM_SECRET_TOKEN: has characters Telegram"),
        (
            {"TELEGRAM_MODE": "webhook", "TELEGRAM_BOT_TOKEN": "1:A"},
            "telegram.secret_token: is missing, so anybody could post",
        ),
        ({"TWILIO_WHATSAPP_FROM": "0811"}, "TWILIO_WHATSAPP_FROM: is no international number"),
    ],
)
def test_a_wrong_variable_is_named(environ: dict[str, str], told: str) -> None:
    refusal = refused(EXAMPLE, environ)
    assert told in refusal
    assert "hush" not in refusal


def test_every_variable_reaches_its_setting() -> None:
    words = {
        "LOKET_DATABASE_URL": "postgresql://desk@db/loket",
        "LOKET_FILES_URL": "s3://papers/loket",
        "LOKET_PUBLIC_URL": "https://loket.example.id",
        "LOKET_PORT": "1234",
        "LOKET_NOW": "2026-11-23T08:00:00+07:00",
        "LOKET_LOGS": "json",
        "TELEGRAM_API_BASE": "http://127.0.0.1:1",
        "TELEGRAM_MODE": "webhook",
        "TWILIO_API_BASE": "http://127.0.0.1:2",
        "TWILIO_WHATSAPP_FROM": "+628111222333",
        "SMS_GATEWAY_URL": "http://127.0.0.1:3",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4",
        **{name: "7" for name in ENVIRONMENT if name.endswith("RATE")},
    }
    config = load_config(EXAMPLE, dict.fromkeys(ENVIRONMENT, "word") | words)
    for name, key in ENVIRONMENT.items():
        value: object = config
        for part in key.split("."):
            value = getattr(value, part)
        if isinstance(value, Secret):
            assert value.reveal() == words.get(name, "word")
        elif name not in ("LOKET_NOW", "LOKET_DATA_DIR"):
            assert str(value).removesuffix(".0") == words.get(name, "word")


def test_only_those_with_the_permission_may() -> None:
    config = load_config(EXAMPLE, {})
    assert config.permits("counter", "handover")
    assert not config.permits("signer", "identity")
    assert not config.permits("stranger", "see")


def test_the_office_is_made_of_it() -> None:
    config = load_config(EXAMPLE, {})
    files = (ROOT / "flows" / "services").glob("*.yaml")
    definitions = load_definitions({file.name: file.read_text("utf-8") for file in files})
    old = definitions["kk"]
    made = office(config, definitions, lambda language, key: key, {"0ld": old}, years=[2026])
    assert made.current["kk"] == digest(old)
    assert made.definitions["0ld"] is old
    assert made.service("kk", "0ld") is old
    assert made.villages[4].name == "Teberau Panjang"
    assert made.limits.file_size == 16_000_000
    assert made.label("id", "x") == "x"


def test_national_holidays_are_kept_unless_the_office_says_no(tmp_path: Path) -> None:
    independence = datetime(2026, 8, 17, tzinfo=UTC).date()
    assert not calendar(load_config(EXAMPLE, {}), [2026]).is_working_day(independence)
    path = changed(tmp_path, "national_holidays: true", "national_holidays: false")
    assert calendar(load_config(path, {}), [2026]).is_working_day(independence)


def test_links_lead_to_the_port_that_the_desk_listens_on() -> None:
    config = load_config(ROOT / "config.yaml", {"LOKET_PORT": "9000"})
    assert config.public_url == "http://127.0.0.1:9000"
