"""Knowing when not to answer: whether what was found can be a lumbar spine at all.

The bounds were chosen on validation patients and on pictures of other things; how often they err
is in the model card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import Kind, Structure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.segment.runtime.confidence import Evidence

__all__ = ["rejection"]

# Chosen on validation patients and on pictures of other things, see above.
_LEAST_VERTEBRAE: Final = 2
# Chosen on the same pictures.
_LEAST_STRUCTURES: Final = 3
# Chosen on the same pictures.
_LEAST_TISSUE: Final = 0.84
# Chosen on the same pictures.
_LEAST_AGREEMENT: Final = 0.4


def rejection(found: Mapping[Structure, Evidence]) -> str | None:
    """Why what was found is no lumbar spine, in one sentence; `None` where it can be one.

    Args:
        found: Evidence of each structure, from `evidence`.
    """
    vertebrae = sum(s.kind is Kind.VERTEBRA for s in found)
    if vertebrae < _LEAST_VERTEBRAE or len(found) < _LEAST_STRUCTURES:
        return "No lumbar spine was found; a sagittal lumbar MR slice is expected"
    tissue = float(np.mean([one.tissue for one in found.values()]))
    if tissue < _LEAST_TISSUE:
        return f"What was found hardly looks like a spine (mean probability {tissue:.2f})"
    if next(iter(found.values())).agreement < _LEAST_AGREEMENT:
        return "What was found makes no consistent spine"
    return None
