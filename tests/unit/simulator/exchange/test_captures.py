"""Collected conversations and captured answers, against the simulated exchange and the adapter of the real one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from contracts.blofin_shapes import REST, tell_differences
from edgeproof.adapters.exchange._blofin_rows import read_market
from edgeproof.simulator.exchange import DEMO_KEY
from edgeproof.simulator.exchange.engine.signing import LOGIN_PATH, SignedRequest, sign
from edgeproof.simulator.exchange.protocol.session import Session
from fakes.small_venues import open_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes.small_venues import Desk

SHARED = Path(__file__).resolve().parents[5] / "shared" / "blofin"
# The market and the trading of inverse contracts is not played.
LEFT_OUT = {"InverseBalances"}
SPOKEN = re.compile(r"^(?P<who>[<>])[0-9]* (?P<said>\{.*\})\s*$", re.MULTILINE)

pytestmark = pytest.mark.real_data


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared examples are not beside this repository")
    return SHARED


def read_conversations(folder: Path) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """What was said and answered, in order, of each collected stream of futures."""
    for file in sorted((folder / "fixtures" / "Subscriptions" / "Futures").glob("*.txt")):
        if file.stem not in LEFT_OUT:
            text = file.read_text("utf-8")
            yield file.stem, [(turn["who"], json.loads(turn["said"])) for turn in SPOKEN.finditer(text)]


def sign_in(desk: Desk, said: dict[str, Any]) -> dict[str, Any]:
    """A login as it was said, by somebody the desk knows: the collected ones have neither key nor signature."""
    (argument,) = said["args"]
    timestamp, nonce = str(desk.venue.wall_ms()), "1"
    plain = SignedRequest(
        key=DEMO_KEY.key, sign="", timestamp=timestamp, nonce=nonce, passphrase=DEMO_KEY.passphrase, path=LOGIN_PATH
    )
    known = {"apiKey": DEMO_KEY.key, "passphrase": DEMO_KEY.passphrase, "timestamp": timestamp, "nonce": nonce}
    assert argument.keys() == {*known, "sign"}
    return {"op": said["op"], "args": [{**known, "sign": sign(DEMO_KEY.secret, plain)}]}


def test_every_collected_conversation_goes_the_same_way_here(shared: Path) -> None:
    conversations = dict(read_conversations(shared))
    assert len(conversations) == 13
    for name, turns in conversations.items():
        desk = open_desk()
        private = any(said.get("op") == "login" for _, said in turns)
        session = Session(desk.venue, private=private, address="127.0.0.1")
        expected, heard = list[Any](), list[Any]()
        for who, said in turns:
            if who == "<":
                expected.append(said)
                continue
            message = sign_in(desk, said) if said["op"] == "login" else said
            heard += [msgspec.json.decode(reply) for reply in session.hear(json.dumps(message)).replies]
        assert expected, name
        assert heard == expected, name


def test_captured_private_answers_have_the_shapes_that_are_played(shared: Path) -> None:
    captured = json.loads((shared / "responses_excerpt.json").read_text("utf-8"))
    told = {name: answer["data"] for name, answer in captured.items() if not name.startswith("spot-")}
    assert told.keys() == {"orders-history", "orders-pending", "fills-history"}
    for name, rows in told.items():
        wrong = tell_differences(rows, REST[f"/api/v1/trade/{name}"], name)
        # Of an early build: fields that came later are missing, and one was spelled otherwise.
        assert [line for line in wrong if not line.endswith("missing") and "filled_amount" not in line] == []


def test_captured_instruments_are_read_in_base_units(shared: Path) -> None:
    rows = json.loads((shared / "instruments_info.json").read_text("utf-8"))
    markets = {row["instId"]: read_market(row, "blofin") for row in rows}
    assert all(markets.values())
    for row in rows:
        found = markets[row["instId"]]
        assert found is not None
        market, size = found
        assert market.venue_symbol == row["instId"]
        assert market.rules.lot == float(size) * float(row["lotSize"])
        assert market.rules.tick == float(row["tickSize"])
        assert market.rules.max_leverage == float(row["maxLeverage"])
        assert market.max_market_size == pytest.approx(float(size) * float(row["maxMarketSize"]), rel=1e-12)
