from __future__ import annotations

import json
from typing import Any

import pytest

from edgeproof.cli import main
from edgeproof.features import FEATURES


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["features", *arguments])
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def read_json(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - whatever the command answered
    return json.loads(capsys.readouterr().out)


def test_list_tells_of_every_feature(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json") == 0
    document = read_json(capsys)
    assert [feature["name"] for feature in document["features"]] == list(FEATURES.names)
    ema = next(feature for feature in document["features"] if feature["name"] == "ema")
    assert ema["example"] == "ema(20)"
    assert ema["parameters"] == [{"name": "window", "default": 20, "low": 2, "high": 5000, "integer": True}]
    assert ema["bounds"] == {"low": None, "high": None}
    assert ema["recursive"] is True


def test_list_narrows_by_family_text_and_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--family", "order_flow", "--search", "KYLE", "--needs", "taker_buy_volume", "--json") == 0
    assert [feature["name"] for feature in read_json(capsys)["features"]] == ["kyle_lambda"]


def test_list_for_people_shows_calls_and_meanings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--family", "funding") == 0
    told = capsys.readouterr()
    assert "funding_zscore(4320)" in told.out
    assert "5 features" in told.out
    assert told.err == ""


def test_a_search_without_a_hit_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--search", "crystal ball") == 0
    assert "no feature matches" in capsys.readouterr().out


def test_show_explains_parameters_source_and_warm_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "bb_upper") == 0
    told = capsys.readouterr().out
    assert told.startswith("bb_upper(20, 2): Upper Bollinger band.")
    for part in ("Bollinger 2001", "price", "19 bars", "window", "width", "0.1", "10"):
        assert part in told, part


def test_show_tells_the_warm_up_of_a_session_by_timeframe(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "session_vwap", "--json") == 0
    assert read_json(capsys)["warm_up_bars"] == {"1m": 1440, "5m": 288, "1h": 24, "1d": 1}
    assert run("show", "session_vwap") == 0
    assert "1,440 bars of 1m, 288 of 5m, 24 of 1h" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "emma"], "error: no feature 'emma'; did you mean 'ema'?"),
        (["list", "--family", "trends"], "error: no family 'trends'; did you mean 'trend'?"),
        (["list", "--needs", "taker_volume"], "error: no column 'taker_volume'; did you mean 'taker_buy_volume'?"),
        (["show"], "error: Missing argument"),
    ],
)
def test_a_wrong_request_is_one_line_and_status_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(told)
    assert output.err.count("\n") == 1
