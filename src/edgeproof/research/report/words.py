"""How a report says numbers and names, for Markdown, HTML and the terminal alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.execution import Costs
from edgeproof.pages import NOTHING, say_count, say_number, say_percent
from edgeproof.research.request import say_length

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

INGREDIENTS: Final = {
    "deflated": "Deflated Sharpe ratio",
    "probability": "Probability of a true Sharpe ratio above zero",
    "profit_factor": "Profit factor",
    "markets": "Markets that earned",
    "steadiness": "Steadiness of the worse half",
    "drawdown": "Drawdown",
    "trades": "Trades",
    "costs": "Costs over profit before costs",
}
_SHARES: Final = frozenset({"deflated", "probability", "markets", "steadiness", "drawdown", "costs"})
# Gates whose value is a return rather than a probability or a count.
_RETURN_GATES: Final = frozenset(
    {"mean_day", "mean_trade", "best_trades_removed", "both_halves", "costs_doubled", "delayed"}
)
_COUNT_GATES: Final = frozenset({"trades", "sentinel"})

PROMISE: Final = (
    "No result is shown without its evidence: what was tried, what it cost, which questions it was asked and which it"
    " failed. The number of trials comes before the Sharpe ratio, because the best of many worthless strategies looks"
    " good too."
)
NO_RULES: Final = "no lot, tick or minimum size: the venue's rules are not known for imported data"
_WHERE: Final = "slippage where "  # as `Costs.to_dict` names the factor of a regime
DRAWDOWN: Final = "measured at hourly closes; a fall inside an hour that came back is not in it"


def say_costs(costs: Mapping[str, float]) -> str:
    """What an order was charged, of `Costs` or of a trial's conditions."""
    slippage = _say_slippage(costs, lambda share: f"{share:.3%}")
    return f"fee {costs['taker']:.3%}, slippage {slippage}, latency {costs['latency_ms']:g} ms"


def _say_slippage(costs: Mapping[str, float], say: Callable[[float], str]) -> str:
    """One share a side, or from which to which by the hour; and by how much it is multiplied where."""
    hourly = [share for name, share in costs.items() if name.startswith(("slippage_buy_", "slippage_sell_"))]
    if hourly:
        usual = f"{say(min(hourly))} to {say(max(hourly))} by UTC hour and side"
    else:
        usual = f"{say(costs['slippage'])} a side"
    regimes = [
        f"times {factor:g} where {name.removeprefix(_WHERE)}"
        for name, factor in sorted(costs.items())
        if name.startswith(_WHERE)
    ]
    return ", ".join([usual, *regimes])


def say_rules(known: int, markets: int) -> str:
    """Of how many markets the venue's rules were asked of orders."""
    if not known:
        return NO_RULES
    told = "lots, ticks, least sizes and leverage as the venue tells them now"
    return told if known == markets else f"{told} in {known:,} of {markets:,} markets, none in the others"


def say_sharpe(metrics: Mapping[str, Any]) -> str:
    """The annual Sharpe ratio with its interval, or why there is none."""
    sharpe = metrics["sharpe"]
    if sharpe is None:
        return NOTHING
    estimate, low, high = (say_number(sharpe[name], 1) for name in ("estimate", "low", "high"))
    return f"{estimate} ({low} to {high})"


def say_gate(gate: Mapping[str, Any]) -> tuple[str, str]:
    """A gate's value and its bar, each in its own unit."""
    if gate["threshold"] is None:
        return NOTHING, NOTHING
    return _say_gate_value(gate, gate["value"]), f"{gate['relation']} {_say_gate_value(gate, gate['threshold'])}"


def _say_gate_value(gate: Mapping[str, Any], value: float | None) -> str:
    if gate["name"] in _COUNT_GATES:
        return say_number(value, 0)
    if gate["name"] in _RETURN_GATES:
        return say_percent(value, 3 if gate["name"].startswith("mean_") else 1)
    return say_number(value, 3)


def say_ingredient(name: str, value: float | None) -> str:
    """An ingredient's value in its own unit."""
    if name in _SHARES:
        return say_percent(value)
    return say_number(value, 0 if name == "trades" else 2)


def say_headline(report: Mapping[str, Any]) -> str:
    """What the cycle found, in one sentence, the sober way round."""
    verdicts = report["verdicts"]
    judged = sum(verdicts.values())
    if verdicts["proven"]:
        return f"{say_count(verdicts['proven'], 'strategy is', 'strategies are')} proven, of {judged} judged."
    if verdicts["provisional"]:
        passed = say_count(verdicts["provisional"], "strategy passes", "strategies pass")
        return f"Nothing is proven. {passed} every gate there is so far, of {judged} judged."
    if judged == 1:
        return "Nothing is proven, and the one strategy judged did not pass every gate."
    return f"Nothing is proven, and none of the {judged:,} strategies judged passed every gate."


def say_trials(report: Mapping[str, Any]) -> str:
    """How much was tried."""
    activity = report["activity"]
    return (
        f"{say_count(activity['strategies_tested'], 'strategy', 'strategies')} on"
        f" {say_count(len(report['universe']), 'market', 'markets')} over {say_length(report['window']['days'])}:"
        f" {say_count(activity['evaluations'], 'evaluation', 'evaluations')} in this cycle,"
        f" {say_count(activity['trials_total'], 'trial', 'trials')} ever recorded"
        f" here, about {activity['trials_effective']:,} of them independent."
    )


def say_funding(market: Mapping[str, Any]) -> tuple[str, str]:
    """How often funding was settled and the longest stretch without; dashes for a report that did not count it."""
    if "funding_settlements" not in market:
        return NOTHING, NOTHING
    return f"{market['funding_settlements']:,}", f"{say_number(market['longest_unfunded_hours'], 0)} h"


def say_conditions(report: Mapping[str, Any]) -> str:
    """What trading was assumed to cost, and what was not asked of an order."""
    costs = report["costs"]
    assumed = costs["assumed"]
    slippage = _say_slippage(assumed, lambda share: say_percent(share, 3))
    chance = say_percent(assumed.get("fill_probability", Costs().fill_probability), 0)
    return (
        f"Each account starts with {say_number(costs['initial_equity'], 0)}. Assumed: taker fee"
        f" {say_percent(assumed['taker'], 3)}, slippage {slippage}, latency {assumed['latency_ms']} ms; entries that"
        f" rest pay {say_percent(assumed['maker'], 3)} and are filled by a touch {chance} of the time;"
        f" {costs.get('rules', NO_RULES)}."
    )


def say_more_days(evidence: Mapping[str, Any]) -> str:
    """How much more data would decide."""
    days = evidence["more_days"]
    if days is None:
        return "It has no Sharpe ratio above zero: no length of such a record would tell it from luck."
    if days == 0:
        return "The record is long enough to tell its Sharpe ratio from luck among this many trials."
    return f"{days:,} more days like these would tell its Sharpe ratio from luck among this many trials."


def say_days(metrics: Mapping[str, Any]) -> str:
    """How long a row's record is: days as a number, less than two with its unit."""
    return say_length(metrics["days"]).removesuffix(" days")


def name_market(report: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """A row's market and timeframe, with the venue where the report has several."""
    venues = {market["venue"] for market in report["universe"]}
    return f"{row['instrument'] if len(venues) > 1 else row['symbol']} {row['timeframe']}"


def group_skipped(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was left out, one entry for each market and reason, as where and why."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in report["skipped"]:
        groups.setdefault((one.get("instrument", ""), one["reason"]), []).append(one)
    told = []
    for (market, reason), group in groups.items():
        names = sorted({one["strategy"] for one in group} - {""})
        who = names[0] if len(names) == 1 else f"{len(names)} strategies"
        at = ", ".join(dict.fromkeys(one["timeframe"] for one in group))
        told.append((" ".join(filter(None, (market, at, f"({who})"))) if names else "file", reason))
    return told


def count_gates(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For each gate over the pool: its question, and how many passed, failed, were not run."""
    counts: dict[str, dict[str, Any]] = {}
    for row in report["pools"]["strategies"]:
        for gate in row["evidence"]["gates"]:
            count = counts.setdefault(
                gate["name"],
                {
                    "name": gate["name"],
                    "question": gate["question"],
                    "passed": 0,
                    "failed": 0,
                    "not_run": 0,
                    "reason": "",
                },
            )
            count[gate["status"]] += 1
            if gate["status"] == "not_run":
                count["reason"] = gate["reason"]
    return list(counts.values())
