"""Questions one by one: what is asked next, and what an answer does."""

from __future__ import annotations

from datetime import date

from flows.answers import CHECKS, About, Accepted, Wrong
from flows.checklist import (
    ENOUGH,
    Item,
    drop_orphans,
    find,
    forget_dependants,
    next_item,
)
from flows.definition import Document, Group, Question
from flows.messages import Button
from flows.places.elsewhere import turned
from flows.places.menu import say_needs
from flows.places.registry import PLACES, Place, go
from flows.session import Continued
from flows.talk import Talk, buttons, yes_no
from flows.understanding import asks_back, surely_asks_back

_MISSES_BEFORE_PERSON = 3
_FREE = ("name", "text", "address")
_NUMBERS = ("count", "amount")


def proceed(talk: Talk) -> None:
    """Ask the next thing that is missing, or show the summary."""
    session = talk.session
    if turned(talk) is not None:
        go(talk, "elsewhere")
        return
    item = next_item(talk.definition, session)
    if item is None:
        if any(page.id == 0 for pages in session.documents.values() for page in pages):
            session.place, session.asked = "collecting", ""
            return
        go(talk, "review")
        return
    session.asked = item.path
    go(talk, "collecting" if isinstance(item.what, Document) else "asking")


def current(talk: Talk) -> Item | None:
    """Return the item that is being asked."""
    return find(talk.definition, talk.session, talk.session.asked)


def key_for(talk: Talk, kind: str, item: Item) -> str:
    """Return the message key of a item: ``domisili.ask.name``, ``ahli_waris.ask.heirs.nik``."""
    return talk.key(f"{kind}.{item.name}")


def _show(talk: Talk) -> None:
    item = current(talk)
    if item is None:
        proceed(talk)
        return
    if isinstance(item.what, Group):
        count = talk.session.counts.get(item.what.id, max(1, item.what.least))
        talk.ask(talk.key(f"more.{item.what.id}"), _options(talk), count=count)
        return
    if item.member >= 0 and isinstance(item.what, Question) and _opens_member(talk, item):
        talk.say(talk.key(f"ask.group.{item.group}"), n=item.member + 1)
    talk.ask(key_for(talk, "ask", item), _options(talk), n=item.member + 1)


def _opens_member(talk: Talk, item: Item) -> bool:
    group = next(g for g in talk.definition.groups if g.id == item.group)
    return group.questions[0].id == item.what.id


def _options(talk: Talk) -> list[Button]:
    item = current(talk)
    if item is None:
        return []
    if isinstance(item.what, Group):
        return buttons("add", "enough")
    assert isinstance(item.what, Question)
    found = choices(talk, item, item.what)
    if item.what.optional:
        found += buttons("skip")
    return found


def choices(talk: Talk, item: Item, question: Question) -> list[Button]:
    """Return the answers that a question offers, none where it is open."""
    if question.check == "choice":
        stem = talk.key(f"choice.{item.name}")
        return [Button(choice, f"{stem}.{choice}") for choice in question.choices]
    if question.check == "village":
        return [Button(village.id, text=village.name) for village in talk.office.villages]
    if question.check == "yesno":
        return yes_no()
    return []


def _chosen(talk: Talk, choice: str) -> None:
    item = current(talk)
    if item is None:
        proceed(talk)
    elif isinstance(item.what, Group):
        _decide_more(talk, item.what, add=choice == "add")
    elif choice == "skip":
        talk.session.skipped.append(item.path)
        talk.session.continued = None
        proceed(talk)
    else:
        keep(talk, item, choice, "")
        proceed(talk)


def _decide_more(talk: Talk, group: Group, *, add: bool) -> None:
    session = talk.session
    if add:
        session.counts[group.id] = session.counts.get(group.id, max(1, group.least)) + 1
    else:
        session.answers[f"{group.id}.more"] = ENOUGH
    session.continued = None
    proceed(talk)


def _typed(talk: Talk, text: str) -> None:
    item = current(talk)
    if item is None or not isinstance(item.what, Question):
        talk.say("conversation.unclear")
        _show(talk)
        return
    answer(talk, item, text)


def answer(talk: Talk, item: Item, text: str) -> None:
    """Take a typed answer, or say kindly why it cannot be one."""
    session = talk.session
    assert isinstance(item.what, Question)
    session.continued = Continued(item.path, text)
    talk.standing = None
    talk.settle = item.what.check in _FREE
    try:
        accepted = CHECKS[item.what.check](text, about(talk, item, item.what))
    except Wrong as wrong:
        if asks_back(text):
            _answer_back(talk)
        else:
            _miss(talk, wrong)
        return
    if item.what.check == "name" and surely_asks_back(text):
        _answer_back(talk)
        return
    _take(talk, item, accepted)


def _answer_back(talk: Talk) -> None:
    """Asked instead of answered: tell what it needs, costs and takes, and ask again."""
    talk.session.continued = None
    say_needs(talk, talk.definition)
    _show(talk)


def _take(talk: Talk, item: Item, accepted: Accepted) -> None:
    """Keep an accepted answer and go on; a date that is late only after a yes."""
    assert isinstance(item.what, Question)
    if is_late(talk, item.what, accepted.value):
        talk.session.asked, talk.session.pending = item.path, accepted.value
        go(talk, "confirming")
        return
    keep(talk, item, accepted.value, accepted.warning)
    if accepted.warning:
        talk.say(f"answers.warning.{accepted.warning}")
    talk.session.place = "asking"
    proceed(talk)


def is_late(talk: Talk, question: Question, value: str) -> bool:
    """Say whether this date lies further back than the law wants it reported."""
    if question.late is None:
        return False
    today = date.fromisoformat(talk.office.today(talk.now))
    return (today - date.fromisoformat(value)).days > question.late


def _miss(talk: Talk, wrong: Wrong) -> None:
    reason = f"answers.{wrong.reason}"
    talk.session.misses += 1
    if talk.session.misses >= _MISSES_BEFORE_PERSON:
        talk.say(reason, **wrong.args_)
        talk.say("conversation.offer_officer")
        talk.ask("conversation.try_again", [*_options(talk), *buttons("officer")])
        return
    talk.say_briefly(reason, **wrong.args_)
    _show(talk)


def keep(talk: Talk, item: Item, value: str, warning: str) -> None:
    """Write an answer down; what depended on another one is asked again."""
    session = talk.session
    changed = session.answers.get(item.path) not in (None, value)
    session.answers[item.path] = value
    session.misses = 0
    session.marks.pop(item.path, None)
    if warning:
        session.marks[item.path] = warning
    if changed:
        forget_dependants(talk.definition, session, item.path)
    talk.discard(drop_orphans(talk.definition, session))


def continue_answer(talk: Talk, text: str) -> bool:
    """Words that came before the next prompt was sent belong to the answer before it.

    They are tried as its continuation, then as a better answer; else they say nothing new.
    """
    session = talk.session
    last = session.continued
    if last is None:
        return False
    item = find(talk.definition, session, last.path)
    if item is None or not isinstance(item.what, Question):
        return False
    known = about(talk, item, item.what)
    for attempt in (f"{last.text} {text}", text):
        try:
            accepted = CHECKS[item.what.check](attempt, known)
        except Wrong:
            continue
        session.continued = Continued(item.path, attempt)
        talk.settle = item.what.check in _FREE
        _take(talk, item, accepted)
        return True
    if item.path == session.asked:
        # It was wrong before, so the next piece may complete it: 12, then maret, then 1998.
        session.continued = Continued(item.path, f"{last.text} {text}")
    return True


def about(talk: Talk, item: Item, question: Question) -> About:
    """Return what a check of this question may know."""
    return About(
        question=question,
        today=date.fromisoformat(talk.office.today(talk.now)),
        villages=[(village.id, village.name) for village in talk.office.villages],
        choice_labels=dict(talk.options(choices(talk, item, question))),
        answers=_beside(talk, item),
        calendar=talk.office.calendar,
    )


def _beside(talk: Talk, item: Item) -> dict[str, str]:
    """Return the same person's other answers by question: a NIK is held against a birth date."""
    prefix = f"{item.group}.{item.member}." if item.group else ""
    found = {
        path.removeprefix(prefix): value
        for path, value in talk.session.answers.items()
        if path.startswith(prefix) and "." not in path.removeprefix(prefix)
    }
    assert isinstance(item.what, Question)
    # groom_nik and groom_birth_date are one person's: what they share is whose they are.
    whose = item.what.id.removesuffix(item.what.check)
    if whose and whose != item.what.id:
        own = {path: value for path, value in found.items() if path.startswith(whose)}
        found |= {path.removeprefix(whose): value for path, value in own.items()}
    return found


def takes_numbers(talk: Talk) -> bool:
    """May a typed number name a button here? Not where the answer itself is a number."""
    item = current(talk)
    if item is None or isinstance(item.what, Group | Document):
        return True
    return item.what.check not in _NUMBERS


PLACES["asking"] = Place(_show, _options, _chosen, _typed)
