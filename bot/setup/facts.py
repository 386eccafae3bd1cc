"""What every text may say about the office, taken from its configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.setup.settings import Config, Identity


def office_facts(config: Config) -> dict[str, Any]:
    """Return what templates know as ``office``.

    ``hours`` are runs of weekdays with the same spans (``first`` and ``last``: 0 for Monday);
    ``contact`` is the office's telephone, else its address; ``languages`` are those that a citizen
    may choose; ``keeps`` is the retention in days and years.
    """
    office = config.office
    return {
        **who_is(office),
        "website": office.website,
        "contact": office.phone or office.address,
        "zone": office.time_zone,
        "languages": config.spoken,
        "villages": [{"id": code, "name": name} for code, name in config.villages.items()],
        "hours": opening(config.hours.week),
        "complaints": {
            "contact": config.complaints.contact,
            "national": config.complaints.national,
        },
        "keeps": {
            "documents_days": config.retention.documents_days,
            "answers_days": config.retention.answers_days,
            "letters_years": config.retention.letters_years,
        },
        "public_url": config.public_url,
    }


def who_is(office: Identity) -> dict[str, str]:
    """Return what an office is called, and where it is found."""
    return {
        "name": office.name,
        "district": office.district,
        "regency": office.regency,
        "province": office.province,
        "address": office.address,
        "phone": office.phone,
    }


def opening(week: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Join neighbouring days with the same spans (``08:00-12:00``); closed days are left out."""
    runs: list[dict[str, Any]] = []
    for day, written in enumerate(week):
        spans = [tuple(part.strip() for part in span.split("-")) for span in written]
        if not spans:
            continue
        if runs and runs[-1]["last"] == day - 1 and runs[-1]["spans"] == spans:
            runs[-1]["last"] = day
        else:
            runs.append({"first": day, "last": day, "spans": spans})
    return runs
