"""The signature of Twilio's webhooks, as Twilio makes it and as it is forged."""

from __future__ import annotations

import pytest
from multidict import MultiDict

from bot.channels.twilio_account import OVERRIDES, TwilioAccount
from tests.channels import recorded
from tests.standins.twilio import SID, TOKEN, sign, sign_json

PUBLIC = "https://loket.example"
PATH = "/twilio/webhook"


@pytest.fixture
def account() -> TwilioAccount:
    return TwilioAccount(SID, TOKEN, public_url=PUBLIC + "/")


@pytest.mark.parametrize("name", sorted(recorded.names("twilio")))
def test_every_recorded_form_is_genuine_when_it_is_signed(
    name: str, account: TwilioAccount
) -> None:
    form = recorded.form(name)
    signature = sign(PUBLIC + PATH, form.items())
    assert account.is_genuine(PATH, form, signature)
    assert not account.is_genuine(PATH, MultiDict([*form.items(), ("Body", "lain")]), signature)


@pytest.mark.parametrize(
    "url",
    [
        "https://loket.example/twilio/webhook",
        "https://loket.example:443/twilio/webhook",
        f"https://loket.example/twilio/webhook#{OVERRIDES}",
    ],
)
def test_the_address_may_have_its_port_or_the_overrides(url: str, account: TwilioAccount) -> None:
    form = recorded.form("text")
    assert account.is_genuine(PATH, form, sign(url, form.items()))


def test_the_query_is_part_of_the_address(account: TwilioAccount) -> None:
    form = recorded.form("text")
    signature = sign(f"{PUBLIC}{PATH}?a=1", form.items())
    assert account.is_genuine(f"{PATH}?a=1", form, signature)
    assert not account.is_genuine(PATH, form, signature)


def test_a_json_body_is_bound_by_its_hash(account: TwilioAccount) -> None:
    url, signature = sign_json(PUBLIC + PATH, '{"a":1}')
    path = url.removeprefix(PUBLIC)
    assert account.is_genuine(path, '{"a":1}', signature)
    assert not account.is_genuine(path, '{"a":2}', signature)


@pytest.mark.parametrize(
    "signature",
    [None, "", "x", "ünïcode", sign(PUBLIC + PATH, recorded.form("text").items(), "other")],
)
def test_a_wrong_signature_is_refused(signature: str | None, account: TwilioAccount) -> None:
    assert not account.is_genuine(PATH, recorded.form("text"), signature)
    assert not account.is_genuine(PATH, None, signature)


def test_another_host_or_a_broken_sign_is_refused(account: TwilioAccount) -> None:
    form = recorded.form("text")
    assert not account.is_genuine(PATH, form, sign("https://evil.example" + PATH, form.items()))
    assert not account.is_genuine(PATH, {"Body": "\ud800"}, "x")
