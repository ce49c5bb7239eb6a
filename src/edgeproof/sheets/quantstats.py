"""The report of quantstats on the same days, for those who are used to it.

Its numbers differ from the sheet's where its definitions do: it knows daily returns alone, so its drawdowns are those
of midnights, and it knows no trades and no costs.
"""

from __future__ import annotations

import re
import warnings
from datetime import timedelta
from html import escape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.errors import MissingExtra, RequestError, WorkError

if TYPE_CHECKING:
    from edgeproof.sheets.account import Account

_DAYS_PER_YEAR: Final = 365
_LEAST_DAYS: Final = 3
# It asks its maker's site for an icon; a page of this house reaches nowhere.
_ICON: Final = re.compile(r"<link[^>]+https?://[^>]*>")


def list_daily_returns(account: Account) -> pl.DataFrame:
    """Daily returns as ``day, return``: what quantstats, empyrical and their like begin with."""
    days = [account.first_day + timedelta(days=number) for number in range(len(account.daily_returns))]
    return pl.DataFrame({"day": days, "return": account.daily_returns}, {"day": pl.Date(), "return": pl.Float64()})


def require_quantstats() -> None:
    """Refuse at once what would fail at the end.

    Raises:
        MissingExtra: It is not installed.
    """
    if find_spec("quantstats") is None:
        raise MissingExtra("this report", "quantstats", "quantstats")


def require_varied_days(account: Account) -> None:
    """Refuse at once what quantstats would make nothing of.

    Raises:
        RequestError: Fewer than three days, or returns without spread.
    """
    returns = account.daily_returns
    if len(returns) < _LEAST_DAYS or len(np.unique(returns)) == 1:
        raise RequestError(f"quantstats needs {_LEAST_DAYS} days with different returns; these are {len(returns)}")


def render_quantstats(account: Account, *, title: str) -> str:
    """The HTML report that quantstats makes of an account's daily returns, with 365 days in a year.

    Raises:
        MissingExtra: It is not installed.
        RequestError: Fewer than three days, or returns without spread, of which it makes nothing.
        WorkError: It failed.
    """
    require_quantstats()
    require_varied_days(account)
    returns = list_daily_returns(account)
    # It draws with pyplot, which would look for a window system.
    import_module("matplotlib").use("Agg")
    import_module("matplotlib").set_loglevel("error")
    series = returns.to_pandas().set_index("day")["return"]
    series.index = import_module("pandas").DatetimeIndex(series.index)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        page = Path(folder) / "page.html"
        try:
            import_module("quantstats.reports").html(
                series, output=str(page), title=escape(title), periods_per_year=_DAYS_PER_YEAR
            )
        except Exception as error:  # noqa: BLE001 - whatever a library of others raises
            raise WorkError(f"quantstats could not make its report: {error}; the tear sheet does not need it") from None
        return _ICON.sub("", page.read_text("utf-8"))
