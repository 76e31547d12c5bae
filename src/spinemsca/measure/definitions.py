"""What a measure is: its formula, source, unit, what it needs and what is normal.

A measure is a small function of a [`Spine`][spinemsca.measure.spine.Spine] and a structure,
wrapped by [`define`][spinemsca.measure.definitions.define] into a `Definition`. Tables, the
command line's list, the codebook and the documentation are all made from these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemsca.anatomy import COLUMN, DISCS, Structure
from spinemsca.measure.limits import LIMITS, PlausibilityLimits
from spinemsca.measure.spine import NotGivenError, Spine

__all__ = ["Definition", "Formula", "Quantity", "Scope", "Values", "by_level", "define"]

Values: TypeAlias = NDArray[np.float64]
"""`(K,)` the best estimate, then its draws; `(1,)` where no uncertainty is known."""

Formula: TypeAlias = Callable[[Spine, Structure], Values | str]


class Quantity(StrEnum):
    """What kind of number a measure gives; decides its unit."""

    LENGTH = "length"
    AREA = "area"
    ANGLE = "angle"
    RATIO = "ratio"
    PERCENT = "percent"
    TEXT = "text"

    def suffixes(self) -> tuple[str, ...]:
        """The units that this quantity may come in, as columns end in them."""
        return _SUFFIXES[self]

    def suffix(self, unit: str) -> str:
        """The unit where lengths are in `unit`, `mm` or `px`."""
        found = _SUFFIXES[self]
        return found[0] if len(found) == 1 else found[unit != "mm"]


# Units by quantity, first where lengths are in mm.
_SUFFIXES: Final = {
    Quantity.LENGTH: ("mm", "px"),
    Quantity.AREA: ("mm2", "px2"),
    Quantity.ANGLE: ("deg",),
    Quantity.RATIO: ("ratio",),
    Quantity.PERCENT: ("percent",),
    Quantity.TEXT: ("text",),
}

# Powers of a length, by definition; what is not here has no unit of length.
_POWERS: Final = {Quantity.LENGTH: 1, Quantity.AREA: 2}


class Scope(StrEnum):
    """What a measure belongs to."""

    DISC = "disc"
    LEVEL = "level"
    VERTEBRA = "vertebra"
    SPINE = "spine"

    def structures(self) -> tuple[Structure, ...]:
        """Structures a measure is always given for: a level's disc, a spine's uppermost."""
        if self is Scope.SPINE:
            return COLUMN[:1]
        if self is Scope.VERTEBRA:
            return COLUMN[::2]
        return DISCS

    def of(self, spine: Spine) -> tuple[Structure, ...]:
        """Structures of one spine, with its other vertebrae and discs, from top to bottom."""
        if self is Scope.SPINE:
            return COLUMN[:1]
        if self not in spine.cache:
            spine.cache[self] = tuple(s for s in spine.rows if self.holds(s))
        found: tuple[Structure, ...] = spine.cache[self]
        return found

    def holds(self, structure: Structure) -> bool:
        """Whether a structure has such measures."""
        return self is not Scope.SPINE and structure.is_disc is (self is not Scope.VERTEBRA)


@dataclass(frozen=True, slots=True)
class Definition:
    """One measure.

    Attributes:
        name: As in columns, without the unit.
        scope: What it belongs to.
        quantity: Decides the unit.
        formula: In words or symbols.
        source: Where the definition comes from.
        needs: What must be there for it to be given.
        compute: The function.
        normal: By structure's name, lowest and highest normal value, where a source gives one.
        reference: Normal values in words, with their source; also where no range is given.
        limits: What is plausible and possible; `None` of a text.
    """

    name: str
    scope: Scope
    quantity: Quantity
    formula: str
    source: str
    needs: str
    compute: Formula
    normal: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reference: str = ""
    limits: PlausibilityLimits | None = None

    def limits_of(self, spine: Spine) -> PlausibilityLimits | None:
        """Limits in the spine's unit; `None` where they cannot be told."""
        if self.limits is None or self.quantity not in _POWERS or spine.unit == "mm":
            return self.limits
        size = spine.size()
        return None if size is None else self.limits.scaled(size ** _POWERS[self.quantity])

    def found(self, spine: Spine, at: Structure) -> Values | str:
        """A number's values or a text; raises `NotGivenError` where it cannot be given.

        Kept in the spine's cache, for measures are made of one another.
        """
        key = (self.name, at.value)
        if key not in spine.cache:
            spine.cache[key] = self._allowed(spine, self.compute(spine, at))
        found: Values | str = spine.cache[key]
        return found

    def _allowed(self, spine: Spine, found: Values | str) -> Values | str:
        """What was found, where anatomy allows it, so that nothing else is made of it."""
        limits = None if isinstance(found, str) else self.limits_of(spine)
        # Not a number lies on neither side.
        if limits is None or not limits.rules_out(float(found[0])):
            return found
        low, high = limits.possible
        unit = self.quantity.suffix(spine.unit)
        raise NotGivenError(f"beyond what anatomy allows, {low:.4g} to {high:.4g} {unit}")

    def doubt(self, spine: Spine, value: float, limits: PlausibilityLimits | None) -> str:
        """Says that a value is beyond the plausible range; empty where it is not."""
        if limits is None or not limits.doubt(value):
            return ""
        low, high = limits.plausible
        unit = self.quantity.suffix(spine.unit)
        return (
            f"{self.name} is beyond the plausible range {low:.4g} to {high:.4g} {unit} "
            f"({limits.source})"
        )

    def __call__(self, spine: Spine, at: Structure) -> Values:
        """A number's values; raises `NotGivenError` where it cannot be given."""
        return np.asarray(self.found(spine, at), dtype=np.float64)

    def column(self, unit: str) -> str:
        """The column's name where lengths are in `unit`."""
        return f"{self.name}_{self.quantity.suffix(unit)}"


def define(
    scope: Scope,
    quantity: Quantity,
    formula: str,
    *,
    source: str = "this package",
    needs: str,
    normal: tuple[Mapping[str, tuple[float, float]], str] | None = None,
) -> Callable[[Formula], Definition]:
    """Turns a function into a measure that bears its name."""

    def wrap(compute: Formula) -> Definition:
        ranges, reference = normal or ({}, "")
        name = compute.__name__
        return Definition(
            name, scope, quantity, formula, source, needs, compute, ranges, reference,
            None if quantity is Quantity.TEXT else LIMITS[name],
        )  # fmt: skip

    return wrap


def by_level(
    middles: tuple[float, ...], spread: float | tuple[float, ...], names: str = "D1 D2 D3 D4 D5"
) -> dict[str, tuple[float, float]]:
    """Ranges of mean ± spread for each of several structures."""
    spreads = spread if isinstance(spread, tuple) else (spread,) * len(middles)
    return {
        name: (round(m - s, 4), round(m + s, 4))
        for name, m, s in zip(names.split(), middles, spreads, strict=True)
    }
