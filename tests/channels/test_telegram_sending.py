"""What goes out to Telegram, and what its refusals become."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.protocol import Fault, FetchError, File, Rendered, SendError
from bot.channels.telegram import TelegramChannel, keyboard_of
from tests.standins.server import until
from tests.standins.telegram import TelegramStandin

TOKEN = "100:standin"
PICTURE = File("qr", "qr.png", "image/png", b"\x89PNG" * 20)
LETTER = File("letter", "Surat Domisili – Siti.pdf", "application/pdf", b"%PDF" * 500_000)


@pytest.fixture
async def standin() -> AsyncIterator[TelegramStandin]:
    async with TelegramStandin(TOKEN) as server:
        yield server


@pytest.fixture
async def channel(standin: TelegramStandin) -> AsyncIterator[TelegramChannel]:
    made = TelegramChannel(TOKEN, standin.url)
    yield made
    await made.close()


def words(text: str, **more: Any) -> Rendered:
    return Rendered(html=text, **more)


async def test_a_question_goes_out_with_its_buttons(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    buttons = [("y", "Ya"), ("n", "Tidak"), ("later", "Nanti saja, saya tanya keluarga dulu")]
    receipt = await channel.send("512300871", words("<b>Setuju?</b>", buttons=buttons))
    (sent,) = standin.sent
    assert (sent.method, sent.chat, receipt.platform_id) == (
        "sendMessage",
        "512300871",
        str(sent.message_id),
    )
    assert sent.text == "<b>Setuju?</b>"
    assert sent.params["parse_mode"] == "HTML"
    assert sent.params["link_preview_options"] == {"is_disabled": True}
    rows = sent.params["reply_markup"]["inline_keyboard"]
    assert [[button["text"] for button in row] for row in rows] == [
        ["Ya", "Tidak"],
        ["Nanti saja, saya tanya keluarga dulu"],
    ]
    assert sent.buttons == ["y", "n", "later"]


def test_a_long_label_between_short_ones_has_its_own_row() -> None:
    long = "Surat keterangan ahli waris"
    laid = keyboard_of([("1", "KK"), ("2", long), ("3", "KTP"), ("4", "Batal"), ("5", "Lain")])
    rows: Any = laid["reply_markup"]
    assert [[button["text"] for button in row] for row in rows["inline_keyboard"]] == [
        ["KK"],
        [long],
        ["KTP", "Batal"],
        ["Lain"],
    ]


async def test_a_long_text_is_cut_and_only_the_last_piece_has_the_buttons(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    text = "\n\n".join(f"{number}. " + "🙏 mohon " * 60 for number in range(12))
    await channel.send("1", words(text, buttons=[("y", "Ya")]))
    assert len(standin.sent) > 1
    assert all(len(sent.text.encode("utf-16-le")) // 2 <= 4096 for sent in standin.sent)
    assert "".join("".join(sent.text.split()) for sent in standin.sent) == "".join(text.split())
    assert [bool(sent.buttons) for sent in standin.sent] == [
        *[False] * (len(standin.sent) - 1),
        True,
    ]


async def test_a_topic_is_addressed_by_its_thread(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    await channel.send("-100201", words("halo", thread=93))
    assert standin.sent[0].params["message_thread_id"] == 93


async def test_a_topic_that_was_deleted_does_not_lose_the_message(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    standin.refuse(status=400, body=bad("Bad Request: message thread not found"))
    await channel.send("-100201", words("halo", thread=93))
    assert "message_thread_id" not in standin.sent[0].params


async def test_one_picture_with_few_words_is_one_message(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    await channel.send("1", words("<b>Nomor</b> 12", files=[PICTURE], buttons=[("s", "Status")]))
    (sent,) = standin.sent
    assert sent.method == "sendPhoto"
    assert sent.files == {"photo": ("qr.png", "image/png", 80)}
    assert sent.params["caption"] == "<b>Nomor</b> 12"
    assert sent.buttons == ["s"]
    assert standin.uploads == [PICTURE.content]


async def test_a_letter_goes_as_a_document_under_its_own_name(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    await channel.send("1", words("", files=[LETTER]))
    (sent,) = standin.sent
    assert sent.method == "sendDocument"
    assert sent.files == {"document": (LETTER.name, LETTER.mime, 2_000_000)}
    assert "caption" not in sent.params


async def test_files_go_before_the_words_that_carry_the_buttons(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    await channel.send("1", words("dua", files=[PICTURE, LETTER], buttons=[("y", "Ya")]))
    assert [sent.method for sent in standin.sent] == ["sendPhoto", "sendDocument", "sendMessage"]
    assert [sent.buttons for sent in standin.sent] == [[], [], ["y"]]


async def test_long_words_do_not_fit_under_a_picture(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    await channel.send("1", words("kata " * 300, files=[PICTURE]))
    assert [sent.method for sent in standin.sent] == ["sendPhoto", "sendMessage"]


async def test_a_picture_that_is_refused_as_a_photo_goes_as_a_file(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    standin.refuse(status=400, body=bad("Bad Request: PHOTO_INVALID_DIMENSIONS"))
    await channel.send("1", words("", files=[PICTURE]))
    assert [sent.method for sent in standin.sent] == ["sendDocument"]


async def test_markup_that_is_not_ours_goes_out_as_plain_words(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    await channel.send("1", Rendered(html="<u>a</u> &lt; b"))
    assert standin.sent[0].text == "a &lt; b"


async def test_a_retry_goes_on_with_the_part_that_failed(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    message = words("dua", files=[PICTURE, LETTER])
    standin.refuse(method="sendDocument", status=429, body=bad("slow", 429, retry_after=3))
    with pytest.raises(SendError) as caught:
        await channel.send("1", message)
    assert caught.value.retry_after == 3
    await channel.send("1", message)
    assert [sent.method for sent in standin.sent] == ["sendPhoto", "sendDocument", "sendMessage"]
    await channel.send("1", message)
    assert len(standin.sent) == 6


@pytest.mark.parametrize(
    "message",
    [
        words(""),
        words("", buttons=[("y", "Ya")]),
        words("halo", buttons=[("x" * 65, "Ya")]),
        words("halo", buttons=[("é" * 33, "Ya")]),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_it_goes(
    message: Rendered, standin: TelegramStandin, channel: TelegramChannel
) -> None:
    with pytest.raises(SendError) as caught:
        await channel.send("1", message)
    assert caught.value.fault is Fault.CONTENT
    assert standin.calls == {}


def bad(description: str, code: int = 400, **parameters: int) -> dict[str, Any]:
    body = {"ok": False, "error_code": code, "description": description}
    return {**body, "parameters": parameters} if parameters else body


REFUSALS: list[tuple[int, dict[str, Any], Fault, dict[str, Any]]] = [
    (429, bad("Too Many Requests", 429, retry_after=7), Fault.LATER, {"retry_after": 7.0}),
    (429, {}, Fault.LATER, {"retry_after": 1.0}),
    (
        403,
        bad("Forbidden: bot was blocked by the user", 403),
        Fault.RECIPIENT,
        {"state": "blocked"},
    ),
    (403, bad("Forbidden: user is deactivated", 403), Fault.RECIPIENT, {"state": "invalid"}),
    (403, bad("Forbidden: bot was kicked from the group chat", 403), Fault.RECIPIENT, {}),
    (400, bad("Bad Request: chat not found"), Fault.RECIPIENT, {"state": "invalid"}),
    (400, bad("Bad Request: PEER_ID_INVALID"), Fault.RECIPIENT, {"state": "invalid"}),
    (400, bad("Bad Request: not enough rights to send text messages"), Fault.RECIPIENT, {}),
    (
        400,
        bad(
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=-1002099999999,
        ),
        Fault.LATER,
        {"address": "-1002099999999"},
    ),
    (400, bad("Bad Request: can't parse entities"), Fault.CONTENT, {"code": "400"}),
    (413, bad("Request Entity Too Large", 413), Fault.CONTENT, {}),
    (401, bad("Unauthorized", 401), Fault.SENDER, {}),
    (404, bad("Not Found", 404), Fault.SENDER, {}),
    (500, bad("Internal Server Error", 500), Fault.LATER, {"code": "500"}),
    (502, {}, Fault.LATER, {}),
    (200, {"ok": True, "result": "no message"}, Fault.LATER, {}),
    (301, {}, Fault.LATER, {}),
]


@pytest.mark.parametrize(("status", "body", "fault", "more"), REFUSALS)
async def test_a_refusal_has_its_meaning(
    status: int,
    body: dict[str, Any],
    fault: Fault,
    more: dict[str, Any],
    standin: TelegramStandin,
    channel: TelegramChannel,
) -> None:
    standin.refuse(status=status, body=body)
    with pytest.raises(SendError) as caught:
        await channel.send("-4012345678", words("halo"))
    assert caught.value.fault is fault
    assert {key: getattr(caught.value, key) for key in more} == more
    assert standin.sent == []


async def test_a_refusal_does_not_repeat_what_was_written(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    quoted = 'Bad Request: can\'t find 1409070101900001 in "Siti"'
    standin.refuse(status=400, body=bad(quoted))
    with pytest.raises(SendError) as caught:
        await channel.send("1", words("halo"))
    assert "Siti" not in str(caught.value)
    assert "1409070101900001" not in str(caught.value)


async def test_a_connection_cut_after_the_message_is_tried_later(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    standin.refuse(drop=True, done=True)
    with pytest.raises(SendError) as caught:
        await channel.send("1", words("halo"))
    assert caught.value.fault is Fault.LATER
    assert len(standin.sent) == 1


async def test_the_token_is_in_no_error_and_no_log(
    standin: TelegramStandin, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    standin.refuse(drop=True, times=9)
    for base in (standin.url, "http://127.0.0.1:9", "http://no-such-host.invalid"):
        channel = TelegramChannel("123:SECRET", base)
        for work in (channel.send("1", words("halo")), channel.fetch("x", 10)):
            with pytest.raises((SendError, FetchError)) as caught:
                await work
            chain = (caught.value, caught.value.__cause__)
            assert not any("SECRET" in repr(error) for error in chain)
            assert caught.value.__suppress_context__ or caught.value.__context__ is None
        await channel.acknowledge({"callback_query": {"id": "1"}})
        await channel.open()
        await asyncio.sleep(0.2)
        await channel.close()
    printed = capsys.readouterr()
    assert "SECRET" not in caplog.text + printed.out + printed.err


async def test_a_pressed_button_is_answered_and_a_late_answer_is_no_error(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    late = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    await channel.acknowledge({"callback_query": {"id": "77"}})
    standin.refuse(status=400, body=bad(late))
    await channel.acknowledge({"callback_query": {"id": "78"}})
    await channel.acknowledge({"message": {}})
    assert standin.calls == {"answerCallbackQuery": 2}
    assert standin.params["answerCallbackQuery"] == {"callback_query_id": "78"}


async def test_a_file_is_fetched_within_its_limit(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    standin.files["AgAC1"] = b"x" * 5000
    assert await channel.fetch("AgAC1", 5000) == b"x" * 5000
    with pytest.raises(FetchError) as caught:
        await channel.fetch("AgAC1", 4999)
    assert (caught.value.gone, caught.value.reason) == (True, "too large")


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        (bad("Bad Request: file is too big"), True),
        (bad("Bad Request: wrong file_id or the file is temporarily unavailable"), True),
        (bad("Too Many Requests", 429, retry_after=2), False),
        (bad("Bad Gateway", 502), False),
    ],
)
async def test_a_file_that_cannot_be_had_says_whether_it_ever_will(
    body: dict[str, Any], gone: bool, standin: TelegramStandin, channel: TelegramChannel
) -> None:
    standin.refuse(method="getFile", status=body["error_code"], body=body)
    with pytest.raises(FetchError) as caught:
        await channel.fetch("AgAC1", 10)
    assert caught.value.gone is gone


async def test_a_topic_is_opened_where_the_group_has_them(
    standin: TelegramStandin, channel: TelegramChannel
) -> None:
    assert await channel.create_topic("-100201", "GT-2026-000012 " + "x" * 200) > 0
    assert len(standin.params["createForumTopic"]["name"]) == 128
    standin.refuse(status=400, body=bad("Bad Request: the chat is not a forum"))
    assert await channel.create_topic("-100201", "GT-2026-000013") == 0


async def test_the_bot_learns_its_name_and_sets_its_menu(standin: TelegramStandin) -> None:
    menu = {"id": [("menu", "Mulai dari awal")], "en": [("menu", "Start over")]}
    channel = TelegramChannel(TOKEN, standin.url, menu=menu)
    await channel.open()
    await until(lambda: bool(channel.username))
    assert channel.username == "LoketUjiBot"
    assert standin.calls["setMyCommands"] == 2
    await channel.close()


async def test_the_webhook_is_set_as_soon_as_telegram_takes_it(
    standin: TelegramStandin, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram._SETUP_RETRY", 0.01)
    standin.refuse(method="setWebhook", status=400, body=bad("Bad Request: bad webhook"), times=2)
    await channel.set_webhook("https://loket.example")
    assert standin.calls["setWebhook"] == 3


async def test_the_webhook_is_set_with_its_secret_and_checked_against_it(
    standin: TelegramStandin,
) -> None:
    for given in ("rahasia", ""):
        channel = TelegramChannel(TOKEN, standin.url, secret_token=given)
        await channel.set_webhook("https://loket.example/")
        said = standin.params["setWebhook"]
        assert said["url"] == "https://loket.example/telegram/webhook"
        assert channel.is_genuine(said["secret_token"])
        assert not any(channel.is_genuine(wrong) for wrong in (None, "", "rahasi", "ünïcode"))
        await channel.close()
