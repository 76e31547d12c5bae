"""Readers and writers, one file a format: the only door for untrusted bytes."""

from __future__ import annotations

from spinemsca.io.dicom_series import find_series, read_series
from spinemsca.io.frame import inside_frame
from spinemsca.io.image_file import write_label_picture
from spinemsca.io.nifti import stem, write_nifti
from spinemsca.io.orientation import HOUSE, SLICE_CODES, Orientation
from spinemsca.io.pt import (
    pt_image_bytes,
    pt_label_bytes,
    read_pt_image,
    read_pt_label,
    read_pt_pair,
    write_pt_image,
    write_pt_label,
)
from spinemsca.io.read import (
    kind_of,
    read_label_map,
    read_label_volume,
    read_numbers,
    read_scan,
    read_volume,
)
from spinemsca.io.scan import Scan
from spinemsca.io.volume import Grid, Volume, has_plain_axes, on_picture_grid, one_slice

__all__ = [
    "Grid",
    "HOUSE",
    "Orientation",
    "SLICE_CODES",
    "Scan",
    "Volume",
    "find_series",
    "has_plain_axes",
    "inside_frame",
    "kind_of",
    "on_picture_grid",
    "one_slice",
    "pt_image_bytes",
    "pt_label_bytes",
    "read_label_map",
    "read_label_volume",
    "read_numbers",
    "read_pt_image",
    "read_pt_label",
    "read_pt_pair",
    "read_scan",
    "read_series",
    "read_volume",
    "stem",
    "write_label_picture",
    "write_nifti",
    "write_pt_image",
    "write_pt_label",
]
