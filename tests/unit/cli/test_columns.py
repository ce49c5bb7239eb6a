from __future__ import annotations

from edgeproof.cli._columns import choose_columns

NAMES = ("market", "trades", "fees")
ROWS = [["BTC-USDT", "12", "1,204.33"], ["ETH-USDT", "7", "88.10"]]


def test_what_fits_is_shown_whole_and_what_does_not_is_left_out_in_the_order_given() -> None:
    # 8 + 6 + 8 characters and two gaps of two.
    assert choose_columns(NAMES, ROWS, spare=("fees", "trades"), width=26) == ([0, 1, 2], [8, 6, 8])
    assert choose_columns(NAMES, ROWS, spare=("fees", "trades"), width=25)[0] == [0, 1]
    assert choose_columns(NAMES, ROWS, spare=("trades", "fees"), width=25)[0] == [0, 2]
    assert choose_columns(NAMES, ROWS, spare=("fees", "trades"), width=3)[0] == [0]
