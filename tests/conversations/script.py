"""Transcripts as files: who writes what, what must be answered, and how time passes.

    # a comment
    = petugas Rina counter          who takes part: officers, groups, citizens, settle time
    > halo                          the citizen writes
    > [Setuju]                      … presses a button of the last message
    > (foto tajam) (foto buram: KTP) (pdf) (suara) (stiker) (ubah: teks) …
    >> Siti                         … writes, and what follows is written in the same moment
    < Selamat datang*               the desk answers: words of one line of the message, * for any
    Rina> /antrean                  an officer (or another citizen) writes in their own chat
    Rina< DOM-26-0001
    Rina@Grup> /ambil 1             … writes in a group; Rina@Grup#DOM-26-0001> in a topic
    > hubungkan {kode Siti}         … a code that Siti was sent ({kode}: own, {kode warga})
    ~ 2 hari kemudian               time passes; ~ jam 09:00 goes to the next time it is nine

Every message must be met by at least one line, and every line must be found, in order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
_LINE = re.compile(
    r"(?P<who>\w+)?(?:@(?P<group>\w+)(?:#(?P<topic>[\w-]+))?)?(?P<mark>>>|>|<) ?(?P<text>.*)"
)


@dataclass
class Input:
    """What one person does; ``quick`` when the next line follows in the same moment."""

    line: int
    who: str
    text: str
    group: str = ""
    topic: str = ""
    quick: bool = False


@dataclass
class Expected:
    """Words that a message to ``who`` must hold in one of its lines."""

    line: int
    who: str
    text: str

    def meets(self, actual: str) -> bool:
        """Say whether the line holds these words; ``*`` stands for any others."""
        pattern = ".*".join(re.escape(piece) for piece in self.text.split("*"))
        return re.search(pattern, actual) is not None


@dataclass
class Pause:
    """Time passes."""

    line: int
    text: str


@dataclass
class Step:
    """What is done in one moment, and all that is answered to it."""

    inputs: list[Input] = field(default_factory=list)
    pause: Pause | None = None
    expected: list[Expected] = field(default_factory=list)

    @property
    def line(self) -> int:
        """Where the step begins."""
        return self.pause.line if self.pause else self.inputs[0].line


@dataclass
class Script:
    """One transcript."""

    path: Path
    settings: list[list[str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def scripts() -> list[Path]:
    """Return all transcripts."""
    return sorted(HERE.glob("*/*.chat"))


def read(path: Path) -> Script:
    """Read a transcript; raises ValueError naming the line that cannot be understood."""
    script = Script(path)
    quick = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("="):
            script.settings.append(line[1:].split())
        elif line.startswith("~"):
            script.steps.append(Step(pause=Pause(number, line[1:].strip())))
        else:
            quick = _spoken(script, number, line, quick=quick)
    return script


def _spoken(script: Script, number: int, line: str, *, quick: bool) -> bool:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"{script.path.name}:{number}: neither said nor answered: {line!r}")
    who, text = found["who"] or "", found["text"].strip()
    if found["mark"] == "<":
        if not script.steps:
            raise ValueError(f"{script.path.name}:{number}: an answer before anything was said")
        script.steps[-1].expected.append(Expected(number, who, text))
        return False
    said = Input(number, who, text, found["group"] or "", found["topic"] or "", False)
    said.quick = found["mark"] == ">>"
    if not quick:
        script.steps.append(Step())
    script.steps[-1].inputs.append(said)
    return said.quick
