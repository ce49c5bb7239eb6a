"""Sections that are little more than their keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from edgeproof.domain.time import Timeframe, parse_span
from edgeproof.settings.parsing import Section, check_text


class LakeSettings(Section):
    """Where trades, bars and funding rest."""

    url: str = Field("lake", description="A folder inside the workspace, or an s3:// address.")
    endpoint_url: str | None = Field(None, description="Address of an S3 server other than Amazon's.")
    region: str = Field("us-east-1", description="Region of the S3 bucket.")
    access_key_env: str | None = Field(None, description="Name of the variable that holds the S3 access key.")
    secret_key_env: str | None = Field(None, description="Name of the variable that holds the S3 secret key.")


class LedgerSettings(Section):
    """Where cycles, trials, pools and reports are kept."""

    url: str = Field(
        "sqlite:///ledger.sqlite", description="A file inside the workspace, or postgresql://user@host/database."
    )
    password_env: str | None = Field(None, description="Name of the variable that holds the database password.")


class DataSettings(Section):
    """How imported files are understood."""

    venue: str = Field(
        "imported", pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Venue of files that do not name theirs."
    )


class ResearchSettings(Section):
    """What a research cycle looks at."""

    window: str = Field("30d", description="Length of history that ends with the newest bar.")
    timeframes: Annotated[tuple[str, ...], NoDecode] = Field(
        ("1m", "5m", "1h"), min_length=1, description="Decision timeframes; commas part them in the environment."
    )
    initial_equity: float = Field(
        10_000.0, gt=0, allow_inf_nan=False, description="Quote units an account starts with."
    )
    workers: int = Field(0, ge=0, le=1024, description="Threads; 0 is one for each core.")
    seed: int = Field(7, ge=0, description="Seed of everything drawn at random.")

    @field_validator("window")
    @classmethod
    def _check_window(cls, text: str) -> str:
        return check_text(text, parse_span)

    @field_validator("timeframes", mode="before")
    @classmethod
    def _split_timeframes(cls, given: object) -> object:
        return tuple(part.strip() for part in given.split(",")) if isinstance(given, str) else given

    @field_validator("timeframes")
    @classmethod
    def _check_timeframes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_text(name, lambda text: Timeframe.parse(text).name) for name in names)


class ComputeSettings(Section):
    """Who computes a sweep; its rows are the same whoever does. `--compute` and `--workers` win."""

    ray: str = Field(
        "",
        description="auto for the Ray cluster this machine belongs to, or ray://HOST:PORT; threads here where empty.",
    )
    workers: int = Field(0, ge=0, le=1024, description="How many at once; 0 is as many as a cycle has.")

    @field_validator("ray")
    @classmethod
    def _check_ray(cls, address: str) -> str:
        if not address:
            return address
        # numpy and polars behind it: opened only by those who have a cluster.
        from edgeproof.backtest.sweeps import check_address  # noqa: PLC0415

        return check_text(address, check_address)
