"""`map` over processes that never runs far ahead."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Pool"]

# Results that may wait for the reader: enough that eight chunks of eight keep four cores busy.
_AHEAD: Final = 64


class Pool:
    """`map` in this process or in others, never far ahead of what was asked for.

    Args:
        workers: Processes; 1 for this one alone.
        chunk: Items that a process takes at once.
    """

    def __init__(self, workers: int, chunk: int) -> None:
        # Fresh processes: forking one that has threads can lock up.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, context) if workers > 1 else None
        self._chunk = chunk

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Yields `function` of each item, in order."""
        if self._pool is None:
            yield from map(function, items)
            return
        waiting: deque[Any] = deque()
        source = iter(items)
        while chunk := list(islice(source, self._chunk)):
            waiting.append(self._pool.submit(_each, function, chunk))
            if len(waiting) * self._chunk >= _AHEAD:
                yield from waiting.popleft().result()
        for future in waiting:
            yield from future.result()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _each(function: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    return [function(item) for item in items]
