"""Whether a file counts in contracts or in base units, where a venue publishes both or only the former.

BloFin and OKX give a candle's volume three times: ``vol`` in contracts (of OKX's spot pairs: in base units),
``volCurrency`` or ``volCcy`` in base units (of OKX's spot pairs: in quote units), and ``volCurrencyQuote`` or
``volCcyQuote`` in quote units. Their trades have one size, in contracts. How much a contract is differs by symbol and
changes, so it is never known here: the importer says it, or the file is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import TRADES
from edgeproof.market.archives.columns import fold_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.market.archives.names import Claim
    from edgeproof.market.archives.portions import Hints

_COUNT_IN_CONTRACTS: Final = frozenset({"blofin", "okx"})
_BASE_VOLUMES: Final = frozenset({"volccy", "volcurrency"})
_CONTRACTS: Final = {"bars": frozenset({"vol"}), "trades": frozenset({"size", "sz"})}
_SIZES: Final = {"bars": "volume", "trades": "size"}


def take_base_volume(
    raw: pl.DataFrame, roles: Mapping[str, str], hints: Hints, venue: str, notes: list[str]
) -> dict[str, str]:
    """Settle which volume of a BloFin or OKX candle is in base units; other candles' roles stay as they are."""
    column = roles.get("volume", "")
    if fold_name(column) not in _BASE_VOLUMES or "volume" in hints.columns:
        return dict(roles)
    bare = next((name for name in raw.columns if fold_name(name) == "vol"), None)
    if bare is not None and _holds_spot(raw, roles, venue, base=bare, currency=column):
        notes.append(f"volume from {bare}, as {column} is in quote units in a spot market")
        return {"quote_volume": column, **roles, "volume": bare}
    notes.append(f"volume from {column}, which is in base units" + (f"; {bare} counts contracts" if bare else ""))
    return dict(roles)


def choose_contract_size(  # noqa: PLR0913 - what is known of a file, once each
    raw: pl.DataFrame, roles: Mapping[str, str], kind: str, claim: Claim, hints: Hints, *, venue: str, file: str
) -> float | None:
    """Base units per contract of a file that counts in contracts; None where it counts in base units.

    Raises:
        Unreadable: The file counts in contracts and nobody said of what size, or one size was said for several symbols.
    """
    if kind not in _SIZES or claim.source != "table" or set(TRADES.schema.names()) <= set(raw.columns):
        return None
    folded = fold_name(roles[_SIZES[kind]])
    if folded in _BASE_VOLUMES | {"homenotional"} or _lies_beside_base_volume(raw, folded):
        return None
    if hints.contract_size is None:
        if folded in _CONTRACTS[kind] and (venue in _COUNT_IN_CONTRACTS or _names_instruments(raw, venue, hints)):
            told = f"column '{roles[_SIZES[kind]]}' counts contracts of a size that is not said"
            spot = f"{venue if venue in _COUNT_IN_CONTRACTS else 'okx'}-spot"
            raise Unreadable(file, f"{told}; say it with --contract-size 0.001, or --venue {spot} if it is spot")
        return None
    if "symbol" in roles and raw[roles["symbol"]].n_unique() > 1:
        raise Unreadable(file, "one --contract-size for several symbols; split the file by symbol")
    return hints.contract_size


def _holds_spot(raw: pl.DataFrame, roles: Mapping[str, str], venue: str, *, base: str, currency: str) -> bool:
    """Tell OKX's spot candles by what they say themselves: their ``volCcy`` is money, not coins."""
    if venue == "okx-spot":
        return True
    names = ("high", "low")
    if any(name not in roles for name in names):
        return False
    columns = {"high": roles["high"], "low": roles["low"], "base": base, "currency": currency}
    quote = roles.get("quote_volume")
    numbers = raw.select(
        *(_cast_number(column).alias(name) for name, column in columns.items()),
        (_cast_number(quote) if quote else pl.lit(None, dtype=pl.Float64)).alias("quote"),
    ).filter((pl.col("base") > 0) & (pl.col("currency") > 0))
    # The average price of a bar, money over coins, lies between its low and its high.
    price = pl.col("currency") / pl.col("base")
    money = price.is_between(pl.col("low") * 0.999, pl.col("high") * 1.001)
    same = ((pl.col("currency") / pl.col("quote") - 1).abs() < 1e-6).fill_null(value=True)  # noqa: PLR2004 - rounding
    return numbers.height > 0 and bool(numbers.select((money & same).all()).item())


def _lies_beside_base_volume(raw: pl.DataFrame, folded: str) -> bool:
    # Where a column of base units was there too, `vol` was chosen on purpose.
    return folded == "vol" and any(fold_name(name) in _BASE_VOLUMES for name in raw.columns)


def _names_instruments(raw: pl.DataFrame, venue: str, hints: Hints) -> bool:
    """Whether a file of no known venue names its symbols as OKX and BloFin do."""
    return venue == hints.default_venue and any(fold_name(name) == "instid" for name in raw.columns)


def _cast_number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
