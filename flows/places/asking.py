"""Questions one by one: what is asked next, and what an answer does."""

from __future__ import annotations

from datetime import date

from flows.answers import CHECKS, About, Wrong
from flows.definition import Document, Group, Question
from flows.messages import Button
from flows.places.registry import PLACES, Place, go
from flows.session import Continued
from flows.steps import (
    ENOUGH,
    Step,
    drop_orphans,
    find,
    forget_dependants,
    next_step,
)
from flows.talk import Talk, buttons, yes_no

_MISSES_BEFORE_PERSON = 3
_FREE = ("name", "text", "address")
_NUMBERED = ("choice", "yesno", "place")


def proceed(talk: Talk) -> None:
    """Ask the next thing that is missing, or show the summary."""
    session = talk.session
    step = next_step(talk.definition, session)
    if step is None:
        if any(page.id == 0 for pages in session.documents.values() for page in pages):
            session.place, session.asked = "collecting", ""
            return
        go(talk, "review")
        return
    session.asked = step.path
    go(talk, "collecting" if isinstance(step.item, Document) else "asking")


def current(talk: Talk) -> Step | None:
    """Return the step that is being asked."""
    return find(talk.definition, talk.session, talk.session.asked)


def key_for(talk: Talk, kind: str, step: Step) -> str:
    """Return the message key of a step: ``domisili.ask.name``, ``ahli_waris.ask.heirs.nik``."""
    return talk.key(f"{kind}.{step.name}")


def _show(talk: Talk) -> None:
    step = current(talk)
    if step is None:
        proceed(talk)
        return
    if isinstance(step.item, Group):
        count = talk.session.counts.get(step.item.id, max(1, step.item.least))
        talk.ask(talk.key(f"more.{step.item.id}"), _options(talk), count=count)
        return
    if step.member >= 0 and isinstance(step.item, Question) and _opens_member(talk, step):
        talk.say(talk.key(f"ask.group.{step.group}"), n=step.member + 1)
    talk.ask(key_for(talk, "ask", step), _options(talk), n=step.member + 1)


def _opens_member(talk: Talk, step: Step) -> bool:
    group = next(g for g in talk.definition.groups if g.id == step.group)
    return group.questions[0].id == step.item.id


def _options(talk: Talk) -> list[Button]:
    step = current(talk)
    if step is None:
        return []
    if isinstance(step.item, Group):
        return buttons("add", "enough")
    assert isinstance(step.item, Question)
    found = _choices(talk, step, step.item)
    if step.item.optional:
        found += buttons("skip")
    return found


def _choices(talk: Talk, step: Step, question: Question) -> list[Button]:
    if question.check == "choice":
        stem = talk.key(f"choice.{step.name}")
        return [Button(choice, f"{stem}.{choice}") for choice in question.choices]
    if question.check == "place":
        return [Button(village.id, text=village.name) for village in talk.office.villages]
    if question.check == "yesno":
        return yes_no()
    return []


def _chosen(talk: Talk, choice: str) -> None:
    step = current(talk)
    if step is None:
        proceed(talk)
    elif isinstance(step.item, Group):
        _decide_more(talk, step.item, add=choice == "add")
    elif choice == "skip":
        talk.session.skipped.append(step.path)
        talk.session.continued = None
        proceed(talk)
    else:
        _keep(talk, step, choice, "")
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
    step = current(talk)
    if step is None or not isinstance(step.item, Question):
        talk.say("conversation.unclear")
        _show(talk)
        return
    answer(talk, step, text)


def answer(talk: Talk, step: Step, text: str) -> None:
    """Take a typed answer, or say kindly why it cannot be one."""
    session = talk.session
    assert isinstance(step.item, Question)
    session.continued = Continued(step.path, text)
    talk.settle = step.item.check in _FREE
    try:
        accepted = CHECKS[step.item.check](text, _about(talk, step, step.item))
    except Wrong as wrong:
        _miss(talk, wrong)
        return
    _keep(talk, step, accepted.value, accepted.warning)
    if accepted.warning:
        talk.say(f"answers.warning.{accepted.warning}")
    proceed(talk)


def _miss(talk: Talk, wrong: Wrong) -> None:
    talk.session.misses += 1
    talk.say(f"answers.{wrong.reason}", **wrong.args_)
    if talk.session.misses >= _MISSES_BEFORE_PERSON:
        talk.say("conversation.offer_officer")
        talk.ask("conversation.try_again", [*_options(talk), *buttons("officer")])
        return
    _show(talk)


def _keep(talk: Talk, step: Step, value: str, warning: str) -> None:
    session = talk.session
    changed = session.answers.get(step.path) not in (None, value)
    session.answers[step.path] = value
    session.misses = 0
    session.marks.pop(step.path, None)
    if warning:
        session.marks[step.path] = warning
    if changed:
        forget_dependants(talk.definition, session, step.path)
    talk.discard(drop_orphans(talk.definition, session))


def continue_answer(talk: Talk, text: str) -> bool:
    """Words that came before the next prompt was sent belong to the answer before it.

    They are tried as its continuation, then as a better answer; else they say nothing new.
    """
    session = talk.session
    last = session.continued
    if last is None:
        return False
    step = find(talk.definition, session, last.path)
    if step is None or not isinstance(step.item, Question):
        return False
    about = _about(talk, step, step.item)
    for attempt in (f"{last.text} {text}", text):
        try:
            accepted = CHECKS[step.item.check](attempt, about)
        except Wrong:
            continue
        _keep(talk, step, accepted.value, accepted.warning)
        session.continued = Continued(step.path, attempt)
        talk.settle = step.item.check in _FREE
        if accepted.warning:
            talk.say(f"answers.warning.{accepted.warning}")
        proceed(talk)
        return True
    if step.path == session.asked:
        # It was wrong before, so the next piece may complete it: 12, then maret, then 1998.
        session.continued = Continued(step.path, f"{last.text} {text}")
    return True


def _about(talk: Talk, step: Step, question: Question) -> About:
    return About(
        question=question,
        today=date.fromisoformat(talk.office.today(talk.now)),
        villages=[(village.id, village.name) for village in talk.office.villages],
        choice_labels=dict(talk.options(_choices(talk, step, question))),
    )


def takes_numbers(talk: Talk) -> bool:
    """May a typed number name a button here? Not where the answer itself is a number."""
    step = current(talk)
    if step is None or isinstance(step.item, Group | Document):
        return True
    return step.item.check in _NUMBERED


PLACES["asking"] = Place(_show, _options, _chosen, _typed)
