"""What a letter says: the office, its number, the signer, and the answers as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.setup.facts import who_is
from bot.setup.settings import Signer
from bot.words.display import show_date
from flows.definition import Definition, Question
from storage.letters import LetterRow
from storage.requests import Given, RequestRow

if TYPE_CHECKING:
    from bot.engine.desk import Desk

_LANGUAGE = "id"
"""Official letters are written in Indonesian, whatever the citizen speaks."""


def content_of(
    desk: Desk,
    definition: Definition,
    row: RequestRow,
    given: Given,
    letter: LetterRow,
    signer: str = "",
) -> dict[str, Any]:
    """Return the data of a letter's template; every value is a plain string.

    ``signer`` is the id of who signs, empty for whom the office says.
    """
    office = desk.config.office
    return {
        "title": desk.wording.label(_LANGUAGE, f"{definition.id}.title"),
        "sample": desk.trial,
        "number": letter.number,
        "dated": show_date(letter.dated, _LANGUAGE),
        "validity": desk.wording.label(_LANGUAGE, f"letters.validity.{definition.validity_months}"),
        "request": {"number": row.number},
        "office": {
            **who_is(office),
            "place": office.place,
            "emblem": office.emblem,
            "letterhead": office.letterhead or [office.name],
        },
        "signer": _signature(desk.config.signer_of(definition.id, signer)),
        "answers": {
            question.id: shown(desk, definition, question, given.answers, question.id)
            for question in definition.questions
        },
        # As they are kept: for a letter that says something else by choice, or numbers in words.
        "values": {
            question.id: given.answers.get(question.id, "") for question in definition.questions
        },
        "groups": {
            group.id: [
                {
                    question.id: shown(
                        desk, definition, question, given.answers, f"{group.id}.{n}.{question.id}"
                    )
                    for question in group.questions
                }
                for n in range(_members(group.id, given.answers))
            ]
            for group in definition.groups
        },
    }


def _signature(signer: Signer) -> dict[str, str]:
    """Return who signs, as official letters write it: "Plt. Camat", "a.n. Camat", "u.b."."""
    title = f"{signer.acting} {signer.title}".strip()
    return {
        "title": title,
        "name": signer.name,
        "rank": signer.rank,
        "nip": signer.nip,
        "on_behalf": signer.on_behalf,
        "through": signer.through,
    }


def shown(
    desk: Desk, definition: Definition, question: Question, answers: dict[str, str], path: str
) -> str:
    """Return an answer as an official letter writes it; empty where it was not asked."""
    value = answers.get(path, "")
    if not value:
        return ""
    if question.check == "choice":
        pieces = path.split(".")
        name = f"{pieces[0]}.{question.id}" if len(pieces) > 1 else question.id
        return desk.wording.label(_LANGUAGE, f"{definition.id}.choice.{name}.{value}")
    return str(desk.wording.shown(_LANGUAGE, {"value": value, "check": question.check}))


def _members(group: str, answers: dict[str, str]) -> int:
    prefix = f"{group}."
    found = [
        int(path.split(".")[1])
        for path in answers
        if path.startswith(prefix) and path.split(".")[1].isdigit()
    ]
    return max(found, default=-1) + 1
