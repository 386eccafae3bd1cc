"""``dataku``: everything that is held about a person, set as a PDF at the moment it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.channels.protocol import File
from bot.letters.rendering import render_report
from bot.requests.cards import split, stage_key
from bot.rights.wishes import kept_until
from bot.words import display
from bot.words.wording import KeyMissing, WordsBroken
from flows.definition import Definition, Question
from flows.events import AnyEvent, Media, Pressed, Text
from flows.places.erasing import FILE
from storage import (
    audit,
    complaints,
    contacts,
    conversations,
    documents,
    history,
    letters,
    requests,
    rights,
    screens,
)
from storage.database import Tx
from storage.documents import DocumentRow
from storage.requests import Purged, RequestRow

if TYPE_CHECKING:
    from bot.engine.desk import Desk

Rows = list[list[str]]
_MOST_SEEN = 200
_EVERY = 1_000_000


async def data_file(desk: Desk, contact_id: int) -> File | None:
    """Return the PDF for the person of this chat, in memory only; None where nobody is left."""
    content = await desk.db.read(lambda tx: _content(desk, tx, contact_id))
    if content is None:
        return None
    now, root = desk.now(), desk.wording.root
    pdf = await asyncio.to_thread(render_report, root, "dataku", content, now)
    return File("document", FILE, "application/pdf", pdf)


def _content(desk: Desk, tx: Tx, contact_id: int) -> dict[str, Any] | None:
    contact = contacts.load(tx, contact_id)
    if contact.citizen_id is None or contact.address is None:
        return None
    dossier = _Dossier(desk, tx, contact.citizen_id, contact.language)
    made = f"{dossier.word('made')}: {dossier.time(desk.now())}"
    return {
        "title": dossier.word("title"),
        "about": dossier.word("about"),
        "made": made,
        "office": desk.config.office.name,
        "language": contact.language[:2],
        "sample": desk.trial,
        "sections": list(dossier.sections()),
    }


def _section(title: str, rows: Rows, *tables: dict[str, Any], text: str = "") -> dict[str, Any]:
    return {
        "title": title,
        "rows": [row for row in rows if row[1]],
        "tables": [table for table in tables if table["rows"]],
        "text": text,
    }


class _Dossier:
    """Reads what is held and puts it into words of one language."""

    def __init__(self, desk: Desk, tx: Tx, citizen_id: int, language: str) -> None:
        self.desk, self.tx = desk, tx
        self.citizen, self.language = citizen_id, language
        self._letters = {one.number: one for one in rights.issued_letters(tx, citizen_id)}

    def sections(self) -> Iterator[dict[str, Any]]:
        """Yield everything: chats, what is half-finished, requests, complaints, messages."""
        chats = rights.contacts_of(self.tx, self.citizen)
        for chat in chats:
            yield self._chat(chat)
            if (draft := self._draft(chat)) is not None:
                yield draft
        for row in requests.of_citizen(self.tx, self.citizen, _EVERY):
            yield self._request(row)
        for one in complaints.of_citizen(self.tx, self.desk.vault, self.citizen):
            yield self._complaint(one)
        rows = sorted((line for chat in chats for line in self._messages(chat)), key=lambda x: x[0])
        table = self._table("", ("when", "who", "text"), [line[1] for line in rows])
        yield _section(self.word("messages"), [], table)
        yield _section(self.word("keeps"), [], text=self.word("keeps_text"))

    # --- words -----------------------------------------------------------------------------------

    def word(self, key: str) -> str:
        """Return a word of the PDF."""
        return self.label(f"rights.pdf.{key}")

    def label(self, key: str, otherwise: str = "") -> str:
        """Return a short text."""
        return self.desk.wording.label(self.language, key) or otherwise

    def time(self, moment: datetime | int | None) -> str:
        """Show an instant in the office's zone, empty for none."""
        if moment is None:
            return ""
        return display.show_time(moment, self.language, self.desk.office.calendar.zone)

    def _table(self, title: str, columns: tuple[str, ...], rows: Rows) -> dict[str, Any]:
        name = self.word(title) if title else ""
        return {"title": name, "columns": [self.word(c) for c in columns], "rows": rows}

    # --- the person ------------------------------------------------------------------------------

    def _chat(self, chat: int) -> dict[str, Any]:
        contact, vault = contacts.load(self.tx, chat), self.desk.vault
        since, announced = rights.since(self.tx, chat)
        return _section(
            self.word("person"),
            [
                [self.word("channel"), contact.channel],
                [
                    self.word("address"),
                    contacts.address_of(vault, contact) if contact.address else "",
                ],
                [self.word("profile"), contacts.profile_of(vault, contact)],
                [self.word("language"), self.label(f"languages.{contact.language}")],
                [self.word("since"), self.time(since)],
                [self.word("heard"), self.time(contact.heard_at)],
                [self.word("announcements"), self.word("yes" if announced else "no")],
            ],
        )

    def _draft(self, chat: int) -> dict[str, Any] | None:
        session = conversations.load(self.tx, self.desk.vault, chat).session
        if not session.service or not session.answers:
            return None
        definition = self.desk.office.service(session.service, session.digest)
        rows: Rows = [[self.word("program"), self._program(session.program)]]
        rows += self._answers(definition, session.answers)
        files = self._papers(definition, rights.loose_documents(self.tx, chat))
        title = self.label(f"{session.service}.title", session.service)
        return _section(f"{self.word('draft')}: {title}", rows, files)

    # --- requests --------------------------------------------------------------------------------

    def _request(self, row: RequestRow) -> dict[str, Any]:
        definition = self.desk.office.service(row.service, row.digest)
        try:
            given = requests.given(self.tx, self.desk.vault, row.id)
            answers = self._answers(definition, given.answers)
            consent = given.marks.get("consent", "")
        except Purged:
            answers, consent = [], ""
        letter = letters.of_request(self.tx, row.id)
        number = letter.number if letter else ""
        rows = [
            [self.word("filed"), self.time(row.state.filed_at)],
            [self.word("program"), self._program(row.program)],
            [self.word("closed"), self.time(row.closed_at)],
            [self.word("status"), self.label(stage_key(row), row.state.status)],
            [self.word("consent"), self.time(datetime.fromisoformat(consent)) if consent else ""],
            [self.word("letter"), number],
            *self._until(row, self._letters.get(number), answered=bool(answers)),
        ]
        return _section(
            f"{self.word('request')} {row.number}: {self.label(f'{row.service}.title')}",
            [*rows, *answers],
            self._papers(definition, documents.of_request(self.tx, row.id)),
            self._steps(row),
            self._seen(row, letter.id if letter else 0),
            text="" if answers else self.word("purged"),
        )

    def _program(self, program: str) -> str:
        return self.label(f"programs.{program}.title", program) if program else ""

    def _until(self, row: RequestRow, letter: rights.Issued | None, *, answered: bool) -> Rows:
        """Until when the papers, the answers and the letter of a request are kept."""
        office, until = self.desk.office, []
        if row.closed_at is not None:
            keeps = office.keeps(row.service, row.digest)
            if any(paper.key for paper in documents.of_request(self.tx, row.id)):
                until.append(("papers_until", row.closed_at, keeps.documents_days))
            if answered:
                until.append(("answers_until", row.closed_at, keeps.answers_days))
        rows = [
            [self.word(key), self._day(office.today(closed + timedelta(days=days)))]
            for key, closed, days in until
        ]
        kept = self._day(kept_until(office, letter)) if letter else ""
        law = ", ".join(office.law_of_keeping(row.service, row.digest))
        return [*rows, [self.word("letter_until"), f"{kept} ({law})" if kept and law else kept]]

    def _day(self, date: str) -> str:
        return display.show_date(date, self.language)

    def _answers(self, definition: Definition, answers: Mapping[str, str]) -> Rows:
        return [
            [self._name(definition, path, "label"), self._value(definition, path, value)]
            for path, value in answers.items()
            if not path.endswith(".more")
        ]

    def _name(self, definition: Definition, path: str, kind: str) -> str:
        group, member, name = split(path)
        within = f"{group}." if group else ""
        label = self.label(f"{definition.id}.{kind}.{within}{name}", name)
        return f"{label} ({member})" if member else label

    def _value(self, definition: Definition, path: str, value: str) -> str:
        group, _, name = split(path)
        questions = definition.questions
        for each in definition.groups:
            if each.id == group:
                questions = each.questions
        found: Question | None = next((one for one in questions if one.id == name), None)
        line = {"value": value, "check": found.check if found else ""}
        if found is not None and found.check == "choice":
            within = f"{group}." if group else ""
            return self.label(f"{definition.id}.choice.{within}{name}.{value}", value)
        return str(self.desk.wording.shown(self.language, line))

    def _papers(self, definition: Definition, papers: list[DocumentRow]) -> dict[str, Any]:
        rows = [
            [
                self._name(definition, paper.path, "document"),
                self.time(paper.created_at),
                f"{max(1, paper.size // 1000)} kB",
            ]
            for paper in papers
        ]
        return self._table("documents", ("document", "received", "size"), rows)

    def _steps(self, row: RequestRow) -> dict[str, Any]:
        try:
            notes = history.notes(self.tx, self.desk.vault, row.id)
        except Purged:
            notes = {}
        rows = [
            [
                self.time(entry.at),
                self.label(f"commands.happened.{entry.kind}", entry.kind),
                notes.get(entry.id, ""),
            ]
            for entry in history.entries(self.tx, row.id)
        ]
        return self._table("steps", ("when", "what", "note"), rows)

    def _seen(self, row: RequestRow, letter: int) -> dict[str, Any]:
        """Every access of officers: to the answers, to a document, to the letter."""
        found = audit.recent(self.tx, _MOST_SEEN, what="request", ref=row.number)
        for paper in documents.of_request(self.tx, row.id):
            found += audit.recent(self.tx, _MOST_SEEN, what="document", ref=str(paper.id))
        if letter:
            found += audit.recent(self.tx, _MOST_SEEN, what="letter", ref=str(letter))
        names = {"request": "request", "document": "document", "letter": "letter"}
        rows = [
            [self.time(entry.at), self.word(names[entry.what.partition(".")[0]])]
            for entry in sorted(found)
        ]
        return self._table("seen", ("when", "what"), rows)

    # --- complaints and messages -----------------------------------------------------------------

    def _complaint(self, row: complaints.ComplaintRow) -> dict[str, Any]:
        body = complaints.body_of(self.desk.vault, row)
        steps = [
            [self.time(step.at), self.label(f"complaint.step.{step.kind}"), step.note]
            for step in complaints.steps(self.tx, self.desk.vault, row)
        ]
        rows = [
            [self.word("filed"), self.time(row.filed_at)],
            [self.word("closed"), self.time(row.closed_at)],
            [self.word("status"), self.label(f"complaint.state.{row.state}")],
            [self.word("said"), body.text if body else ""],
        ]
        title = f"{self.word('complaint')} {row.number}: {self.label(f'complaint.kind.{row.kind}')}"
        return _section(title, rows, self._table("steps", ("when", "what", "note"), steps))

    def _messages(self, chat: int) -> Iterator[tuple[int, list[str]]]:
        contact, place = contacts.load(self.tx, chat), screens.Place()
        while True:
            lines, reached = screens.lines(self.tx, self.desk.vault, chat, contact.channel, place)
            if not lines:
                return
            place = reached
            for line in lines:
                if isinstance(line, screens.Said):
                    who, text = "from_you", self._said(line.event)
                else:
                    who, text = "from_us", self._told(line)
                if text:
                    yield line.at, [self.time(line.at), self.word(who), text]

    def _said(self, event: AnyEvent) -> str:
        match event:
            case Text(text):
                return text
            case Pressed():
                return self.word("pressed")
            case Media(caption=caption):
                return f"{self.word('photo')} {caption}".strip()
            case _:
                return ""

    def _told(self, line: screens.Told) -> str:
        try:
            return self.desk.wording.render(line.message).text
        except (KeyMissing, WordsBroken):
            # A text that a later version no longer has: what it was about stands above.
            return self.word("none")
