"""Working through many cases on several threads, with a bounded number in flight."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from spinemsca._util.progress import Progress, silent
from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

__all__ = ["default_workers", "stream"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def default_workers() -> int:
    """One thread a core, eight at most: beyond that the disk is what one waits for."""
    return min(os.cpu_count() or 1, 8)


def stream(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    progress: Progress = silent,
) -> Iterator[Result]:
    """Applies `function` to all items, in order; results are handed out as they are ready.

    Threads, since decoding, filters and transforms run outside Python's lock, and a thread
    needs no second copy of torch. At most twice as many items as threads are held at a time.

    Args:
        function: Must be safe to call from several threads at once.
        items: What to work on.
        workers: Threads, at least 1; as many as cores where not given.
        progress: Called after every item.

    Raises:
        UsageError: If `workers` is less than 1.
    """
    count = default_workers() if workers is None else workers
    if count < 1:
        raise UsageError(f"{count} workers cannot work", remedy="Use 1 or more")
    waiting = iter(items)
    with ThreadPoolExecutor(count) as pool:
        flying: deque[Future[Result]] = deque(
            pool.submit(function, item) for item in islice(waiting, 2 * count)
        )
        for done in range(1, len(items) + 1):
            result = flying.popleft().result()
            for item in islice(waiting, 1):
                flying.append(pool.submit(function, item))
            progress(done, len(items))
            yield result
