"""What people send, as transcripts name it: words, buttons, photos, files, and the rest."""

from __future__ import annotations

import re

from msgspec import structs

from bot.channels.protocol import Rendered
from flows.events import (
    Added,
    AnyEvent,
    Blocked,
    ContactCard,
    Edited,
    Location,
    Media,
    Pressed,
    Started,
    Text,
    Unblocked,
    Unusable,
)
from tests.paper import photo, scan

_PICTURES = {
    "tajam": "sharp",
    "buram": "blurry",
    "gelap": "dark",
    "kecil": "small",
    "miring": "sideways",
}
_UNUSABLE = {"suara": "voice", "stiker": "sticker", "video": "video", "jajak pendapat": "poll"}
_THING = re.compile(r"\((?P<name>[^:()]+)(?:: (?P<rest>.*))?\)", re.DOTALL)
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")


class Things:
    """Makes events of transcript lines; photos are put where the channel fetches them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self._count = 0
        self._albums = 0

    def events(self, text: str, heard: list[Rendered]) -> list[AnyEvent]:
        """Return what this line does, given the messages its person has; raises LookupError."""
        if text.startswith("[") and text.endswith("]"):
            return [Pressed(_button(text[1:-1], heard[-1:]))]
        found = _THING.fullmatch(text)
        if found is None:
            lines = text.replace("\\n", "\n")
            return [Text(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), lines))]
        name, rest = found["name"], found["rest"] or ""
        if name == "dua kali":
            pressed = Pressed(_button(rest.strip("[]"), heard[-1:]))
            return [pressed, pressed]
        if name == "tombol lama":
            return [Pressed(_button(rest.strip("[]"), heard[:-1][::-1]))]
        if name == "album":
            self._albums += 1
            pieces = rest.split(", ")
            return [self._media(piece, "", f"album-{self._albums}") for piece in pieces]
        if name.startswith("unggah "):
            # What the upload page hands on: a photo for the paper that it was sent for.
            return [structs.replace(self._media(rest, "", ""), path=name.partition(" ")[2])]
        if name.startswith(("foto", "pdf", "berkas")):
            return [self._media(name, rest, "")]
        return [self._other(name, rest)]

    def _other(self, name: str, rest: str) -> AnyEvent:
        if name in _UNUSABLE:
            return Unusable(_UNUSABLE[name])
        known: dict[str, AnyEvent] = {
            "ubah": Edited(rest),
            "mulai": Started(rest),
            "lokasi": Location(-0.55, 101.6),
            "kontak": ContactCard(rest, "Joko"),
            "memblokir": Blocked(),
            "membuka blokir": Unblocked(),
            "menambahkan bot": Added(),
            "10000 huruf": Text("panjang sekali " * 667),
        }
        if name not in known:
            raise LookupError(f"nobody can send this: ({name})")
        return known[name]

    def _media(self, name: str, caption: str, album: str) -> Media:
        self._count += 1
        ref = f"ref-{self._count}"
        kind, _, how = name.partition(" ")
        if kind == "foto":
            if how != "hilang":
                self._files[ref] = photo(_PICTURES[how or "tajam"], self._count)
            return Media(ref, "photo", "image/jpeg", caption=caption, album=album)
        if kind == "pdf":
            self._files[ref] = _pdf(how)
            return Media(ref, "file", "application/pdf", name="surat.pdf", caption=caption)
        self._files[ref] = b"MZ" + bytes(4000)
        return Media(ref, "file", "application/x-msdownload", name="surat.exe", caption=caption)


def _button(label: str, heard: list[Rendered]) -> str:
    for message in heard:
        for choice, text in message.buttons:
            if text == label:
                return choice
    raise LookupError(f"there is no button [{label}] to press")


def _pdf(how: str) -> bytes:
    """Return a scan as a PDF; ``berkata sandi`` only pretends to be encrypted."""
    content = scan()
    if how == "berkata sandi":
        content = content.replace(b"trailer\n<<", b"trailer\n<<\n/Encrypt 99 0 R")
    return content


def lines_of(message: Rendered) -> list[str]:
    """Return a message as a transcript shows it: its words, its files, its buttons."""
    lines = [line for line in message.text.splitlines() if line.strip()]
    lines += [f"(berkas) {file.name}" for file in message.files]
    if message.buttons:
        lines.append(" ".join(f"[{label}]" for _, label in message.buttons))
    return lines
