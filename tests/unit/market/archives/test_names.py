from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from edgeproof.domain.time import Timeframe, Window, parse_instant
from edgeproof.market.archives.names import Claim, read_name, read_timeframe
from edgeproof.market.archives.venues import Market, name_venue


def read(path: str) -> Claim:
    return read_name(PurePosixPath("/srv/files") / path)


@pytest.mark.parametrize(
    ("path", "kind", "symbol", "minutes", "market"),
    [
        ("ADA_USDT_USDT-1m-futures.feather", "bars", "ADA-USDT", 1, Market.PERPETUAL),
        ("1000PEPE_USDT_USDT-4h-futures.json.gz", "bars", "1000PEPE-USDT", 240, Market.PERPETUAL),
        ("BTC_USDT-5m.feather", "bars", "BTC-USDT", 5, Market.SPOT),
        ("BTC_USDT-trades.feather", "trades", "BTC-USDT", None, Market.SPOT),
        ("BTC_USDT_USDT-trades.json.gz", "trades", "BTC-USDT", None, Market.PERPETUAL),
        ("BTC_USDT_USDT-8h-funding_rate.feather", "funding", "BTC-USDT", 480, Market.PERPETUAL),
    ],
)
def test_freqtrade_names_say_kind_symbol_timeframe_and_market(
    path: str, kind: str, symbol: str, minutes: int | None, market: Market
) -> None:
    claim = read(path)
    assert (claim.source, claim.kind, claim.symbol, claim.market) == ("freqtrade", kind, symbol, market)
    assert claim.timeframe == (Timeframe(minutes) if minutes else None)


@pytest.mark.parametrize(
    ("path", "kind", "market"),
    [
        ("spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip", "bars", Market.SPOT),
        ("futures/um/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-05.zip", "bars", Market.PERPETUAL),
        ("futures/um/daily/trades/BTCUSDT/BTCUSDT-trades-2024-01-05.zip", "trades", Market.PERPETUAL),
        ("BTCUSDT-aggTrades-2024-01-05.zip", "aggregate_trades", None),
        ("BTCUSDT-fundingRate-2024-01.zip", "funding", Market.PERPETUAL),
    ],
)
def test_binance_vision_names_say_kind_and_their_folders_say_the_market(
    path: str, kind: str, market: Market | None
) -> None:
    claim = read(path)
    assert (claim.source, claim.kind, claim.symbol, claim.market) == ("binance_vision", kind, "BTC-USDT", market)
    assert claim.venue == "binance"
    assert not claim.set_aside


def test_a_dated_name_says_which_window_the_file_holds_whole() -> None:
    day = Window(start_ms=parse_instant("2024-02-29"), end_ms=parse_instant("2024-03-01"))
    december = Window(start_ms=parse_instant("2024-12-01"), end_ms=parse_instant("2025-01-01"))
    assert read("BTCUSDT-trades-2024-02-29.zip").complete == day
    assert read("BTCUSDT-trades-2024-12.zip").complete == december
    assert read("BTCUSDT-trades-2024-02-31.zip").complete is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("BTC_USDT_USDT-8h-mark.feather", "mark prices"),
        ("futures/um/monthly/markPriceKlines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip", "mark prices"),
        ("futures/um/monthly/premiumIndexKlines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip", "premium index"),
        ("BTCUSDT-bookDepth-2024-01-01.zip", "order book"),
        ("BTCUSDT-1s-2024-01-01.zip", "bars of 1s"),
        ("BTCUSDT-1mo-2024-01-01.zip", "bars of 1mo"),
        ("BTCUSD_PERP-1m-2024-01.zip", "coin-margined"),
        ("BTCUSDT_240628-1m-2024-01.zip", "delivery date"),
    ],
)
def test_files_that_hold_no_prices_anyone_traded_at_are_set_aside(path: str, reason: str) -> None:
    assert reason in read(path).set_aside


@pytest.mark.parametrize(
    ("path", "symbol", "minutes"),
    [
        ("bitmex_xbtusd_perp_1m_2018.parquet", "BTC-USD", 1),
        ("Binance_BTCUSDT_1h.csv", "BTC-USDT", 60),
        ("BTC-USDT_15min.csv", "BTC-USDT", 15),
        ("spot_4usd_1m_2018.parquet", None, 1),
        ("linear_1m5m_2025-04_2025-07.parquet", None, None),
        ("BTCUSDT_ETHUSDT_1m.csv", "BTC-USDT", 1),
        ("notes.csv", None, None),
    ],
)
def test_other_names_are_searched_for_words_that_are_a_symbol_or_a_timeframe(
    path: str, symbol: str | None, minutes: int | None
) -> None:
    claim = read(path)
    expected = None if path.startswith("BTCUSDT_ETHUSDT") else symbol
    assert claim.symbol == expected
    assert claim.timeframe == (Timeframe(minutes) if minutes else None)


@pytest.mark.parametrize(
    ("path", "venue", "market"),
    [
        ("okx/swap/BTC-USDT.csv", "okx", Market.PERPETUAL),
        ("kraken/binance_BTCUSDT_1m.csv", "binance", None),
        ("huobi/BTCUSDT.csv", "htx", None),
        ("gate_history/BTCUSDT.csv", "gate", None),
        ("plain/BTCUSDT.csv", None, None),
        ("investigate/BTCUSDT.csv", None, None),
        ("usdm_btcusdt_20240808.gz", "binance", Market.PERPETUAL),
        ("spot_btcusdt_20240808.gz", "binance", Market.SPOT),
        ("bitfinex/spot_4usd_1m_2018.parquet", "bitfinex", Market.SPOT),
    ],
)
def test_the_nearest_word_of_the_path_names_venue_and_market(
    path: str, venue: str | None, market: Market | None
) -> None:
    claim = read(path)
    assert (claim.venue, claim.market) == (venue, market)


def test_spot_is_a_venue_of_its_own() -> None:
    assert name_venue("binance", Market.SPOT) == "binance-spot"
    assert name_venue("binance", Market.PERPETUAL) == name_venue("binance", None) == "binance"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("5m", 5),
        ("5min", 5),
        ("1hour", 60),
        ("4H", 240),
        ("1D", 1440),
        ("60", 60),
        ("1M", None),
        ("7m", None),
        ("", None),
    ],
)
def test_timeframes_are_read_as_files_spell_them(text: str, minutes: int | None) -> None:
    assert read_timeframe(text) == (Timeframe(minutes) if minutes else None)
