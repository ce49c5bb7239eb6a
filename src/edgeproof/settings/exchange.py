"""Which venue is asked, and where."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field, field_validator

from edgeproof.settings.parsing import Section

if TYPE_CHECKING:
    from edgeproof.adapters.exchange import ExchangeConfig

REST_ADDRESS: Final = "https://HOST, or http://127.0.0.1:PORT of a simulated exchange"


class ExchangeSettings(Section):
    """Where history and live data are asked for; `--venue` and `--host` of a command win."""

    venue: str = Field("blofin", description="blofin, binance, bybit or okx.")
    environment: Literal["live", "demo"] = Field("live", description="live, or demo where the venue has one.")
    rest_url: str | None = Field(
        None, description="Another address for requests: a relay, or a simulated exchange at http://127.0.0.1:PORT."
    )
    stream_url: str | None = Field(None, description="Another address for streams; by default beside the requests'.")
    name: str | None = Field(
        None, description="What rows call the venue; by default its name, with -demo or -simulated behind it."
    )
    proxy: str | None = Field(None, description="Address of an HTTP proxy for both, such as http://10.0.0.1:3128.")
    timeout_s: float = Field(20.0, gt=0, le=600, allow_inf_nan=False, description="How long one request may take.")
    budget_share: float = Field(
        1.0, gt=0, le=1, allow_inf_nan=False, description="Share of the venue's limits, where others use the address."
    )

    @field_validator("rest_url")
    @classmethod
    def _check_rest_url(cls, url: str | None) -> str | None:
        # `live` and `demo` are hosts to a configuration, but no addresses.
        if url is not None and "://" not in url:
            raise ValueError(f"expected {REST_ADDRESS}")
        return url

    def configure(self, *, venue: str | None = None, host: str | None = None) -> ExchangeConfig:
        """A venue at an address: what is set here, as far as a command does not say otherwise.

        Args:
            venue: Another venue; addresses and a name that are set here are not its own, and count no more.
            host: ``live``, ``demo`` or an address, instead of those that are set here.

        Raises:
            UnknownName: There is no such venue.
            InvalidValue: An address, a name or a number that cannot be.
        """
        # ccxt's door, polars behind it: opened only by those who go through.
        from edgeproof.adapters.exchange import ExchangeConfig  # noqa: PLC0415

        chosen = venue or self.venue
        common = ExchangeConfig(
            venue=chosen, proxy=self.proxy, timeout_s=self.timeout_s, budget_share=self.budget_share
        )
        if host is not None:
            return replace(common, host=host)
        if chosen != self.venue:
            return replace(common, host=self.environment)
        relayed_demo = self.rest_url is not None and self.environment == "demo"
        named = replace(common, host=self.rest_url or self.environment, name=self.name, stream_url=self.stream_url)
        if relayed_demo and self.name is None and not named.is_simulated:
            return replace(named, name=f"{chosen}-demo")
        return named
