"""The one place that knows both what the house needs and who provides it.

Heavy adapters are imported when a workspace first needs them, so that a command which only reads files starts at once.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from edgeproof.domain.errors import RequestError, WorkError
from edgeproof.domain.instruments import Instrument, parse_symbol
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.settings import SCHEMA_VERSION, SETTINGS_FILE, Settings, read_settings, render_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

    from edgeproof.adapters.exchange import EmptySpansFile, ExchangeConfig
    from edgeproof.adapters.markets_file import MarketsFile
    from edgeproof.adapters.rate_budget import Urgency, Waiting
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.domain.records import ReportRecord, Trial
    from edgeproof.domain.stores import Lake, Ledger
    from edgeproof.domain.time import Clock, Window
    from edgeproof.domain.venues import Market, Venue
    from edgeproof.execution import Costs
    from edgeproof.ops.intake import Feed, Journal
    from edgeproof.strategies import Strategy

_FOLDERS: Final = ("lake", "reports", "models", "strategies")


class NotAWorkspace(RequestError):  # noqa: N818
    """A folder that holds no workspace."""

    def __init__(self, root: Path) -> None:
        super().__init__(f"{root} is not a workspace (no {SETTINGS_FILE}); make one with `edgeproof init {root}`")


class Workspace:
    """One directory with everything of one desk, and the adapters that its settings name.

    Args:
        root: The directory.
        settings: What its file and the environment say.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings

    @property
    def reports(self) -> Path:
        """Where reports are written."""
        return self.root / "reports"

    @cached_property
    def clock(self) -> Clock:
        """The machine's clock."""
        from edgeproof.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def lake(self) -> Lake:
        """Trades, bars and funding."""
        from edgeproof.adapters.lake import DeltaLake

        options = self._read_storage_options() if "://" in self.settings.lake.url else None
        return DeltaLake(self._find_lake(), storage_options=options)

    @property
    def lake_folder(self) -> Path | None:
        """Where the lake lies on this machine's disks; None where it is in an object store."""
        from edgeproof.adapters.lake import find_folder

        return find_folder(self._find_lake())

    def _find_lake(self) -> str | Path:
        url = self.settings.lake.url
        return url if "://" in url else self.root / url

    @cached_property
    def ledger(self) -> Ledger:
        """Cycles, trials, pools and reports."""
        from edgeproof.adapters.database import open_ledger

        return open_ledger(self._find_ledger())

    def open_journal(self) -> Journal:
        """What live intakes remember, in the ledger's database; open one in each thread that uses it."""
        from edgeproof.adapters.database import open_journal

        return open_journal(self._find_ledger())

    @cached_property
    def markets(self) -> MarketsFile:
        """What venues told of their markets."""
        from edgeproof.adapters.markets_file import MarketsFile

        return MarketsFile(self.root / "markets.json")

    def rules(self) -> dict[Instrument, InstrumentRules]:
        """The rules of every market whose venue told them."""
        return {instrument: market.rules for instrument, market in self.markets.read().items()}

    @cached_property
    def empty_spans(self) -> EmptySpansFile:
        """Where venues have answered that they have nothing."""
        from edgeproof.adapters.exchange import EMPTY_SPANS_FILE, EmptySpansFile

        return EmptySpansFile(self.root / EMPTY_SPANS_FILE)

    def open_venue(
        self, config: ExchangeConfig, *, urgency: Urgency, on_pause: Callable[[Waiting], None] | None = None
    ) -> Venue:
        """A venue, asked within the request budget that all processes of the workspace share; close it when done.

        Args:
            config: Of ``settings.exchange``.
            urgency: Bulk work leaves room for what cannot wait.
            on_pause: Told whenever the venue has said no and everybody waits.

        Raises:
            InvalidValue: The venue has no demo host.
        """
        from edgeproof.adapters.exchange import BUDGET_FILE, open_budget, open_venue

        budget = open_budget(config, self.root / BUDGET_FILE, on_pause=on_pause)
        return open_venue(config, budget, self.clock, urgency=urgency)

    def open_feed(self, config: ExchangeConfig, markets: Sequence[Market]) -> Feed:
        """Live streams of these markets; their connections are counted beside the requests.

        Raises:
            UnknownName: Of this venue no streams are read.
        """
        from edgeproof.adapters.exchange import BUDGET_FILE
        from edgeproof.adapters.streams import open_feed

        return open_feed(config, markets, self.root / BUDGET_FILE)

    @cached_property
    def costs(self) -> Costs:
        """What trading costs here."""
        return self.settings.costs.configure()

    @contextmanager
    def lock(self, purpose: str) -> Iterator[None]:
        """Hold the workspace: two runs never overlap.

        Raises:
            Busy: Another run holds it.
        """
        from edgeproof.adapters.workspace_lock import WorkspaceLock

        with WorkspaceLock(self.root).hold(purpose):
            yield

    @contextmanager
    def lock_intake(self, purpose: str) -> Iterator[None]:
        """Be the workspace's one intake; research goes on beside it.

        Raises:
            Busy: Another intake runs.
        """
        from edgeproof.adapters.workspace_lock import INTAKE, WorkspaceLock

        with WorkspaceLock(self.root, kind=INTAKE).hold(purpose):
            yield

    def find_intake(self) -> int | None:
        """The process that is the workspace's intake at this moment; None where there is none."""
        from edgeproof.adapters.workspace_lock import INTAKE, WorkspaceLock

        holder = WorkspaceLock(self.root, self.clock, kind=INTAKE).holder()
        return None if holder is None else holder.pid

    def instruments(self) -> Sequence[Instrument]:
        """Every instrument that has bars."""
        return sorted({holding.instrument for holding in self.lake.holdings() if holding.table == "bars"})

    def find_instrument(self, symbol: str, venue: str | None = None) -> Instrument:
        """The instrument of a symbol in any spelling.

        Raises:
            RequestError: None has it, or several venues do and none was named.
        """
        wanted = parse_symbol(symbol)
        known = self.instruments()
        found = [i for i in known if i.symbol == wanted and venue in (None, i.venue)]
        if not found:
            listed = ", ".join(str(i) for i in known[:12]) or "nothing yet; import some with `edgeproof data import`"
            raise RequestError(f"no bars of {wanted}{f' at {venue}' if venue else ''}; the lake holds {listed}")
        if len(found) > 1:
            venues = ", ".join(i.venue for i in found)
            raise RequestError(f"several venues have {wanted} ({venues}); name one with --venue")
        return found[0]

    def bars(
        self,
        symbol: str,
        timeframe: str | Timeframe = ONE_MINUTE,
        *,
        venue: str | None = None,
        window: Window | None = None,
    ) -> pl.DataFrame:
        """Bars of one symbol: resampled from 1-minute bars where there are any, else as they were imported."""
        from edgeproof.domain.series import BarSeries
        from edgeproof.market import resample

        wanted = Timeframe.parse(timeframe) if isinstance(timeframe, str) else timeframe
        instrument = self.find_instrument(symbol, venue)
        minutes = self.lake.bars(instrument, ONE_MINUTE, window)
        if minutes.is_empty():
            return self.lake.bars(instrument, wanted, window)
        return (
            minutes if wanted == ONE_MINUTE else resample(BarSeries.from_frame(minutes, ONE_MINUTE), wanted).to_frame()
        )

    def strategies(self) -> tuple[Sequence[Strategy], Sequence[RequestError]]:
        """The built-in library and the workspace's own strategies, and what could not be read."""
        from edgeproof.strategies import load_directory, load_library

        own, errors = load_directory(self.root / "strategies")
        return [*load_library(), *own], errors

    def find_strategy(self, name: str) -> Strategy:
        """A strategy by its name, in the library or among the workspace's own, or by the path of a file.

        Raises:
            RequestError: There is none, or the file that is called so is no strategy; says what is wrong with it.
        """
        from edgeproof.strategies import find_strategy

        return find_strategy(name, self.root / "strategies")

    def trials(self) -> Sequence[Trial]:
        """Every trial ever made here."""
        return list(self.ledger.trials())

    def report(self) -> ReportRecord | None:
        """The newest report."""
        return self.ledger.latest_report()

    def _find_ledger(self) -> str:
        chosen = self.settings.ledger
        url = chosen.url
        if url.startswith("sqlite:///"):
            return f"sqlite:///{self.root / url.removeprefix('sqlite:///')}"
        if chosen.password_env:
            scheme, _, rest = url.partition("://")
            user, at, place = rest.partition("@")
            secret = quote(_read_secret(chosen.password_env), safe="")
            return f"{scheme}://{user}:{secret}{at}{place}"
        return url

    def _read_storage_options(self) -> dict[str, str]:
        chosen = self.settings.lake
        options = {"AWS_REGION": chosen.region}
        if chosen.endpoint_url:
            options["AWS_ENDPOINT_URL"] = chosen.endpoint_url
            if chosen.endpoint_url.startswith("http://"):
                options["AWS_ALLOW_HTTP"] = "true"
        if chosen.access_key_env:
            options["AWS_ACCESS_KEY_ID"] = _read_secret(chosen.access_key_env)
        if chosen.secret_key_env:
            options["AWS_SECRET_ACCESS_KEY"] = _read_secret(chosen.secret_key_env)
        return options


def create_workspace(root: Path) -> Workspace:
    """Make a workspace, or complete one that a killed `init` left; what is there stays as it is.

    Raises:
        RequestError: Something else stands at that path.
        WorkError: The directory cannot be written.
    """
    if root.exists() and not root.is_dir():
        raise RequestError(f"{root} is a file; name a directory for the workspace")
    if "%" in str(root.absolute()):
        raise RequestError(f"{root} has a '%' in it, which a lake's folder may not have; choose another directory")
    try:
        for folder in _FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        file = root / SETTINGS_FILE
        if not file.exists():
            # Written last and whole: a directory with this file is a workspace.
            fresh = root / f".{SETTINGS_FILE}.{os.getpid()}"
            fresh.write_text(render_settings(), "utf-8")
            fresh.replace(file)
    except OSError as error:
        raise WorkError(
            f"cannot make a workspace in {root}: {error.strerror}; choose a directory you may write"
        ) from None
    return open_workspace(root)


def open_workspace(root: Path | str | None = None) -> Workspace:
    """Open the workspace at ``root``, by default at ``EDGEPROOF_WORKSPACE`` or here.

    Raises:
        NotAWorkspace: There is none.
        SettingsError: Its settings cannot be used.
        NewerWorkspace: It was made by a later edgeproof.
    """
    chosen = Path(root or os.environ.get("EDGEPROOF_WORKSPACE") or ".").expanduser().resolve()
    file = chosen / SETTINGS_FILE
    if not file.is_file():
        raise NotAWorkspace(chosen)
    return Workspace(chosen, read_settings(file))


def _read_secret(variable: str) -> str:
    secret = os.environ.get(variable)
    if not secret:
        raise RequestError(f"the environment variable {variable}, named in {SETTINGS_FILE}, is not set")
    return secret


__all__ = ["SCHEMA_VERSION", "NotAWorkspace", "Workspace", "create_workspace", "open_workspace"]
