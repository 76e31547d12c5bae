"""`SpineMSCA`, the torch `Dataset` over a release on disk, and its collation."""

from spinemsca.dataset.collation import collate
from spinemsca.dataset.spine_msca import SpineMSCA

__all__ = ["SpineMSCA", "collate"]
