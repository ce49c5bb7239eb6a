from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edgeproof.adapters.exchange import BUDGET_FILE
from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, Urgency
from edgeproof.bootstrap import NotAWorkspace, create_workspace, open_workspace
from edgeproof.domain.errors import RequestError, WorkError
from edgeproof.domain.venues import VenueUnreachable
from edgeproof.execution import Costs
from edgeproof.settings import ExchangeSettings, NewerWorkspace

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_workspace_opens_with_the_defaults(tmp_path: Path) -> None:
    made = create_workspace(tmp_path / "desk")
    assert open_workspace(made.root).settings == made.settings
    assert {path.name for path in made.root.iterdir()} == {"edgeproof.toml", "lake", "models", "reports", "strategies"}


def test_making_a_workspace_twice_keeps_the_owners_settings(tmp_path: Path) -> None:
    file = create_workspace(tmp_path).root / "edgeproof.toml"
    file.write_text("[costs]\ntaker = 0.001\n")
    assert create_workspace(tmp_path).settings.costs.taker == 0.001


def test_every_cost_of_the_settings_is_a_cost_of_the_workspace(tmp_path: Path) -> None:
    costs = Costs(maker=0.0001, taker=0.0009, slippage=0.002, latency_ms=90, fill_probability=0.4)
    lines = "\n".join(f"{name} = {value}" for name, value in costs.to_dict().items())
    (create_workspace(tmp_path).root / "edgeproof.toml").write_text(f"[costs]\n{lines}\n")
    assert open_workspace(tmp_path).costs == costs


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("mine")
    with pytest.raises(RequestError, match="desk is a file"):
        create_workspace(tmp_path / "desk")
    with pytest.raises(WorkError, match="cannot make a workspace"):
        create_workspace(tmp_path / "desk" / "below")


def test_a_folder_without_settings_is_not_a_workspace(tmp_path: Path) -> None:
    with pytest.raises(NotAWorkspace, match="make one with `edgeproof init"):
        open_workspace(tmp_path)


def test_the_environment_names_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = create_workspace(tmp_path / "desk").root
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(root))
    assert open_workspace().root == root


def test_a_newer_workspace_is_refused(tmp_path: Path) -> None:
    file = create_workspace(tmp_path).root / "edgeproof.toml"
    file.write_text(file.read_text().replace("schema_version = 1", "schema_version = 2"))
    with pytest.raises(NewerWorkspace):
        open_workspace(tmp_path)


def test_a_secret_that_is_not_set_is_named_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = create_workspace(tmp_path).root / "edgeproof.toml"
    file.write_text('[ledger]\nurl = "postgresql://desk@127.0.0.1:1/desk"\npassword_env = "DESK_PASSWORD"\n')
    with pytest.raises(RequestError, match="DESK_PASSWORD"):
        _ = open_workspace(tmp_path).ledger
    monkeypatch.setenv("DESK_PASSWORD", "h/unter:2@")
    with pytest.raises(WorkError) as caught:
        _ = open_workspace(tmp_path).ledger
    assert "unter" not in str(caught.value)


def test_history_and_live_data_are_counted_in_one_budget(tmp_path: Path) -> None:
    """Two venues of one workspace, as `data backfill` and `data ingest` open them, use up the same limits."""
    desk = create_workspace(tmp_path)
    config = ExchangeSettings(rest_url="http://127.0.0.1:1", timeout_s=1.0).configure()

    async def fail_to_ask(urgency: Urgency) -> None:
        venue = desk.open_venue(replace(config, attempts=1), urgency=urgency)
        with pytest.raises(VenueUnreachable):
            await venue.markets()
        await venue.close()

    asyncio.run(fail_to_ask(Urgency.BULK))
    asyncio.run(fail_to_ask(Urgency.LIVE))
    rules = BudgetRules(limits=config.profile.limits)
    usage = BudgetLedger(tmp_path / BUDGET_FILE, config.budget_key, rules).measure_usage()
    assert [used for _, used in usage.used] == [2, 2]


def test_no_workspace_is_made_where_no_lake_could_be(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="a '%' in it"):
        create_workspace(tmp_path / "a%b")
    assert not (tmp_path / "a%b").exists()


@pytest.mark.parametrize(("url", "folder"), [("lake", "lake"), ("file:///srv/lake", "/srv/lake"), ("s3://b/l", None)])
def test_the_lakes_folder_is_known_where_it_is_on_this_machine(tmp_path: Path, url: str, folder: str | None) -> None:
    create_workspace(tmp_path)
    (tmp_path / "edgeproof.toml").write_text(f'schema_version = 1\n[lake]\nurl = "{url}"\n')
    expected = None if folder is None else tmp_path / folder
    assert open_workspace(tmp_path).lake_folder == expected
