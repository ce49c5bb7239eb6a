"""Tear sheets: one page that shows what became of an account, and pictures of it.

Whatever has metrics, equity, trades, costs and daily returns has a sheet (`account.Account`). Figures are plain data,
made here without a chart library; the page draws them in a browser, `render_pictures` without one.
"""

from edgeproof.sheets.account import NAMELESS, Account, Market, MoneySpent, Sheet
from edgeproof.sheets.candles import MOST_CANDLES, Candles, gather_candles
from edgeproof.sheets.parts import read_parts
from edgeproof.sheets.pictures import list_painted, paint_pictures, render_pictures, require_drawing
from edgeproof.sheets.quantstats import list_daily_returns, render_quantstats, require_quantstats, require_varied_days
from edgeproof.sheets.rendering import Picture, draw_markets, draw_pictures, render_sheet

__all__ = [
    "MOST_CANDLES",
    "NAMELESS",
    "Account",
    "Candles",
    "Market",
    "MoneySpent",
    "Picture",
    "Sheet",
    "draw_markets",
    "draw_pictures",
    "gather_candles",
    "list_daily_returns",
    "list_painted",
    "paint_pictures",
    "read_parts",
    "render_pictures",
    "render_quantstats",
    "render_sheet",
    "require_drawing",
    "require_quantstats",
    "require_varied_days",
]
