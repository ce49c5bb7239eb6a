"""What is planted is there, with the strength stated; and where nothing is planted, nothing is.

Tests of absence compare a sum of products with its own standard deviation, so that clustering volatility does not pass
for an edge (White 1980). Each looks at many lags and symbols of one fixed market: the bound of 4 standard deviations
would be passed by chance once in about 16,000 looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgeproof.domain.time import parse_instant
from edgeproof.simulator.market import EdgeKind, GeneratedMarket, MarketSpec, PlantedEdge, generate_market
from edgeproof.simulator.market._edges import plant_edge
from edgeproof.simulator.market._ground import Ground, lay_ground
from edgeproof.simulator.market._paths import draw_path

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray

START_MS = parse_instant("2026-01-05")
SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "LINK-USDT", "SUI-USDT")
BPS = 1e-4
MOST_DEVIATIONS = 4.0
ROUND_TRIP = 22.4 * BPS


def log_returns(market: GeneratedMarket, symbol: str, minutes: int = 1) -> FloatArray:
    close = np.log(market.bars.filter(symbol=symbol)["close"].to_numpy())
    return np.diff(close[::minutes])


def count_deviations(products: FloatArray) -> float:
    """How many of its own standard deviations the sum of uncorrelated products lies from 0."""
    return float(products.sum() / np.sqrt(np.square(products).sum()))


@pytest.fixture(scope="module")
def ground() -> Ground:
    return lay_ground(seed=5, start_ms=START_MS, minutes=400 * 1_440)


# Nothing where nothing is planted


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_the_past_of_an_empty_symbol_says_nothing_of_its_next_move(
    empty_market: GeneratedMarket, symbol: str, minutes: int
) -> None:
    moves = log_returns(empty_market, symbol, minutes)
    for lag in (1, 2, 3, 4, 6, 8, 12, 24):
        assert abs(count_deviations(moves[lag:] * moves[:-lag])) < MOST_DEVIATIONS


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_bounce_between_bid_and_ask_is_all_that_minutes_foretell(
    empty_market: GeneratedMarket, symbol: str
) -> None:
    moves = log_returns(empty_market, symbol)
    close = empty_market.bars.filter(symbol=symbol)["close"].to_numpy()
    # A trade lies above or below the path (variance 1/4 of a tick squared), which lies anywhere within a tick (1/12);
    # what one close is off by, the next move takes back (Roll 1984).
    bounce = float(np.mean((empty_market.rules(symbol).tick / close) ** 2)) / 3.0
    products = moves[1:] * moves[:-1]
    assert abs(count_deviations(products + bounce)) < MOST_DEVIATIONS


@pytest.mark.parametrize("symbol", SYMBOLS[1:])
def test_the_leader_does_not_foretell_an_empty_symbol(empty_market: GeneratedMarket, symbol: str) -> None:
    for minutes in (1, 5, 60):
        leader, moves = (log_returns(empty_market, name, minutes) for name in ("BTC-USDT", symbol))
        for lag in (1, 2, 3, 5, 10):
            assert abs(count_deviations(moves[lag:] * leader[:-lag])) < MOST_DEVIATIONS


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_no_hour_of_an_empty_symbol_has_a_drift(empty_market: GeneratedMarket, symbol: str) -> None:
    moves = log_returns(empty_market, symbol, 60)
    for hour in range(24):
        assert abs(count_deviations(moves[hour::24])) < MOST_DEVIATIONS


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_variance_grows_in_proportion_to_time_where_nothing_is_planted(
    empty_market: GeneratedMarket, symbol: str
) -> None:
    moves = log_returns(empty_market, symbol, 5)
    path = np.concatenate(([0.0], np.cumsum(moves)))
    for steps, tolerance in ((2, 0.06), (6, 0.14), (24, 0.3)):
        ratio = np.var(path[steps:] - path[:-steps]) / (steps * np.var(moves))
        assert ratio == pytest.approx(1.0, abs=tolerance)


def test_collecting_funding_earns_nothing(ground: Ground) -> None:
    rates, moves = [], []
    for symbol in SYMBOLS:
        path = draw_path(ground, symbol, ())
        settled = path.funding.minute[1:]
        rates.append(path.funding.rate[1:])
        moves.append(path.latent[settled] / path.latent[settled - 1] - 1.0)
    rate, move = np.concatenate(rates), np.concatenate(moves)
    # Who holds through the settlement pays the rate, and gets it in the price: a slope of 1, not of 0.
    slope = float(np.sum(rate * move) / np.sum(rate * rate))
    error = float(np.sqrt(np.sum(np.square(rate * (move - rate)))) / np.sum(rate * rate))
    assert error < 0.15
    assert abs(slope - 1.0) < 3.0 * error


# The strength that was stated, where something is


def test_a_reverting_deviation_has_the_stated_size_and_half_life(ground: Ground) -> None:
    edge = PlantedEdge(kind=EdgeKind.MEAN_REVERSION, symbol="XRP-USDT", strength_bps=80.0, horizon_minutes=60)
    deviation = np.cumsum(plant_edge(edge, ground))
    deviation -= deviation.mean()
    assert float(np.std(deviation)) == pytest.approx(80.0 * BPS, rel=0.1)
    half_way = np.corrcoef(deviation[60:], deviation[:-60])[0, 1]
    assert half_way == pytest.approx(0.5, abs=0.06)


def test_a_regime_earns_the_stated_strength_and_lasts_the_stated_time(ground: Ground) -> None:
    edge = PlantedEdge(kind=EdgeKind.MOMENTUM, symbol="XRP-USDT", strength_bps=120.0, horizon_minutes=240)
    drift = plant_edge(edge, ground)
    np.testing.assert_allclose(np.abs(drift) * 240, 120.0 * BPS)
    turns = np.flatnonzero(np.diff(np.sign(drift)))
    assert float(np.diff(turns).mean()) == pytest.approx(240.0, rel=0.1)


def test_the_hour_of_day_earns_the_stated_strength_and_the_day_nothing(ground: Ground) -> None:
    edge = PlantedEdge(kind=EdgeKind.HOUR_OF_DAY, symbol="XRP-USDT", strength_bps=30.0, horizon_minutes=90, hour=23)
    days = plant_edge(edge, ground).reshape(-1, 1_440)
    inside = np.r_[0:30, 1_380:1_440]
    np.testing.assert_allclose(days[:, inside].sum(axis=1), 30.0 * BPS)
    np.testing.assert_allclose(days.sum(axis=1), 0.0, atol=1e-12)


def test_the_echo_of_the_leader_earns_the_stated_strength_after_one_standard_deviation(ground: Ground) -> None:
    span = 7
    edge = PlantedEdge(kind=EdgeKind.LEAD_LAG, symbol="XRP-USDT", strength_bps=25.0, horizon_minutes=span)
    echo = np.concatenate(([0.0], np.cumsum(plant_edge(edge, ground))))
    leader = np.concatenate(([0.0], np.cumsum(ground.leader_returns)))
    at = np.arange(span, len(ground.ts) - span)
    moved = (leader[at] - leader[at - span]) / (ground.leader_deviation * np.sqrt(span))
    earned = echo[at + span] - echo[at]
    slope = float(np.sum(moved * earned) / np.sum(moved * moved))
    assert slope == pytest.approx(25.0 * BPS, rel=0.05)


# Found in the bars by the simplest trade that could find it, and only where it is


def revert_to_mean(close: FloatArray) -> FloatArray:
    """Gross gains of trades against a stretch from the last day's mean, closed when it is gone; 5-minute closes."""
    mean = np.convolve(close, np.full(288, 1 / 288), mode="valid")
    stretch = close[287:] - mean
    limit = 1.5 * float(np.std(stretch))
    return _trade(close[287:], np.where(stretch < -limit, 1, np.where(stretch > limit, -1, 0)), np.sign(-stretch))


def follow_trend(close: FloatArray) -> FloatArray:
    """Gross gains of trades along the move of the last four hours, turned when it turns; 5-minute closes."""
    side = np.sign(close[48:] - close[:-48])
    return _trade(close[48:], side, side)


def follow_hour(close: FloatArray) -> FloatArray:
    """Gross gains of being long from 14:00 to 15:00; 5-minute closes, the first at 00:00."""
    opens = np.arange(14 * 12, len(close) - 12, 288)
    return close[opens + 12] - close[opens]


def _trade(close: FloatArray, enter: FloatArray, hold: FloatArray) -> FloatArray:
    gains, side, entered = [], 0, 0.0
    for price, wish, held in zip(close, enter, hold, strict=True):
        if side and held != side:
            gains.append(side * (price - entered))
            side = 0
        if not side and wish:
            side, entered = int(wish), price
    return np.array(gains)


FINDERS = {
    EdgeKind.MEAN_REVERSION: (revert_to_mean, 150.0),
    EdgeKind.MOMENTUM: (follow_trend, 500.0),
    EdgeKind.HOUR_OF_DAY: (follow_hour, 150.0),
}


@pytest.mark.parametrize("kind", list(FINDERS))
def test_a_simple_trade_finds_what_is_planted_and_nothing_elsewhere(
    empty_market: GeneratedMarket, kind: EdgeKind
) -> None:
    find, strength = FINDERS[kind]
    edge = PlantedEdge(kind=kind, symbol="XRP-USDT", strength_bps=strength)
    market = generate_market(MarketSpec(symbols=("XRP-USDT",), start_ms=START_MS, days=30, seed=11, edges=(edge,)))
    gains = find(np.log(market.bars["close"].to_numpy()[::5]))
    assert len(gains) >= 25
    assert count_deviations(gains) > MOST_DEVIATIONS
    assert gains.mean() > ROUND_TRIP
    for symbol in SYMBOLS:
        nothing = find(np.log(empty_market.bars.filter(symbol=symbol)["close"].to_numpy()[::5]))
        assert abs(count_deviations(nothing)) < MOST_DEVIATIONS


def test_a_simple_trade_finds_the_echo_of_the_leader() -> None:
    edge = PlantedEdge(kind=EdgeKind.LEAD_LAG, symbol="XRP-USDT", strength_bps=15.0, horizon_minutes=10)
    market = generate_market(
        MarketSpec(symbols=("BTC-USDT", "XRP-USDT"), start_ms=START_MS, days=30, seed=11, edges=(edge,))
    )
    leader, moves = (log_returns(market, name, 10) for name in ("BTC-USDT", "XRP-USDT"))
    large = np.abs(leader[:-1]) > 2.0 * np.std(leader)
    gains = (np.sign(leader[:-1]) * moves[1:])[large]
    assert count_deviations(gains) > MOST_DEVIATIONS
    assert gains.mean() > ROUND_TRIP


def test_planting_leaves_the_look_of_the_price_alone() -> None:
    edges = (
        PlantedEdge(kind=EdgeKind.MEAN_REVERSION, symbol="XRP-USDT", strength_bps=60.0),
        PlantedEdge(kind=EdgeKind.MOMENTUM, symbol="SUI-USDT", strength_bps=250.0),
    )
    plain, planted = (
        generate_market(MarketSpec(symbols=("XRP-USDT", "SUI-USDT"), start_ms=START_MS, days=30, seed=11, edges=e))
        for e in ((), edges)
    )
    for symbol in ("XRP-USDT", "SUI-USDT"):
        before, after = (float(np.std(log_returns(market, symbol))) for market in (plain, planted))
        assert after == pytest.approx(before, rel=0.1)
