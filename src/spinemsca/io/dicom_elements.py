"""Elements of a DICOM dataset as they are stored, read without pydicom's conversions."""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np

__all__ = ["TAGS", "Elements"]

TAGS: Final = {
    "syntax": 0x00020010,
    "modality": 0x00080060,
    "series": 0x0020000E,
    "position": 0x00200032,
    "cosines": 0x00200037,
    "samples": 0x00280002,
    "photometric": 0x00280004,
    "frames": 0x00280008,
    "rows": 0x00280010,
    "columns": 0x00280011,
    "spacing": 0x00280030,
    "bits_allocated": 0x00280100,
    "bits_stored": 0x00280101,
    "signed": 0x00280103,
    "padding": 0x00280120,
    "padding_limit": 0x00280121,
    "intercept": 0x00281052,
    "slope": 0x00281053,
    "shared": 0x52009229,
    "per_frame": 0x52009230,
    "pixels": 0x7FE00010,
}
"""Tags that are read, by what they are called here (PS3.6)."""
# PS3.3, C.7.6.16.2: the functional group that holds an attribute of an enhanced image.
_GROUPS: Final = {
    "spacing": 0x00289110,
    "position": 0x00209113,
    "cosines": 0x00209116,
    "intercept": 0x00289145,
    "slope": 0x00289145,
}
# PS3.5, 6.2: representations whose values are binary numbers; text stands for all others.
_BINARY: Final = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}


class Elements:
    """A dataset's elements, raw; those of an enhanced image come from its functional groups.

    Those that all frames share come before those of the first frame, and both before the top's.

    Args:
        dataset: pydicom's; to be asked within `silence` alone.
    """

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._groups = [group for name in ("shared", "per_frame") for group in self._first(name)]

    def _first(self, name: str) -> list[Any]:
        """The sequence's first item, if there is one."""
        try:
            return list(self._dataset[TAGS[name]].value[:1])
        except Exception:
            return []

    def _item(self, name: str) -> Any:
        tag = TAGS[name]
        for group in self._groups:
            try:
                item = group[_GROUPS[name]].value[0].get_item(tag)
            except Exception:  # noqa: S112
                # The group has no such part, or one that cannot be read.
                continue
            if item is not None:
                return item
        return self._dataset.get_item(tag)

    def kind(self, name: str) -> str:
        """Value representation, empty where the file does not say."""
        return str(getattr(self._item(name), "VR", None) or "")

    def raw(self, name: str) -> bytes:
        """The value as stored, empty where there is none."""
        value = getattr(self._item(name), "value", None)
        # pydicom has asked for the transfer syntax itself, which is text since.
        value = value.encode("latin-1", "replace") if isinstance(value, str) else value
        return value if isinstance(value, bytes) else b""

    def text(self, name: str) -> str:
        """The value as text, without what it is padded with."""
        return self.raw(name).decode("latin-1").strip(" \0")

    def numbers(self, name: str, count: int, kind: str = "") -> tuple[float, ...] | None:
        """An attribute's numbers; `None` where it is missing, of another length or no number.

        Args:
            name: Of the attribute.
            count: Of its numbers.
            kind: Representation where the file states none; text where not given.
        """
        value = self.raw(name)
        code = _BINARY.get(self.kind(name).replace("UN", "") or kind)
        order = "<" if getattr(self._item(name), "is_little_endian", True) else ">"
        try:
            if code:
                found = struct.unpack(f"{order}{count}{code}", value)
            else:
                found = tuple(float(v) for v in self.text(name).split("\\"))
        except (ValueError, struct.error):
            return None
        return found if len(found) == count and np.isfinite(found).all() else None

    def whole(self, name: str, default: int) -> int:
        """One whole number, or the default."""
        kind = "" if name == "frames" else "US"
        return int((self.numbers(name, 1, kind) or (default,))[0])

    def padding(self, *, signed: bool) -> tuple[int, int] | None:
        """Range of stored values that pad (PS3.3, C.7.5.1.1.2); signed as the pixels are."""
        ends = [self.numbers(name, 1, "US") for name in ("padding", "padding_limit")]
        if ends[0] is None:
            return None
        # Whichever representation a writer chose, the bits are those of a pixel.
        words = [int(end[0]) & 0xFFFF for end in ends if end is not None]
        values = [word - 0x10000 if signed and word >= 0x8000 else word for word in words]
        return min(values), max(values)
