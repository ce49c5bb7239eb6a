"""The file and the environment, read once; and the commented file for a new workspace."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from edgeproof.domain.addresses import hide_credentials
from edgeproof.domain.errors import InvalidValue, UnknownName, offer_names, tell_value
from edgeproof.settings.costs import CostSettings, RegimeSettings
from edgeproof.settings.errors import SCHEMA_VERSION, NewerWorkspace, SettingsError
from edgeproof.settings.exchange import REST_ADDRESS, ExchangeSettings
from edgeproof.settings.sections import ComputeSettings, DataSettings, LakeSettings, LedgerSettings, ResearchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PREFIX: Final = "EDGEPROOF_"
_NESTING: Final = "__"
# Variables with our prefix that are not settings: they choose or debug a run rather than configure a workspace.
_OTHER_VARIABLES: Final = frozenset({"EDGEPROOF_WORKSPACE", "EDGEPROOF_DEBUG"})
# What an exchange's configuration calls things, where a setting's name is another.
_EXCHANGE_KEYS: Final = {"exchange host": "rest_url", "name of the venue": "name"}


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
        expected = REST_ADDRESS if key == "rest_url" else error.expected
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
