"""Find features by what they are about, and write them down as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import UnknownName
from edgeproof.features._registry import FEATURES, INPUT_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.features._registry import Feature

_BEGIN: Final = "<!-- every feature: written by edgeproof.features.update_page -->"
_END: Final = "<!-- end of every feature -->"


def find_features(
    *, family: str | None = None, search: str | None = None, needs: str | None = None
) -> Sequence[Feature]:
    """The registered features of a family, with a text in name, meaning or source, or that read a column.

    Raises:
        UnknownName: No such family, or no such column.
    """
    families = {feature.family for feature in FEATURES}
    if family is not None and family not in families:
        raise UnknownName("family", family, families)
    if needs is not None and needs not in INPUT_NAMES:
        raise UnknownName("column", needs, INPUT_NAMES)
    text = (search or "").casefold()
    return [
        feature
        for feature in FEATURES
        if family in {None, feature.family}
        and (needs is None or needs in feature.inputs)
        and text in f"{feature.name} {feature.meaning} {feature.source}".casefold()
    ]


def update_page(page: str) -> str:
    """The page with its table of every feature as the registry has it now; the rest stays as it is.

    Raises:
        ValueError: The page lacks the two marks between which the table stands.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page has no part between {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n{_render_tables()}\n{_END}{after}"


def _render_tables() -> str:
    families = list(dict.fromkeys(feature.family for feature in FEATURES))
    return "\n".join(_render_family(family) for family in families)


def _render_family(family: str) -> str:
    rows = [_render_row(feature) for feature in FEATURES if feature.family == family]
    head = ["", f"### {family}", "", "| call | meaning | unit | final after | source |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _render_row(feature: Feature) -> str:
    cells = (f"`{feature.example}`", feature.meaning, feature.unit, f"{feature.warm_up():,}", feature.source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
