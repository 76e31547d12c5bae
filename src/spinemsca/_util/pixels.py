"""What several rooms do to pixels: a window between percentiles, and the largest component."""

# numpy and scipy are imported where they are used, so that the command line starts without them.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["largest_component", "numbered_components", "percentile_window"]


def percentile_window(
    values: NDArray[Any],
    percentiles: tuple[float, float],
    dtype: type[np.floating[Any]],
    *,
    widen: bool = True,
) -> NDArray[Any] | None:
    """Spreads the pixels between two percentiles over [0, 1] and clips the rest.

    Args:
        values: Any shape, any real dtype, not empty.
        percentiles: The lower and the upper one, 0 to 100.
        dtype: Of the limits: of floats no wider than it, the result has it, too.
        widen: Whether the whole range serves where both percentiles are one value.

    Returns:
        Of the same shape; `None` where there is no range to spread.
    """
    import numpy as np

    low, high = np.percentile(values, percentiles)
    if widen and not high > low:
        low, high = values.min(), values.max()
    if not high > low:
        return None
    scaled: NDArray[Any] = (values - dtype(low)) / dtype(high - low)
    return scaled.clip(0, 1)


def numbered_components(
    mask: NDArray[np.bool_], touching: NDArray[Any] | None = None
) -> tuple[NDArray[np.integer[Any]], NDArray[np.intp]]:
    """Connected components, numbered from 1, and their sizes.

    Args:
        mask: Any number of axes.
        touching: Which neighbours touch, as `scipy.ndimage.label` takes it; those that share a
            side where not given.

    Returns:
        The number of each pixel, 0 outside, and `(N,)` pixels of each component.
    """
    import numpy as np
    from scipy import ndimage

    numbers, count = ndimage.label(mask, touching)
    return numbers, np.bincount(numbers.ravel(), minlength=count + 1)[1:]


def largest_component(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The component of most pixels, of equal ones the first; `mask` itself where it is the only.

    Args:
        mask: Any number of axes; pixels touch where they share a side.
    """
    numbers, sizes = numbered_components(mask)
    if len(sizes) <= 1:
        return mask
    largest: NDArray[np.bool_] = numbers == 1 + sizes.argmax()
    return largest
