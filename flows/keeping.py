"""How long things are kept: as the office says, unless a service's own law says otherwise."""

from __future__ import annotations

from msgspec import Struct

from flows.definition import Retention


class Keeping(Struct, frozen=True):
    """Days after a request closed for its papers and answers; years after a letter was made."""

    documents_days: int = 90
    answers_days: int = 365
    letters_years: int = 10

    def under(self, own: Retention) -> Keeping:
        """Return how long a service keeps that has this retention of its own."""
        return Keeping(
            own.documents_days or self.documents_days,
            own.answers_days or self.answers_days,
            own.letters_years or self.letters_years,
        )
