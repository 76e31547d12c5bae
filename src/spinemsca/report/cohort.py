"""Numbers of many cases: distributions by structure and sex, flags, and outliers."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["OUTLYING", "SEXES", "Cohort", "Key", "Outlier", "Quartiles", "Values", "summary"]

OUTLYING: Final = 3.5
"""Robust z beyond which a value is listed (Iglewicz and Hoaglin 1993)."""

SEXES: Final = ("F", "M", "")
"""Female, male, unknown."""

_FEWEST: Final = 8
_TO_SIGMA: Final = 0.6745


class Key(NamedTuple):
    """Which numbers belong together."""

    measure: str
    structure: str
    unit: str


class Outlier(NamedTuple):
    """A value far from the others: its case's index, what it is, and its robust z."""

    case: int
    key: Key
    value: float
    z: float


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Of a distribution."""

    number: int
    low: float
    quarter: float
    median: float
    three_quarters: float
    high: float


@dataclass(slots=True)
class Values:
    """Numbers of one measure of one structure, and the index of the case of each."""

    cases: array[int] = field(default_factory=lambda: array("l"))
    numbers: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class Cohort:
    """Collects numbers case by case, so that no picture or outline is kept.

    Attributes:
        names: Of the cases.
        pages: Address of each case's page.
        sexes: `F`, `M` or empty, of each case.
        flags: Of each case.
        values: By key.
        failed: Names of cases without a page, and why.
    """

    names: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    sexes: list[str] = field(default_factory=list)
    flags: list[tuple[str, ...]] = field(default_factory=list)
    values: dict[Key, Values] = field(default_factory=lambda: defaultdict(Values))
    failed: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, page: str, sex: str, record: dict[str, Any]) -> None:
        """Takes the numbers of one case.

        Args:
            name: Of the case.
            page: Address of its page, relative.
            sex: `F`, `M` or empty.
            record: As `spinemsca.measure.as_json` makes it.
        """
        index = len(self.names)
        self.names.append(name)
        self.pages.append(page)
        self.sexes.append(sex)
        flags = (f"{at}: {text}" for at, texts in record["flags"].items() for text in texts)
        self.flags.append(tuple(flags))
        for result in record["measures"]:
            if isinstance(result["value"], float | int):
                key = Key(result["measure"], result["structure"], result["unit"])
                self.values[key].cases.append(index)
                self.values[key].numbers.append(result["value"])

    def of(self, key: Key, sex: str | None = None) -> NDArray[np.float64]:
        """The numbers of a key, of one sex or of all."""
        if key not in self.values:
            return np.zeros(0)
        found = self.values[key]
        numbers = np.array(found.numbers)
        if sex is None:
            return numbers
        return numbers[[self.sexes[i] == sex for i in found.cases]]

    def outliers(self) -> list[Outlier]:
        """Values whose robust z is beyond `OUTLYING`, the farthest first."""
        found = [o for key, values in self.values.items() for o in _outliers(key, values)]
        return sorted(found, key=lambda o: -abs(o.z))


def _outliers(key: Key, values: Values) -> Iterator[Outlier]:
    numbers = np.array(values.numbers)
    if len(numbers) < _FEWEST:
        return
    middle = np.median(numbers)
    spread = float(np.median(np.abs(numbers - middle)))
    if spread < 1e-9:
        return
    z = _TO_SIGMA * (numbers - middle) / spread
    for i in np.flatnonzero(np.abs(z) > OUTLYING):
        yield Outlier(values.cases[i], key, float(numbers[i]), float(z[i]))


def summary(numbers: NDArray[np.float64]) -> Quartiles | None:
    """Count, range and quartiles; `None` of nothing."""
    if len(numbers) == 0:
        return None
    return Quartiles(len(numbers), *np.percentile(numbers, (0, 25, 50, 75, 100)).tolist())
