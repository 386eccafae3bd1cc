"""Everything that can be set: the shape of ``config.yaml`` and of the environment above it."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from flows.complaint import Days

Permission = Literal[
    "see",
    "claim",
    "accept",
    "return",
    "reject",
    "reply",
    "note",
    "letter",
    "ready",
    "handover",
    "cancel",
    "undo",
    "search",
    "identity",
    "staff",
    "assign",
    "any_stage",
    "broadcast",
]
"""What a role may do; the commands ask for these by name. ``any_stage`` stands in for any role."""

Switch = Literal["auto", "on", "off"]
"""``auto``: on while the public address is this machine's own, off behind a forwarding proxy."""


class Secret:
    """A value that no log, traceback or dump shows; ``reveal`` where it is really used."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(***)" if self._value else "Secret()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Identity(Struct, frozen=True, forbid_unknown_fields=True):
    """Who the office is: what stands on letterheads, pages and in greetings.

    ``unit`` is its sign in letter numbers; ``place`` is where letters are dated; ``emblem`` is an
    image below ``templates/``.
    """

    name: str
    district: str
    regency: str
    province: str
    address: str
    unit: str
    place: str
    time_zone: str = "Asia/Jakarta"
    phone: str = ""
    website: str = ""
    letterhead: list[str] = field(default_factory=list)
    emblem: str = ""


class Hours(Struct, frozen=True, forbid_unknown_fields=True):
    """When the office works; spans are written ``08:00-16:00``, a day without any is closed.

    ``extra`` adds sessions on single days (also evenings), ``holidays`` are local ones, ``quiet``
    is when nobody is written to unasked.
    ``national_holidays`` are public holidays and shared leave days (cuti bersama).
    """

    monday: list[str] = field(default_factory=list)
    tuesday: list[str] = field(default_factory=list)
    wednesday: list[str] = field(default_factory=list)
    thursday: list[str] = field(default_factory=list)
    friday: list[str] = field(default_factory=list)
    saturday: list[str] = field(default_factory=list)
    sunday: list[str] = field(default_factory=list)
    extra: dict[date, list[str]] = field(default_factory=dict)
    holidays: dict[date, str] = field(default_factory=dict)
    national_holidays: bool = True
    quiet: str = "20:00-07:00"

    @property
    def week(self) -> list[list[str]]:
        """The spans of Monday to Sunday."""
        return [
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        ]


class Signer(Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs letters: the first of the list unless ``signed_by`` or an officer says otherwise.

    ``on_behalf`` is the title signed for (a.n.), empty when signing in one's own name;
    ``through`` the title between, for whom this one signs (u.b.); ``acting`` stands before the
    title of who does an office that is not theirs (Plt., Plh.).
    """

    id: str
    title: str
    name: str
    nip: str
    rank: str = ""
    on_behalf: str = ""
    through: str = ""
    acting: Literal["", "Plt.", "Plh."] = ""


class Series(Struct, frozen=True, forbid_unknown_fields=True):
    """How numbers are written and counted: one gapless count ``per`` code or for the office.

    ``pattern`` knows {kode} {nomor:03} {unit} {hari} {bulan} {bulan_romawi} {tahun} {tahun2}.
    """

    pattern: str
    per: Literal["code", "office"] = "code"
    restart: Literal["year", "never"] = "year"


class Numbers(Struct, frozen=True, forbid_unknown_fields=True):
    """The office's number series."""

    registration: Series
    letter: Series


class Reminders(Struct, frozen=True, forbid_unknown_fields=True):
    """When people are reminded: hours since a citizen's last word, days since a letter was ready.

    ``digest`` is when officers get the morning overview, if it is a working day.
    """

    unfinished_hours: list[int] = field(default_factory=lambda: [24, 72])
    expire_hours: int = 168
    collect_days: list[int] = field(default_factory=lambda: [3, 7, 14])
    digest: time = time(8, 0)


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long things are kept (UU 27/2022): days after a request closed, years for letters."""

    documents_days: int = 90
    answers_days: int = 365
    messages_days: int = 90
    letters_years: int = 10
    audit_years: int = 5


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What one person may send: characters of a text, files of a request, megabytes of a file."""

    messages_per_minute: int = 30
    text: int = 2000
    files: int = 60
    file_megabytes: int = 16
    open_requests: int = 5


class People(Struct, frozen=True, forbid_unknown_fields=True):
    """When a chat must prove whose it is, and how long codes hold.

    After ``silence_days`` without a word a number may be somebody else's; who writes by SMS proves
    every ``sms_days`` to read what is sent there. ``code_minutes`` is for joining two chats,
    ``slip_days`` for the slip of the counter.
    """

    silence_days: int = 180
    sms_days: int = 30
    code_minutes: int = 15
    slip_days: int = 30


class Complaints(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a citizen complains, and reports who asks for money.

    ``bribery`` is the role that alone reads such reports; ``number`` is how complaints are counted,
    ``days`` are the working days within which they are answered and closed.
    """

    contact: str
    national: str = "https://www.lapor.go.id"
    bribery: str = "head"
    number: Series = Series("ADU-{tahun2}-{nomor:04}", "office")
    days: Days = Days()


class Template(Struct, frozen=True, forbid_unknown_fields=True):
    """A WhatsApp template: Twilio's ContentSid (empty until approved) and its variables in order.

    Its text for approval is the key ``whatsapp.<name>`` of ``templates/messages/``.
    """

    variables: list[str]
    content_sid: str = ""


class Prices(Struct, frozen=True, forbid_unknown_fields=True):
    """What a message costs, in rupiah: a piece of an SMS, a WhatsApp message, one by template."""

    sms: float = 0
    whatsapp: float = 0
    template: float = 0


class Broadcasts(Struct, frozen=True, forbid_unknown_fields=True):
    """Announcements to many: a second officer agrees to those for more than ``confirm_above``."""

    confirm_above: int = 100
    prices: Prices = Prices()


class Telegram(Struct, frozen=True, forbid_unknown_fields=True):
    """The Bot API; rates in messages per second, in a group per minute."""

    token: Secret = field(default_factory=Secret)
    secret_token: Secret = field(default_factory=Secret)
    api_base: str = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
    rate: float = 30.0
    chat_rate: float = 1.0
    group_rate: float = 20.0
    staff_chat: str = ""

    @property
    def enabled(self) -> bool:
        """Whether there is a token to work with."""
        return bool(self.token)


class Twilio(Struct, frozen=True, forbid_unknown_fields=True):
    """WhatsApp and SMS through Twilio; rates in messages per second."""

    sid: Secret = field(default_factory=Secret)
    token: Secret = field(default_factory=Secret)
    api_base: str = "https://api.twilio.com"
    whatsapp_from: str = ""
    sms_from: str = ""
    rate: float = 80.0
    sms_rate: float = 1.0
    templates: dict[str, Template] = field(default_factory=dict)

    @property
    def enabled(self) -> bool:
        """Whether account and token are known."""
        return bool(self.sid and self.token)

    @property
    def whatsapp(self) -> bool:
        """Whether WhatsApp can be spoken."""
        return self.enabled and bool(self.whatsapp_from)

    @property
    def sms(self) -> bool:
        """Whether SMS can be sent."""
        return self.enabled and bool(self.sms_from)


class SmsGateway(Struct, frozen=True, forbid_unknown_fields=True):
    """The office's own SMS gateway, for both ways."""

    url: str = ""
    secret: Secret = field(default_factory=Secret)

    @property
    def enabled(self) -> bool:
        """Whether there is a gateway."""
        return bool(self.url)


class Bucket(Struct, frozen=True, forbid_unknown_fields=True):
    """How a file store of s3://… is reached; without an ``endpoint`` it is AWS itself."""

    endpoint: str = ""
    region: str = "us-east-1"
    key_id: str = ""
    secret_key: Secret = field(default_factory=Secret)


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """One office's configuration; the top level of ``config.yaml``.

    ``services`` maps a menu group to the services under it, ``signed_by`` a service to the id of
    who signs its letters. ``languages`` have every text;
    ``partial_languages`` have some, and Indonesian says the others. ``settle_ms``: how long a typed
    free text waits for more words. ``now``: the instant at which a trial's clock starts. ``logs``
    is said by the environment alone: something is logged before this is read.
    """

    office: Identity
    villages: dict[str, str]
    hours: Hours
    services: dict[str, list[str]]
    roles: dict[str, list[Permission]]
    signers: list[Signer]
    numbers: Numbers
    complaints: Complaints
    signed_by: dict[str, str] = field(default_factory=dict)
    languages: list[str] = field(default_factory=lambda: ["id", "en"])
    partial_languages: list[str] = field(default_factory=list)
    reminders: Reminders = Reminders()
    retention: Retention = Retention()
    limits: Limits = Limits()
    people: People = People()
    broadcast: Broadcasts = Broadcasts()
    undo_minutes: int = 60
    settle_ms: int = 1500
    trial: Switch = "auto"
    metrics: Switch = "auto"
    telegram: Telegram = Telegram()
    twilio: Twilio = Twilio()
    sms_gateway: SmsGateway = SmsGateway()
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8080
    data_dir: Path = Path("data")
    database_url: str = ""
    files_url: str = ""
    bucket: Bucket = Bucket()
    secret_key: Secret = field(default_factory=Secret)
    now: datetime | None = None
    logs: Literal["text", "json"] = "text"

    def __repr__(self) -> str:
        return f"Config({self.office.name!r})"

    @property
    def spoken(self) -> list[str]:
        """Every language that a citizen may choose."""
        return [*self.languages, *self.partial_languages]

    def signer_of(self, service: str, chosen: str = "") -> Signer:
        """Return who signs a service's letters: who was chosen, else as the office says."""
        known = {signer.id: signer for signer in self.signers}
        for one in (chosen, self.signed_by.get(service, "")):
            if one in known:
                return known[one]
        return self.signers[0]

    def permits(self, role: str, permission: str) -> bool:
        """Return whether that role may do that."""
        return permission in self.roles.get(role, ())
