"""What only half of a sign spoils: the update is kept all the same."""

from __future__ import annotations

import json
from pathlib import Path

from flows.events import Text
from tests.channels import recorded
from tests.web.site import site
from tests.web.test_webhooks import Quiet, post, stored


async def test_an_update_with_half_a_sign_is_kept(tmp_path: Path) -> None:
    async with site(tmp_path, channels={"telegram": Quiet()}) as it:
        update = recorded.update("text_with_lone_surrogate")
        body = json.dumps(update).encode()
        assert b"\\ud83d" in body
        assert await post(it, body) == 200
        assert await stored(it) == [str(update["update_id"])]
        row = await it.desk.db.read(lambda tx: tx.one("SELECT body FROM inbox"))
        assert row is not None
        (envelope,) = it.desk.channels["telegram"].read(update)
        assert isinstance(envelope.event, Text)
        assert envelope.event.text.startswith("halo ")
