from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue, RequestError, UnknownName
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.features import FEATURES
from edgeproof.strategies import (
    MarketData,
    NameTaken,
    StrategyError,
    evaluate,
    find_strategy,
    library_names,
    load_directory,
    load_library,
    load_strategy,
)
from edgeproof.strategies.operators import OPERATORS
from fakes.strategy_texts import draw_series, write_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = [
    *("vwap_reversion", "rsi_divergence", "bb_squeeze", "bb_reversion", "zscore_reversion", "volume_mean_reversion"),
    *("momentum", "ema_crossover", "triple_ema", "macd_crossover", "macd_divergence", "donchian_breakout"),
    *("atr_breakout", "volume_spike", "stochastic_cross", "cci_exit", "support_resistance", "reversal"),
    *("candle_patterns", "mtf_trend_align", "mtf_momentum_confirm", "orderflow_imbalance", "btc_spillover"),
    *("funding_fade", "volatility_regime_switch"),
]
FOLDER = Path(__file__).parents[3] / "src" / "edgeproof" / "strategies" / "library"
DECISIONS = (Timeframe(1), Timeframe(5), Timeframe(60))


def test_the_library_holds_the_promised_strategies() -> None:
    assert library_names() == tuple(sorted(NAMES))
    assert [strategy.name for strategy in load_library()] == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_library_file_is_spelled_canonically_and_says_where_it_comes_from(name: str) -> None:
    strategy = load_strategy(name)
    assert (FOLDER / f"{name}.yaml").read_text("utf-8") == strategy.to_yaml()
    assert strategy.name == name
    assert len(strategy.thesis) > 40
    assert strategy.source
    assert strategy.tags


@pytest.mark.parametrize("name", NAMES)
def test_every_library_strategy_has_params_to_tune_and_a_way_out(name: str) -> None:
    strategy = load_strategy(name)
    assert strategy.params
    assert all(param.low < param.high for param in strategy.params.values())
    assert strategy.stop is not None
    assert strategy.exit_long or strategy.take or strategy.trail or strategy.max_hold
    assert strategy.long is not None
    assert strategy.short is not None


def test_no_two_library_strategies_do_the_same() -> None:
    assert len({strategy.hash for strategy in load_library()}) == len(NAMES)


def test_features_and_operators_never_share_a_name() -> None:
    assert not set(FEATURES.names) & set(OPERATORS.names)


@pytest.mark.parametrize("name", NAMES)
def test_every_library_strategy_runs_on_every_decision_timeframe_and_at_the_ends_of_its_params(name: str) -> None:
    strategy = load_strategy(name)
    data = MarketData({"BTC-USDT": draw_series(1_500), "ETH-USDT": draw_series(1_500, seed=1)})
    for timeframe in DECISIONS:
        for end in ("low", "high"):
            params = {key: getattr(param, end) for key, param in strategy.params.items()}
            signals = evaluate(strategy, data, "ETH-USDT", params=params, timeframe=timeframe)
            assert len(signals.long) == len(data.bars("ETH-USDT", timeframe))


def test_the_sweep_of_the_design_stays_within_the_crossovers_params() -> None:
    strategy = load_strategy("ema_crossover")
    for fast, slow in ((5, 20), (29, 115)):
        assert strategy.resolve_params({"fast": fast, "slow": slow}) == {"fast": fast, "slow": slow}


def test_a_strategy_is_loaded_by_name_by_path_and_from_text(tmp_path: Path) -> None:
    text = load_strategy("momentum").to_yaml()
    file = tmp_path / "own.yaml"
    file.write_text(text, "utf-8")
    strategies = [load_strategy(source) for source in ("momentum", file, str(file), text)]
    assert len({strategy.hash for strategy in strategies}) == 1


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(write_strategy(), "utf-8-sig")
    assert load_strategy(file).name == "sample"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="no strategy 'momentun'; did you mean 'momentum'"):
        load_strategy("momentun")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="expected a YAML file that exists"):
        load_strategy(tmp_path / "none.yaml")
    with pytest.raises(InvalidValue, match="expected a YAML file that exists"):
        load_strategy(tmp_path)


def test_what_is_not_utf8_is_refused_at_its_place(tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    file.write_bytes(b"name: sample\nthesis: gr\xfc\xdfe\n")
    with pytest.raises(StrategyError, match=r"old.yaml:2:11: not UTF-8 text"):
        load_strategy(file)


def test_a_file_far_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"x" * 1_000_000)
    with pytest.raises(StrategyError, match="at most 65,536"):
        load_strategy(file)


def test_a_broken_file_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(write_strategy(name="a"), "utf-8")
    (tmp_path / "b.yaml").write_text(write_strategy(name="b", long="clsoe > 1"), "utf-8")
    (tmp_path / "c.yml").write_text(write_strategy(name="a"), "utf-8")
    (tmp_path / "d.yaml").write_text(write_strategy(name="momentum"), "utf-8")
    (tmp_path / "e.yaml").mkdir()
    (tmp_path / "f.yaml").write_text(write_strategy(name="f"), "utf-8")
    (tmp_path / ".hidden.yaml").write_text("nonsense", "utf-8")
    (tmp_path / "notes.txt").write_text("not a strategy", "utf-8")
    strategies, errors = load_directory(tmp_path)
    assert [strategy.name for strategy in strategies] == ["a", "f"]
    assert [type(error) for error in errors] == [StrategyError, NameTaken, NameTaken, InvalidValue]
    assert all(isinstance(error, RequestError) for error in errors)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert load_directory(tmp_path / "none") == ([], [])


@pytest.fixture(scope="module")
def real_market(market_data: Path) -> MarketData:
    """The last 30 days of the 18 symbols, with their funding."""
    bars: dict[str, BarSeries] = {}
    funding: dict[str, pl.DataFrame] = {}
    for folder in ("freqtrade_a", "freqtrade_b"):
        for file in sorted((market_data / folder).glob("*.feather")):
            symbol = f"{file.name.split('_')[0]}-USDT"
            frame = pl.read_ipc(file).with_columns(pl.col("date").dt.cast_time_unit("ms").alias("ts"))
            if "funding" in file.name:
                funding.setdefault(symbol, frame.select("ts", pl.col("open").alias("rate")))
            elif symbol not in bars:
                bars[symbol] = BarSeries.from_frame(frame.tail(43_200), ONE_MINUTE)
    return MarketData(bars, funding)


@pytest.mark.real_data
@pytest.mark.parametrize("name", NAMES)
def test_every_library_strategy_fires_on_real_markets(name: str, real_market: MarketData) -> None:
    strategy = load_strategy(name)
    entries = {symbol: count_entries(strategy.name, symbol, real_market) for symbol in real_market.symbols}
    assert len(entries) == 18
    assert sum(count > 0 for count in entries.values()) >= 9
    # Rare enough to be a decision.
    assert max(share_of_bars(entries, strategy.timeframe).values()) < 0.25


def count_entries(name: str, symbol: str, market: MarketData) -> int:
    signals = evaluate(load_strategy(name), market, symbol)
    return int(np.count_nonzero(signals.long | signals.short))


def share_of_bars(entries: Mapping[str, int], timeframe: Timeframe) -> dict[str, float]:
    bars = 30 * 1_440 / timeframe.minutes
    return {symbol: count / bars for symbol, count in entries.items()}


@pytest.mark.real_data
def test_order_flow_fires_where_takers_are_told_apart(market_data: Path) -> None:
    trades = pl.read_ipc(market_data / "trades" / "BTC_USDT-trades.feather")
    minutes = trades.group_by((pl.col("timestamp") // 60_000 * 60_000).alias("ts"), maintain_order=True).agg(
        pl.col("price").first().alias("open"),
        pl.col("price").max().alias("high"),
        pl.col("price").min().alias("low"),
        pl.col("price").last().alias("close"),
        pl.col("amount").sum().alias("volume"),
        pl.col("amount").filter(pl.col("side") == "buy").sum().alias("taker_buy_volume"),
    )
    series = BarSeries.from_frame(minutes.sort("ts"), ONE_MINUTE)
    data = MarketData({"BTC-USDT": series})
    signals = evaluate(load_strategy("orderflow_imbalance"), data, "BTC-USDT")
    assert np.isfinite(data.feature("BTC-USDT", Timeframe(5), "taker_imbalance", [24])[-1])
    assert signals.long.any()
    assert signals.short.any()


def test_a_strategy_is_found_by_its_name_wherever_it_lives_and_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(write_strategy(name="mine"), "utf-8")
    assert find_strategy("momentum") == find_strategy("momentum", tmp_path) == load_strategy("momentum")
    assert find_strategy("mine", tmp_path) == find_strategy(str(tmp_path / "file.yaml"))
    with pytest.raises(UnknownName, match="did you mean 'mine'"):
        find_strategy("mien", tmp_path)
    with pytest.raises(UnknownName, match="no strategy 'mine'"):
        find_strategy("mine", tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["fade", "my_fade"])
def test_a_broken_file_is_asked_for_by_its_own_name_or_the_one_it_gives_itself(name: str, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("[", "utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"name: my_fade # \xe9")
    (tmp_path / "fade.yaml").write_text(write_strategy(name="my_fade", long="clsoe > 1"), "utf-8")
    with pytest.raises(StrategyError, match=r"fade\.yaml:4:7: no name 'clsoe'"):
        find_strategy(name, tmp_path)
    with pytest.raises(UnknownName):
        find_strategy("fad", tmp_path)


def test_a_file_that_gave_itself_a_name_of_the_library_says_so(tmp_path: Path) -> None:
    (tmp_path / "my_momentum.yaml").write_text(write_strategy(name="momentum"), "utf-8")
    with pytest.raises(NameTaken, match=r"my_momentum\.yaml: there is another strategy called 'momentum'"):
        find_strategy("my_momentum", tmp_path)
