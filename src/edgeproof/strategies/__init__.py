"""Strategies: the language, its checker and compiler, and the built-in library of one YAML file each."""

from edgeproof.strategies.conditions import decide_condition, spell_condition
from edgeproof.strategies.content import Param
from edgeproof.strategies.errors import NotRunnable, Place, StrategyError
from edgeproof.strategies.evaluation import evaluate
from edgeproof.strategies.inspection import Inspection, inspect_file
from edgeproof.strategies.library import (
    NameTaken,
    find_strategy,
    is_path,
    library_names,
    load_directory,
    load_library,
    load_strategy,
)
from edgeproof.strategies.market_data import DEFAULT_REFERENCE, MarketData
from edgeproof.strategies.reading import parse_strategy
from edgeproof.strategies.strategy import Strategy
from edgeproof.strategies.warm_up import count_warm_up

__all__ = [
    "DEFAULT_REFERENCE",
    "Inspection",
    "MarketData",
    "NameTaken",
    "NotRunnable",
    "Param",
    "Place",
    "Strategy",
    "StrategyError",
    "count_warm_up",
    "decide_condition",
    "evaluate",
    "find_strategy",
    "inspect_file",
    "is_path",
    "library_names",
    "load_directory",
    "load_library",
    "load_strategy",
    "parse_strategy",
    "spell_condition",
]
