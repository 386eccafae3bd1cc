"""From the first word to the first question: services, what is needed, consent, language."""

from __future__ import annotations

from msgspec import structs

from flows.checklist import holds
from flows.definition import Definition, Document
from flows.messages import Button
from flows.office import Office
from flows.places.registry import PLACES, Place, go
from flows.talk import Talk, buttons, clear_draft, has_draft
from flows.understanding import understand

_MISSES_BEFORE_PERSON = 2
_MOST_AT_ONCE = 10
"""Services in one list: what WhatsApp shows."""
_WISHED = ("complaint", "suggestion", "data", "erase", "status", "officer")
"""Wishes that a whole sentence may hold."""


def greet(talk: Talk) -> None:
    """Say who we are and offer the services."""
    talk.say("conversation.greeting")
    open_menu(talk)


def open_menu(talk: Talk) -> None:
    """Offer the groups, or the services at once where there is one group."""
    if not has_draft(talk.session):
        # What was only looked at is left behind.
        talk.session.service = talk.session.digest = talk.session.pending = ""
    groups = talk.office.groups
    if len(groups) == 1:
        talk.session.group = next(iter(groups))
        go(talk, "services")
    else:
        go(talk, "groups")


def begin_service(talk: Talk, service: str) -> None:
    """Show what the service needs and ask for consent."""
    loose, program = talk.session.loose, talk.session.program
    clear_draft(talk.session)
    talk.session.loose, talk.session.program = loose, program
    talk.session.service = service
    talk.session.digest = talk.office.current[service]
    go(talk, "consent")


def open_program(talk: Talk, program: str) -> None:
    """Say what a program is, and offer its services: the only one at once."""
    talk.session.program = program
    talk.say(
        "conversation.program", title=f"programs.{program}.title", about=f"programs.{program}.about"
    )
    services = talk.office.programs[program].services
    if len(services) == 1:
        begin_service(talk, services[0])
    elif len(services) <= _MOST_AT_ONCE:
        talk.session.pending = ",".join(services)
        go(talk, "services")
    else:
        open_menu(talk)


def recognise(talk: Talk, text: str) -> bool:
    """Begin the service that a free text asks for; False when it names none."""
    intent = understand(text, _titles(talk), talk.session.language)
    if intent.service in talk.office.current:
        begin_service(talk, intent.service)
        return True
    if intent.among:
        talk.session.pending = ",".join(intent.among)
        go(talk, "services")
        return True
    if intent.kind in _WISHED:
        from flows.places.words import obey

        told = intent.kind in ("complaint", "suggestion")
        return obey(talk, structs.replace(intent, argument=text) if told else intent)
    if intent.kind == "greeting":
        greet(talk)
        return True
    if intent.kind == "thanks":
        talk.say("conversation.thanks")
        return True
    return False


def _titles(talk: Talk) -> dict[str, list[str]]:
    return {
        service: [label for key in ("title", "short") if (label := talk.label(f"{service}.{key}"))]
        for service in talk.office.current
    }


def _unclear(talk: Talk, text: str) -> None:
    if recognise(talk, text):
        return
    talk.session.misses += 1
    talk.say("conversation.unclear")
    if talk.session.misses >= _MISSES_BEFORE_PERSON:
        talk.say("conversation.offer_officer")
    open_menu(talk)


# --- groups and services ------------------------------------------------------------------------


def _group_buttons(talk: Talk) -> list[Button]:
    return [Button(group, f"groups.{group}") for group in talk.office.groups]


def _show_groups(talk: Talk) -> None:
    talk.ask("conversation.choose_group", _group_buttons(talk))


def _choose_group(talk: Talk, group: str) -> None:
    talk.session.group, talk.session.pending = group, ""
    go(talk, "services")


def _service_buttons(talk: Talk) -> list[Button]:
    office: Office = talk.office
    services = office.groups.get(talk.session.group) or next(iter(office.groups.values()))
    if talk.session.pending:
        # What was asked for may be one of these.
        services = talk.session.pending.split(",")
    return [Button(service, f"{service}.short") for service in services]


def _show_services(talk: Talk) -> None:
    talk.ask("conversation.choose_service", _service_buttons(talk))


def _start(talk: Talk, text: str) -> None:
    if not recognise(talk, text):
        greet(talk)


# --- what is needed, and consent ----------------------------------------------------------------


def _needed(definition: Definition) -> list[dict[str, object]]:
    """The checklist: papers that everybody needs, then those that depend on the case."""
    papers: list[Document] = [*definition.documents]
    lines: list[dict[str, object]] = []
    for group in definition.groups:
        lines += [
            {
                "key": f"{definition.id}.document.{group.id}.{document.id}",
                "each": f"{definition.id}.label.group.{group.id}",
                "sure": not document.when,
            }
            for document in group.documents
        ]
    lines += [
        {
            "key": f"{definition.id}.document.{paper.id}",
            "each": "",
            "sure": holds(paper.when, {}) and not paper.optional,
        }
        for paper in papers
    ]
    return lines


def say_needs(talk: Talk, definition: Definition) -> None:
    """Tell what a service needs, costs, and how long it takes."""
    talk.say(
        "conversation.needs",
        service=f"{definition.id}.title",
        about=f"{definition.id}.about",
        documents=_needed(definition),
        cost=definition.cost,
        days=definition.promise,
        minutes=definition.promise_minutes,
        result=definition.result,
    )


def _show_consent(talk: Talk) -> None:
    say_needs(talk, talk.definition)
    keeps = structs.asdict(talk.office.keeps(talk.session.service, talk.session.digest))
    talk.ask("conversation.consent", buttons("agree", "disagree"), keeps=keeps)


def _decide_consent(talk: Talk, choice: str) -> None:
    from flows.places.asking import proceed

    if choice == "agree":
        talk.session.consented = talk.now.isoformat(timespec="seconds")
        talk.session.place = "asking"
        proceed(talk)
        return
    clear_draft(talk.session)
    talk.say("conversation.consent_declined")


def _typed_consent(talk: Talk, text: str) -> None:
    if not recognise(talk, text):
        _show_consent(talk)


# --- language -----------------------------------------------------------------------------------


def _language_buttons(talk: Talk) -> list[Button]:
    return [Button(language, f"languages.{language}") for language in talk.office.languages]


def _show_languages(talk: Talk) -> None:
    talk.ask("conversation.language_choose", _language_buttons(talk))


def choose_language(talk: Talk, language: str) -> None:
    """Speak this language from now on, and go back to where the person was."""
    from flows.places.registry import show

    talk.session.language = language
    if talk.session.place == "language":
        talk.session.place = talk.session.before or "rest"
    talk.say("conversation.language_set")
    if talk.session.place == "start":
        greet(talk)
    elif talk.session.place != "rest":
        show(talk)


def _again(talk: Talk, text: str) -> None:
    _show_languages(talk)


def _nothing(talk: Talk) -> list[Button]:
    return []


def _no_choice(talk: Talk, choice: str) -> None:
    greet(talk)


PLACES["start"] = Place(greet, _nothing, _no_choice, _start)
PLACES["rest"] = Place(open_menu, _nothing, _no_choice, _unclear)
PLACES["groups"] = Place(_show_groups, _group_buttons, _choose_group, _unclear)
PLACES["services"] = Place(_show_services, _service_buttons, begin_service, _unclear)
PLACES["consent"] = Place(
    _show_consent, lambda talk: buttons("agree", "disagree"), _decide_consent, _typed_consent
)
PLACES["language"] = Place(_show_languages, _language_buttons, choose_language, _again)
