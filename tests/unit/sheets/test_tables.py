from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from edgeproof.sheets.tables import draw_tables
from fakes.accounts import HandmadeAccount, make_trades


def test_months_stand_in_their_years_and_compound_to_the_year() -> None:
    days = np.zeros(31 + 28 + 1)
    days[[0, 30, 31]] = 0.10, 0.10, -0.50
    trace = draw_tables(HandmadeAccount(daily_returns=days, first_day=date(2025, 1, 1)))["months"].figure["data"][0]
    assert trace["y"] == ["2025"]
    assert trace["text"][0][:4] == ["+21.0 %", "-50.0 %", "+0.0 %*", ""]
    assert trace["text"][0][-1] == "-39.5 %"
    assert trace["z"][0][:2] == pytest.approx([0.21, -0.5])
    assert trace["z"][0][3] is None


def test_years_without_a_day_of_trading_between_others_keep_their_rows() -> None:
    days = np.zeros(800)
    trace = draw_tables(HandmadeAccount(daily_returns=days, first_day=date(2023, 12, 31)))["months"].figure["data"][0]
    assert trace["y"] == ["2023", "2024", "2025", "2026"]
    assert trace["text"][0][11] == "+0.0 %*"


def test_hours_add_up_to_their_days_and_to_all() -> None:
    trades = make_trades(40)
    trace = draw_tables(HandmadeAccount(trades=trades))["hours"].figure["data"][0]
    assert len(trace["text"]) == len(trace["y"]) == 25
    assert {len(row) for row in trace["text"]} == {8}
    assert trace["text"][-1][-1] == f"{round(trades['pnl'].sum()):+,}"
    cells = [cell for row in trace["z"][:-1] for cell in row if cell is not None]
    assert sum(cells) == pytest.approx(trades["pnl"].sum())


def test_an_account_that_did_nothing_has_no_tables() -> None:
    assert draw_tables(HandmadeAccount()) == {}
