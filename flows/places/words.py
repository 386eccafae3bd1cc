"""Words that work at any moment: menu, batal, kembali, ubah, status, petugas, bahasa, info."""

from __future__ import annotations

from collections.abc import Callable

from flows.checklist import item_before, take_up
from flows.definition import Document
from flows.effects import Announcements, FindStatus
from flows.places import complaining, erasing, leaving, linking, menu, review, talking
from flows.places.aside import come_back, leave
from flows.places.registry import go, show
from flows.talk import Talk, has_draft, in_aside, step_out, under_way
from flows.understanding import Intent


def obey(talk: Talk, intent: Intent) -> bool:
    """Do what the word asks; False when this desk does not know it, or it is rather an answer."""
    act = _WORDS.get(intent.kind)
    if intent.kind == "start":
        return _start(talk)
    if act is None or (intent.kind == "change" and _is_answer(talk, intent.argument)):
        return False
    act(talk, intent)
    return True


def _menu(talk: Talk, intent: Intent) -> None:
    if has_draft(talk.session):
        leaving.ask_to_cancel(talk, "menu")
    else:
        leave(talk)
        menu.open_menu(talk)


def _cancel(talk: Talk, intent: Intent) -> None:
    if in_aside(talk.session):
        erases = talk.session.place == "erasing"
        talk.say("rights.kept" if erases else "complaint.dropped")
        come_back(talk)
        return
    leaving.ask_to_cancel(talk)


def _back(talk: Talk, intent: Intent) -> None:
    """One question back; its answer is asked again."""
    session = talk.session
    if in_aside(session):
        come_back(talk) if session.place == "erasing" else complaining.back(talk)
        return
    if session.place == "confirming":
        session.pending = ""
        go(talk, "asking")
        return
    if session.place in ("leaving", "language", "correcting"):
        session.place = session.before if session.place != "correcting" else "review"
        show(talk)
        return
    before = item_before(talk.definition, session, session.asked) if has_draft(session) else None
    if before is None or session.returned is not None:
        if session.place in ("consent", "services"):
            menu.open_menu(talk)
            return
        talk.say("conversation.back_impossible")
        show(talk)
        return
    if isinstance(before.what, Document):
        talk.discard([page.id for page in session.documents.pop(before.path, []) if page.id])
    session.answers.pop(before.path, None)
    take_up(session, before.path)
    session.asked = before.path
    session.continued = None
    go(talk, "collecting" if isinstance(before.what, Document) else "asking")


def _change(talk: Talk, intent: Intent) -> None:
    if has_draft(talk.session) and review.changeable(talk):
        review.change_named(talk, intent.argument)
    else:
        talk.say("conversation.nothing_to_change")
        show(talk)


def _is_answer(talk: Talk, words: str) -> bool:
    """``ubah nasib`` names no line: where a question is open, it may well be the answer."""
    if in_aside(talk.session):
        return True
    return bool(words) and talk.session.place == "asking" and not review.named(talk, words)


def _status(talk: Talk, intent: Intent) -> None:
    talk.want(FindStatus(intent.argument))


def _officer(talk: Talk, intent: Intent) -> None:
    talking.call(talk, "asked", intent.argument)


def _language(talk: Talk, intent: Intent) -> None:
    if intent.argument in talk.office.languages:
        menu.choose_language(talk, intent.argument)
        return
    step_out(talk.session, "language")
    go(talk, "language")


def _info(talk: Talk, intent: Intent) -> None:
    service = intent.service or talk.session.service
    if service not in talk.office.current:
        menu.open_menu(talk) if not has_draft(talk.session) else show(talk)
        return
    menu.say_needs(talk, talk.office.service(service))
    if under_way(talk.session):
        show(talk)
    else:
        menu.open_menu(talk)


def _resume(talk: Talk, intent: Intent) -> None:
    leaving.resume(talk)


def _stop(talk: Talk, intent: Intent) -> None:
    """No more announcements; what is being filled in stays."""
    talk.session.silent = True
    talk.want(Announcements(wanted=False))
    talk.say("announcements.stopped")
    if has_draft(talk.session):
        talk.say("announcements.not_cancelled")
        show(talk)


def _start(talk: Talk) -> bool:
    """Announcements again; for whoever always had them it is a greeting like any other."""
    talk.want(Announcements(wanted=True))
    if not talk.session.silent:
        return False
    talk.session.silent = False
    talk.say("announcements.started")
    if has_draft(talk.session):
        show(talk)
    return True


def _help(talk: Talk, intent: Intent) -> None:
    talk.say("conversation.help_words")
    if under_way(talk.session):
        show(talk)


def _complaint(talk: Talk, intent: Intent) -> None:
    complaining.begin(talk, "", intent.argument)


def _suggestion(talk: Talk, intent: Intent) -> None:
    complaining.begin(talk, complaining.SUGGESTION, intent.argument)


def _data(talk: Talk, intent: Intent) -> None:
    erasing.ask_data(talk)


def _erase(talk: Talk, intent: Intent) -> None:
    erasing.ask_erasing(talk)


def _link(talk: Talk, intent: Intent) -> None:
    linking.link(talk, intent.argument)


def _part(talk: Talk, intent: Intent) -> None:
    linking.part(talk)


_WORDS: dict[str, Callable[[Talk, Intent], None]] = {
    "menu": _menu,
    "cancel": _cancel,
    "back": _back,
    "change": _change,
    "status": _status,
    "officer": _officer,
    "language": _language,
    "info": _info,
    "stop": _stop,
    "resume": _resume,
    "help": _help,
    "complaint": _complaint,
    "suggestion": _suggestion,
    "data": _data,
    "erase": _erase,
    "link": _link,
    "part": _part,
}
