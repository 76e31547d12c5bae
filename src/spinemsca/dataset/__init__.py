"""`SpineMSCA`, the torch `Dataset` over a release on disk."""

from spinemsca.dataset.spine_msca import SpineMSCA

__all__ = ["SpineMSCA"]
