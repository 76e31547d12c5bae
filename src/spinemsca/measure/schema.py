"""The form of `measure --json`, as models that are built for it and as a JSON schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field

from spinemsca._util import Strict
from spinemsca._version import __version__
from spinemsca.measure.definitions import Quantity
from spinemsca.measure.registry import MEASURES
from spinemsca.measure.table import ALL_ROWS

if TYPE_CHECKING:
    from spinemsca.measure.measurements import Measurements, Result

__all__ = ["CaseMeasurements", "Measured", "as_json", "measurements_schema"]

# Whole numbers stay whole: `[9, 44]`, not `[9.0, 44.0]`.
Bounds: TypeAlias = tuple[int | float, int | float]


def _one_of(*names: str) -> Any:
    """A field that bears one of the names."""
    return Field(json_schema_extra={"enum": list(names)})


class Measured(Strict):
    """One measure of one structure; `reason` says why a value is not given."""

    measure: str = _one_of(*(definition.name for definition in MEASURES))
    structure: str = _one_of(*ALL_ROWS)
    unit: str = _one_of(*sorted({s for q in Quantity for s in q.suffixes()}))
    value: float | str | None
    standard_error: float | None
    normal: Bounds | None
    plausible: Bounds | None = Field(
        description="beyond it a value bears a flag; in its unit",
    )
    flag: str | None
    reason: str | None

    @classmethod
    def of(cls, result: Result, unit: str) -> Measured:
        """A result where lengths are in `unit`."""
        return cls(
            measure=result.definition.name,
            structure=result.structure,
            unit=result.definition.quantity.suffix(unit),
            value=result.value,
            standard_error=result.error,
            normal=result.normal,
            plausible=result.plausible,
            flag=result.flag or None,
            reason=result.reason or None,
        )


class CaseMeasurements(Strict):
    """Measurements of one case; flags by row, those of the whole under `spine`."""

    case: str
    slice: int | None
    unit: Literal["mm", "px"]
    version: str
    use: str
    flags: dict[str, tuple[str, ...]]
    measures: tuple[Measured, ...]


def as_json(found: Measurements) -> dict[str, Any]:
    """One case as JSON; `measurements_schema` describes it."""
    return CaseMeasurements(
        case=found.case,
        slice=found.slice,
        unit="mm" if found.unit == "mm" else "px",
        version=__version__,
        use="research use only",
        flags=found.flags,
        measures=tuple(Measured.of(result, found.unit) for result in found.results),
    ).model_dump(mode="json")


def measurements_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of `as_json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **CaseMeasurements.model_json_schema(),
    }
