"""Requests as people look for them: by number or its short form, by name, by NIK."""

from __future__ import annotations

import re

from storage.database import Tx
from storage.requests import SELECT, RequestRow, row_of
from storage.vault import Vault

_WITHIN = 20_000
_SHORT = re.compile(r"#?([A-Za-z]*)[-/.]?(\d{1,6})")


def find(tx: Tx, said: str, limit: int = 5) -> list[RequestRow]:
    """Return what a number or its short form (``12``, ``dom12``) may mean: open ones first."""
    said = said.strip().lstrip("#")
    exact = tx.all(f"{SELECT} WHERE upper(number) = upper(?)", said)
    if exact:
        return [row_of(row) for row in exact]
    short = _SHORT.fullmatch(said)
    if short is None:
        return []
    rows = tx.all(
        f"{SELECT} WHERE sequence = ? AND upper(number) LIKE ?"
        " ORDER BY closed_at IS NOT NULL, filed_at DESC, id DESC LIMIT ?",
        int(short[2]),
        f"%{short[1].upper()}%",
        limit,
    )
    return [row_of(row) for row in rows]


def search(tx: Tx, vault: Vault, text: str, limit: int = 10) -> list[RequestRow]:
    """Return requests by NIK (whole), number, or a word of the name from its beginning.

    A word that is not the first one is looked for among the newest requests: no index knows it.
    """
    text = " ".join(text.split())
    digits = re.sub(r"[ .-]", "", text)
    if len(digits) == 16 and digits.isdecimal():
        sql = f"{SELECT} WHERE nik = ? ORDER BY id DESC LIMIT ?"
        return [row_of(row) for row in tx.all(sql, vault.index("nik", digits), limit)]
    if not text:
        return []
    found = find(tx, text, limit) or _by_name(tx, text.lower(), limit)
    return found[:limit]


def _by_name(tx: Tx, text: str, limit: int) -> list[RequestRow]:
    rows = tx.all(
        f"{SELECT} WHERE lower(name) >= ? AND lower(name) < ?"
        " ORDER BY lower(name), id DESC LIMIT ?",
        text,
        text + "\U0010ffff",
        limit,
    )
    if not rows:
        inner = "% " + re.sub(r"([%_\\])", r"\\\1", text) + "%"
        lately = "id > (SELECT COALESCE(MAX(id), 0) FROM request) - ?"
        sql = f"{SELECT} WHERE lower(name) LIKE ? ESCAPE '\\' AND {lately} ORDER BY id DESC LIMIT ?"
        rows = tx.all(sql, inner, _WITHIN, limit)
    return [row_of(row) for row in rows]
