"""What every room uses: files, checksums, parallel work, optional packages, progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemsca._util.checksums import SUMS_NAME, blob_sha1, format_sums, parse_sums, sha256
from spinemsca._util.files import atomic_folder, atomic_path, write_bytes, write_text
from spinemsca._util.lazy import lazy_face
from spinemsca._util.optional_packages import optional
from spinemsca._util.os_errors import opening
from spinemsca._util.parallel import Workers, default_workers, parallel_map
from spinemsca._util.pixels import largest_component, numbered_components, percentile_window
from spinemsca._util.printing import printable
from spinemsca._util.progress import Progress, silent

if TYPE_CHECKING:
    from spinemsca._util.strict import Strict

__all__ = [
    "Progress",
    "SUMS_NAME",
    "Strict",
    "Workers",
    "atomic_folder",
    "atomic_path",
    "blob_sha1",
    "default_workers",
    "format_sums",
    "largest_component",
    "lazy_face",
    "numbered_components",
    "opening",
    "optional",
    "parallel_map",
    "parse_sums",
    "percentile_window",
    "printable",
    "sha256",
    "silent",
    "write_bytes",
    "write_text",
]

# pydantic is heavy, and most rooms have no schema.
__getattr__, _ = lazy_face(__name__, {"Strict": "spinemsca._util.strict"})


def __dir__() -> list[str]:
    return __all__
