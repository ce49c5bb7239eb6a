"""What is asked of an exchange besides its market."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from edgeproof.simulator.exchange.engine.limits import Budgets
from edgeproof.simulator.exchange.engine.signing import ApiKey
from edgeproof.simulator.exchange.engine.trade_ids import TradeIds

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.simulator.exchange.engine.faults import PlannedFault

DEMO_KEY: Final = ApiKey(key="demo-key", secret="demo-secret", passphrase="demo-passphrase")  # noqa: S106 - opens nothing but a simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSpec:
    """How an exchange behaves.

    Attributes:
        budgets: Request budgets.
        ids: Form of trade ids.
        keys: Keys it has issued; a user's account opens with ``opening_balance``.
        opening_balance: What each user owns at the start, quote units.
        maker_rate, taker_rate: Fees, as a share of value.
        candle_page: Most candles in one answer; 100 in older builds of the real one.
        plan: Faults by the clock.
        seed: Draws the streams that a fault meets.
        truth_path: File for the ground truth's trades; memory without one.
        silent_after_ms: A stream without a push or a ping for so long is cut.
        slow_reader_bytes: A stream that leaves so much unread is cut.
    """

    budgets: Budgets = field(default_factory=Budgets)
    ids: TradeIds = field(default_factory=TradeIds)
    keys: tuple[ApiKey, ...] = (DEMO_KEY,)
    opening_balance: Decimal = Decimal(100_000)
    maker_rate: Decimal = Decimal("0.0002")
    taker_rate: Decimal = Decimal("0.0006")
    candle_page: int = 1_440
    plan: tuple[PlannedFault, ...] = ()
    seed: int = 1
    truth_path: Path | None = None
    silent_after_ms: int = 30_000
    slow_reader_bytes: int = 64 * 1_048_576
