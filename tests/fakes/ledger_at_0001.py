"""A filled ledger as the first schema kept it, spelled out: later code must still understand it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, Table, insert

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROWS: dict[str, list[dict[str, Any]]] = {
    "cycles": [
        {
            "cycle_id": 1,
            "run_id": "june",
            "status": "done",
            "request": '{"window":"30d"}',
            "started_ms": 1_748_908_800_000,
            "finished_ms": 1_748_908_860_000,
            "heartbeat_ms": 1_748_908_860_000,
            "pid": 4_321,
            "detail": "",
        },
        {
            "cycle_id": 2,
            "run_id": "july",
            "status": "running",
            "request": '{"window":"7d"}',
            "started_ms": 1_748_912_400_000,
            "finished_ms": None,
            "heartbeat_ms": 1_748_912_401_000,
            "pid": 4_322,
            "detail": "",
        },
    ],
    "stages": [
        {
            "cycle_id": 2,
            "name": "backtest",
            "position": 0,
            "status": "running",
            "started_ms": 1_748_912_400_000,
            "finished_ms": None,
            "done": 3,
            "total": 9,
            "detail": "",
        }
    ],
    "strategy_versions": [
        {
            "version_id": 1,
            "strategy_hash": "ema-hash",
            "name": "ema_crossover",
            "text": "name: ema_crossover\n",
            "origin": "library",
            "first_seen_ms": 1_748_908_800_000,
        }
    ],
    "trials": [
        {
            "trial_id": 1,
            "key": "k1",
            "strategy_hash": "ema-hash",
            "strategy": "ema_crossover",
            "params": '{"fast":9.0}',
            "venue": "blofin",
            "symbol": "BTC-USDT",
            "timeframe": "5m",
            "window_start_ms": 1_746_316_800_000,
            "window_end_ms": 1_748_908_800_000,
            "data_hash": "data",
            "costs": '{"taker":0.0006}',
            "trades": 42,
            "metrics": '{"sharpe":null}',
            "first_day": "2025-05-04",
            "daily_returns": bytes.fromhex("000000000000e03f343333333333d33f"),  # 0.5, 0.1 + 0.2
            "result_hash": "answer",
            "origin": "cycle",
            "created_ms": 1_748_908_800_000,
        }
    ],
    "ranking_decisions": [
        {
            "cycle_id": 1,
            "position": 0,
            "strategy_hash": "ema-hash",
            "strategy": "ema_crossover",
            "instrument": "blofin:BTC-USDT",
            "timeframe": "5m",
            "action": "kept",
            "reason": "best of its pool",
            "score": 61.5,
            "rank": 1,
            "ingredients": '{"sharpe":0.5}',
        }
    ],
    "pool_entries": [
        {
            "cycle_id": 1,
            "pool": "strategies",
            "rank": 1,
            "strategy_hash": "ema-hash",
            "strategy": "ema_crossover",
            "instrument": "blofin:BTC-USDT",
            "timeframe": "5m",
            "score": 61.5,
            "verdict": "provisional",
        }
    ],
    "reports": [
        {
            "report_id": 1,
            "cycle_id": 1,
            "run_id": "june",
            "created_ms": 1_748_908_860_000,
            "json_text": '{"schema_version": 1}',
        }
    ],
}


def fill(connection: Connection) -> None:
    """Write these rows into a database at the first schema."""
    for name, rows in ROWS.items():
        connection.execute(insert(Table(name, MetaData(), autoload_with=connection)), rows)
