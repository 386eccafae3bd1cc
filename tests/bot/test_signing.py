"""The letter that is made: signed by whom the officer says, printed by whoever must print it."""

from __future__ import annotations

import io
import re
from pathlib import Path

from pypdf import PdfReader

from storage import links
from storage.database import Tx
from tests.conversations.runner import act
from tests.conversations.stage import Stage
from tests.security.desk import happy, opened, say


async def _at_signature(folder: Path) -> Stage:
    """Play the happy domisili until just before the camat accepts."""
    stage = await opened(folder, happy("domisili"))
    for step in happy("domisili").steps:
        if any(one.who == "Camat" and one.text == "/terima 1" for one in step.inputs):
            return stage
        await act(stage, step)
    raise AssertionError("nobody signs in this transcript")


async def test_an_officer_chooses_who_signs_and_changes_it(tmp_path: Path) -> None:
    stage = await _at_signature(tmp_path)
    try:
        await say(stage, "/terima 1 bupati", who="Camat")
        refused = stage.news("Camat")[-1].text
        assert "camat, sekcam" in refused
        await say(stage, "/terima 1 sekcam", who="Camat")
        [first] = [one for sent in stage.news("Rina") for one in sent.files]
        assert "a.n. Camat Gunung Toar" in _text(first.content)
        await say(stage, "/urungkan", "/terima 1", who="Camat")
        *_, second = [one for sent in stage.news("Rina") for one in sent.files]
        assert second.name == first.name
        assert "a.n. Camat" not in _text(second.content)
        assert "Contoh Nama Camat" in _text(second.content)
    finally:
        await stage.close()


async def test_where_no_file_can_be_sent_a_link_opens_once(tmp_path: Path) -> None:
    stage = await _at_signature(tmp_path)
    try:

        def by_sms(tx: Tx) -> None:
            sql = "UPDATE contact SET channel = 'sms' WHERE officer_id = (SELECT id FROM officer"
            assert tx.run(sql + " WHERE name = 'Rina')") == 1

        await stage.desk.db.write(by_sms)
        await say(stage, "/terima 1", who="Camat")
        address = stage.people["Rina"][1]
        told = stage.sms.sent[address][-1]
        assert told.files == []
        found = re.search(r"/berkas/(\S+)", told.text)
        assert found is not None
        vault, now = stage.desk.vault, stage.clock()

        def opened_once(tx: Tx) -> list[bool]:
            looks = [links.use(tx, vault, found[1], "letter", now) for _ in range(2)]
            return [look is not None for look in looks]

        assert await stage.desk.db.write(opened_once) == [True, False]
    finally:
        await stage.close()


def _text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
