"""Where a NIfTI header says that its voxels lie: units, qform and sform, and whether they agree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Form", "Pose", "conflict", "poses"]

# Codes of the NIfTI-1 standard (nifti1.h, NIFTI_UNITS_*): unknown, metre, millimetre, micron.
# Unknown ones are taken for mm, which everybody means who leaves them out.
_MM: Final = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
# The lowest three bits of xyzt_units are space's, those above time's (nifti1.h).
_SPACE: Final = 7
# A quaternion near half a turn is stored to about 1e-3 rad in float32, which is 0.3 mm over the
# 300 mm of a lumbar field of view: two forms that are meant alike differ by less than this.
_ALIKE_MM: Final = 1.0
# Fields of the header (nifti1.h) that place the voxels.
_FIELDS: Final = (
    "qform_code",
    "quatern_b",
    "quatern_c",
    "quatern_d",
    "qoffset_x",
    "qoffset_y",
    "qoffset_z",
    "sform_code",
    "srow_x",
    "srow_y",
    "srow_z",
)


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A form of a header.

    Attributes:
        name: `qform` or `sform`.
        affine: `(4, 4)` to RAS in mm; not finite where the header's numbers make none.
    """

    name: str
    affine: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What a header says of place, kept so that it can be written back as it came.

    Attributes:
        fields: Numbers of the header, by nibabel's names, as stored: codes, quaternion, offsets
            and rows.
        steps: `pixdim` of the first three axes and, before them, the qform's handedness.
        units: `xyzt_units`, of space and time.
    """

    fields: dict[str, NDArray[Any]]
    steps: NDArray[np.float64]
    units: int

    @classmethod
    def of(cls, header: Any) -> Form:
        """From nibabel's header of either version."""
        fields = {name: np.array(header[name]) for name in _FIELDS}
        steps = np.array(header["pixdim"][:4], np.float64)
        return cls(fields, steps, int(header["xyzt_units"]))

    @property
    def mm(self) -> float | None:
        """Millimetres in the header's unit of length, `None` for a code that there is not."""
        return _MM.get(self.units & _SPACE)

    def write_into(self, header: Any) -> None:
        """Sets the numbers in another header as they came."""
        for name, value in self.fields.items():
            header[name] = value
        header["pixdim"][:4] = self.steps
        header["xyzt_units"] = self.units


def poses(header: Any, mm: float) -> list[Pose]:
    """The forms that a header states, in the order in which programs trust them.

    The sform comes first, as nibabel's `get_best_affine` has it; without a code for either, there
    is none.
    """
    found = []
    for name in ("sform", "qform"):
        if header[f"{name}_code"] > 0:
            found.append(Pose(name, _in_mm(_matrix(header, name), mm)))
    return found


def _matrix(header: Any, name: str) -> NDArray[np.float64]:
    try:
        return np.asarray(getattr(header, f"get_{name}")(), np.float64)
    except Exception:
        # nibabel refuses quaternions and handedness that cannot be, each in its own way.
        return np.full((4, 4), np.nan)


def _in_mm(affine: NDArray[np.float64], mm: float) -> NDArray[np.float64]:
    return np.vstack([affine[:3] * mm, affine[3:]])


def conflict(found: list[Pose], shape: tuple[int, ...]) -> str | None:
    """How two forms of one header disagree, `None` where they agree or there is but one.

    Args:
        found: From `poses`.
        shape: Of the volume; the forms are compared at its corners.
    """
    if len(found) < 2:
        return None
    corners = np.array([(*c, 1.0) for c in product(*((0, n - 1) for n in (*shape, 1)[:3]))])
    apart = np.linalg.norm(corners @ (found[0].affine - found[1].affine)[:3].T, axis=1).max()
    if apart <= _ALIKE_MM:
        return None
    return f"by up to {apart:.0f} mm" if np.isfinite(apart) else "and one of them is impossible"
