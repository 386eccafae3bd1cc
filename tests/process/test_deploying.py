"""The files under docs/deploy: what they name exists, and every alarm says what to do."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from bot.cli import app
from bot.setup.config import ENVIRONMENT, IN_FILES
from bot.setup.services import ROOT
from bot.web.houses import OPEN
from tests.web.site import site

DEPLOY, MONITORING = ROOT / "docs" / "deploy", ROOT / "docs" / "monitoring.md"
FILES = sorted(path for path in DEPLOY.iterdir() if path.suffix != ".py")
UNITS = [path for path in FILES if path.suffix in (".service", ".timer")]
_FIGURE = re.compile(r"\b(loket_[a-z_]+|process_[a-z_]+)\b")
_VARIABLE = re.compile(r"\b((?:LOKET|AWS|TELEGRAM|TWILIO|SMS_GATEWAY)_[A-Z_]+)\b")
_COMMAND = re.compile(r"(?:bin/loket|`loket|: loket|then loket|run loket|, loket) ([a-z-]+)\b")
_ALSO = {
    "LOKET_CONFIG",
    "LOKET_OFFICES",
    "LOKET_OFFICE",
    "LOKET_BACKUP_PASSPHRASE",
    "LOKET_BACKUP_PASSPHRASE_FILE",
}


SETTINGS, OFFICES = ROOT / "docs" / "settings.md", ROOT / "docs" / "offices.md"


def alerts() -> list[dict[str, Any]]:
    found = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in found["groups"] for rule in group["rules"]]


def unit(path: Path) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(path.read_text(encoding="utf-8"))
    return read


async def test_every_figure_that_is_watched_is_exported(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        text = (await it.browser.get("/metrics")).text
    # Only where there are several offices.
    exported = {OPEN}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        exported.add(name)
        if kind == "histogram":
            exported |= {f"{name}_{part}" for part in ("bucket", "count", "sum")}
    dashboard = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
    asked = [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]
    asked += [rule["expr"] for rule in alerts()]
    assert len(asked) > 30
    named = {name for expr in asked for name in _FIGURE.findall(expr)}
    told = set(_FIGURE.findall(MONITORING.read_text(encoding="utf-8")))
    assert (named | told) - exported == set()
    own = {name for name in exported if name.startswith("loket_")}
    left_out = {n for n in own if not n.endswith(("_created", "_bucket", "_count", "_sum"))} - told
    assert left_out == set(), "docs/monitoring.md explains every figure"


def test_every_alarm_says_what_to_do() -> None:
    rules = alerts()
    names = [rule["alert"] for rule in rules]
    assert len(names) == len(set(names)) > 10
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "mail")
        assert len(rule["annotations"]["summary"]) > 20
        assert len(rule["annotations"]["do"]) > 40
        assert rule["expr"].count("(") == rule["expr"].count(")")
    explained = set(re.findall(r"\bLoket[A-Z]\w+", MONITORING.read_text(encoding="utf-8")))
    assert explained == set(names)


@pytest.mark.parametrize(
    "path", [*FILES, MONITORING, SETTINGS, OFFICES], ids=lambda path: path.name
)
def test_every_variable_and_command_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {*ENVIRONMENT, *(f"{name}_FILE" for name in IN_FILES), *_ALSO}
    assert set(_VARIABLE.findall(text)) - known == set()
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(_COMMAND.findall(text)) - set(commands) == set()


def test_every_setting_is_explained() -> None:
    rows = [line for line in SETTINGS.read_text(encoding="utf-8").splitlines() if "|" in line]
    told = "\n".join(line.split("|")[1] for line in rows)
    assert set(ENVIRONMENT) - set(_VARIABLE.findall(told)) == set()
    files = set(re.findall(r"`([A-Z_]+)` \\\*", told))
    assert files == IN_FILES


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_sound(path: Path, tmp_path: Path) -> None:
    found = unit(path)
    if path.suffix == ".timer":
        assert (DEPLOY / path.with_suffix(".service").name).exists()
    else:
        service = found["Service"]
        assert service["User"] == "loket"
        assert service["ProtectSystem"] == "strict"
        assert service["NoNewPrivileges"] == "yes"
        assert service["StateDirectory"] == "loket"
    if shutil.which("systemd-analyze"):
        # Its program and its person are not on this machine.
        text = path.read_text(encoding="utf-8").replace("User=loket\n", "")
        text = text.replace("/opt/loket/.venv/bin/loket", "/bin/true")
        copy = tmp_path / path.name
        copy.write_text(text.replace("WorkingDirectory=/opt/loket\n", ""), encoding="utf-8")
        if path.suffix == ".timer":
            shutil.copy(DEPLOY / path.with_suffix(".service").name, tmp_path)
            return
        done = subprocess.run(
            ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_the_compose_file_is_whole() -> None:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services = found["services"]
    desks = [one for name, one in services.items() if name.startswith("desk")]
    assert len(desks) == 2
    for one in services.values():
        assert set(one.get("secrets", ())) <= set(found["secrets"])
        assert set(one.get("depends_on", ())) <= set(services)
        for volume in one["volumes"]:
            source = volume.partition(":")[0]
            assert source in found["volumes"] or source.startswith("./")
    for desk in desks:
        assert desk["cap_drop"] == ["ALL"]
        assert desk["read_only"] is True
        for name, value in desk["environment"].items():
            if str(value).startswith("/run/secrets/"):
                assert name.endswith("_FILE")
                assert value.rpartition("/")[2] in desk["secrets"]
    balancer = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert all(f"{name}:8080" in balancer for name in services if name.startswith("desk"))
    assert "respond /metrics 404" in balancer
    assert "health_uri /readyz" in balancer


def test_the_container_has_all_that_a_desk_needs_and_is_not_root() -> None:
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1] for line in lines if re.match(r"COPY (?!--from)", line)]
    assert {"requirements.lock", "bot", "flows", "storage", "templates", "config.yaml"} == set(
        copied
    )
    assert all((ROOT / name).exists() for name in copied)
    assert any("--require-hashes" in line for line in lines)
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]
    assert sum(line.startswith("FROM ") for line in lines) == 2
    assert any(line.startswith("HEALTHCHECK") for line in lines)
