"""Whatever a conversation says can be said: many conversations, every message, each language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.setup.config import office as office_of
from bot.words.markup import parse
from flows import events
from flows.conversation import advance
from flows.effects import Fetch, FindStatus, Say, Submit
from flows.messages import Message
from flows.session import Session
from tests.bot.test_languages import CONFIG, DEFINITIONS, LANGUAGES, WORDING

OFFICE = office_of(CONFIG, DEFINITIONS, WORDING.label)
NOW = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)
PROBLEMS = ["", "", "", "blurry", "dark", "small", "sideways"]
REFUSED = ["damaged", "encrypted", "active", "type", "large", "gone"]
WORDS = [
    "halo",
    "surat domisili",
    "kk hilang",
    "ahli waris",
    "menu",
    "batal",
    "kembali",
    "ubah",
    "status",
    "status DOM-26-0001",
    "petugas",
    "bahasa",
    "bantuan",
    "lanjut",
    "terima kasih",
    "x" * 3000,
    "<b>*_~`&",
]
GOOD = {
    "name": "Siti Aminah",
    "nik": "1409075203800001",
    "kk_number": "1409070101100001",
    "birth_date": "12 Maret 1980",
    "past_date": "5 Januari 2026",
    "village": "Kampung Baru",
    "place": "Teluk Kuantan",
    "address": "Dusun II RT 02 RW 01",
    "text": "sejak tahun 2015",
    "date": "1 Desember 2026",
    "area": "20 x 30",
    "location": "-0.55123, 101.61234",
    "office_day": "selasa depan",
    "future_date": "2 Desember 2026",
    "count": "tiga orang",
    "amount": "5 juta",
    "phone": "0812 3456 7890",
    "email": "siti@example.com",
    "period": "12-13 Desember 2026",
    "times": "jam 8 pagi sampai jam 5 sore",
    "npwp": "01.234.567.8-901.000",
}
BAD = ["31 Februari", "123", "?"]
CHECKS = {
    question.id: question.check
    for definition in DEFINITIONS.values()
    for part in (definition, *definition.groups)
    for question in part.questions
}
REQUEST = {
    "number": "DOM-26-0001",
    "service": "domisili",
    "stage": "domisili.stage.check",
    "status": "open",
    "promised": "2026-11-12",
    "result": "",
    "link": "http://127.0.0.1:8080/lacak/abc",
}
WANTED = events.Wanted(
    7, "AW-26-0001", "ahli_waris", "", ["heirs.0.ktp", "estate"], "foto <kabur>", {}, {}
)
KNOWN = {"number": "DOM-26-0001", "service": "domisili", "stage": "domisili.stage.handover"}
REASON = {"reason": "<b>"}
APPOINTMENT = {"day": "2026-11-24", "come": "ktp.come.recording"}
MORE = {
    "rejected": REASON,
    "cancelled": REASON,
    "appointed": APPOINTMENT,
    "appointed_again": APPOINTMENT,
}
TOLD = [
    events.Told(key, KNOWN | MORE.get(key.split(".")[-1], {}), 1)
    for key in WORDING.keys("id")
    if key.startswith("conversation.told.") and not key.endswith(".reply")
]
HAPPENINGS: list[events.AnyEvent] = [
    events.Unusable("voice"),
    events.Unusable("sticker"),
    events.Unusable("video"),
    events.Unusable("poll"),
    events.Unusable("unknown"),
    events.Location(0.5, 101.5),
    events.ContactCard("081234567890"),
    events.Edited("Siti"),
    events.Started(),
    events.Started("layanan-kk"),
    events.TakenOver("Rina"),
    events.HandedBack(),
    events.StatusFound([REQUEST], ""),
    events.StatusFound([], "DOM-26-0009"),
    WANTED,
    events.Told("conversation.told.reply", {"officer": "Rina", "text": "<i>ya"}),
    *TOLD,
]
step = st.one_of(
    *[st.just("answer")] * 12,
    st.just("press"),
    st.sampled_from(["photo", "wake"]),
    st.sampled_from([*WORDS, *BAD]).map(events.Text),
    st.sampled_from(HAPPENINGS),
)


class Spoken:
    """A conversation of which every message is put into words."""

    def __init__(self, language: str, draw: st.DataObject) -> None:
        self.session = Session(language=language)
        self.draw = draw
        self.now = NOW
        self.choices: list[str] = []
        self.photos = 0

    def take(self, event: events.AnyEvent) -> None:
        self.session, effects = advance(OFFICE, self.session, event, self.now)
        for effect in effects:
            match effect:
                case Say():
                    self.hear(effect)
                case Fetch():
                    self.take(self.inspect(effect))
                case FindStatus(number):
                    self.take(events.StatusFound([], number))
                case Submit(request=request):
                    self.take(
                        events.Filed(
                            request or 1,
                            "DOM-26-0001",
                            "abc",
                            "http://x/a",
                            "2026-11-12",
                            bool(request),
                        )
                    )
                case _:
                    pass

    def hear(self, said: Say) -> None:
        message = Message(said.parts, said.buttons, language=self.session.language)
        worded = WORDING.render(message)
        assert worded.text.strip()
        assert parse(worded.html)
        assert "\n\n\n" not in worded.text.replace("x" * 10, "")
        assert all(label for _, label in worded.buttons)
        if said.prompt:
            self.choices = [choice for choice, _ in worded.buttons]

    def inspect(self, fetch: Fetch) -> events.Inspected:
        self.photos += 1
        usable = self.draw.draw(st.integers(0, 4)) > 0
        problem = self.draw.draw(st.sampled_from(PROBLEMS if usable else REFUSED))
        return events.Inspected(self.photos, fetch.path, fetch.media.ref, problem, usable)

    def walk(self, what: str | events.AnyEvent) -> None:
        check = CHECKS.get(self.session.asked.split(".")[-1], "")
        if what == "answer" and self.session.place == "asking" and check in GOOD:
            self.take(events.Text(GOOD[check]))
        elif what == "answer" and self.session.place == "collecting" and not self.choices:
            self.walk("photo")
        elif what in ("answer", "press"):
            if self.choices:
                self.take(events.Pressed(self.draw.draw(st.sampled_from(self.choices))))
        elif what == "photo":
            self.take(events.Media(f"ref{self.photos}", caption=""))
        elif what == "wake":
            self.now += timedelta(days=1)
            self.take(events.Woken(self.session.turn))
        elif not isinstance(what, str):
            self.take(what)


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    start=st.sampled_from(sorted(OFFICE.current)),
    steps=st.lists(step, min_size=30, max_size=60),
    draw=st.data(),
)
def test_every_message_of_a_conversation_can_be_said(
    language: str, start: str, steps: list[str | events.AnyEvent], draw: st.DataObject
) -> None:
    talk = Spoken(language, draw)
    talk.take(events.Started(f"layanan-{start}"))
    talk.take(events.Pressed(talk.choices[0]))
    for one in steps:
        talk.walk(one)
