"""What really happened: every trade that was made, and which of them went out on which connection.

Trades lie in memory, 35 bytes each, or in one file per exchange when a path is given. Deliveries are kept as ranges of
trade numbers, so a stream without faults costs one range however long it runs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
import polars as pl

from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import UTC_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.exchange.engine.trade_ids import TradeIds
    from edgeproof.simulator.exchange.engine.trades import Printed

RECORD: Final = np.dtype(
    [("symbol", "<u2"), ("number", "<i8"), ("ts", "<i8"), ("ticks", "<i8"), ("lots", "<i8"), ("buys", "?")], align=False
)
Records = np.ndarray[tuple[int, ...], np.dtype[np.void]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Trades of one symbol, by number, that were written to one connection: ``first`` to ``last``, both included."""

    connection: int
    symbol: str
    first: int
    last: int


class GroundTruth:
    """Grows while the exchange runs; nothing in it is ever changed.

    Args:
        listings: What the exchange lists, in order.
        ids: How trade numbers become ids.
        path: Where trades are appended; memory without one.
    """

    def __init__(self, listings: Sequence[Listing], ids: TradeIds, path: Path | None = None) -> None:
        self._listings = {listing.symbol: (i, listing) for i, listing in enumerate(listings)}
        self._ids = ids
        self._sink: BinaryIO = path.open("wb") if path else BytesIO()
        self._ranges: dict[tuple[int, str], list[list[int]]] = {}
        self.made: Counter[str] = Counter()
        self.events: Counter[str] = Counter()

    def record_trades(self, printed: Printed) -> None:
        """Remember trades that were made."""
        batch = printed.batch
        records = np.empty(len(batch), dtype=RECORD)
        records["symbol"] = self._listings[batch.symbol][0]
        records["number"] = np.arange(printed.first, printed.first + len(batch))
        records["ts"], records["ticks"], records["lots"], records["buys"] = (
            batch.ts,
            batch.ticks,
            batch.lots,
            batch.buys,
        )
        self.made[batch.symbol] += len(batch)
        self._sink.write(records.tobytes())

    def record_delivery(self, connection: int, symbol: str, first: int, last: int) -> None:
        """Remember that trades ``first`` to ``last`` were written to a connection."""
        ranges = self._ranges.setdefault((connection, symbol), [])
        if ranges and ranges[-1][1] + 1 == first:
            ranges[-1][1] = last
        else:
            ranges.append([first, last])

    def count_event(self, kind: str, times: int = 1) -> None:
        """Count something that happened, such as a frame sent or a fault played."""
        self.events[kind] += times

    def deliveries(self) -> list[Delivery]:
        """What went out, as ranges, by connection and symbol, in order of sending."""
        return [
            Delivery(connection=connection, symbol=symbol, first=first, last=last)
            for (connection, symbol), ranges in self._ranges.items()
            for first, last in ranges
        ]

    def trades(self) -> pl.DataFrame:
        """Every trade made, in order of making: symbol, number, trade_id, ts, price, size (base units), side."""
        if isinstance(self._sink, BytesIO):
            raw = np.frombuffer(self._sink.getvalue(), dtype=RECORD)
        else:
            if not self._sink.closed:
                self._sink.flush()
            raw = read_records(Path(self._sink.name))
        return tabulate_trades(raw, [listing for _, listing in self._listings.values()], self._ids)

    def sums(self) -> Mapping[str, int]:
        """How many trades each symbol made."""
        return dict(self.made)

    def close(self) -> None:
        """Write what is left and let go of the file; memory stays readable."""
        if not isinstance(self._sink, BytesIO):
            self._sink.close()


def read_records(path: Path) -> Records:
    """Records of a truth file; a last one that was cut short is left out.

    Raises:
        Unreadable: There is no such file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(str(path), error.strerror or "the system refused") from None
    return np.frombuffer(content[: len(content) // RECORD.itemsize * RECORD.itemsize], dtype=RECORD)


def tabulate_trades(records: Records, listings: Sequence[Listing], ids: TradeIds) -> pl.DataFrame:
    """Records as a frame, sizes in base units."""
    frame = pl.DataFrame({name: np.ascontiguousarray(records[name]) for name in RECORD.names or ()})
    names = {i: listing.symbol for i, listing in enumerate(listings)}
    return frame.select(
        symbol=pl.col("symbol").replace_strict(names, return_dtype=pl.String),
        number=pl.col("number"),
        trade_id=pl.Series(ids.of_numbers(frame["number"].to_numpy())).cast(pl.String),
        ts=pl.col("ts").cast(UTC_MS),
        price=pl.Series(_scale(records, listings, "ticks", ["tick"])),
        size=pl.Series(_scale(records, listings, "lots", ["lot", "contract_value"])),
        side=pl.when("buys").then(pl.lit("buy")).otherwise(pl.lit("sell")),
    )


def _scale(
    records: Records, listings: Sequence[Listing], column: str, steps: Sequence[str]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Whole numbers as a careful client reads them: the double nearest to the decimals' exact product."""
    values = np.empty(len(records), dtype=np.float64)
    for i, listing in enumerate(listings):
        mine = records["symbol"] == i
        counts, places = np.unique(records[column][mine], return_inverse=True)
        text = listing.price_text if column == "ticks" else listing.size_text
        unit = listing.contract_value if "contract_value" in steps else Decimal(1)
        exact = np.array([float(Decimal(text(count)) * unit) for count in counts.tolist()], dtype=np.float64)
        values[mine] = exact[places]
    return values
