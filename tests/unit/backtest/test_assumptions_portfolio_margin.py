"""Rules of docs/assumptions.md about the margin of legs that share an account."""

from __future__ import annotations

import pytest

from edgeproof.backtest.portfolio import FixedLeverage, Limits, Signalled, Sizing
from edgeproof.domain.instruments import InstrumentRules, MarginTier
from edgeproof.execution import Costs
from fakes.tiny_market import make_bars
from fakes.tiny_portfolio import WHOLE, make_leg, tell, trade_together

FLAT = make_bars(*["100"] * 8)


def test_an_entry_gets_at_most_the_margin_that_others_leave() -> None:
    legs = make_leg(FLAT, "L", symbol="A"), make_leg(FLAT, ".L", symbol="B", sizing=FixedLeverage(leverage=0.8))
    result = trade_together({"A": FLAT, "B": FLAT}, *legs)
    assert [size for *_, size, _ in tell(result)] == [50, 50]
    assert [leg.cut for leg in result.legs] == [0, 1]


def test_what_open_positions_have_paid_is_no_margin() -> None:
    legs = make_leg(FLAT, "L", symbol="A"), make_leg(FLAT, "...L", symbol="B", sizing=FixedLeverage(leverage=0.8))
    result = trade_together({"A": FLAT, "B": FLAT}, *legs, funding={"A": {3: 0.02}})
    # A has paid 100 of funding on its 5,000.
    assert [size for *_, size, _ in tell(result)] == [50, 49]


def test_an_entry_for_which_no_margin_is_left_is_skipped_and_counted() -> None:
    legs = (make_leg(FLAT, "L", symbol=symbol, sizing=WHOLE) for symbol in "AB")
    result = trade_together({"A": FLAT, "B": FLAT}, *legs)
    assert [symbol for _, symbol, *_ in tell(result)] == ["A"]
    assert (result.legs[1].symbol, dict(result.legs[1].skipped)) == ("B", {"margin": 1})


def test_the_leverage_set_at_the_venue_ties_up_less_margin() -> None:
    hours = make_bars(*["100"] * 3, timeframe="1h")
    legs = [make_leg(hours, "L", symbol=symbol, sizing=WHOLE) for symbol in "AB"]
    result = trade_together({"A": hours, "B": hours}, *legs, limits=Limits(margin_leverage=4.0))
    assert [size for *_, size, _ in tell(result)] == [100, 100]
    assert result.equity["margin"].to_list() == [0, 0, 5_000, 0]


def test_the_entry_fee_is_paid_before_the_margin() -> None:
    hours = make_bars(*["100"] * 3, timeframe="1h")
    costs, limits = Costs(taker=0.01, slippage=0, latency_ms=0), Limits(margin_leverage=5.0)
    leg = make_leg(hours, "L", sizing=FixedLeverage(leverage=4.9))
    result = trade_together({"A": hours}, leg, costs=costs, limits=limits)
    # A fifth of 49,000 would be 9,800, but 490 of the 10,000 are gone.
    assert result.equity["margin"].to_list() == [0, 0, 9_510, 0]
    most, rest = (make_leg(hours, "L", symbol=symbol, sizing=FixedLeverage(leverage=0.6)) for symbol in "AB")
    full = trade_together({"A": hours, "B": hours}, most, rest, costs=costs)
    # 6,000 and its fee of 60 leave B 3,940, of which its own fee of 39.40 is no margin either.
    assert full.account["margin"][2] == pytest.approx(6_000 + 3_940 - 39.4)
    assert full.account["margin"][2] == pytest.approx(full.account["cash"][2])


@pytest.mark.parametrize(
    ("sizing", "limits"),
    [
        (Signalled(share=0.05), Limits()),
        (FixedLeverage(leverage=1.0), Limits(margin_leverage=20.0)),
        (FixedLeverage(leverage=20.0), Limits(max_gross=1.0, least_part=0.0)),
    ],
)
def test_a_small_entry_has_its_whole_margin_where_the_rest_of_the_account_is_free(
    sizing: Sizing, limits: Limits
) -> None:
    costs, rules = Costs(taker=0.0006, slippage=0, latency_ms=0), {"A": InstrumentRules(maintenance_margin=0.0)}
    # A margin of a twentieth is gone at 95, not before.
    for low, ended in (("95.01", "end"), ("95", "liquidation")):
        bars = make_bars("100", "100", f"100 100 {low} 100", "100")
        leg = make_leg(bars, "L", leverage=20.0, sizing=sizing)
        assert tell(trade_together({"A": bars}, leg, costs=costs, rules=rules, limits=limits))[0][-1] == ended


def test_an_entry_is_taken_whose_fee_is_more_than_its_part_of_the_account() -> None:
    hours = make_bars(*["100"] * 3, timeframe="1h")
    leg = make_leg(hours, "L", leverage=20.0, sizing=Signalled(share=0.05))
    result = trade_together({"A": hours}, leg, costs=Costs(taker=0.06, slippage=0, latency_ms=0))
    # A fee of 600 for 10,000, and a margin of 500.
    assert result.account[["cash", "margin"]][2].tolist() == (pytest.approx(9_400), 500)


def test_margin_tiers_are_those_of_each_position() -> None:
    hours = make_bars(*["100"] * 3, timeframe="1h")
    tiers = (
        MarginTier(max_notional=5_000, maintenance=0.01, max_leverage=50.0),
        MarginTier(max_notional=float("inf"), maintenance=0.02, max_leverage=2.0),
    )
    small, large = (
        trade_together(
            {"A": hours, "B": hours},
            *(make_leg(hours, "L", symbol=symbol, sizing=FixedLeverage(leverage=leverage)) for symbol in "AB"),
            limits=Limits(margin_leverage=10.0),
            rules=dict.fromkeys("AB", InstrumentRules(tiers=tiers)),
        )
        for leverage in (0.5, 3.0)
    )
    # Twice 5,000 at ten times leverage; then 20,000 at the two times that its tier allows, which is the whole account.
    assert small.equity["margin"].to_list()[2] == pytest.approx(1_000)
    assert [size for *_, size, _ in tell(large)] == [200]
    assert large.equity["margin"].to_list()[2] == pytest.approx(10_000)


def test_an_entry_that_margin_tiers_made_smaller_counts_as_cut() -> None:
    hours = make_bars(*["100"] * 3, timeframe="1h")
    tiers = (
        MarginTier(max_notional=5_000, maintenance=0.01, max_leverage=10.0),
        MarginTier(max_notional=float("inf"), maintenance=0.02, max_leverage=2.0),
    )
    result = trade_together(
        {"A": hours, "B": hours},
        make_leg(hours, "L"),
        make_leg(hours, "L", symbol="B", sizing=FixedLeverage(leverage=2.0)),
        limits=Limits(margin_leverage=10.0),
        rules={"B": InstrumentRules(tiers=tiers)},
    )
    # A ties up a tenth of 5,000; at its tier's leverage of 2 the rest carries 19,000 of the 20,000 that B wished for.
    assert [round(size, 9) for *_, size, _ in tell(result)] == [50, 190]
    assert [leg.cut for leg in result.legs] == [0, 1]


def test_less_margin_brings_the_liquidation_nearer() -> None:
    bars = make_bars("100", "100", "100 100 91 95", "95")
    rules = {"A": InstrumentRules(maintenance_margin=0.0)}
    plain = trade_together({"A": bars}, make_leg(bars, "L"), rules=rules)
    thin = trade_together({"A": bars}, make_leg(bars, "L"), rules=rules, limits=Limits(margin_leverage=12.5))
    assert tell(plain)[0][-1] == "end"
    # A margin of 8 % is gone at 92.
    assert tell(thin)[0][-1] == "liquidation"
    assert thin.trades["pnl"].item() == pytest.approx(-400)


def test_a_liquidation_loses_the_margin_of_its_own_position_only() -> None:
    falling = make_bars("100", "100", "100", "20", "20")
    levered = make_leg(falling, "L", symbol="A", priority=1, sizing=FixedLeverage(leverage=5.0))
    result = trade_together(
        {"A": falling, "B": FLAT}, levered, make_leg(FLAT, "L", symbol="B"), limits=Limits(max_gross=1.5)
    )
    # B is half of the account; the limit leaves A 10,000, on a margin of a fifth.
    lost = {row["symbol"]: row["pnl"] for row in result.trades.iter_rows(named=True)}
    assert lost == {"A": pytest.approx(-2_000), "B": 0}


def test_funding_never_takes_the_margin_of_another_position() -> None:
    legs = (make_leg(FLAT, "L", symbol=symbol) for symbol in "AB")
    result = trade_together({"A": FLAT, "B": FLAT}, *legs, funding={"A": {3: 1.5}})
    paid = {row["symbol"]: row["funding"] for row in result.trades.iter_rows(named=True)}
    # Half of the account is B's margin: of the 7,500 due, A has 5,000.
    assert paid == {"A": 5_000, "B": 0}
