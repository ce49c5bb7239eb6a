from __future__ import annotations

import pickle

import numpy as np
import polars as pl
import pytest

from edgeproof.domain.errors import EdgeproofError, InvalidValue, MissingExtra, SchemaMismatch, UnknownName, Unreadable
from edgeproof.domain.registry import Registry


@pytest.mark.parametrize(
    "error",
    [
        UnknownName("feature", "emma", ["ema", "sma"]),
        InvalidValue("timeframe", "7m", "minutes that divide a day"),
        SchemaMismatch("bars", {"ts": "missing"}),
        MissingExtra("a picture", "matplotlib", "png"),
        Unreadable("x.zip", "truncated"),
    ],
)
def test_errors_cross_a_process_with_their_data(error: EdgeproofError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_a_wrong_name_offers_the_nearest() -> None:
    features: Registry[int] = Registry("feature")
    features.register("ema", 1)
    features.register("sma", 2)
    with pytest.raises(UnknownName, match=r"no feature 'emma'; did you mean 'ema'\? known are ema, sma"):
        features["emma"]


def test_a_long_list_of_names_is_cut() -> None:
    assert str(UnknownName("thing", "q", [f"n{i:02}" for i in range(20)])).endswith("n11 and 8 more")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.ones(300), "ndarray of shape (300,)"),
        (np.float64(1.5), "np.float64(1.5)"),
        (pl.Series([1.0, 2.0]), "Series of shape (2,)"),
        (pl.DataFrame({"a": [1, 2]}), "DataFrame of shape (2, 1)"),
        ("x" * 300, "'" + "x" * 199 + "..."),
    ],
)
def test_of_what_is_large_only_kind_and_shape_are_told(value: object, told: str) -> None:
    assert str(InvalidValue("share", value, "a number")) == f"share cannot be {told}; expected a number"


def test_an_empty_registry_says_so() -> None:
    assert str(UnknownName("model", "x", [])) == "no model 'x'; none are known"


def test_a_name_is_registered_once() -> None:
    names: Registry[int] = Registry("feature")
    names.register("ema", 1)
    with pytest.raises(ValueError, match="registered twice"):
        names.register("ema", 2)
    assert (list(names), names.names, len(names), "ema" in names) == ([1], ("ema",), 1, True)
