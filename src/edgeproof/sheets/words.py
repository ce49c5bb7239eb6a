"""What the sheet says in words: the headline, the measures, what a reader must not overlook, and what figures show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgeproof.domain.results import MIN_TRADES_FOR_SHARPE
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, format_ms
from edgeproof.pages import NOTHING, say_count, say_number, say_percent, say_signed_percent

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from edgeproof.domain.results import Interval, Metrics
    from edgeproof.sheets.account import MoneySpent, Sheet
    from edgeproof.sheets.candles import Candles
    from edgeproof.sheets.curve import Curve
    from edgeproof.sheets.periods import Drawdown, RollingSharpe

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FEW: Final = 5
_WIPED_OUT: Final = 0.001  # of what it began with: too little left to trade
_DAY_MINUTES: Final = 1_440
_HOUR_MINUTES: Final = 60


def say_sharpe(sharpe: Interval | None) -> str:
    """The annual ratio, never without its interval."""
    if sharpe is None:
        return NOTHING
    return f"{say_number(sharpe.estimate)} ({say_number(sharpe.low, 1)} to {say_number(sharpe.high, 1)})"


def say_minutes(minutes: float | None) -> str:
    """A length of time in the unit that suits it."""
    if minutes is None:
        return NOTHING
    if minutes < 2 * _HOUR_MINUTES:
        return f"{minutes:.0f} minutes"
    return f"{minutes / _HOUR_MINUTES:.1f} hours" if minutes < 2 * _DAY_MINUTES else say_days(minutes / _DAY_MINUTES)


def say_days(days: float) -> str:
    """A number of days."""
    return f"{say_number(days, 1)} days"


def say_price(price: float | None) -> str:
    """A price of any size with six digits."""
    return NOTHING if price is None or not math.isfinite(price) else f"{price:.6g}"


def say_length(ms: int) -> str:
    """A length of a candle or a step, as the page's script says it."""
    for unit, name, one in ((MS_PER_DAY, "days", "a day"), (MS_PER_HOUR, "hours", "an hour")):
        if ms % unit == 0:
            return one if ms == unit else f"{ms // unit} {name}"
    return "a minute" if ms == MS_PER_MINUTE else f"{ms / MS_PER_MINUTE:g} minutes"


def _say_times(value: float) -> str:
    return f"{say_number(value, 1)} times the equity"


def _say_whole(value: float) -> str:
    return f"{value:,}"


# Every measure, in the order of the page: what was done, what it brought, at what cost, at what risk.
_MEASURES: Final[tuple[tuple[str, str, Callable[[Any], str]], ...]] = (
    ("days", "length of the record", say_days),
    ("trades", "trades", _say_whole),
    ("liquidations", "of them liquidated", _say_whole),
    ("rejected_orders", "orders the venue would refuse", _say_whole),
    ("exposure", "time with an open position", say_percent),
    ("turnover", "turnover", _say_times),
    ("average_hold_minutes", "held, on average", say_minutes),
    ("median_hold_minutes", "held, half of them no longer than", say_minutes),
    ("initial_equity", "equity at the start", say_number),
    ("final_equity", "equity at the end", say_number),
    ("total_return", "return", lambda value: say_signed_percent(value, 2)),
    ("annual_return", "return, a year at this pace", lambda value: say_signed_percent(value, 1)),
    ("gross_profit", "made by trades that won", say_number),
    ("gross_loss", "lost by trades that lost", say_number),
    ("fees", "fees", say_number),
    ("funding", "funding", say_number),
    ("slippage", "slippage", say_number),
    ("win_rate", "trades that won", say_percent),
    ("profit_factor", "won for each unit lost", say_number),
    ("expectancy", "a trade brought, on average", say_number),
    ("average_win", "a trade that won brought", say_number),
    ("average_loss", "a trade that lost brought", say_number),
    ("best_trade", "best trade", say_number),
    ("worst_trade", "worst trade", say_number),
    ("average_mae", "furthest against a trade, on average", lambda value: say_percent(value, 2)),
    ("average_mfe", "furthest with a trade, on average", lambda value: say_percent(value, 2)),
    ("max_drawdown", "deepest drawdown", lambda value: say_percent(value, 2)),
    ("max_drawdown_days", "longest drawdown", say_days),
    ("annual_volatility", "volatility, a year", say_percent),
    ("calmar", "Calmar ratio", say_number),
    ("sortino", "Sortino ratio", say_number),
    ("sharpe", "Sharpe ratio, a year (95 % interval)", say_sharpe),
)


def list_measures(metrics: Metrics) -> list[tuple[str, str, str]]:
    """Every measure as field, label and what it says."""
    told = []
    for name, label, say in _MEASURES:
        value = getattr(metrics, name)
        told.append((name, label, NOTHING if value is None else say(value)))
    return told


def say_headline(metrics: Metrics) -> str:
    """What became of the account, the sober way round."""
    if not metrics.trades:
        return f"No trade in {say_days(metrics.days)}"
    if _is_wiped_out(metrics):
        return f"The account was wiped out, after {say_count(metrics.trades, 'trade', 'trades')}"
    gained = metrics.total_return
    verb = "gained" if gained > 0.0 else "lost" if gained < 0.0 else "came out even:"
    trades = say_count(metrics.trades, "trade", "trades")
    return (
        f"{verb.capitalize()} {say_percent(abs(gained), 2)} in {say_days(metrics.days)} over {trades}, costs included"
    )


def warn_of_odd_numbers(*, samples: int, trades: int, days: int) -> list[str]:
    """What was left out because it is no number; the measures are those of the account all the same."""
    told = []
    if samples:
        told.append(f"{say_count(samples, 'sample', 'samples')} of equity that are not numbers were left out.")
    if trades:
        told.append(f"{say_count(trades, 'trade', 'trades')} without a number for a result were left out.")
    if days:
        told.append(f"{say_count(days, 'day', 'days')} without a number for a return count as 0 %.")
    return told


def _is_wiped_out(metrics: Metrics) -> bool:
    return metrics.final_equity <= _WIPED_OUT * metrics.initial_equity


def list_warnings(sheet: Sheet, curve: Curve, trades: pl.DataFrame) -> list[str]:
    """What a reader must not overlook, by rules."""
    metrics, costs = sheet.account.metrics, sheet.account.costs
    return [
        *_warn_of_data(curve, metrics),
        *_warn_of_ruin(metrics),
        *_warn_of_chance(metrics, trades),
        *_warn_of_costs(costs),
    ]


def _warn_of_data(curve: Curve, metrics: Metrics) -> list[str]:
    told = []
    if not metrics.trades:
        told.append("Nothing was traded, so there is nothing here to judge: no figure of trades, no ratio.")
    if len(curve.ts) < 2:  # noqa: PLR2004 - one point is no curve
        told.append("There is no curve: the record has fewer than two moments.")
    elif metrics.days < 1.0:
        told.append("The record is shorter than a day: everything here may be chance.")
    return told


def _warn_of_ruin(metrics: Metrics) -> list[str]:
    told = []
    if _is_wiped_out(metrics):
        left = f"{say_number(metrics.final_equity)} of {say_number(metrics.initial_equity)}"
        told.append(f"The account was wiped out: {left} was left. Days without equity count as 0 %.")
    if metrics.liquidations:
        told.append(f"{say_count(metrics.liquidations, 'position was', 'positions were')} liquidated by the venue.")
    return told


def _warn_of_chance(metrics: Metrics, trades: pl.DataFrame) -> list[str]:
    told = []
    sharpe = metrics.sharpe
    if 0 < metrics.trades < MIN_TRADES_FOR_SHARPE:
        told.append(f"Fewer than {MIN_TRADES_FOR_SHARPE} trades: too few for a Sharpe ratio, and for most conclusions.")
    elif sharpe is not None and sharpe.low <= 0.0 <= sharpe.high:
        told.append(
            f"The Sharpe ratio may lie anywhere from {say_number(sharpe.low, 1)} to {say_number(sharpe.high, 1)}:"
            " this record cannot tell it from zero."
        )
    best = float(trades["pnl"].top_k(_FEW).sum()) if trades.height else 0.0
    net = metrics.gross_profit - metrics.gross_loss
    if trades.height > _FEW and 0.0 < net <= best:
        told.append(f"Without its {_FEW} best trades it would have earned nothing.")
    return told


def _warn_of_costs(costs: MoneySpent) -> list[str]:
    paid = costs.gross - costs.net
    if costs.gross < 0.0:
        return [
            f"Before any cost the trades lost {say_number(-costs.gross, 0)}: cheaper trading would not have saved it."
        ]
    if costs.gross > 0.0 >= costs.net:
        return [f"Prices gave {say_number(costs.gross, 0)} and costs took {say_number(paid, 0)} of it: costs decide."]
    return []


def describe_equity(curve: Curve, metrics: Metrics, falls: int) -> str:
    """The equity figure in words."""
    named = "the only drawdown" if falls == 1 else f"the {falls} deepest drawdowns"
    shaded = f" Shaded: {named}, from peak to recovery." if falls else ""
    return (
        f"Equity from {say_number(metrics.initial_equity)} to {say_number(metrics.final_equity)}"
        f" between {_say_day(int(curve.ts[0]))} and {_say_day(int(curve.ts[-1]))},"
        f" deepest drawdown {say_percent(metrics.max_drawdown)}.{shaded}"
    )


def describe_underwater(falls: list[Drawdown]) -> str:
    """The underwater figure in words."""
    if not falls:
        return "Equity never stood below its highest so far."
    worst = falls[0]
    back = "not made up since" if worst.back_ms is None else f"made up by {_say_day(worst.back_ms)}"
    return (
        f"Deepest {say_percent(worst.depth)} below the peak of {_say_day(worst.peak_ms)},"
        f" on {_say_day(worst.bottom_ms)}, {back}."
    )


def describe_rolling(rolling: RollingSharpe) -> str:
    """The figure of the rolling Sharpe ratio in words."""
    known = [one.estimate for one in rolling.values if one is not None]
    if not known:
        return f"No {rolling.window} days had any spread."
    ends = f"from {say_number(min(known), 1)} to {say_number(max(known), 1)}"
    return f"The Sharpe ratio of {rolling.window} days on end ran {ends}; the band is its 95 % interval."


def describe_returns(trades: pl.DataFrame, beyond: int) -> str:
    """The histogram in words."""
    returns = trades["return"].to_numpy()
    known = returns[np.isfinite(returns)]
    middle, low, high = np.quantile(known, [0.5, 0.05, 0.95]).tolist()
    outside = f" {say_count(beyond, 'trade', 'trades')} beyond the ends are counted in the outermost bars."
    return (
        f"Half of the trades returned less than {say_signed_percent(middle, 2)} of equity, 90 % of them between"
        f" {say_signed_percent(low, 2)} and {say_signed_percent(high, 2)}.{outside if beyond else ''}"
    )


def describe_excursion(metrics: Metrics, drawn: int, *, worst: bool) -> str:
    """One figure of excursions in words."""
    average = metrics.average_mae if worst else metrics.average_mfe
    way = "against" if worst else "with"
    merged = f" {drawn:,} marks for {metrics.trades:,} trades: those that would cover each other are one."
    return f"Price went {say_percent(average, 2)} {way} a trade on average.{merged if drawn < metrics.trades else ''}"


def describe_exposure(metrics: Metrics, long: float, short: float, step_ms: int) -> str:
    """The exposure figure in words."""
    step = say_length(step_ms)
    return (
        f"In position: {say_percent(metrics.exposure)} of the bars, each market and strategy counted for itself."
        f" Averaged over {step}, at most {say_number(long)} times the equity was long and {say_number(short)} times"
        " short."
    )


def describe_costs(costs: MoneySpent) -> str:
    """The waterfall in words."""
    prices = f"Prices {'took' if costs.gross < 0.0 else 'gave'} {say_number(abs(costs.gross))}"
    funding = f"funding {'gave' if costs.funding < 0.0 else 'took'} {say_number(abs(costs.funding))}"
    left = f"{say_number(abs(costs.net))} was {'lost' if costs.net < 0.0 else 'left'}"
    return f"{prices}; slippage took {say_number(costs.slippage)}, fees {say_number(costs.fees)}, {funding}; {left}."


def describe_candles(candles: Candles, trades: int, kept: int) -> str:
    """What was merged before the page was written, and what the page merges as it draws."""
    length = say_length(candles.length_ms)
    if candles.length_ms == candles.bar_ms:
        base = f"All {candles.bars:,} bars are in this page."
    else:
        base = (
            f"{candles.bars:,} bars were merged to {len(candles):,} candles of {length}; each keeps the first, highest,"
            " lowest and last price of its bars, so that no high or low is lost."
        )
    dropped = f" Of {trades:,} trades the {kept:,} that won or lost most are shown." if kept < trades else ""
    return f"{base}{dropped} More than fit are merged further until you zoom in."


def describe_marks(trades: int, *, drawn: bool) -> str:
    """What stands on the picture of a market, which nobody can zoom."""
    if not trades:
        return "Nothing was traded here."
    sums = "Below is what the trades that ended there brought."
    if not drawn:
        return f"{trades:,} trades are too many to tell apart. {sums}"
    return f"{say_count(trades, 'trade', 'trades')}: each line leads from an entry to its exit. {sums}"


def describe_months() -> str:
    """The table of months in words."""
    return "* The record has only a part of this month. Returns compound: all months together make the whole."


def describe_hours(trades: int) -> str:
    """The table of hours in words."""
    return (
        "What trades brought in quote units, costs included, by the UTC hour and weekday in which they were entered."
        f" With {say_count(trades, 'trade', 'trades')} over 168 hours of the week, single cells are mostly chance."
    )


def _say_day(ms: int) -> str:
    return format_ms(ms)[:10]
