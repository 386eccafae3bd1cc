"""What Twilio's error codes mean, and what is done about each (channels.md, Twilio's error list).

Twilio's own words are never passed on: they quote the number the message was for.
"""

from __future__ import annotations

from typing import NamedTuple

from bot.channels.protocol import Fault, SendError

_HOURS = 6 * 3600.0


class _Meaning(NamedTuple):
    fault: Fault
    reason: str
    state: str = ""
    retry_after: float = 0.0


def _gone(reason: str) -> _Meaning:
    return _Meaning(Fault.RECIPIENT, reason, "invalid")


def _left(reason: str) -> _Meaning:
    return _Meaning(Fault.RECIPIENT, reason, "optedout")


def _account(reason: str) -> _Meaning:
    return _Meaning(Fault.SENDER, reason)


def _refused(reason: str) -> _Meaning:
    return _Meaning(Fault.CONTENT, reason)


def _later(reason: str, retry_after: float = 0.0) -> _Meaning:
    return _Meaning(Fault.LATER, reason, retry_after=retry_after)


_CREDENTIALS = "Twilio refuses the account: correct TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
_SENDER = "Twilio does not know this sender: correct TWILIO_WHATSAPP_FROM or TWILIO_SMS_FROM"
_MEANINGS = {
    20003: _account(_CREDENTIALS),
    20005: _account("the Twilio account is not active"),
    20404: _account(_CREDENTIALS),
    20429: _later("Twilio asks to wait", 1.0),
    21211: _gone("this number does not exist"),
    21408: _account("Twilio may not send to this country: allow it in the console"),
    21603: _account(_SENDER),
    21606: _account(_SENDER),
    21610: _left("this person stopped all messages"),
    21611: _later("the sender's queue is full", 60.0),
    21614: _gone("this number cannot receive messages"),
    30001: _later("the sender's queue is full", 60.0),
    30002: _account("the Twilio account is suspended"),
    30003: _later("the phone is off", 300.0),
    30004: _left("the network blocks messages to this number"),
    30005: _gone("this number does not exist"),
    30006: _gone("this number cannot receive messages"),
    30007: _refused("the network took the message for spam"),
    30008: _later("the network lost the message"),
    63001: _account(_CREDENTIALS),
    63003: _gone("this number is not on WhatsApp"),
    63005: _refused("WhatsApp does not take this content"),
    63007: _account(_SENDER),
    63014: _left("this person blocked the desk"),
    63016: _Meaning(Fault.WINDOW, "outside the 24-hour window"),
    63018: _later("WhatsApp asks to wait", 5.0),
    63019: _refused("WhatsApp could not fetch the file"),
    63021: _refused("WhatsApp refuses the content"),
    63024: _gone("this recipient does not exist"),
    63027: _refused("the template does not exist in this language"),
    63028: _refused("the template has other variables"),
    63032: _later("Meta holds messages to this person back", _HOURS),
    63038: _later("the account's messages of the day are used up", _HOURS),
    63049: _later("Meta holds messages to this person back", _HOURS),
}


def refusal(code: int, status: int = 0, retry_after: float = 0.0) -> SendError:
    """Return the error for Twilio's ``code`` (0 unknown) or, without one, the HTTP ``status``.

    ``retry_after`` in seconds is what the answer asked for.
    """
    meaning = _MEANINGS.get(code) or _by_status(code, status)
    return SendError(
        meaning.fault,
        meaning.reason,
        retry_after=max(meaning.retry_after, retry_after),
        state=meaning.state,
        code=str(code or status),
        outage=status >= 500 and code not in _MEANINGS,
    )


def _by_status(code: int, status: int) -> _Meaning:
    if status == 429:
        return _later("Twilio asks to wait", 1.0)
    if status in {401, 403, 404}:
        return _account(_CREDENTIALS)
    if 400 <= status < 500 or (status == 0 and code):
        return _refused(f"Twilio refuses the message: see its error {code or status}")
    return _later("Twilio is in trouble")
