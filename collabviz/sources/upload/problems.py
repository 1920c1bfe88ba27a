"""The rows of a table that were set aside, each with the reason, and the rows that are left."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from collabviz.ratings import BoolArray

Rows = npt.NDArray[np.int64]

_SHOWN_CHARACTERS = 200


def problem_frame(
    line: Iterable[int], column: str | Iterable[str], value: Iterable[str], reason: str | Iterable[str]
) -> pd.DataFrame:
    """Rows set aside: ``line`` of the file (from 1), ``column`` (blank for the whole row), ``value``, ``reason``."""
    shown = [text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…" for text in value]
    frame = pd.DataFrame({"line": np.asarray(line, dtype=np.int64), "column": column, "value": shown, "reason": reason})
    return frame.astype({"column": str, "value": str, "reason": str})


@dataclass(eq=False)
class Sieve:
    """The rows still standing, and what was wrong with those that fell; a row falls once.

    Attributes:
        line: int64[n], the line of the file each row starts on.
        fallen: frames of problems, those found before included.
        standing: bool[n].
    """

    line: Rows
    fallen: list[pd.DataFrame]
    standing: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        self.standing = np.ones(len(self.line), dtype=np.bool_)

    def drop(
        self, bad: BoolArray, column: str, value: Callable[[Rows], list[str]], reason: str | Callable[[Rows], list[str]]
    ) -> None:
        """Set aside those of the ``bad`` rows that still stand; value and reason are asked for these alone."""
        rows = np.flatnonzero(bad & self.standing)
        reasons = reason if isinstance(reason, str) else reason(rows)
        self.fallen.append(problem_frame(self.line[rows], column, value(rows), reasons))
        self.standing[rows] = False

    def problems(self) -> pd.DataFrame:
        """All that fell, in the order of the file."""
        return pd.concat(self.fallen).sort_values("line", kind="stable", ignore_index=True)
