"""After the storm: what the database, the files and the platform must agree on."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage import requests
from storage.database import Tx
from storage.vault import Vault
from tests.crash.crowd import Citizen, Ears
from tests.standins.telegram import Sent

_STEPS = {"filed": 1, "claimed": 1, "letterfinished": 1, "becameready": 1, "handedover": 1}


@dataclass
class Judge:
    """Looks at the data of a desk that has stopped: its database, its files, its key."""

    tx: Tx
    files: Path
    vault: Vault
    citizens: list[Citizen]
    ears: Ears

    def column(self, sql: str) -> list[Any]:
        """Return the first column."""
        return [row[0] for row in self.tx.all(sql)]

    def check(self, acknowledged: list[str], kills: list[float]) -> Counter[str]:
        """Assert that everything happened exactly once; return the figures worth telling."""
        self._events(acknowledged)
        self._requests()
        documents = self._documents()
        letters = self._letters()
        messages, repeats = self._messages(kills)
        return Counter(
            events=len(acknowledged),
            requests=len(self.column("SELECT id FROM request")),
            documents=documents,
            letters=letters,
            messages=messages,
            repeats=repeats,
        )

    def _events(self, acknowledged: list[str]) -> None:
        rows = self.column("SELECT key FROM inbox WHERE channel = 'telegram' AND state = 1")
        assert sorted(map(str, rows)) == sorted(acknowledged)
        assert self.column("SELECT seq FROM inbox WHERE state <> 1") == []

    def _requests(self) -> None:
        filed = {number: name for one in self.citizens for number, name in one.filed.items()}
        rows = dict(self.tx.all("SELECT number, name FROM request"))  # type: ignore[arg-type]
        assert rows == filed
        assert len(filed) == sum(one.rounds for one in self.citizens)
        sequences = self.column("SELECT sequence FROM request ORDER BY sequence")
        assert sequences == list(range(1, len(filed) + 1))
        assert set(self.column("SELECT status FROM request")) == {"done"}
        niks = {name: one.nik for one in self.citizens for name in one.filed.values()}
        for request, name in self.tx.all("SELECT id, name FROM request"):
            given = requests.given(self.tx, self.vault, request)
            assert given.answers["nik"] == niks[name]
            assert given.answers["name"] == name
            steps = Counter(
                kind
                for (kind,) in self.tx.all("SELECT kind FROM history WHERE request_id = ?", request)
            )
            assert {kind: steps[kind] for kind in _STEPS} == _STEPS, (name, steps)
            assert steps["advanced"] + steps["letterwanted"] == 4, (name, steps)

    def _documents(self) -> int:
        rows = self.tx.all("SELECT request_id, path, state, file, thumbnail FROM document")
        assert {state for _, _, state, _, _ in rows} == {"stored"}
        given = Counter(request for request, *_ in rows)
        assert set(given.values()) == {3}
        assert len(given) == len(self.column("SELECT id FROM request"))
        assert len({(request, path) for request, path, *_ in rows}) == len(rows)
        named = {name for *_, file, thumbnail in rows for name in (file, thumbnail) if name}
        named |= set(map(str, self.column("SELECT file FROM letter")))
        # What a kill cut off in the middle is swept an hour later.
        found = [path for path in self.files.rglob("*") if path.is_file()]
        kept = {path.name for path in found if path.suffix != ".part"}
        assert kept == named
        return len(rows)

    def _letters(self) -> int:
        found = self.tx.all("SELECT id, number, state, file, sha256, key FROM letter")
        numbers = sorted(int(number.split("/")[1]) for _, number, *_ in found)
        assert numbers == list(range(1, len(self.column("SELECT id FROM request")) + 1))
        files = {path.name: path for path in self.files.rglob("*")}
        for _, number, state, file, sha256, key in found:
            assert state == "made", number
            sealed = files[file].read_bytes()
            pdf = self.vault.unseal_with(self.vault.open_key(key), "letter.file", sealed)
            assert hashlib.sha256(pdf).hexdigest() == sha256
        assert self.column("SELECT id FROM job WHERE state <> 2") == []
        return len(found)

    def _messages(self, kills: list[float]) -> tuple[int, int]:
        """Compare the outbox with what the platform has, chat by chat."""
        left = self.tx.all("SELECT state, COUNT(*) FROM outbox GROUP BY state")
        assert {state for state, _ in left} <= {2, 4}, left
        ours: dict[str, list[int]] = {}
        for address, message in self.tx.all(
            "SELECT c.address, o.platform_id FROM outbox o JOIN contact c ON c.id = o.contact_id"
            " WHERE o.state = 2 ORDER BY o.id"
        ):
            chat = self.vault.unseal("contact.address", address).decode()
            ours.setdefault(chat, []).append(int(message))
        repeats = 0
        assert set(ours) == {chat for chat, heard in self.ears.chats.items() if heard}
        for chat, heard in self.ears.chats.items():
            if heard:
                repeats += _repeats(chat, ours[chat], heard, kills)
        return sum(map(len, ours.values())), repeats


def _repeats(chat: str, ours: list[int], heard: list[Sent], kills: list[float]) -> int:
    """Count the messages that a chat has twice; each must be what a kill cut off, one a kill."""
    known = set(ours)
    assert len(known) == len(ours), f"{chat}: one message for two rows"
    kept = [message.message_id for message in heard if message.message_id in known]
    assert kept == ours, f"{chat}: the platform has other messages, or another order"
    times = Counter[float]()
    for message, following in zip(heard, [*heard[1:], None], strict=True):
        if message.message_id in known:
            continue
        assert following is not None, f"{chat}: a message of no row"
        assert following.text == message.text, f"{chat}: a message of no row"
        # What was on the wire when the process died may arrive a moment after.
        killed = [kill for kill in kills if message.at - 0.5 <= kill <= following.at]
        assert killed, f"{chat}: repeated without a kill"
        times[killed[0]] += 1
    assert all(count == 1 for count in times.values()), f"{chat}: twice repeated by one kill"
    return sum(times.values())
