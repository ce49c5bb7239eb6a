"""backtesting.py: one Python call a bar; its ``run`` computes the statistics too, and cannot be asked not to."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from backtesting import Backtest, Strategy
from bench.material import CASH, FEE, SLIPPAGE, STOP, TAKE, UNITS, draw_bars, draw_wishes
from bench.measure import Measured, measure_each

if TYPE_CHECKING:
    from bench.material import Wishes
    from bench.measure import Effort

# A bar costs it microseconds: a tenth of the others' bars is enough to know how many.
_BARS: Final = 100_000


def replay_sparse(effort: Effort) -> Measured:
    """Signals on one bar in a thousand."""
    return _replay(effort, 0.001)


def replay_dense(effort: Effort) -> Measured:
    """Signals on one bar in ten."""
    return _replay(effort, 0.1)


def _replay(effort: Effort, density: float) -> Measured:
    count = effort.scale(_BARS)
    bars = draw_bars(count)
    columns = {name.capitalize(): getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    ts = pl.Series(bars.ts).cast(pl.Datetime("ms"))
    frame = pl.DataFrame({"ts": ts, **columns}).to_pandas().set_index("ts")

    turns = cycle(draw_wishes(count, density))

    class Given(Strategy):  # type: ignore[misc]  # the library carries no types
        """Acts on signals that were there before."""

        wishes: Wishes

        def init(self) -> None:
            """Take the next signals."""
            self.wishes = next(turns)

        def next(self) -> None:
            """Reverse, enter or leave at the next open."""
            at, wishes = len(self.data) - 1, self.wishes
            close = self.data.Close[-1]
            if wishes.long[at] and not self.position.is_long:
                self.position.close()
                self.buy(size=UNITS, sl=close * (1.0 - STOP), tp=close * (1.0 + TAKE))
            elif wishes.short[at] and not self.position.is_short:
                self.position.close()
                self.sell(size=UNITS, sl=close * (1.0 + STOP), tp=close * (1.0 - TAKE))
            elif (wishes.exit_long[at] and self.position.is_long) or (wishes.exit_short[at] and self.position.is_short):
                self.position.close()

    def work() -> Any:  # noqa: ANN401 - the library has no types
        return Backtest(frame, Given, cash=CASH, commission=FEE, spread=2.0 * SLIPPAGE, finalize_trades=True).run()

    size = f"{count:,} bars, {work()['# Trades']:,} trades"
    return measure_each(work, effort, count=count, size=size, note="statistics included, as run() has it")
