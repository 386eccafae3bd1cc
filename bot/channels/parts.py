"""What of a message in several parts already went out, so that a retry goes on from there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b

import msgspec

from bot.channels.protocol import Fault, Receipt, Rendered, SendError

_REMEMBERED = 1000
Step = Callable[[], Awaitable[str]]


class Parts:
    """Sends steps in order; remembers, per address, how far an interrupted message came.

    A process that dies in between repeats the message from its first part.
    """

    def __init__(self) -> None:
        self._begun: OrderedDict[str, tuple[bytes, int]] = OrderedDict()

    async def send(self, address: str, message: Rendered, steps: Sequence[Step]) -> Receipt:
        """Run the steps that are still to do; each returns the platform's id."""
        if len(steps) == 1:
            return Receipt(await steps[0]())
        mark = blake2b(msgspec.msgpack.encode(message), digest_size=16).digest()
        known, done = self._begun.pop(address, (mark, 0))
        position = done if known == mark else 0
        platform_id = ""
        while position < len(steps):
            try:
                platform_id = await steps[position]()
            except SendError as error:
                if error.fault is Fault.LATER and position:
                    self._remember(address, mark, position)
                raise
            position += 1
        return Receipt(platform_id)

    def _remember(self, address: str, mark: bytes, position: int) -> None:
        self._begun[address] = (mark, position)
        if len(self._begun) > _REMEMBERED:
            self._begun.popitem(last=False)
