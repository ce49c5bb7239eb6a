from __future__ import annotations

from edgeproof.domain.time import MS_PER_MINUTE, MS_PER_SECOND
from edgeproof.simulator.exchange import UNLIMITED, Budgets
from edgeproof.simulator.exchange.engine.limits import Limiter
from fakes.small_venues import START_MS, open_desk


def test_the_request_after_five_hundred_in_a_minute_is_refused_for_five_minutes() -> None:
    desk = open_desk()
    assert {desk.status("tickers") for _ in range(500)} == {200}
    assert desk.status("tickers") == 429
    desk.clock.step(5 * MS_PER_MINUTE - 1)
    assert desk.status("tickers") == 429
    desk.clock.step(1)
    assert desk.status("tickers") == 200
    assert [breach.budget for breach in desk.venue.limiter.breaches] == ["requests in a minute"]


def test_the_request_after_fifteen_hundred_in_five_minutes_is_refused_for_an_hour() -> None:
    limiter = Limiter(Budgets())
    now = START_MS
    for i in range(1_500):
        now = START_MS + i * 190
        assert limiter.admit_request("a", now) is None
    assert limiter.admit_request("a", now + 190) == 403
    assert limiter.admit_request("a", now + 190 + 60 * MS_PER_MINUTE - 1) == 403
    assert limiter.admit_request("a", now + 190 + 60 * MS_PER_MINUTE) is None


def test_one_address_does_not_spend_the_budget_of_another() -> None:
    desk = open_desk()
    for _ in range(501):
        desk.status("tickers", address="127.0.0.2")
    assert desk.status("tickers", address="127.0.0.2") == 429
    assert desk.status("tickers", address="127.0.0.3") == 200


def test_the_most_that_fell_into_a_minute_is_remembered() -> None:
    limiter = Limiter(Budgets())
    for i in range(90):
        limiter.admit_request("a", START_MS + i * MS_PER_SECOND)
    assert limiter.count_requests() == {"a": {"requests": 90, "most_in_a_minute": 60, "most_in_five_minutes": 90}}


def test_a_second_connection_within_a_second_is_refused() -> None:
    limiter = Limiter(Budgets())
    assert limiter.admit_connection("a", START_MS)
    assert not limiter.admit_connection("a", START_MS + 999)
    assert limiter.admit_connection("a", START_MS + 2_000)
    assert limiter.admit_connection("b", START_MS)
    assert [breach.budget for breach in limiter.breaches] == ["connections in a second"]


def test_without_budgets_nothing_is_refused() -> None:
    limiter = Limiter(UNLIMITED)
    assert {limiter.admit_request("a", START_MS) for _ in range(3_000)} == {None}
    assert all(limiter.admit_connection("a", START_MS) for _ in range(10))
    assert all(limiter.admit_trading("u", START_MS) for _ in range(100))
