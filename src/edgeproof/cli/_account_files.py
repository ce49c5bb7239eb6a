"""Files that a command writes of an account: its tear sheet, pictures, trades, and quantstats' report."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from edgeproof.sheets import Account, Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFiles:
    """Where each goes; None is not asked for."""

    trades_csv: Path | None = None
    parts_csv: Path | None = None
    sheet: Path | None = None
    png: Path | None = None
    quantstats: Path | None = None

    @property
    def need_candles(self) -> bool:
        """Whether prices are going to be drawn."""
        return self.sheet is not None or self.png is not None

    def check_places(self) -> None:
        """Refuse what cannot be written, before any work is done.

        Raises:
            InvalidValue: Not a place for it.
            MissingExtra: A library that makes it is not installed.
        """
        files = {
            "trades-csv": self.trades_csv,
            "parts-csv": self.parts_csv,
            "sheet": self.sheet,
            "quantstats": self.quantstats,
        }
        check_files(files, self.png)
        if self.quantstats is not None:
            from edgeproof.sheets import require_quantstats

            require_quantstats()

    def check_returns(self, account: Account) -> None:
        """Refuse an account that quantstats makes nothing of, before it is recorded.

        Raises:
            RequestError: Its days are too few, or all alike.
        """
        if self.quantstats is not None:
            from edgeproof.sheets import require_varied_days

            require_varied_days(account)

    def write(self, account: Account, title: str, draw: Callable[[], Sheet]) -> dict[str, Any]:
        """Write what is asked for; says where each is, None where it is not."""
        from edgeproof.backtest.tear_sheets import write_pictures, write_quantstats
        from edgeproof.sheets import read_parts

        written: dict[str, Any] = dict.fromkeys(("sheet", "png", "quantstats", "trades_csv", "parts_csv"))
        if self.need_candles:
            pictured = draw()
            written["sheet"] = None if self.sheet is None else write_sheet(pictured, self.sheet)
            if self.png is not None:
                written["png"] = [str(path) for path in write_pictures(pictured, self.png)]
        if self.quantstats is not None:
            written["quantstats"] = str(write_quantstats(account, self.quantstats, title=title))
        if self.trades_csv is not None:
            written["trades_csv"] = _write_csv(account.trades, self.trades_csv)
        if self.parts_csv is not None:
            written["parts_csv"] = _write_csv(read_parts(account), self.parts_csv)
        return written


def _write_csv(rows: pl.DataFrame, path: Path) -> str:
    from edgeproof.pages import write_atomically

    target = path.expanduser().resolve()
    write_atomically(target, rows.write_csv())
    return str(target)


def check_files(files: Mapping[str, Path | None], pictures: Path | None) -> None:
    """Refuse places where nothing can be written, before any work is done; nothing of the run is left there.

    Args:
        files: Where each file goes, by the option that says so.
        pictures: The folder of pictures.

    Raises:
        InvalidValue: No place for it, or the place of another file.
        MissingExtra: The library that draws pictures is not installed.
    """
    taken: dict[Path, str] = {}
    for option, path in files.items():
        if path is None:
            continue
        place = _check_file(option, path)
        if place in taken:
            raise InvalidValue(option, str(path), f"another place than that of --{taken[place]}")
        taken[place] = option
    if pictures is None:
        return
    from edgeproof.sheets import require_drawing

    require_drawing()
    folder = _check_pictures(pictures)
    for place in (folder, *folder.parents):
        if place in taken:
            raise InvalidValue("png", str(pictures), f"another place than that of --{taken[place]}")


def _check_file(option: str, path: Path) -> Path:
    place = _find(option, path)
    # Unlike those of `Path`, these take a place behind a closed door for one that is not there.
    if not os.path.isdir(place.parent) or os.path.isdir(place):  # noqa: PTH112
        raise InvalidValue(option, str(path), "a file in a folder that exists")
    if not _takes_files(place.parent):
        raise InvalidValue(option, str(path), "a file in a folder that can be written to")
    return place


def _check_pictures(folder: Path) -> Path:
    place = _find("png", folder)
    nearest = next(one for one in (place, *place.parents) if os.path.exists(one))  # noqa: PTH110
    if not nearest.is_dir():
        raise InvalidValue("png", str(folder), f"a folder; {nearest} is a file")
    if not _takes_files(nearest):
        raise InvalidValue("png", str(folder), f"a folder that can be written to; {nearest} cannot")
    return place


def _find(option: str, path: Path) -> Path:
    try:
        return path.expanduser().resolve()
    except RuntimeError:  # nobody's home, or a link to itself
        raise InvalidValue(option, str(path), "a place that can be found") from None


def _takes_files(folder: Path) -> bool:
    """Whether a file can be made there, found by making one that is gone at once: permissions alone do not say it."""
    try:
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def read_folder(text: str) -> Path:
    """The folder that an option names.

    Raises:
        InvalidValue: It names none, which would be the current folder.
    """
    if not text.strip():
        raise InvalidValue("png", text, "a folder; . is the current one")
    return Path(text)


def write_sheet(sheet: Sheet, path: Path) -> str:
    """Write a tear sheet's page; says where it is."""
    from edgeproof.pages import write_atomically
    from edgeproof.sheets import render_sheet

    target = path.expanduser().resolve()
    write_atomically(target, render_sheet(sheet))
    return str(target)


def list_written(document: Mapping[str, Any]) -> list[str]:
    """A line for each file that a document says was written."""
    told = []
    if document.get("trades_csv"):
        told.append(f"trades written to {document['trades_csv']}")
    if document.get("parts_csv"):
        told.append(f"parts that left before the rest written to {document['parts_csv']}")
    if document.get("quantstats"):
        told.append(f"quantstats report written to {document['quantstats']}")
    if document.get("sheet"):
        told.append(f"tear sheet written to {document['sheet']}")
    if document.get("png"):
        told.append(f"{len(document['png'])} pictures written to {Path(document['png'][0]).parent}")
    return told
