"""What a replay is asked beyond the plain terms: orders that rest, trades inside bars, tiers, calibrated slippage."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgeproof.backtest.regimes import check_charged
from edgeproof.domain.errors import InvalidValue
from edgeproof.kernels.replay_events import GO_LONG
from edgeproof.kernels.replay_extras import NO_EXTRAS, Extras
from edgeproof.kernels.replay_records import STEP_SLACK

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.domain.signals import Signals
    from edgeproof.execution import Costs

LONGEST: Final = 1_000_000_000  # decision bars; longer is never, and would not fit the clock

# SplitMix64 (Steele, Lea and Flood 2014): what is added, then shifts and factors of its mixing.
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIXING: Final = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
_LAST_SHIFT: Final = np.uint64(31)
_TO_UNIT: Final = np.uint64(11)  # the 53 bits that a float holds


def list_extras(  # noqa: PLR0913, PLR0917 - everything a replay depends on may ask for something
    tape: Tape,
    signals: Signals,
    costs: Costs,
    rules: InstrumentRules,
    symbol: str,
    index: npt.NDArray[np.int32],
    code: npt.NDArray[np.uint8],
) -> Extras | None:
    """The terms beyond the plain ones; None where there are none, since a replay without them is another kernel."""
    check_slippage(costs, tape)
    asked: dict[str, Any] = {}
    if signals.cool_down:
        asked["cool_down"] = min(signals.cool_down, LONGEST)
    if signals.take_share != 1.0:
        asked["take_share"] = float(signals.take_share)
    if len(tape.print_ts):
        asked["print_ts"], asked["print_price"] = tape.print_ts, tape.print_price
    if rules.tiers:
        asked["tiers"] = np.array([[tier.max_notional, tier.maintenance, tier.max_leverage] for tier in rules.tiers])
    if costs.hourly is not None:
        asked["hourly"] = np.array([costs.hourly.sell, costs.hourly.buy])
    if len(tape.slippage_factor):
        asked["factor"] = tape.slippage_factor
    if signals.limit_offset is not None:
        luck = draw_luck(signals.bars.ts[index], costs.seed, symbol)
        asked["limit"] = price_limits(code, signals.bars.close[index], signals.limit_offset[index], rules.tick)
        asked["fillable"] = luck < costs.fill_probability
        asked["wait"], asked["maker"] = min(signals.limit_wait, LONGEST), float(costs.maker)
    return NO_EXTRAS._replace(**asked) if asked else None


def check_slippage(costs: Costs, tape: Tape) -> None:
    """Refuse factors that make slippage the whole price, and regimes that were not charged.

    Raises:
        InvalidValue: Slippage times a factor is 1 or more, or the tape was made for costs with other regimes.
    """
    check_charged(tape, costs)
    factor = tape.slippage_factor
    if len(factor) and costs.highest_slippage * factor.max() >= 1.0:
        told = f"{factor.max():g} times a slippage of {costs.highest_slippage:g}"
        raise InvalidValue("slippage_factor", told, "factors that leave less than the whole price")


def price_limits(code: npt.NDArray[np.uint8], close: FloatArray, offset: FloatArray, tick: float) -> FloatArray:
    """Price at which the order of each event rests: below the decision's close to buy, above it to sell.

    Args:
        code: What each event says, as ``gather_events`` gives it, shape (k,).
        close: Close of its decision bar.
        offset: Distance from there; NaN for an order at the market.
        tick: Price step, 0 for none. Prices are rounded away from the market.

    Returns:
        Shape (k,); NaN for an order at the market, 0 for an offset below zero or a price that is none.
    """
    side = np.where(code & GO_LONG, 1.0, -1.0)
    price = close - side * offset
    if tick > 0.0:
        steps = price / tick
        price = tick * np.where(side > 0.0, np.floor(steps + STEP_SLACK), np.ceil(steps - STEP_SLACK))
    refused = (offset < 0.0) | (price <= 0.0) | np.isinf(price)
    return np.where(refused, 0.0, price)


def draw_luck(ts: IntArray, seed: int, symbol: str) -> FloatArray:
    """A number from 0 up to 1 for each time; one seed and symbol have the same, whatever else is asked for.

    Args:
        ts: Opens of decision bars, UTC milliseconds, shape (k,).
        seed: Any whole number from 0, of 64 bits.
        symbol: What is traded, so that two markets have not the same luck.
    """
    # Mixed before it meets the times: added as it is, a seed would be another one moved by as many milliseconds.
    own = _mix(_mix(np.array([seed], np.uint64)) + np.uint64(zlib.crc32(symbol.encode())))
    mixed = _mix(_mix(ts.astype(np.uint64)) + own)
    return np.asarray((mixed >> _TO_UNIT) * 2.0**-53, np.float64)


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed = state + _GOLDEN
    for shift, factor in _MIXING:
        mixed = (mixed ^ (mixed >> shift)) * factor
    return mixed ^ (mixed >> _LAST_SHIFT)
