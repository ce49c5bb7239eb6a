"""Names for what an expression or a strategy does, whatever its spelling.

An expression's key is a digest over the tree below it, with ``let`` names replaced by what they stand for: naming a
part of a strategy, or renaming it, changes nothing. With params bound to values it is the key of the computed array;
with params as names it enters the strategy's hash.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from edgeproof.domain.hashing import hash_json
from edgeproof.strategies.constants import bind_names, compute_constant
from edgeproof.strategies.expressions import Binary, Call, Expression, Name, Number, Text, Unary, list_children

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.strategies.content import Content

# Part of every hash: a change of the language's meaning gives every strategy a new one.
LANGUAGE_VERSION: Final = 1
_KEY_BYTES: Final = 16


class Keys:
    """Keys of expressions under one set of ``let`` definitions.

    Args:
        let: What the names stand for.
        params: Values to bind, or None to keep params as names.
    """

    def __init__(self, let: Mapping[str, Expression], params: Mapping[str, float] | None = None) -> None:
        self._let = let
        self._names = None if params is None else bind_names(params, let)
        # By identity: hashing a deep tree at every look-up would cost more than the digest. The nodes are kept alive.
        self._named: dict[int, tuple[Expression, str]] = {}
        self._constants: dict[int, tuple[Expression, float | None]] = {}

    def name(self, node: Expression) -> str:
        """The key of an expression."""
        if (found := self._named.get(id(node))) is None:
            found = self._named[id(node)] = (node, self._make(node))
        return found[1]

    def constant(self, node: Expression) -> float | None:
        """The value of a constant expression under the bound params; None where it depends on bars."""
        if self._names is None:
            return None
        if (found := self._constants.get(id(node))) is None:
            value = compute_constant(node, self._names)
            found = self._constants[id(node)] = (node, value)
        return found[1]

    def _make(self, node: Expression) -> str:
        if isinstance(node, Name) and node.name in self._let:
            return self.name(self._let[node.name])
        if (value := self.constant(node)) is not None:
            return f"={value!r}"
        parts = [_label(node), *(self.name(child) for child in list_children(node))]
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=_KEY_BYTES).hexdigest()


def hash_content(content: Content) -> str:
    """Name a strategy's content: timeframe, params, rules, entry and size; not its name, thesis, source or spelling.

    An entry at the market is not told: strategies had their hashes before there was another.
    """
    keys = Keys(content.let)
    parts = {key: keys.name(part) for key, part in content.entry.parts.items()}
    return hash_json(
        ({"entry": {"kind": content.entry.kind} | parts} if parts else {})
        | {
            "language": LANGUAGE_VERSION,
            "timeframe": content.timeframe.name,
            "params": {name: [p.default, p.low, p.high] for name, p in content.params.items()},
            "rules": {key: keys.name(rule) for key, rule in content.rules.items()},
            "size": {"kind": content.size.kind} | {k: keys.name(part) for k, part in content.size.parts.items()},
        }
    )


def _label(node: Expression) -> str:
    match node:
        case Number():
            return f"number {node.value!r}"
        case Text():
            return f"text {node.value}"
        case Name():
            return f"name {node.name}"
        case Call():
            return f"call {node.name} {len(node.arguments)}"
        case Unary():
            return f"unary {node.operator}"
        case Binary():
            return f"binary {node.operator}"
