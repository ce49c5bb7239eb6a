"""What the owner chose: ``edgeproof.toml`` and the environment, read once into frozen typed objects.

Every key can also come from the environment: ``[costs] taker`` is ``EDGEPROOF_COSTS__TAKER``. The environment wins.
The commented file that ``edgeproof init`` writes is made from the classes below, so it cannot disagree with them.
"""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from edgeproof.domain.addresses import hide_credentials
from edgeproof.domain.errors import InvalidValue, RequestError, UnknownName, offer_names, tell_value
from edgeproof.domain.time import Timeframe, parse_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edgeproof.adapters.exchange import ExchangeConfig
    from edgeproof.execution import Costs, Regime

SETTINGS_FILE: Final = "edgeproof.toml"
SCHEMA_VERSION: Final = 1

_PREFIX: Final = "EDGEPROOF_"
_NESTING: Final = "__"
# Variables with our prefix that are not settings: they choose or debug a run rather than configure a workspace.
_OTHER_VARIABLES: Final = frozenset({"EDGEPROOF_WORKSPACE", "EDGEPROOF_DEBUG"})
_HOURS: Final = 24
_REGIME: Final = '{when = "regime_volatile() > 0", factor = 1.5}'
_REST_ADDRESS: Final = "https://HOST, or http://127.0.0.1:PORT of a simulated exchange"
# What an exchange's configuration calls things, where a setting's name is another.
_EXCHANGE_KEYS: Final = {"exchange host": "rest_url", "name of the venue": "name"}


def _check_doubles(share: float) -> float:
    if 2.0 * share >= 1.0:
        raise ValueError("expected a share below 0.5, since a cycle asks what is left at twice the costs")
    return share


Share = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False), AfterValidator(_check_doubles)]
HourlyShares = Annotated[tuple[Share, ...], NoDecode]


class SettingsError(RequestError):
    """A setting that cannot be used, with where it stands and what would be accepted."""

    def __init__(self, where: str, key: str, problem: str) -> None:
        self.where = where
        self.key = key
        self.problem = problem
        super().__init__(f"{where}: {key}: {problem}")

    def __reduce__(self) -> tuple[type[SettingsError], tuple[str, str, str]]:
        return (type(self), (self.where, self.key, self.problem))


class NewerWorkspace(RequestError):  # noqa: N818
    """A workspace written by a later edgeproof."""

    def __init__(self, where: str, version: int) -> None:
        super().__init__(
            f"{where}: the workspace has schema version {version}, this edgeproof knows up to {SCHEMA_VERSION}; "
            "upgrade edgeproof to open it"
        )


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LakeSettings(_Section):
    """Where trades, bars and funding rest."""

    url: str = Field("lake", description="A folder inside the workspace, or an s3:// address.")
    endpoint_url: str | None = Field(None, description="Address of an S3 server other than Amazon's.")
    region: str = Field("us-east-1", description="Region of the S3 bucket.")
    access_key_env: str | None = Field(None, description="Name of the variable that holds the S3 access key.")
    secret_key_env: str | None = Field(None, description="Name of the variable that holds the S3 secret key.")


class LedgerSettings(_Section):
    """Where cycles, trials, pools and reports are kept."""

    url: str = Field(
        "sqlite:///ledger.sqlite", description="A file inside the workspace, or postgresql://user@host/database."
    )
    password_env: str | None = Field(None, description="Name of the variable that holds the database password.")


class DataSettings(_Section):
    """How imported files are understood."""

    venue: str = Field(
        "imported", pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Venue of files that do not name theirs."
    )


class ExchangeSettings(_Section):
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
            raise ValueError(f"expected {_REST_ADDRESS}")
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


class RegimeSettings(_Section):
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

        _checked(text, spell_condition)
        return _checked(text, lambda written: Regime(when=written, factor=1.0).when)

    def configure(self) -> Regime:
        """The regime, its condition in canonical spelling."""
        from edgeproof.execution import Regime  # noqa: PLC0415
        from edgeproof.strategies import spell_condition  # noqa: PLC0415

        return Regime(when=self.when, factor=self.factor).spell(spell_condition(self.when))


class CostSettings(_Section):
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


class ResearchSettings(_Section):
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
        return _checked(text, parse_span)

    @field_validator("timeframes", mode="before")
    @classmethod
    def _split_timeframes(cls, given: object) -> object:
        return tuple(part.strip() for part in given.split(",")) if isinstance(given, str) else given

    @field_validator("timeframes")
    @classmethod
    def _check_timeframes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_checked(name, lambda text: Timeframe.parse(text).name) for name in names)


class ComputeSettings(_Section):
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

        return _checked(address, check_address)


class Settings(BaseSettings):
    """Everything a workspace can set."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter=_NESTING, extra="forbid", frozen=True)

    schema_version: int = Field(SCHEMA_VERSION, ge=1)
    lake: LakeSettings = LakeSettings()
    ledger: LedgerSettings = LedgerSettings()
    data: DataSettings = DataSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    costs: CostSettings = CostSettings()
    research: ResearchSettings = ResearchSettings()
    compute: ComputeSettings = ComputeSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file; nothing else."""
        return (env_settings, init_settings)


def read_settings(file: Path) -> Settings:
    """Read the file and the environment once.

    Raises:
        SettingsError: The file is not TOML, a key is unknown, or a value is of the wrong kind.
        NewerWorkspace: The file was written by a later edgeproof.
    """
    values = _read_toml(file)
    version = values.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise NewerWorkspace(str(file), version)
    _refuse_unknown_variables()
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise _explain(error, file) from None
    except ValueError as error:  # an environment variable that should hold JSON does not
        raise SettingsError("environment", _PREFIX + "...", str(error)) from None
    if settings.schema_version > SCHEMA_VERSION:
        raise NewerWorkspace("environment", settings.schema_version)
    if settings.exchange != ExchangeSettings():
        _check_exchange(settings.exchange, file)
    if settings.costs.regimes:
        _check_regimes(settings.costs, file)
    return settings


def render_settings() -> str:
    """The commented file for a new workspace: every key, its meaning and its default."""
    lines = [
        "# Settings of this edgeproof workspace. A line that is commented out shows its default.",
        f"# Every key can come from the environment, which then wins, e.g. {_PREFIX}COSTS{_NESTING}TAKER=0.0005.",
        "",
        "# Written by edgeproof; says which edgeproof can open this workspace.",
        f"schema_version = {SCHEMA_VERSION}",
    ]
    for name, section in _sections():
        lines += ["", f"# {section.__doc__}", f"[{name}]"]
        for key, field in section.model_fields.items():
            shown = _toml_value(field.default)
            lines += [f"# {field.description}", f"# {key} = {shown}"]
    return "\n".join(lines) + "\n"


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def _keys() -> dict[str, tuple[str, ...]]:
    """Every key by its dotted name."""
    keys: dict[str, tuple[str, ...]] = {"schema_version": ("schema_version",)}
    for name, section in _sections():
        keys |= {f"{name}.{key}": (name, key) for key in section.model_fields}
    return keys


def _toml_value(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), "not TOML", str(error)) from None
    return {name: _drop_empty(value) for name, value in values.items()}


def _drop_empty(section: object) -> object:
    """An empty text means that an optional key is not set, since TOML has no null."""
    if isinstance(section, dict):
        return {key: value for key, value in section.items() if value != ""}
    return section


def _refuse_unknown_variables() -> None:
    known = {_PREFIX + _NESTING.join(path).upper() for path in _keys().values()}
    for variable in sorted(os.environ):
        if variable.startswith(_PREFIX) and variable not in known | _OTHER_VARIABLES:
            raise SettingsError("environment", variable, f"unknown; {offer_names(variable, known)}")


def _check_exchange(exchange: ExchangeSettings, file: Path) -> None:
    """Refuse what no venue could be asked by."""
    try:
        exchange.configure()
    except UnknownName as error:
        key, problem = "venue", f"unknown; {offer_names(error.name, error.known)}"
    except InvalidValue as error:
        key = _EXCHANGE_KEYS.get(error.what, error.what)
        expected = _REST_ADDRESS if key == "rest_url" else error.expected
        problem = f"expected {expected}, got {error.value!r}"
    else:
        return
    where, name = _locate(("exchange", key), file)
    raise SettingsError(where, name, problem)


def _check_regimes(costs: CostSettings, file: Path) -> None:
    """Refuse regimes that could not be charged, or not at twice the costs, which a cycle asks about."""
    try:
        charged = costs.configure()
    except InvalidValue as error:
        problem = f"expected {error.expected}, got {tell_value(error.value)}"
    else:
        try:
            charged.doubled()
        except InvalidValue:
            told = f"{charged.highest_factor:g} times a slippage of {charged.highest_slippage:g}"
            problem = f"expected factors that leave some of the price at twice the costs, got {told}"
        else:
            return
    where, name = _locate(("costs", "regimes"), file)
    raise SettingsError(where, name, problem)


def _locate(path: tuple[str, ...], file: Path) -> tuple[str, str]:
    """Where a key was set, and what it is called there."""
    variable = _PREFIX + _NESTING.join(path[:2]).upper()
    return ("environment", variable) if variable in os.environ else (str(file), ".".join(path))


def _explain(error: ValidationError, file: Path) -> SettingsError:
    """One line for the first thing that is wrong: where it stands, which key, what was expected."""
    first = error.errors()[0]
    where, key = _locate(tuple(str(part) for part in first["loc"]), file)
    if first["type"] == "extra_forbidden":
        return SettingsError(where, key, f"unknown key; {_offer_keys(first['loc'], key)}")
    given = first.get("input")
    shown = hide_credentials(given) if isinstance(given, str) else given
    return SettingsError(where, key, f"{_describe(first)}, got {tell_value(shown)}")


def _offer_keys(place: tuple[int | str, ...], key: str) -> str:
    """The keys of the table that an unknown one stands in: a regime's own, or all there are."""
    if place[:2] == ("costs", "regimes"):
        return offer_names(str(place[-1]), RegimeSettings.model_fields)
    return offer_names(key, _keys())


def _describe(problem: Mapping[str, Any]) -> str:
    message: str = problem["msg"]
    return message.removeprefix("Value error, ")


def _checked(text: str, parse: Any) -> str:  # noqa: ANN401 - any parser of text
    """Run a domain parser inside pydantic, which only understands ValueError."""
    try:
        parsed = parse(text)
    except InvalidValue as error:
        raise ValueError(f"expected {error.expected}") from None
    return parsed if isinstance(parsed, str) else text
