from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.time import MS_PER_HOUR
from edgeproof.simulator.exchange.engine.refusal import Refusal
from edgeproof.simulator.exchange.engine.trades import Printed, TradeBatch
from edgeproof.simulator.exchange.engine.trading.desk import make_trigger_leg
from edgeproof.simulator.exchange.engine.trading.orders import (
    Exit,
    Order,
    OrderKind,
    OrderRequest,
    OrderState,
    Protection,
)
from edgeproof.simulator.exchange.engine.trading.positions import Position, PositionKey
from fakes.small_venues import START_MS, Desk, open_desk

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.trading.accounts import Account
    from edgeproof.simulator.exchange.engine.trading.orders import Fill

SYMBOL = "BTC-USDT"


def open_trader(balance: int = 100_000) -> tuple[Desk, Account]:
    desk = open_desk(rate=0.0)
    desk.venue.advance()
    return desk, desk.venue.desk.open_account(f"trader-{balance}", Decimal(balance))


def ask(side: str, lots: int | None, **more: object) -> OrderRequest:
    wanted: dict[str, object] = {
        "symbol": SYMBOL,
        "side": side,
        "kind": OrderKind.MARKET if more.get("ticks") is None else OrderKind.LIMIT,
        "margin_mode": "cross",
        "position_side": "net",
        "lots": lots,
    }
    return OrderRequest(**(wanted | more))  # type: ignore[arg-type] # whatever a test wants changed


def place(desk: Desk, account: Account, side: str, lots: int | None, **more: object) -> Order:
    return desk.venue.desk.place(account, ask(side, lots, **more))


def pass_trade(desk: Desk, ticks: int, lots: int = 1, *, buys: bool = False) -> None:
    instrument = desk.venue.market[SYMBOL]
    batch = TradeBatch.of_one(SYMBOL, ts=desk.venue.market.now_ms, ticks=ticks, lots=lots, buys=buys)
    printed: Printed = instrument.print_batch(batch)
    desk.venue.desk.follow(printed)


def last_of(desk: Desk) -> int:
    return desk.venue.market[SYMBOL].last_ticks


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["buy", "sell", "trade"]), st.integers(1, 400), st.integers(-60, 60)), max_size=25
    )
)
@settings(deadline=None, max_examples=40)
def test_money_is_only_moved_by_entries_and_profit_is_price_times_size(steps: list[tuple[str, int, int]]) -> None:
    desk, account = open_trader(10_000_000)
    for what, lots, shift in steps:
        if what == "trade":
            pass_trade(desk, last_of(desk) + shift, lots)
        else:
            place(desk, account, what, lots)
    assert sum((entry.amount for entry in account.entries), Decimal(0)) == account.balance
    listing = desk.venue.market[SYMBOL].listing
    signed = [(1 if f.side == "buy" else -1, f) for f in account.fills]
    held = sum(sign * f.lots for sign, f in signed)
    cash = -sum((sign * f.lots * f.ticks * listing.quote_per_step for sign, f in signed), Decimal(0))
    fees = sum((f.fee for f in account.fills), Decimal(0))
    figures = desk.venue.floor.assess(account)
    worth = Decimal(10_000_000) + cash - fees + held * last_of(desk) * listing.quote_per_step
    assert abs(figures.equity - worth) < Decimal("1e-15")
    assert sum(p.lots for p in account.positions.values()) == held


def test_a_taker_pays_its_fee_and_a_maker_the_lesser_one() -> None:
    desk, account = open_trader()
    listing = desk.venue.market[SYMBOL].listing
    place(desk, account, "buy", 5)
    taken = account.fills[-1]
    assert taken.fee == taken.lots * taken.ticks * listing.quote_per_step * Decimal("0.0006")
    price = last_of(desk) - 30
    resting = place(desk, account, "buy", 5, ticks=price)
    pass_trade(desk, price - 1, 50)
    made = account.fills[-1]
    assert (made.maker, made.ticks, resting.state) == (True, price, OrderState.FILLED)
    assert made.fee == 5 * price * listing.quote_per_step * Decimal("0.0002")


def test_an_order_in_the_queue_waits_for_those_before_it() -> None:
    desk, account = open_trader()
    price = last_of(desk) - 10
    order = place(desk, account, "buy", 3, ticks=price)
    ahead = order.queue_ahead
    pass_trade(desk, price, ahead)
    assert order.filled == 0
    pass_trade(desk, price, 2)
    assert (order.filled, order.state) == (2, OrderState.PARTIALLY_FILLED)
    pass_trade(desk, price, 5, buys=True)
    assert order.filled == 2
    pass_trade(desk, price, 5)
    assert order.state is OrderState.FILLED


def test_reducing_never_turns_a_position_around() -> None:
    desk, account = open_trader()
    place(desk, account, "buy", 10)
    order = place(desk, account, "sell", 25, reduce_only=True)
    assert order.lots == 10
    assert not account.positions
    with pytest.raises(Refusal, match="102022"):
        place(desk, account, "sell", 1, reduce_only=True)


def test_a_larger_order_the_other_way_turns_a_net_position() -> None:
    desk, account = open_trader()
    place(desk, account, "buy", 10)
    place(desk, account, "sell", 25)
    (position,) = account.positions.values()
    assert position.lots == -15
    assert position.average * 15 == sum(
        (f.ticks * desk.venue.market[SYMBOL].listing.tick * Decimal(lots) for f, lots in _last_lots(account, 15)),
        Decimal(0),
    )


def _last_lots(account: Account, wanted: int) -> list[tuple[Fill, int]]:
    chosen = []
    for fill in reversed(account.fills):
        lots = min(wanted, fill.lots)
        wanted -= lots
        chosen.append((fill, lots))
        if not wanted:
            break
    return chosen


def test_funding_goes_from_longs_to_shorts_at_its_time() -> None:
    desk = open_desk(rate=0.0)
    desk.venue.advance()
    long, short = (desk.venue.desk.open_account(name, Decimal(100_000)) for name in ("long", "short"))
    place(desk, long, "buy", 40)
    place(desk, short, "sell", 40)
    point = desk.venue.market[SYMBOL].next_funding(START_MS)
    assert point is not None
    desk.clock.step(4 * MS_PER_HOUR - 1)
    desk.venue.advance()
    assert not [entry for entry in long.entries if entry.kind == "funding"]
    desk.clock.step(1)
    desk.venue.advance()
    paid, got = ([e.amount for e in account.entries if e.kind == "funding"] for account in (long, short))
    value = 40 * last_of(desk) * desk.venue.market[SYMBOL].listing.quote_per_step
    assert paid == [-value * Decimal(repr(point.rate))]
    assert got == [-paid[0]]


@pytest.mark.parametrize(("side", "away"), [("buy", -1), ("sell", 1)])
def test_an_isolated_position_is_liquidated_at_its_price_and_costs_its_margin(side: str, away: int) -> None:
    desk, account = open_trader()
    desk.venue.desk.set_leverage(account, PositionKey(SYMBOL, "isolated", "net"), 20)
    place(desk, account, side, 400, margin_mode="isolated")
    (position,) = account.positions.values()
    balance, margin = account.balance, position.margin
    tick = position.listing.tick
    price = position.liquidation_price(margin)
    assert price is not None
    edge = int(price / tick)
    pass_trade(desk, edge - 2 * away)
    assert account.positions
    pass_trade(desk, edge + 2 * away)
    assert not account.positions
    assert account.past_orders[-1].request.category == "full_liquidation"
    assert balance - margin <= account.balance < balance


def test_a_cross_account_is_liquidated_as_a_whole_and_never_owes() -> None:
    desk, account = open_trader(1_000)
    desk.venue.desk.set_leverage(account, PositionKey(SYMBOL, "cross", "net"), 50)
    place(desk, account, "buy", 10_000)
    resting = place(desk, account, "sell", 1, ticks=last_of(desk) + 20_000)
    pass_trade(desk, last_of(desk) // 2)
    assert not account.positions
    assert account.balance == 0
    assert resting.state is OrderState.CANCELED


def test_attached_exits_close_the_position_and_only_one_of_them_acts() -> None:
    desk, account = open_trader()
    last = last_of(desk)
    exits = Protection(take=Exit(trigger_ticks=last + 50), stop=Exit(trigger_ticks=last - 50))
    place(desk, account, "buy", 8, protection=exits)
    assert len(account.waiting) == 1
    pass_trade(desk, last + 49)
    assert account.positions
    pass_trade(desk, last + 50)
    assert not account.positions
    assert not account.waiting
    assert account.past_orders[-1].request.category == "tp"
    assert account.past_waiting[-1].state is OrderState.EFFECTIVE


def test_a_trigger_acts_once_its_price_is_reached_from_its_side() -> None:
    desk, account = open_trader()
    last = last_of(desk)
    leg = make_trigger_leg(Exit(trigger_ticks=last - 20), last)
    waiting = desk.venue.desk.wait(account, ask("sell", 4), (leg,), trigger=True)
    pass_trade(desk, last + 30)
    assert list(account.waiting.values()) == [waiting]
    pass_trade(desk, last - 21)
    assert [past.state for past in account.past_waiting] == [OrderState.EFFECTIVE]
    (position,) = account.positions.values()
    assert position.lots == -4


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"lots": 10**11}, "102015"),
        ({"position_side": "long"}, "102089"),
        ({"ticks": 10**7}, "102064"),
        ({"side": "sell", "ticks": 5}, "102065"),
        ({"lots": 10**7}, "103003"),
        ({"protection": Protection(take=Exit(trigger_ticks=5))}, "102037"),
        ({"protection": Protection(stop=Exit(trigger_ticks=10**7))}, "102038"),
        ({"side": "sell", "protection": Protection(take=Exit(trigger_ticks=10**7))}, "102039"),
        ({"side": "sell", "protection": Protection(stop=Exit(trigger_ticks=5))}, "102040"),
    ],
)
def test_orders_that_break_a_rule_are_refused_with_its_code(more: dict[str, object], code: str) -> None:
    desk, account = open_trader()
    with pytest.raises(Refusal) as refused:
        place(desk, account, **({"side": "buy", "lots": 5} | more))  # type: ignore[arg-type] # whatever a test wants changed
    assert refused.value.code == code
    assert not account.orders


def test_modes_do_not_change_under_open_positions_nor_leverage_under_open_orders() -> None:
    desk, account = open_trader()
    place(desk, account, "buy", 5, ticks=last_of(desk) - 100)
    with pytest.raises(Refusal, match="110006"):
        desk.venue.desk.set_leverage(account, PositionKey(SYMBOL, "cross", "net"), 10)
    with pytest.raises(Refusal, match="110019"):
        desk.venue.desk.set_mode(account, position_mode="long_short_mode")


def test_hedged_sides_are_held_apart_and_each_closes_its_own() -> None:
    desk, account = open_trader()
    desk.venue.desk.set_mode(account, position_mode="long_short_mode")
    place(desk, account, "buy", 6, position_side="long")
    place(desk, account, "sell", 4, position_side="short")
    assert {(k.position_side, p.lots) for k, p in account.positions.items()} == {("long", 6), ("short", -4)}
    place(desk, account, "buy", 4, position_side="short")
    assert {(k.position_side, p.lots) for k, p in account.positions.items()} == {("long", 6)}


@given(fills=st.lists(st.tuples(st.integers(-50, 50).filter(bool), st.integers(1, 10_000)), min_size=1, max_size=20))
def test_realised_and_unrealised_profit_are_the_cash_of_the_fills(fills: list[tuple[int, int]]) -> None:
    listing = open_desk(rate=0.0, history_minutes=1).venue.market[SYMBOL].listing
    position = Position(
        position_id=1,
        key=PositionKey(SYMBOL, "cross", "net"),
        listing=listing,
        leverage=5,
        created_ms=0,
        updated_ms=0,
    )
    realised = sum((position.fill(lots, ticks) for lots, ticks in fills), Decimal(0))
    cash = -sum((lots * ticks * listing.quote_per_step for lots, ticks in fills), Decimal(0))
    mark = fills[-1][1]
    worth = cash + position.lots * mark * listing.quote_per_step
    assert abs(realised + position.profit_at(mark) - worth) < Decimal("1e-15")
