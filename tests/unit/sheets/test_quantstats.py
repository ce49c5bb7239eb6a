"""The export to quantstats: the same days, and numbers that agree with the sheet's."""

from __future__ import annotations

import re
from datetime import date
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgeproof.backtest.tear_sheets import write_quantstats
from edgeproof.domain.errors import RequestError
from edgeproof.sheets import list_daily_returns
from fakes.accounts import HandmadeAccount, trade_walk

if TYPE_CHECKING:
    from pathlib import Path

# Not importorskip: importing it warns, and warnings are errors here.
needs_quantstats = pytest.mark.skipif(find_spec("quantstats") is None, reason="quantstats is not installed")


def make_account(days: int) -> HandmadeAccount:
    returns = np.random.default_rng(1).normal(0.001, 0.02, days)
    return HandmadeAccount(daily_returns=returns, first_day=date(2024, 2, 28))


def test_days_follow_each_other_from_the_first() -> None:
    account = make_account(3)
    frame = list_daily_returns(account)
    assert frame["day"].to_list() == [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)]
    assert frame["return"].to_list() == account.daily_returns.tolist()
    assert list_daily_returns(make_account(0)).is_empty()


@needs_quantstats
@pytest.mark.parametrize("account", [make_account(2), HandmadeAccount(daily_returns=np.zeros(9))])
def test_what_quantstats_makes_nothing_of_is_refused_in_one_line(account: HandmadeAccount, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="days with different returns"):
        write_quantstats(account, tmp_path / "q.html")


@needs_quantstats
def test_its_report_is_written_reaches_nowhere_and_agrees(tmp_path: Path) -> None:
    _, result = trade_walk()
    page = write_quantstats(result, tmp_path / "q.html", title="<script>mine").read_text("utf-8")
    assert "<script>mine" not in page
    assert not re.findall(r"<(?:link|script|img)[^>]+https?:", page)
    said = re.search(r"<td[^>]*>Sharpe\s*</td><td[^>]*>\s*(-?[0-9.]+)", page)
    assert said is not None
    assert result.metrics.sharpe is not None
    assert float(said[1]) == pytest.approx(result.metrics.sharpe.estimate, abs=0.006)
