"""A sheet as one page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from edgeproof.domain.time import format_ms
from edgeproof.pages import assemble_page, draw_landscape, draw_waterfall, open_templates, read_text
from edgeproof.sheets import figures, words
from edgeproof.sheets.account import NAMELESS
from edgeproof.sheets.curve import read_curve, read_days, read_trades
from edgeproof.sheets.parts import read_parts
from edgeproof.sheets.periods import add_up_week_hours, find_drawdowns, list_months, roll_sharpe
from edgeproof.sheets.price import (
    LIMITS,
    MOST_TRADES_SEEN,
    draw_price,
    keep_largest,
    pack_market,
)
from edgeproof.sheets.spreads import Cloud, average_exposure, count_returns, scatter, tabulate

if TYPE_CHECKING:
    import jinja2

    from edgeproof.pages import Figure
    from edgeproof.sheets.account import Market, Sheet
    from edgeproof.sheets.curve import Curve
    from edgeproof.sheets.periods import Month

_HERE: Final = "edgeproof.sheets"
_MOST_EXTREMES: Final = 5
_MOST_MARKETS_PICTURED: Final = 12
_PRICE: Final = "Price, entries and exits"
_BY: Final = (
    ("side", "long and short"),
    ("exit_reason", "how they ended"),
    ("symbol", "market"),
    ("leg", "strategy and market"),
)
_ONE_SAYS_NOTHING: Final = frozenset({"market", "strategy and market"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure with its heading, and what it shows in words."""

    heading: str
    told: str
    figure: Figure = field(repr=False)


def render_sheet(sheet: Sheet) -> str:
    """The page of a sheet: it reaches no network, escapes every name, and says so where there is nothing to draw."""
    account = sheet.account
    curve, (trades, odd_trades), (days, odd_days) = (
        read_curve(account.equity),
        read_trades(account.trades),
        read_days(account.daily_returns),
    )
    pictures = draw_pictures(sheet)
    content = _load_template().render(
        title=sheet.title,
        headline=words.say_headline(account.metrics),
        metrics=account.metrics,
        span=_say_span(curve),
        warnings=[
            *words.warn_of_odd_numbers(samples=curve.left_out, trades=odd_trades, days=odd_days),
            *words.list_warnings(sheet, curve, trades),
        ],
        notes=sheet.notes,
        measures=words.list_measures(account.metrics),
        pictures=pictures,
        markets=list(_read_markets(sheet)),
        falls=_tell_falls(curve),
        years=_lay_out_months(list_months(account.first_day, days)),
        months=words.MONTHS,
        about_months=words.describe_months(),
        hours=_lay_out_hours(trades),
        about_hours=words.describe_hours(trades.height),
        weekdays=words.WEEKDAYS,
        groups=_group_trades(trades),
        extremes=_list_extremes(trades),
    )
    return assemble_page(
        content,
        title=f"edgeproof tear sheet: {sheet.title}",
        figures={name: picture.figure for name, picture in pictures.items()},
        islands={"markets": _pack_markets(sheet)} if "price" in pictures else None,
        styles=[read_text(_HERE, "sheet.css")],
        scripts=[read_text(_HERE, "sheet.js")] if "price" in pictures else [],
    )


def draw_pictures(sheet: Sheet) -> dict[str, Picture]:
    """Every figure there is something for, by name, in the order of the page; price is that of the first market."""
    account = sheet.account
    curve, (trades, _) = read_curve(account.equity), read_trades(account.trades)
    pictures = {**_draw_curves(sheet, curve), **_draw_price(sheet)}
    if trades.height:
        pictures |= {**_draw_trades(sheet, trades, curve)}
    if sheet.landscape is not None:
        land = sheet.landscape
        told = f"Median scores over {land.x} and {land.y}; the star is the combination with the highest score."
        figure = draw_landscape(land, sheet.neutral)
        pictures["map"] = Picture(heading="The sweep it was picked from", told=told, figure=figure)
    return pictures


def draw_markets(sheet: Sheet) -> dict[str, Picture]:
    """Price with entries and exits of each market by its name, the busiest first, each saying which it is.

    Of more than a dozen markets only the busiest are drawn, which their headings say.
    """
    markets = _read_markets(sheet)
    busiest = sorted(markets.items(), key=lambda item: item[1].trades.height, reverse=True)[:_MOST_MARKETS_PICTURED]
    left_out = len(markets) - len(busiest)
    beside = f" (one of the {len(busiest)} busiest; {left_out} other markets are not drawn)" if left_out else ""
    return {
        name: _picture_market(market, f"{_PRICE}{'' if name == NAMELESS else f': {name}'}{beside}")
        for name, market in busiest
    }


def _draw_curves(sheet: Sheet, curve: Curve) -> dict[str, Picture]:
    account, pictures = sheet.account, {}
    if curve.is_drawable:
        falls = find_drawdowns(curve.ts, curve.equity)
        pictures["equity"] = Picture(
            heading="Equity",
            told=words.describe_equity(curve, account.metrics, len(falls)),
            figure=figures.draw_equity(curve.ts, curve.equity, account.metrics.initial_equity, falls),
        )
        pictures["underwater"] = Picture(
            heading="Below the peak",
            told=words.describe_underwater(falls),
            figure=figures.draw_underwater(curve.ts, curve.equity),
        )
    rolling = roll_sharpe(account.first_day, read_days(account.daily_returns)[0])
    # What has too few trades for one ratio has too few for many.
    if rolling is not None and account.metrics.sharpe is not None:
        pictures["rolling"] = Picture(
            heading=f"Sharpe ratio over {rolling.window} days",
            told=words.describe_rolling(rolling),
            figure=figures.draw_rolling_sharpe(rolling),
        )
    return pictures


def _draw_price(sheet: Sheet) -> dict[str, Picture]:
    markets = _read_markets(sheet)
    for name, market in markets.items():
        first = _draw_market(market, _PRICE)
        return {"price": first if len(markets) == 1 else replace(first, told=f"{name}: {first.told}")}
    return {}


def _draw_market(market: Market, heading: str) -> Picture:
    kept = keep_largest(market.trades).height
    told = words.describe_candles(market.candles, market.trades.height, kept)
    return Picture(heading=heading, told=told, figure=draw_price(market))


def _picture_market(market: Market, heading: str) -> Picture:
    """A market for a picture, which has a legend where the page has a sentence, and cannot be zoomed."""
    figure = draw_price(market)
    told = words.describe_marks(market.trades.height, drawn=market.trades.height <= MOST_TRADES_SEEN)
    return Picture(heading=heading, told=told, figure={**figure, "layout": {**figure["layout"], "showlegend": True}})


def _draw_trades(sheet: Sheet, trades: pl.DataFrame, curve: Curve) -> dict[str, Picture]:
    account, metrics = sheet.account, sheet.account.metrics
    pictures = {}
    histogram = count_returns(trades["return"].to_numpy())
    if histogram is not None:
        told = words.describe_returns(trades, histogram.beyond)
        pictures["returns"] = Picture(heading="Returns", told=told, figure=figures.draw_returns(histogram))
    for column, worst in (("mae", True), ("mfe", False)):
        won, lost = _scatter_sides(trades, column)
        pictures[column] = Picture(
            heading="Furthest against it (MAE)" if worst else "Furthest with it (MFE)",
            told=words.describe_excursion(metrics, len(won.x) + len(lost.x), worst=worst),
            figure=figures.draw_excursions(won, lost, worst=worst),
        )
    exposure = average_exposure(trades, read_parts(account), curve.ts, curve.equity)
    if exposure is not None:
        told = words.describe_exposure(
            metrics, float(exposure.long.max()), float(exposure.short.max()), exposure.step_ms
        )
        pictures["exposure"] = Picture(heading="At stake", told=told, figure=figures.draw_exposure(exposure))
    costs = {name: getattr(account.costs, name) for name in ("gross", "slippage", "fees", "funding", "net")}
    pictures["costs"] = Picture(
        heading="Where the money went", told=words.describe_costs(account.costs), figure=draw_waterfall(costs)
    )
    return pictures


def _scatter_sides(trades: pl.DataFrame, column: str) -> tuple[Cloud, Cloud]:
    """Excursions against returns on the notional at entry, of trades that won and of the others."""
    told = trades.select(
        pl.col(column),
        (pl.col("pnl") / (pl.col("size") * pl.col("entry_price"))).alias("gained"),
        won=pl.col("pnl") > 0.0,
    )
    won, lost = (told.filter(pl.col("won") == side) for side in (True, False))
    return (
        scatter(won[column].to_numpy(), won["gained"].to_numpy()),
        scatter(lost[column].to_numpy(), lost["gained"].to_numpy()),
    )


def _read_markets(sheet: Sheet) -> dict[str, Market]:
    """Markets that have prices, with the trades whose result is a number."""
    return {
        name: replace(market, trades=read_trades(market.trades)[0])
        for name, market in sheet.markets.items()
        if len(market.candles)
    }


def _pack_markets(sheet: Sheet) -> dict[str, Any]:
    return {
        "markets": [pack_market(name, market) for name, market in _read_markets(sheet).items()],
        "limits": LIMITS,
    }


def _say_span(curve: Curve) -> str:
    if not len(curve.ts):
        return "no time at all"
    first, last = (format_ms(int(ms))[:16].replace("T", " ") for ms in (curve.ts[0], curve.ts[-1]))
    return f"{first} to {last} UTC"


def _tell_falls(curve: Curve) -> list[dict[str, Any]]:
    def say(ms: int | None) -> str:
        return "not yet" if ms is None else format_ms(ms)[:16].replace("T", " ")

    falls = find_drawdowns(curve.ts, curve.equity) if curve.is_drawable else []
    return [
        {
            "depth": fall.depth,
            "peak": say(fall.peak_ms),
            "bottom": say(fall.bottom_ms),
            "back": say(fall.back_ms),
            "days": fall.days,
        }
        for fall in falls
    ]


def _lay_out_months(months: list[Month]) -> list[dict[str, Any]]:
    """One row a year: twelve cells, None where the record has no day, and the year's compound return."""
    most = max((abs(month.gained) for month in months), default=0.0) or 1.0
    rows: dict[int, dict[str, Any]] = {}
    for month in months:
        row = rows.setdefault(month.year, {"year": month.year, "cells": [None] * 12, "gained": 1.0})
        row["cells"][month.month - 1] = {
            "gained": month.gained,
            "share": abs(month.gained) / most,
            "whole": month.whole,
        }
        row["gained"] *= 1.0 + month.gained
    for row in rows.values():
        row["gained"] -= 1.0
    return list(rows.values())


def _lay_out_hours(trades: pl.DataFrame) -> list[dict[str, Any]]:
    """One row an hour: seven cells and their sum; none where nothing was traded."""
    if trades.is_empty():
        return []
    sums = add_up_week_hours(trades)
    most = float(abs(sums.pnl).max()) or 1.0
    rows = [
        {"hour": f"{hour:02d}", "pnl": pnl, "trades": count}
        for hour, (pnl, count) in enumerate(zip(sums.pnl, sums.trades, strict=True))
    ]
    rows.append({"hour": "all", "pnl": sums.pnl.sum(axis=0), "trades": sums.trades.sum(axis=0)})
    return [
        {
            "hour": row["hour"],
            "cells": [
                {"pnl": pnl, "trades": count, "share": min(1.0, abs(pnl) / most) if row["hour"] != "all" else 0.0}
                for pnl, count in zip(row["pnl"].tolist(), row["trades"].tolist(), strict=True)
            ],
            "pnl": float(row["pnl"].sum()),
            "trades": int(row["trades"].sum()),
        }
        for row in rows
    ]


def _group_trades(trades: pl.DataFrame) -> list[tuple[str, list[dict[str, Any]]]]:
    """Sums by side, by how trades ended, and by market and leg of a portfolio where there are several."""
    columns = [(column, told) for column, told in _BY if trades.height and column in trades.columns]
    groups = [(told, tabulate(trades, column).to_dicts()) for column, told in columns]
    return [(told, rows) for told, rows in groups if told not in _ONE_SAYS_NOTHING or len(rows) > 1]


def _list_extremes(trades: pl.DataFrame) -> list[dict[str, Any]]:
    """The best and the worst trades, best first, none twice."""
    ordered = trades.sort("pnl", descending=True)
    few = (
        ordered
        if ordered.height <= 2 * _MOST_EXTREMES
        else pl.concat([ordered.head(_MOST_EXTREMES), ordered.tail(_MOST_EXTREMES)])
    )
    return few.to_dicts()


@cache
def _load_template() -> jinja2.Template:
    environment = open_templates()
    environment.filters |= {"length": words.say_days, "price": words.say_price}
    return environment.from_string(read_text(_HERE, "sheet.html.j2"))
