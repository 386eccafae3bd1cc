"""What messages cost is written down by month, and shown to those who answer for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.channels import cost
from bot.channels.cost import charge
from bot.engine.clock import ring
from storage import spending
from tests.conversations.stage import Stage
from tests.security.desk import happy, opened, say


async def _ring(stage: Stage, by: timedelta) -> None:
    stage.clock.pass_time(by)
    await stage.desk.db.write(lambda tx: ring(stage.desk, tx))
    await stage.rest()


async def test_what_was_spent_is_in_the_database_and_in_gagal(tmp_path: Path) -> None:
    cost.booked(cost.unbooked())
    stage = await opened(tmp_path, happy("domisili"))
    try:
        await say(stage, "/gagal", who="Rina")
        assert "biaya" not in stage.news("Rina")[-1].text
        charge("sms", 1800)
        charge("whatsapp", 80.5)
        charge("whatsapp", 0)
        await _ring(stage, timedelta(minutes=1))
        await _ring(stage, timedelta(minutes=1))
        assert cost.unbooked() == {}
        charge("sms", 900)
        await _ring(stage, timedelta(minutes=1))
        await say(stage, "/gagal", who="Rina")
        text = stage.news("Rina")[-1].text
        assert "Perkiraan biaya pesan bulan ini: Rp2.780" in text
        assert "sms Rp2.700, whatsapp Rp80" in text
        found = await stage.desk.db.read(lambda tx: spending.of_month(tx, "2026-11"))
        assert found == {"sms": 2700.0, "whatsapp": 80.5}
        await _ring(stage, timedelta(days=14))
        await say(stage, "/gagal", who="Rina")
        assert "bulan lalu Rp2.780" in stage.news("Rina")[-1].text
    finally:
        await stage.close()
