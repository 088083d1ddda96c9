"""What the Telegram channel sends, and what it makes of refusals."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import warnings

import pytest
from telegram import error as telegram_errors

from bot.channels.base import Channel
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_errors import delivery_error, reason
from bot.errors import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    Unreachable,
)
from bot.model import Message, Update
from tests.channels.telegram_parts import Make, menu
from tests.fakes.telegram import FakeTelegram, Fault

pytest_plugins = ["tests.channels.telegram_fixtures"]


def test_contract(channel: TelegramChannel) -> None:
    """It is a Channel with Telegram's limits, paced for the sender."""
    typed: Channel = channel
    assert (typed.name, typed.pulls, typed.per_second) == ("telegram", False, 25.0)
    limits = typed.limits
    assert (limits.text, limits.buttons, limits.label, limits.markup) == (3900, 40, 60, "telegram")


async def test_send(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """A message arrives with its HTML and its rows of buttons; the receipt is Telegram's id."""
    receipt = await channel.send("7", menu("<b>1 &lt; 2</b> &amp; so"))
    (sent,) = telegram.sent[7]
    assert sent.text == "1 < 2 & so"
    assert sent.rows == [[("Паспорт", "guide:passport"), ("B", "b")], [("Back", "menu")]]
    assert receipt.reference == str(sent.message_id)


async def test_send_in_order(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """Messages sent one after another arrive so."""
    for number in range(20):
        await channel.send("7", Message(str(number)))
    assert [sent.text for sent in telegram.sent[7]] == [str(number) for number in range(20)]


async def test_longest_text(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """4,096 characters after entity parsing fit; one more is refused for good."""
    await channel.send("7", Message("&lt;" * 4096))
    assert len(telegram.sent[7][0].text) == 4096
    with pytest.raises(PermanentDeliveryError, match="too long"):
        await channel.send("7", Message("ш" * 4097))


async def test_edit(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """A message with `edit` takes the place of the old one, buttons and all."""
    first = await channel.send("7", menu())
    receipt = await channel.send("7", Message("chosen", edit=first.reference))
    (sent,) = telegram.sent[7]
    assert (sent.text, sent.rows, sent.edits) == ("chosen", [], 1)
    assert receipt == first


async def test_edit_to_the_same(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """An edit that changes nothing has succeeded."""
    first = await channel.send("7", menu())
    assert await channel.send("7", menu(edit=first.reference)) == first
    assert len(telegram.sent[7]) == 1


@pytest.mark.parametrize("trouble", ["too old", "not found", "not a number"])
async def test_edit_refused(channel: TelegramChannel, telegram: FakeTelegram, trouble: str) -> None:
    """What cannot be edited is sent anew."""
    first = await channel.send("7", menu())
    edit = {"not found": "999", "not a number": "web-1"}.get(trouble, first.reference)
    if trouble == "too old":
        telegram.expire(7, int(first.reference))
    receipt = await channel.send("7", Message("next", edit=edit))
    assert [sent.text for sent in telegram.sent[7]] == ["Choose", "next"]
    assert receipt != first


@pytest.mark.parametrize("text", ["<b>open", "<i>x</b>", "<script>x</script>", "1 < 2", "</b>"])
async def test_broken_markup(channel: TelegramChannel, telegram: FakeTelegram, text: str) -> None:
    """Markup that Telegram refuses goes out as plain text instead of being lost."""
    first = await channel.send("7", menu(f"a {text} &amp; b"))
    await channel.send("7", menu(f"c {text}", edit=first.reference))
    (sent,) = telegram.sent[7]
    assert sent.text.startswith("c")
    assert sent.edits == 1
    assert "&amp;" not in sent.text
    assert sent.rows


async def test_press_acknowledged(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """A press is answered once; an old one, or none, is no trouble."""
    await channel.send("7", menu())
    telegram.user_presses(7, "menu")
    update = Update("telegram", "1", "7", "payload", answer_to="q1001")
    await channel.acknowledge(update)
    await channel.acknowledge(update)
    await channel.acknowledge(dataclasses.replace(update, answer_to=""))
    assert telegram.answered == ["q1001"]
    telegram.faults = [Fault("reset", "answerCallbackQuery", calls=(1,))]
    await channel.acknowledge(update)


FAULTS: list[tuple[Fault, type[DeliveryError], float | None, bool]] = [
    (Fault("429", retry_after=3, calls=(1,)), TemporaryDeliveryError, 3.0, False),
    (Fault("500", calls=(1,)), TemporaryDeliveryError, None, False),
    (Fault("502", description="Bad Gateway", calls=(1,)), TemporaryDeliveryError, None, True),
    (Fault("409", description="Conflict", calls=(1,)), TemporaryDeliveryError, None, False),
    (Fault("reset", calls=(1,)), TemporaryDeliveryError, None, True),
    (Fault("lost", calls=(1,)), TemporaryDeliveryError, None, True),
    (Fault("garbage", calls=(1,)), TemporaryDeliveryError, None, True),
    (Fault("401", description="Unauthorized", calls=(1,)), TemporaryDeliveryError, None, False),
    (Fault("403", description="Forbidden: user is deactivated", calls=(1,)), Unreachable, 0, False),
    (Fault("403", description="Forbidden: bot was kicked", calls=(1,)), Unreachable, 0, False),
    (Fault("400", description="Bad Request: PEER_ID_INVALID", calls=(1,)), Unreachable, 0, False),
    (Fault("400", description="Bad Request: odd", calls=(1,)), PermanentDeliveryError, 0, False),
]


@pytest.mark.parametrize(
    ("fault", "error", "retry_after", "ambiguous"),
    FAULTS,
    ids=[f"{fault.what} {fault.description}" for fault, *_ in FAULTS],
)
async def test_faults(
    channel: TelegramChannel,
    telegram: FakeTelegram,
    fault: Fault,
    error: type[DeliveryError],
    retry_after: float | None,
    ambiguous: bool,
) -> None:
    """Each trouble says whether a retry helps, when, and whether the message may have arrived."""
    telegram.faults = [dataclasses.replace(fault)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error) as caught:
            await channel.send("7", Message("x"))
    assert type(caught.value) is error
    if isinstance(caught.value, TemporaryDeliveryError):
        assert caught.value.retry_after == retry_after
        assert caught.value.ambiguous is ambiguous
        await channel.send("7", Message("again"))
        assert telegram.sent[7][-1].text == "again"


async def test_temporary_edit_is_not_sent_anew(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    """An edit that fails for now is tried again as an edit: no second message appears."""
    first = await channel.send("7", menu())
    telegram.faults = [Fault("429", "editMessageText", calls=(1,), retry_after=2)]
    with pytest.raises(TemporaryDeliveryError):
        await channel.send("7", Message("x", edit=first.reference))
    assert len(telegram.sent[7]) == 1


async def test_unreachable_people(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """Someone who blocked the bot, or whom Telegram does not know, is out of reach."""
    telegram.user_blocks(7)
    for address in ("7", "123456"):
        with pytest.raises(Unreachable):
            await channel.send(address, Message("x"))
    with pytest.raises(PermanentDeliveryError):
        await channel.send("web-session", Message("x"))


async def test_telegram_away(make: Make) -> None:
    """Nobody listens: the message surely did not arrive and is tried again later."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        channel = make(api_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(TemporaryDeliveryError) as caught:
            await channel.send("7", Message("x"))
        assert not caught.value.ambiguous
        assert await channel.describe() == ""


async def test_close_ends_deliveries(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """Closing lets a delivery under way end; one that comes later surely did not arrive."""
    telegram.faults = [Fault("slow", calls=(1,), delay=0.2)]
    delivery = asyncio.create_task(channel.send("7", Message("x")))
    await telegram.until(lambda: telegram.calls["sendMessage"] == 1)
    await channel.close()
    assert (await delivery).reference == str(telegram.sent[7][0].message_id)
    with pytest.raises(TemporaryDeliveryError) as caught:
        await channel.send("7", Message("late"))
    assert not caught.value.ambiguous
    await channel.close()


def test_retry_after_in_any_form() -> None:
    """`retry_after` may be a number or a timedelta; a moved chat is out of reach."""
    error = delivery_error(telegram_errors.RetryAfter(5))
    assert isinstance(error, TemporaryDeliveryError)
    assert error.retry_after == 5.0
    assert isinstance(delivery_error(telegram_errors.ChatMigrated(-1)), Unreachable)
    assert isinstance(delivery_error(telegram_errors.TimedOut()), TemporaryDeliveryError)


def test_reasons_hold_no_content() -> None:
    """A reason is made of our words: Telegram's own may quote the text."""
    error = telegram_errors.BadRequest('Can\'t parse entities: unsupported start tag "ann"')
    assert reason(error) == "BadRequest: can't parse entities"
    assert reason(telegram_errors.BadRequest("my name is Ann")) == "BadRequest"
