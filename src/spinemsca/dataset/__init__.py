"""`SpineMSCA`, the torch `Dataset` over a release on disk, and its collation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemsca._util import lazy_face

if TYPE_CHECKING:
    from spinemsca.dataset.collation import collate
    from spinemsca.dataset.spine_msca import SpineMSCA

__all__ = [
    "SpineMSCA",
    "collate",
]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "SpineMSCA": "spinemsca.dataset.spine_msca",
        "collate": "spinemsca.dataset.collation",
    },
)
