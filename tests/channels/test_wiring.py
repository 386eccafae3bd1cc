"""Which channels there are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bot.channels.cost import Cost
from bot.channels.wiring import twilio_channels
from bot.engine.desk import Desk
from bot.setup.config import ConfigError, load_config
from storage.files import LocalFiles
from tests.standins.twilio import SID, TOKEN

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("senders", "names"),
    [
        ({}, set()),
        ({"TWILIO_WHATSAPP_FROM": "+6285550000001"}, {"whatsapp"}),
        ({"TWILIO_SMS_FROM": "+15550000001"}, {"sms"}),
        (
            {"TWILIO_WHATSAPP_FROM": "+6285550000001", "TWILIO_SMS_FROM": "+1555"},
            {"whatsapp", "sms"},
        ),
    ],
)
def test_the_configuration_decides_which_channels_there_are(
    senders: dict[str, str], names: set[str], tmp_path: Path
) -> None:
    account = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_RATE": "7"}
    config = load_config(ROOT / "config.yaml", {**account, **senders})
    files = LocalFiles(tmp_path)
    desk = SimpleNamespace(config=config, vault=None, files=files, cost=Cost())
    channels = twilio_channels(config, cast(Desk, desk))
    assert set(channels) == names
    assert all(channel.rate == 7 for name, channel in channels.items() if name == "whatsapp")


def test_a_gateway_without_its_secret_is_a_fault_of_the_configuration() -> None:
    url = {"SMS_GATEWAY_URL": "http://sms:geheim@192.168.1.20:8080"}
    with pytest.raises(ConfigError, match="SMS_GATEWAY_SECRET") as caught:
        load_config(ROOT / "config.yaml", url)
    assert "geheim" not in str(caught.value)
    assert load_config(ROOT / "config.yaml", url | {"SMS_GATEWAY_SECRET": "x"}).sms_gateway.enabled
