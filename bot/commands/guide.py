"""What can be written: the commands that this officer may use, each with an example."""

from __future__ import annotations

from bot.commands.grammar import first_word
from bot.commands.registry import COMMANDS, Answer, Call, command, find
from flows.workflow import Refused

GROUPS = {
    "looking": ("antrean", "lihat", "berkas", "cari"),
    "having": ("ambil", "lepas", "tugaskan"),
    "deciding": ("terima", "kembalikan", "tolak", "siap", "serahkan", "batalkan", "urungkan"),
    "counter": ("baru",),
    "speaking": ("balas", "pengaduan", "catat"),
    "office": ("siaran", "petugas", "gagal", "bantuan"),
}
"""The commands in the order in which one learns them."""


@command("bantuan", "help")
def guide(call: Call) -> Answer:
    """Explain one command, or list those that the officer's role may use."""
    word, _ = first_word(call.rest.lstrip("/"))
    if not word:
        return Answer(
            "bantuan", {"groups": _groups(call), "role": call.names.role(call.officer.role)}
        )
    known = find(word.lower())
    if known is None:
        raise Refused("command_unknown", said=word[:40], names=sorted(COMMANDS))
    args = {"name": known.name, "alias": known.alias, "permitted": call.may(known.needs)}
    return Answer("bantuan_perintah", args)


def _groups(call: Call) -> list[dict[str, object]]:
    groups: list[dict[str, object]] = [
        {"name": group, "commands": [name for name in names if call.may(COMMANDS[name].needs)]}
        for group, names in GROUPS.items()
    ]
    return [group for group in groups if group["commands"]]
