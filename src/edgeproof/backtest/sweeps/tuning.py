"""Search by optuna: the tree-structured Parzen estimator, which draws more where scores were good.

Combinations are asked in batches of a fixed size and told back in the order asked, so that the same seed finds the same
combinations whatever the number of workers.

Source of the estimator: J. Bergstra, R. Bardenet, Y. Bengio and B. Kegl, *Algorithms for Hyper-Parameter Optimization*,
NIPS 2011.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from edgeproof.backtest.sweeps.combinations import accept, combine
from edgeproof.backtest.sweeps.errors import CombinationRefused
from edgeproof.backtest.sweeps.spaces import Choices
from edgeproof.domain.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgeproof.backtest.sweeps.combinations import Combination, Setting, Where
    from edgeproof.backtest.sweeps.spaces import Axis

BATCH: Final = 8


class TunedSearch:
    """Searches every setting by itself, one after the other.

    Args:
        settings: Where to search.
        count: Combinations drawn for each setting; those drawn twice are computed once.
        seed: Seed of the draws.
        where: Lets a combination in; one that is kept out counts as drawn.
        check: Raises CombinationRefused for params the strategy does not take together; they count as drawn too.

    Raises:
        MissingExtra: optuna is not installed.
    """

    def __init__(
        self,
        settings: Sequence[Setting],
        *,
        count: int,
        seed: int,
        where: Where | None,
        check: Callable[[Combination], None],
    ) -> None:
        _load_optuna()
        self._studies = [
            _Study(setting, first=at * count, count=count, seed=seed, where=where, check=check)
            for at, setting in enumerate(settings)
        ]

    def ask(self) -> list[Combination]:
        """The next batch; nothing once every setting has had its draws."""
        for study in self._studies:
            if asked := study.ask():
                return asked
        return []

    def tell(self, scores: Sequence[float | None]) -> None:
        """The scores of the batch asked last, in its order."""
        next(study for study in self._studies if study.waits).tell(scores)


class _Study:
    """The search in one setting."""

    def __init__(  # noqa: PLR0913 - as TunedSearch
        self,
        setting: Setting,
        *,
        first: int,
        count: int,
        seed: int,
        where: Where | None,
        check: Callable[[Combination], None],
    ) -> None:
        self._setting = setting
        self._first = first
        self._count = count
        self._where = where
        self._check = check
        self._study = _open_study(seed)
        self._drawn = 0
        self._scores: dict[tuple[float, ...], float | None] = {}
        self._open: list[tuple[Any, tuple[float, ...]]] = []
        self._asked: list[Combination] = []

    @property
    def waits(self) -> bool:
        """Whether a batch has been asked and not been told."""
        return bool(self._asked)

    def ask(self) -> list[Combination]:
        """A batch of combinations not computed before; nothing at the end."""
        while not self._asked and self._drawn < self._count:
            for _ in range(min(BATCH, self._count - self._drawn)):
                self._draw()
            if not self._asked:
                self.tell([])
        return list(self._asked)

    def tell(self, scores: Sequence[float | None]) -> None:
        """Scores of the batch, in its order."""
        for one, score in zip(self._asked, scores, strict=True):
            self._scores[tuple(one.params.values())] = score
        for trial, place in self._open:
            score = self._scores[place]
            # Without a score it ranks behind every combination that has one.
            pruned = import_module("optuna").trial.TrialState.PRUNED
            self._study.tell(trial, score) if score is not None else self._study.tell(trial, state=pruned)
        self._asked, self._open = [], []

    def _draw(self) -> None:
        trial = self._study.ask()
        point = {axis.name: _suggest(trial, axis) for axis in self._setting.space.axes}
        params = self._setting.space.complete(point)
        place = tuple(params.values())
        self._open.append((trial, place))
        number = self._first + self._drawn
        self._drawn += 1
        if place in self._scores:
            return
        self._scores[place] = None
        one = combine(self._setting, number, params)
        if accept(self._where, params) and self._takes(one):
            self._asked.append(one)

    def _takes(self, one: Combination) -> bool:
        try:
            self._check(one)
        except CombinationRefused:
            return False
        return True


def _suggest(trial: Any, axis: Axis) -> float:  # noqa: ANN401 - of optuna, which may not be installed
    if isinstance(axis, Choices):
        values = sorted(axis.values)
        return values[int(trial.suggest_int(axis.name, 0, len(values) - 1))]
    if axis.integer:
        return float(trial.suggest_int(axis.name, int(axis.low), int(axis.high)))
    return float(trial.suggest_float(axis.name, axis.low, axis.high))


def _open_study(seed: int) -> Any:  # noqa: ANN401 - of optuna
    optuna = _load_optuna()
    sampler = optuna.samplers.TPESampler(seed=seed)
    told = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction="maximize", sampler=sampler)
    finally:
        optuna.logging.set_verbosity(told)


def _load_optuna() -> Any:  # noqa: ANN401 - optuna, which may not be installed
    if find_spec("optuna") is None:
        raise MissingExtra("a search by optuna", "optuna", "search")
    return import_module("optuna")
