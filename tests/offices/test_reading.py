"""What an office is told by its folder, and what keeps an installation from its start."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.setup.checking import check_offices
from bot.setup.config import ConfigError
from bot.setup.offices import OfficeSetup, office_names, read_offices
from bot.setup.services import ROOT
from bot.setup.walls import office_config, shared_between
from tests.offices.regency import write_office


def environ(folder: Path, **more: str) -> dict[str, str]:
    data = str(folder / "data")
    return {"LOKET_OFFICES": str(folder), "LOKET_DATA_DIR": data, "LOKET_PORT": "8090", **more}


def read(folder: Path, **more: str) -> dict[str, OfficeSetup]:
    return {one.name: one for one in read_offices(environ(folder, **more))}


def test_an_office_has_its_own_environment_and_a_place_of_its_own(tmp_path: Path) -> None:
    env = write_office(tmp_path, "toar", TELEGRAM_BOT_TOKEN="'1:a'") / "env"
    write_office(tmp_path, "benai", TELEGRAM_API_BASE="http://127.0.0.1:9")
    with env.open("a") as more:
        more.write("\n  # TELEGRAM_MODE=webhook\n TELEGRAM_STAFF_CHAT = -100=7 \n")
    assert office_names(environ(tmp_path)) == ["benai", "toar"]
    found = read(tmp_path, TELEGRAM_API_BASE="https://api.example", LOKET_HOST="0.0.0.0")
    toar, benai = found["toar"].config, found["benai"].config
    assert toar is not None
    assert benai is not None
    assert (toar.host, toar.port) == (benai.host, benai.port) == ("0.0.0.0", 8090)
    assert toar.telegram.token.reveal() == "1:a"
    assert (toar.telegram.staff_chat, toar.telegram.mode) == ("-100=7", "polling")
    assert toar.telegram.api_base == "https://api.example"
    assert toar.database_url == f"sqlite:///{tmp_path}/data/toar/loket.db"
    assert benai.data_dir == tmp_path / "data" / "benai"
    assert benai.telegram.api_base == "http://127.0.0.1:9"
    assert not benai.telegram.enabled


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", "1:a"),
        ("TWILIO_AUTH_TOKEN_FILE", "/etc/token"),
        ("LOKET_SECRET_KEY", "long and secret, and everybody's"),
        ("LOKET_DATABASE_URL", "sqlite:////var/lib/one.db"),
        ("LOKET_FILES_URL", "s3://one"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("LOKET_PUBLIC_URL", "https://one.example"),
        ("LOKET_CONFIG", "config.yaml"),
    ],
)
def test_what_is_an_offices_own_never_comes_from_the_process(
    tmp_path: Path, name: str, value: str
) -> None:
    write_office(tmp_path, "toar")
    with pytest.raises(ConfigError) as refused:
        read_offices(environ(tmp_path, **{name: value}))
    assert name in str(refused.value)
    assert value not in str(refused.value)


def test_an_environment_that_others_may_read_is_not_taken(tmp_path: Path) -> None:
    path = write_office(tmp_path, "toar", TELEGRAM_BOT_TOKEN="1:secret") / "env"
    write_office(tmp_path, "benai")
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        found = read(tmp_path)
        assert found["toar"].config is None
        [problem] = found["toar"].problems
        assert str(problem) == f"toar/env: others on this machine may read it, run chmod 600 {path}"
        assert found["benai"].config is not None
    path.chmod(0o400)
    assert read(tmp_path)["toar"].config is not None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rahasia-sekali", "toar/env:2: is no setting, write NAME=VALUE"),
        (
            "TELEGRAM_BOT_TOKN=1:rahasia",
            "toar/env:2: TELEGRAM_BOT_TOKN: is no setting of an office",
        ),
        ("LOKET_PORT=9", "toar/env:2: LOKET_PORT: belongs to the installation"),
        ("LOKET_PUBLIC_URL=https://b.example", "toar/env:2: LOKET_PUBLIC_URL: stands here twice"),
        ("TELEGRAM_MODE=rahasia", "toar/env: TELEGRAM_MODE: "),
    ],
)
def test_a_mistake_in_an_environment_is_named_by_its_line(
    tmp_path: Path, line: str, said: str
) -> None:
    with (write_office(tmp_path, "toar") / "env").open("a") as env:
        env.write(f"{line}\n")
    [problem] = read(tmp_path)["toar"].problems
    assert str(problem).startswith(said)
    assert "rahasia" not in str(problem) or "MODE" in said


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8080", "http://localhost", "http://[::1]"])
def test_an_office_needs_an_address_of_its_own(tmp_path: Path, url: str) -> None:
    write_office(tmp_path, "toar", LOKET_PUBLIC_URL=url)
    [problem] = read(tmp_path)["toar"].problems
    assert problem.key == "LOKET_PUBLIC_URL"
    assert "https://toar.example.go.id" in problem.write


def test_folders_that_are_no_offices_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no folder"):
        read(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "nowhere")
    (tmp_path / ".git").mkdir()
    (tmp_path / "kosong").mkdir()
    write_office(tmp_path, "Toar Besar")
    found = read(tmp_path)
    assert list(found) == ["Toar Besar", "kosong"]
    assert "kosong/config.yaml: there is no such file" in str(found["kosong"].problems[0])
    assert "Toar Besar: is no name for an office" in str(found["Toar Besar"].problems[0])


POSTGRES = "postgresql://{}@db.example/{}"
BUCKET = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("TELEGRAM_BOT_TOKEN", "7:old", "7:new"),
        ("TELEGRAM_SECRET_TOKEN", "word", "word"),
        ("TELEGRAM_STAFF_CHAT", "-100", "-100"),
        ("TWILIO_WHATSAPP_FROM", "+6285500000001", "whatsapp:+6285500000001"),
        ("TWILIO_SMS_FROM", "+6285500000001", "+6285500000001"),
        ("LOKET_PUBLIC_URL", "https://a.example", "http://A.example.:8443/"),
        (
            "LOKET_SECRET_KEY",
            "a long random word, thirty-two bytes",
            "a long random word, thirty-two bytes",
        ),
        ("LOKET_DATABASE_URL", POSTGRES.format("toar", "one"), POSTGRES.format("benai:x", "one")),
        ("LOKET_DATABASE_URL", "sqlite:////srv/a/../one.db", "sqlite:////srv/one.db"),
        ("LOKET_DATA_DIR", "/srv/loket", "/srv/loket/benai"),
        ("LOKET_FILES_URL", "file:///srv/files/a", "file:///srv/files"),
        ("LOKET_FILES_URL", "s3://bucket/offices", "s3://bucket/offices/benai/"),
        ("LOKET_FILES_URL", "s3://bucket", "s3://bucket/x"),
    ],
)
def test_what_two_offices_share_is_refused_naming_both(
    tmp_path: Path, key: str, one: str, other: str
) -> None:
    bucket = BUCKET if one.startswith("s3:") else {}
    write_office(tmp_path, "toar", **{key: one}, **bucket)
    write_office(tmp_path, "benai", **{key: other}, **bucket)
    [problem] = shared_between(read_offices(environ(tmp_path)))
    assert problem.key == key
    assert "toar and benai have the same" in problem.wrong
    assert problem.write
    assert "random word" not in problem.wrong


def test_the_same_gateway_and_a_key_that_was_copied_along_are_refused(tmp_path: Path) -> None:
    for name in ("toar", "benai"):
        gateway = {"SMS_GATEWAY_URL": "http://127.0.0.1:9", "SMS_GATEWAY_SECRET": "a"}
        write_office(tmp_path, name, **gateway)
        data = tmp_path / "data" / name
        data.mkdir(parents=True)
        (data / "master.key").write_bytes(b"k" * 32)
    keys = [one.key for one in shared_between(read_offices(environ(tmp_path)))]
    assert keys == ["SMS_GATEWAY_SECRET", "LOKET_SECRET_KEY"]


def test_places_beside_each_other_are_no_shared_place(tmp_path: Path) -> None:
    write_office(tmp_path, "toar", LOKET_FILES_URL="s3://bucket/toar", **BUCKET)
    write_office(tmp_path, "toar2", LOKET_FILES_URL="s3://bucket/toar2", **BUCKET)
    server = POSTGRES.format("a", "toar")
    write_office(tmp_path, "benai", LOKET_DATABASE_URL=server, LOKET_DATA_DIR="/srv/a/b")
    server = POSTGRES.format("a", "cerenti")
    write_office(tmp_path, "cerenti", LOKET_DATABASE_URL=server, LOKET_DATA_DIR="/srv/a/bc")
    assert shared_between(read_offices(environ(tmp_path))) == []


def test_a_place_behind_a_link_is_seen(tmp_path: Path) -> None:
    write_office(tmp_path, "toar")
    write_office(tmp_path, "benai", LOKET_DATA_DIR=str(tmp_path / "elsewhere"))
    (tmp_path / "data" / "toar").mkdir(parents=True)
    (tmp_path / "elsewhere").symlink_to(tmp_path / "data" / "toar")
    offices = read_offices({**environ(tmp_path)})
    assert [one.key for one in shared_between(offices)] == ["LOKET_DATA_DIR"]


def test_a_command_for_one_office_does_not_reach_into_another(tmp_path: Path) -> None:
    write_office(tmp_path, "toar")
    write_office(tmp_path, "benai", LOKET_DATA_DIR=str(tmp_path / "data" / "toar"))
    write_office(tmp_path, "cerenti")
    for name in ("toar", "benai"):
        with pytest.raises(ConfigError, match="toar and benai have the same"):
            office_config(environ(tmp_path), name)
    assert office_config(environ(tmp_path), "cerenti").data_dir == tmp_path / "data" / "cerenti"


def test_check_looks_at_every_office_and_says_what_they_share_once(tmp_path: Path) -> None:
    write_office(tmp_path, "toar", TELEGRAM_BOT_TOKEN="1:a")
    write_office(tmp_path, "benai", TELEGRAM_BOT_TOKEN="1:a")
    broken = write_office(tmp_path, "cerenti") / "config.yaml"
    broken.write_text(broken.read_text().replace("undo_minutes: 60", "undo_minutes: enam"))
    found = check_offices(environ(tmp_path), ROOT)
    said = [str(one) for one in found.problems]
    assert len(said) == 2
    assert any(one.startswith("cerenti/config.yaml:") and "undo_minutes" in one for one in said)
    assert any(one.startswith("toar/env: TELEGRAM_BOT_TOKEN: toar and benai") for one in said)
    assert any(note.startswith("toar: LOKET_SECRET_KEY is not set") for note in found.notes)
    alone = check_offices(environ(tmp_path), ROOT, only="cerenti")
    assert "undo_minutes" in str(alone.problems[0])
    assert not any(note.startswith("toar: ") for note in alone.notes)
