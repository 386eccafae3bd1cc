"""The tables. Instants are integers (milliseconds since 1970, UTC); ``bytes`` are sealed.

Plain and indexed are only what rules.md allows: name, number, village, dates. Answers, identity
numbers, addresses, phones and raw messages are sealed; look-up goes through a keyed blind index.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

# SQLite only numbers rows by itself in a column of type INTEGER; PostgreSQL needs 64 bits.
Id = BigInteger().with_variant(Integer, "sqlite")
# Compared byte by byte on both, whatever language a PostgreSQL was made for.
Bytewise = String().with_variant(String(collation="C"), "postgresql")


def _id() -> Any:
    return Field(default=None, sa_column=Column(Id, primary_key=True, autoincrement=True))


def _instant(*, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(BigInteger, nullable=True, index=index))


def _number(first: int) -> Any:
    """A number in a table that had rows before: they begin with ``first``."""
    default = Column(Integer, nullable=False, server_default=str(first))
    return Field(default=first, sa_column=default)


def _part(name: str, *columns: str, where: str) -> Index:
    """An index of some rows only: the others cost nothing when they are written."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def _sealed() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


def _text() -> Any:
    """A text that a process of the version before leaves out."""
    return Field(default="", sa_column=Column(String, nullable=False, server_default=text("''")))


class Citizen(SQLModel, table=True):
    """A person who asks; may be reached at several contacts."""

    id: int | None = _id()
    created_at: int | None = _instant()


class Contact(SQLModel, table=True):
    """A chat the desk can write to: a citizen's, an officer's, a group's, a terminal's.

    ``kind`` is citizen, officer or group; ``heard_at`` is the last inbound message (WhatsApp's
    window); ``state`` is open, blocked, optedout or invalid; ``address`` is sealed;
    ``announcements`` is 0 after ``stop``. ``kind`` counter is who stood at the office's counter and
    has no chat yet. ``doubt`` says why the number may be somebody else's by now: changed or silent;
    ``confirmed_at`` is when the person last proved that they read what is sent there (SMS).
    """

    __table_args__ = (_part("contact_staff", "id", where="kind = 'staff'"),)

    id: int | None = _id()
    channel: str
    kind: str = "citizen"
    citizen_id: int | None = Field(default=None, sa_column=Column(Id, index=True))
    officer_id: int | None = Field(default=None, sa_column=Column(Id, index=True))
    language: str = "id"
    state: str = "open"
    address: bytes | None = _sealed()
    profile: bytes | None = _sealed()
    heard_at: int | None = _instant()
    created_at: int | None = _instant()
    announcements: int = _number(1)
    doubt: str = _text()
    confirmed_at: int | None = _instant()


class Address(SQLModel, table=True):
    """A blind index of an address: several may lead to one contact (WhatsApp number and id).

    ``value`` is the address itself, sealed: a new master key needs a new index of it.
    """

    channel: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    contact_id: int = Field(sa_column=Column(Id, nullable=False, index=True))
    value: bytes | None = _sealed()


class Inbox(SQLModel, table=True):
    """Every event once, in order of arrival; ``lane`` is the contact, or minus the request, or 0.

    ``state``: 0 waiting, 1 done, 2 set aside. The unique row is the de-duplication.
    """

    __table_args__ = (
        UniqueConstraint("channel", "key"),
        _part("inbox_waiting", "lane", "seq", where="state = 0"),
        _part("inbox_aside", "seq", where="state = 2"),
        {"sqlite_autoincrement": True},
    )
    seq: int | None = _id()
    channel: str
    key: str
    lane: int = Field(sa_column=Column(Id, nullable=False))
    state: int = 0
    tries: int = 0
    received_at: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    retry_at: int | None = _instant()
    body: bytes | None = _sealed()
    error: str = ""


class Conversation(SQLModel, table=True):
    """A citizen's session, sealed; ``wake_at`` is when the machine wants the clock's event."""

    __table_args__ = (_part("conversation_talking", "talking_to", where="talking_to IS NOT NULL"),)
    contact_id: int = Field(sa_column=Column(Id, primary_key=True, autoincrement=False))
    session: bytes | None = _sealed()
    service: str = ""
    digest: str = ""
    place: str = "start"
    turn: int = 0
    talking_to: int | None = Field(default=None, sa_column=Column(Id))
    prompt_id: int | None = Field(default=None, sa_column=Column(Id))
    wake_at: int | None = _instant(index=True)
    updated_at: int | None = _instant()


class CounterDraft(SQLModel, table=True):
    """What an officer fills in for who stands at the counter: one draft an officer and chat.

    ``contact_id`` is the person without a chat; ``body`` is sealed.
    """

    __table_args__ = (UniqueConstraint("officer_id", "chat_id"),)
    contact_id: int = Field(sa_column=Column(Id, primary_key=True, autoincrement=False))
    officer_id: int = Field(sa_column=Column(Id, nullable=False))
    chat_id: int = Field(sa_column=Column(Id, nullable=False))
    body: bytes | None = _sealed()
    updated_at: int | None = _instant()


class Outbox(SQLModel, table=True):
    """Every message once, sent in order of ``id`` to each contact.

    ``state``: 0 waiting, 1 handed to the platform, 2 accepted by it, 3 given up, 4 replaced.
    ``handed_seq`` is the newest inbox row at the moment of handing over; ``status`` is the
    platform's last word (sent, delivered, read, failed); ``priority`` 0 answers, 1 broadcasts;
    ``unsure`` counts handings-over of which nobody knows whether they arrived; ``owner`` is the
    process that hands it over.
    """

    __table_args__ = (
        _part("outbox_waiting", "contact_id", "id", where="state < 2"),
        _part("outbox_failed", "id", where="state = 3"),
        _part("outbox_platform", "channel", "platform_id", where="platform_id <> ''"),
        _part("outbox_broadcast", "broadcast_id", "state", where="broadcast_id IS NOT NULL"),
        _part("outbox_request", "request_id", where="request_id IS NOT NULL"),
        _part("outbox_announcing", "channel", "id", where="state < 2 AND priority = 1"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    contact_id: int = Field(sa_column=Column(Id, nullable=False, index=True))
    channel: str
    key: str | None = Field(default=None, unique=True)
    request_id: int | None = Field(default=None, sa_column=Column(Id))
    state: int = 0
    priority: int = 0
    prompt: int = 0
    tries: int = 0
    send_at: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    handed_seq: int | None = Field(default=None, sa_column=Column(Id))
    platform_id: str = ""
    status: str = ""
    error: str = ""
    body: bytes | None = _sealed()
    created_at: int | None = _instant()
    sent_at: int | None = _instant()
    broadcast_id: int | None = Field(default=None, sa_column=Column(Id))
    unsure: int = _number(0)
    owner: int | None = Field(default=None, sa_column=Column(Id))


class Process(SQLModel, table=True):
    """A process that serves this database, where there may be several (PostgreSQL).

    It lives as long as it holds the lock of its number; what a dead one claimed is freed.
    """

    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    started_at: int | None = _instant()


class Broadcast(SQLModel, table=True):
    """An announcement to many. Empty ``village``, ``service``, ``language``, ``program`` mean any.

    ``state``: draft, asked (a second officer must agree), running, paused, done, cancelled;
    ``total`` is how many were addressed; ``body`` is the sealed text.
    """

    id: int | None = _id()
    state: str = "draft"
    officer_id: int | None = Field(default=None, sa_column=Column(Id))
    confirmed_by: int | None = Field(default=None, sa_column=Column(Id))
    village: str = ""
    service: str = ""
    language: str = ""
    total: int = 0
    body: bytes | None = _sealed()
    created_at: int | None = _instant()
    started_at: int | None = _instant()
    finished_at: int | None = _instant()
    program: str = _text()


class Request(SQLModel, table=True):
    """A filed request. ``version`` is raised by every change; ``data`` holds the sealed answers.

    ``key`` is the request's own key, sealed by the master key: destroying it purges the answers.
    ``status``: open, returned (waits on the citizen), done, rejected, cancelled; ``role`` is whose
    work the stage is; ``nik`` is a blind index; ``sequence`` is the number without its pattern;
    ``program`` is the public-service program that it was filed within.
    """

    __table_args__ = (
        Index("request_queue", "status", "role", "filed_at"),
        Index("request_late", "status", "stage_due_at"),
        Index("request_number_any_case", text("upper(number)")),
        Index("request_name_any_case", text("lower(name)")),
        Index("request_version", "digest", "closed_at"),
        _part("request_keyed", "digest", "closed_at", where="key IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    number: str = Field(unique=True)
    sequence: int = Field(default=0, index=True)
    code: str = Field(unique=True)
    contact_id: int = Field(sa_column=Column(Id, nullable=False, index=True))
    citizen_id: int = Field(sa_column=Column(Id, nullable=False, index=True))
    service: str
    digest: str
    stage: str
    role: str = ""
    status: str = "open"
    officer_id: int | None = Field(default=None, sa_column=Column(Id, index=True))
    version: int = 1
    name: str = Field(default="", sa_column=Column(Bytewise, nullable=False))
    village: str = ""
    nik: str = Field(default="", index=True)
    topic: int | None = Field(default=None, sa_column=Column(Id, index=True))
    filed_at: int | None = _instant(index=True)
    promised_at: int | None = _instant()
    stage_at: int | None = _instant()
    stage_due_at: int | None = _instant()
    stopped_at: int | None = _instant()
    wake_at: int | None = _instant(index=True)
    closed_at: int | None = _instant()
    returned: str = ""
    asked_by: str = ""
    late: int = 0
    reminders: int = 0
    letter: int = 0
    made: int = 0
    key: bytes | None = _sealed()
    data: bytes | None = _sealed()
    program: str = _text()


class History(SQLModel, table=True):
    """What happened to a request: no personal data, never changed (``note`` text is sealed).

    ``before`` is the request's state as JSON before the step, for undoing it.
    """

    __table_args__ = (
        _part("history_undoable", "officer_id", "id", where="before <> '' AND undone = 0"),
    )
    id: int | None = _id()
    request_id: int = Field(sa_column=Column(Id, nullable=False, index=True))
    at: int = Field(sa_column=Column(BigInteger, nullable=False))
    officer_id: int | None = Field(default=None, sa_column=Column(Id))
    kind: str
    stage: str = ""
    detail: str = ""
    note: bytes | None = _sealed()
    before: str = ""
    undone: int = 0


class Document(SQLModel, table=True):
    """A stored file of a citizen; ``file`` is its name in the store (a keyed hash of the content).

    ``state``: fetching, stored, refused, discarded. ``key`` is the file's own key, sealed.
    """

    __table_args__ = (_part("document_kept", "request_id", where="state <> 'discarded'"),)
    id: int | None = _id()
    contact_id: int = Field(sa_column=Column(Id, nullable=False, index=True))
    request_id: int | None = Field(default=None, sa_column=Column(Id, index=True))
    path: str
    name: str = ""
    state: str = "fetching"
    problem: str = ""
    file: str = ""
    thumbnail: str = ""
    mime: str = ""
    size: int = 0
    pages: int = 1
    identity: int = 0
    key: bytes | None = _sealed()
    created_at: int | None = _instant()


class Job(SQLModel, table=True):
    """Slow work. ``state``: 0 waiting, 1 claimed by ``owner``, 2 done, 3 given up.

    ``tries`` counts failures, ``cuts`` beginnings after which nothing was heard.
    """

    __table_args__ = (
        _part("job_waiting", "run_at", where="state < 2"),
        _part("job_failed", "id", where="state = 3"),
    )
    id: int | None = _id()
    kind: str
    key: str = Field(unique=True)
    state: int = 0
    tries: int = 0
    run_at: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    claimed_until: int | None = _instant()
    body: bytes | None = _sealed()
    error: str = ""
    owner: int | None = Field(default=None, sa_column=Column(Id))
    cuts: int = _number(0)


class Series(SQLModel, table=True):
    """The last number used of a series in a period: gapless, raised in the using transaction."""

    series: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    last: int = 0


class Letter(SQLModel, table=True):
    """A numbered letter. ``state``: reserved, made, cancelled (the number stays)."""

    __table_args__ = (_part("letter_keyed", "made_at", where="key IS NOT NULL"),)
    id: int | None = _id()
    request_id: int = Field(sa_column=Column(Id, nullable=False, unique=True))
    number: str = Field(unique=True)
    state: str = "reserved"
    file: str = ""
    sha256: str = ""
    key: bytes | None = _sealed()
    dated: str = ""
    made_at: int | None = _instant()


class Complaint(SQLModel, table=True):
    """A complaint or a suggestion. Who sent it stands only in ``body``, sealed by its own ``key``.

    ``kind``: service, conduct, bribe, other or suggestion; ``state``: open, answered or closed;
    ``sender`` is a blind index of the citizen; ``nameless`` asks that no officer learns who it was;
    ``visit`` says that something must be looked at on the spot (a longer time limit).
    """

    id: int | None = _id()
    number: str = Field(unique=True)
    sequence: int = Field(default=0, index=True)
    kind: str
    state: str = "open"
    nameless: int = 0
    visit: int = 0
    sender: str = Field(default="", index=True)
    version: int = 1
    reminders: int = 0
    filed_at: int | None = _instant()
    answer_by: int | None = _instant()
    close_by: int | None = _instant()
    answered_at: int | None = _instant()
    closed_at: int | None = _instant()
    wake_at: int | None = _instant(index=True)
    key: bytes | None = _sealed()
    body: bytes | None = _sealed()


class ComplaintStep(SQLModel, table=True):
    """What was done about a complaint: ``kind`` is answered, closed or visit; ``note`` sealed."""

    id: int | None = _id()
    complaint_id: int = Field(sa_column=Column(Id, nullable=False, index=True))
    at: int = Field(sa_column=Column(BigInteger, nullable=False))
    officer_id: int | None = Field(default=None, sa_column=Column(Id))
    kind: str
    note: bytes | None = _sealed()


class Officer(SQLModel, table=True):
    """A member of staff. ``state``: active or suspended."""

    id: int | None = _id()
    name: str = Field(unique=True)
    role: str
    state: str = "active"
    joined_at: int | None = _instant()


class Invite(SQLModel, table=True):
    """A code by which an officer joins; only its keyed hash is kept."""

    digest: str = Field(primary_key=True)
    name: str = ""
    role: str
    expires_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    used_at: int | None = _instant()


class Link(SQLModel, table=True):
    """A one-time link to a document or letter, or a sign-in code; only its keyed hash is kept."""

    digest: str = Field(primary_key=True)
    kind: str
    ref: str
    officer_id: int | None = Field(default=None, sa_column=Column(Id))
    expires_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    used_at: int | None = _instant()


class Audit(SQLModel, table=True):
    """Who looked at what, and who changed the staff."""

    id: int | None = _id()
    at: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    officer_id: int | None = Field(default=None, sa_column=Column(Id))
    what: str
    ref: str = ""


class StoredDefinition(SQLModel, table=True):
    """Every version of a service that was ever in force, by digest."""

    digest: str = Field(primary_key=True)
    service: str = Field(index=True)
    body: str
    first_seen: int | None = _instant()


class Setting(SQLModel, table=True):
    """Small facts of the installation: channel offsets, key check, last ring of the clock."""

    name: str = Field(primary_key=True)
    value: str
