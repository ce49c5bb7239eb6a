"""Finding features, and the page that lists them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeproof.domain.errors import UnknownName
from edgeproof.features import FEATURES, find_features, update_page

PAGE = Path(__file__).parents[3] / "docs" / "concepts" / "features.md"


def test_the_page_lists_every_feature_as_the_registry_has_it() -> None:
    written = PAGE.read_text("utf-8")
    for feature in FEATURES:
        assert f"| `{feature.example}` |" in written
    assert written == update_page(written), "the page is old: write update_page(page) back into it"


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no part between"):
        update_page("# Features\n")


def test_features_are_found_by_family_text_and_column_together() -> None:
    assert len(find_features()) == len(FEATURES)
    assert [f.name for f in find_features(search="yang and zhang")] == ["yang_zhang"]
    assert {f.family for f in find_features(family="regime")} == {"regime"}
    assert {f.name for f in find_features(needs="trades")} == {
        *("trade_intensity", "average_trade_size", "relative_trade_size"),
    }
    assert find_features(family="regime", needs="trades") == []


def test_an_unknown_family_or_column_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'volatility'"):
        find_features(family="volatilty")
    with pytest.raises(UnknownName, match="did you mean 'funding_rate'"):
        find_features(needs="funding")
