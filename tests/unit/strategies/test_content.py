from __future__ import annotations

from edgeproof.strategies import load_strategy, parse_strategy
from fakes.strategy_texts import write_strategy


def test_a_strategy_names_the_symbols_it_looks_at() -> None:
    strategy = parse_strategy(
        write_strategy(long='close > lag(close, 1) and of("ETH/USDT", close) > of("BTC-USDT", open)')
    )
    assert strategy.symbols == ("BTC-USDT", "ETH-USDT")
    assert load_strategy("btc_spillover").symbols == ("BTC-USDT",)
    assert load_strategy("momentum").symbols == ()
