"""The small bench of every change: it must see what has become slow, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from bench import guard
from bench.engines import edgeproof_engine
from bench.guard import BASELINE, GUARDED, Guarded, has_fallen, measure_ratio, read_baseline

if TYPE_CHECKING:
    from pathlib import Path

DENSE = Guarded(case="replay_dense", peer="plain", bars=50_000)


def test_every_guarded_work_has_a_recorded_ratio_and_a_peer_that_developers_have() -> None:
    assert set(read_baseline(BASELINE)) == {one.case for one in GUARDED}
    assert {one.peer for one in GUARDED} <= {"plain", "talib", "polars"}
    assert all(ratio > 0.0 for ratio in read_baseline(BASELINE).values())


@pytest.mark.parametrize(("ratio", "fallen"), [(1.0, False), (0.51, False), (0.49, True), (0.33, True), (3.0, False)])
def test_half_the_speed_is_the_bound(ratio: float, fallen: bool) -> None:  # noqa: FBT001
    assert has_fallen(ratio, 1.0) is fallen


def test_a_replay_that_does_its_work_three_times_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replay = vars(edgeproof_engine)["replay_signals"]

    def replay_thrice(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401
        replay(*arguments, **more)
        replay(*arguments, **more)
        return replay(*arguments, **more)

    measured = measure_ratio(DENSE)
    written = tmp_path / "baseline.json"
    written.write_text(json.dumps({"edgeproof_is_faster_by": {"replay_dense": measured}}))
    monkeypatch.setattr(guard, "BASELINE", written)
    monkeypatch.setattr(guard, "GUARDED", (DENSE,))
    assert guard.main([]) == 0
    monkeypatch.setattr(edgeproof_engine, "replay_signals", replay_thrice)
    assert guard.main([]) == 1
    assert "error: replay_dense: less than 1/2 of the speed" in capsys.readouterr().err


def test_a_try_that_a_busy_machine_spoiled_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = iter([0.2, 0.3, 0.9])
    monkeypatch.setattr(guard, "measure_ratio", lambda _: next(ratios))
    monkeypatch.setattr(guard, "GUARDED", (DENSE,))
    monkeypatch.setattr(guard, "read_baseline", lambda _: {"replay_dense": 1.0})
    assert guard.main([]) == 0
