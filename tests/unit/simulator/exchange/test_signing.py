from __future__ import annotations

from dataclasses import replace

import ccxt
import pytest

from edgeproof.simulator.exchange import ApiKey
from edgeproof.simulator.exchange.engine.refusal import Refusal
from edgeproof.simulator.exchange.engine.signing import Gate, SignedRequest, sign
from fakes.small_venues import START_MS

KEY = ApiKey(key="k", secret="s", passphrase="p")  # noqa: S106 - of a simulation


def make_request(**changes: str) -> SignedRequest:
    bare = SignedRequest(
        key="k", sign="", timestamp=str(START_MS), nonce="n1", passphrase=KEY.passphrase, path="/api/v1/account/balance"
    )
    request = replace(bare, **changes)
    return replace(request, sign=changes.get("sign") or sign("s", request))


def test_the_signature_is_the_one_ccxt_makes() -> None:
    client = ccxt.blofin({"apiKey": "k", "secret": "s", "password": "p"})
    made = client.sign("trade/order", ["private"], "POST", {"instId": "BTC-USDT", "size": "1"})
    headers = made["headers"]
    request = SignedRequest(
        key="k",
        sign=headers["ACCESS-SIGN"],
        timestamp=headers["ACCESS-TIMESTAMP"],
        nonce=headers["ACCESS-NONCE"],
        passphrase="p",  # noqa: S106 - of a simulation
        path="/api/v1/trade/order",
        method="POST",
        body=made["body"],
    )
    assert Gate([KEY]).identify(request, int(request.timestamp)) == KEY


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "other"}, "152401"),
        ({"passphrase": "wrong"}, "152408"),
        ({"timestamp": str(START_MS // 1_000)}, "152410"),
        ({"timestamp": "noon"}, "152410"),
        ({"timestamp": str(START_MS - 60_001)}, "152405"),
        ({"timestamp": str(START_MS + 60_001)}, "152405"),
        ({"sign": "AAAA"}, "152409"),
        ({"nonce": ""}, "152407"),
    ],
)
def test_each_flaw_has_its_code(changes: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        Gate([KEY]).identify(make_request(**changes), START_MS)
    assert refused.value.code == code


def test_a_body_changed_by_one_space_breaks_the_signature() -> None:
    request = replace(make_request(method="POST", body='{"a":1}'), body='{"a": 1}')
    with pytest.raises(Refusal, match="152409"):
        Gate([KEY]).identify(request, START_MS)


def test_a_nonce_may_come_again_after_a_minute_and_not_before() -> None:
    gate = Gate([KEY])
    gate.identify(make_request(), START_MS)
    with pytest.raises(Refusal, match="152407"):
        gate.identify(make_request(), START_MS + 59_999)
    later = make_request(timestamp=str(START_MS + 60_000))
    assert gate.identify(later, START_MS + 60_000) == KEY


def test_a_bound_key_works_from_its_own_addresses_alone() -> None:
    gate = Gate([replace(KEY, ips=frozenset({"10.0.0.1"}))])
    with pytest.raises(Refusal, match="152406"):
        gate.identify(make_request(), START_MS)


def test_an_expired_key_is_refused() -> None:
    with pytest.raises(Refusal, match="152402"):
        Gate([replace(KEY, expires_ms=START_MS)]).identify(make_request(), START_MS)
