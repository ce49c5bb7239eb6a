"""A regime that nobody could decide is charged as the dearer of both answers, and said to be."""

from __future__ import annotations

import numpy as np

from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, ONE_MINUTE, Window
from edgeproof.research.coverage import Coverage, measure_coverage
from edgeproof.research.regimes import UnknownRegime, describe_unknown_regimes

DAY = Window(start_ms=0, end_ms=MS_PER_DAY)


def cover(symbol: str, bars: int) -> Coverage:
    ts = np.arange(bars, dtype=np.int64) * MS_PER_MINUTE
    return measure_coverage(Instrument(venue="demo", symbol=symbol), ONE_MINUTE, ts, DAY)


BTC, ETH = cover("BTC-USDT", 1_000), cover("ETH-USDT", 500)


def test_markets_are_told_together_by_regime_with_their_share_of_bars() -> None:
    one, other = describe_unknown_regimes(
        [
            UnknownRegime(when="a > 1", coverage=BTC, bars=300),
            UnknownRegime(when="b > 1", coverage=BTC, bars=1_000),
            UnknownRegime(when="a > 1", coverage=ETH, bars=450),
        ],
        [BTC, ETH],
    )
    charged = "the dearer of both answers was charged there."
    assert one == f"Regime a > 1 was unknown in 50% of the bars of BTC-USDT, ETH-USDT: {charged}"
    assert other == f"Regime b > 1 was unknown in 100% of the bars of BTC-USDT: {charged}"


def test_of_regimes_that_are_known_nothing_is_said() -> None:
    assert describe_unknown_regimes([], [BTC, ETH]) == []
