"""The command set: every command is one function, known by its name and its English alias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from bot.commands.names import Names
from bot.setup.settings import Permission
from flows.messages import Attachment, Button
from flows.steps import Actor
from flows.workflow import Refused
from storage.officers import Officer
from storage.requests import RequestRow

if TYPE_CHECKING:
    from bot.engine.turn import Turn

Target = Literal["", "request", "talk"]


class Asker(Struct, frozen=True):
    """Who asks, and from where: ``request`` is that of the forum topic, 0 for none.

    ``group`` says that others read along; ``sender`` is the person's address within a group.
    """

    officer: Officer | None
    contact_id: int
    group: bool
    channel: str
    request: int = 0
    sender: str = ""


class Table(Struct, frozen=True):
    """Rows of text under column keys; labels of the columns are ``commands.column.<key>``."""

    columns: list[str]
    rows: list[list[str]]


class Answer(Struct, frozen=True):
    """What a command found or did: the template ``commands/<key>`` and its data."""

    key: str
    args: dict[str, Any] = field(default_factory=dict)
    table: Table | None = None
    attachments: list[Attachment] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """One command being done: by whom, about what, with which words after it."""

    turn: Turn
    asker: Asker
    officer: Officer
    rest: str = ""
    row: RequestRow | None = None
    talk: int = 0

    @property
    def request(self) -> RequestRow:
        """The request that the command is about."""
        if self.row is None:
            raise Refused("no_number")
        return self.row

    @property
    def actor(self) -> Actor:
        """The officer as the request's machine knows them."""
        return actor_of(self.turn, self.officer)

    @property
    def names(self) -> Names:
        """What the office calls things."""
        return Names(self.turn)

    @property
    def private(self) -> bool:
        """Whether nobody else reads the answer."""
        return not self.asker.group

    def may(self, permission: Permission) -> bool:
        """Whether the officer's role has this permission."""
        return self.turn.desk.config.permits(self.officer.role, permission)

    def words(self, why: str) -> str:
        """Return the words after the command; refuses for this reason where there are none."""
        if not self.rest:
            raise Refused(why)
        return self.rest

    def key(self, what: str) -> str:
        """Return the key under which this command does something once."""
        turn = self.turn
        return f"{what}:{turn.seq or f'{self.asker.contact_id}.{turn.instant}'}"


Function = Callable[[Call], Answer]


class Command(Struct, frozen=True):
    """A word of the command set; ``functions`` has one for each kind of thing it is about."""

    name: str
    alias: str
    needs: Permission
    functions: dict[Target, Function]


COMMANDS: dict[str, Command] = {}
ALIASES: dict[str, str] = {}


def command(
    name: str, alias: str, *, wants: Target = "", needs: Permission = "see"
) -> Callable[[Function], Function]:
    """Register a function as this command about a request, a conversation or neither.

    ``needs`` is the permission of config.yaml's roles without which nobody may use it.
    """

    def register(function: Function) -> Function:
        known = COMMANDS.setdefault(name, Command(name, alias, needs, {}))
        if wants in known.functions or known.needs != needs or known.alias != alias:
            raise ValueError(f"{name} is registered twice, differently")
        known.functions[wants] = function
        ALIASES[alias] = name
        return function

    return register


def find(word: str) -> Command | None:
    """Return the command of that name or alias."""
    return COMMANDS.get(ALIASES.get(word, word))


def actor_of(turn: Turn, officer: Officer) -> Actor:
    """Return an officer with what their role may do, as config.yaml says."""
    permitted = frozenset(turn.desk.config.roles.get(officer.role, ()))
    return Actor(officer.id, officer.name, officer.role, permitted)
