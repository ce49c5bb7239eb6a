"""What trading costs: fees, slippage by hour, side and regime, latency."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import NoDecode

from edgeproof.settings.parsing import Section, check_text

if TYPE_CHECKING:
    from edgeproof.execution import Costs, Regime

_HOURS: Final = 24
_REGIME: Final = '{when = "regime_volatile() > 0", factor = 1.5}'


def _check_doubles(share: float) -> float:
    if 2.0 * share >= 1.0:
        raise ValueError("expected a share below 0.5, since a cycle asks what is left at twice the costs")
    return share


Share = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False), AfterValidator(_check_doubles)]
HourlyShares = Annotated[tuple[Share, ...], NoDecode]


class RegimeSettings(Section):
    """A condition while which slippage is multiplied."""

    when: str
    factor: float = Field(gt=0, le=1000, allow_inf_nan=False, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _check_parts(cls, given: object) -> object:
        if not isinstance(given, dict) or not {"when", "factor"} <= given.keys():
            raise ValueError(f"expected `when` and `factor`, as in {_REGIME}")
        return given

    @field_validator("when")
    @classmethod
    def _check_when(cls, text: str) -> str:
        # The language, numpy and polars behind it: opened only by those who have regimes.
        from edgeproof.execution import Regime  # noqa: PLC0415
        from edgeproof.strategies import spell_condition  # noqa: PLC0415

        check_text(text, spell_condition)
        return check_text(text, lambda written: Regime(when=written, factor=1.0).when)

    def configure(self) -> Regime:
        """The regime, its condition in canonical spelling."""
        from edgeproof.execution import Regime  # noqa: PLC0415
        from edgeproof.strategies import spell_condition  # noqa: PLC0415

        return Regime(when=self.when, factor=self.factor).spell(spell_condition(self.when))


class CostSettings(Section):
    """What trading costs until real fills say otherwise; shares of the price or notional, 0.001 = 0.1 %."""

    maker: Share = Field(0.0002, description="Fee of a resting order.")
    taker: Share = Field(0.0006, description="Fee of an order that takes.")
    slippage: Share = Field(0.00052, description="Price lost against the next open, a side.")
    slippage_buy: HourlyShares = Field(
        (), description="Of purchases, instead: 24 shares, one for each UTC hour from 0:00 on; with slippage_sell."
    )
    slippage_sell: HourlyShares = Field((), validate_default=True, description="Of sales, likewise.")
    regimes: Annotated[tuple[RegimeSettings, ...], NoDecode] = Field(
        (),
        description='What slippage is multiplied with while a condition holds: [{when = "...", factor = 1.5}, ...].',
    )
    latency_ms: int = Field(250, ge=0, le=3_600_000, description="From a decision to its order at the venue.")
    fill_probability: float = Field(0.67, ge=0, le=1, description="Of a resting order whose price is touched.")

    @field_validator("regimes", mode="before")
    @classmethod
    def _read_regimes(cls, given: object) -> object:
        expected = f"expected [{_REGIME}]"
        if isinstance(given, str):
            expected = 'expected [{"when": "regime_volatile() > 0", "factor": 1.5}]'
            try:
                given = json.loads(given)
            except ValueError:
                raise ValueError(expected) from None
        elif isinstance(given, dict):
            raise ValueError("expected a list; write [[costs.regimes]], with two brackets")  # noqa: TRY004 - pydantic's
        if not isinstance(given, (list, tuple)):
            raise ValueError(expected)  # noqa: TRY004 - as above
        return given

    @field_validator("slippage_buy", "slippage_sell", mode="before")
    @classmethod
    def _split_hours(cls, given: object) -> object:
        return tuple(part.strip() for part in given.split(",")) if isinstance(given, str) else given

    @field_validator("slippage_buy", "slippage_sell")
    @classmethod
    def _check_hours(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if len(shares) not in {0, _HOURS}:
            raise ValueError(f"expected {_HOURS} shares, one for each UTC hour, not {len(shares)}")
        return shares

    @field_validator("slippage_sell")
    @classmethod
    def _check_sides(cls, shares: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        # Of purchases that cannot be, nothing is known here; they are told by themselves.
        if len(info.data.get("slippage_buy", shares)) != len(shares):
            raise ValueError(f"expected {_HOURS} shares in both slippage_buy and slippage_sell, or in neither")
        return shares

    def configure(self) -> Costs:
        """The costs of an account.

        Raises:
            InvalidValue: Regimes that cannot be together, or that make slippage the whole price.
        """
        from edgeproof.execution import Costs, HourlySlippage  # noqa: PLC0415

        return Costs(
            maker=self.maker,
            taker=self.taker,
            slippage=self.slippage,
            latency_ms=self.latency_ms,
            fill_probability=self.fill_probability,
            hourly=HourlySlippage(buy=self.slippage_buy, sell=self.slippage_sell) if self.slippage_buy else None,
            regimes=tuple(regime.configure() for regime in self.regimes),
        )
