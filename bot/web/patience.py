"""How long a stranger may keep a connection busy with nothing: a slow trickle holds up nobody."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

_LEAST_SECONDS = 20.0
_LEAST_BYTES_PER_SECOND = 20_000


def for_body(limit: int) -> float:
    """Return how many seconds a body of at most ``limit`` bytes may take on a poor connection."""
    return _LEAST_SECONDS + limit / _LEAST_BYTES_PER_SECOND


class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's HTTP, hanging up on who does not finish the head of a request.

    uvicorn itself only limits the quiet between two requests.
    """

    seconds = 10.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to look at the connection from time to time."""
        super().connection_made(transport)
        self._look_later(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking."""
        self._looking.cancel()
        super().connection_lost(exc)

    def _look_later(self, answered: Any) -> None:
        self._looking = self.loop.call_later(self.seconds, self._look, answered)

    def _look(self, answered: Any) -> None:
        """Hang up where no request was begun since the last look."""
        busy = self.cycle is not None and not self.cycle.response_complete
        if not busy and self.cycle is answered:
            self.transport.close()
            return
        self._look_later(self.cycle)
