"""What messages cost is written down by month, and shown to those who answer for it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.engine.clock import ring
from storage import spending
from tests.conversations.stage import Stage
from tests.security.desk import happy, opened, say
from tests.web.site import site


async def _ring(stage: Stage, by: timedelta) -> None:
    stage.clock.pass_time(by)
    await stage.desk.db.write(lambda tx: ring(stage.desk, tx))
    await stage.rest()


async def test_what_was_spent_is_in_the_database_and_in_gagal(tmp_path: Path) -> None:
    stage = await opened(tmp_path, happy("domisili"))
    charge = stage.desk.cost.charge
    try:
        await say(stage, "/gagal", who="Rina")
        assert "biaya" not in stage.news("Rina")[-1].text
        charge("sms", 1800)
        charge("whatsapp", 80.5)
        charge("whatsapp", 0)
        await _ring(stage, timedelta(minutes=1))
        await _ring(stage, timedelta(minutes=1))
        assert stage.desk.cost.unbooked() == {}
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


async def test_what_one_desk_spends_is_never_in_the_books_of_another(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        it.desk.cost.charge("sms", 1800)
        it.desk.cost.pieces += 2
        for desk in (it.trial, it.desk):
            await desk.db.write(partial(ring, desk))
        month = it.desk.office.today(it.desk.now())[:7]
        look = partial(spending.of_month, month=month)
        assert await it.trial.db.read(look) == {}
        assert await it.desk.db.read(look) == {"sms": 1800.0}
        figures = (await it.browser.get("/metrics")).text
        assert 'loket_cost_rupiah_total{by="sms"} 1800.0' in figures
        assert "loket_sms_pieces_total 2.0" in figures
