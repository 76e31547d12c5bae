"""Working through many items on several threads or processes, with a bounded number in flight."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, Self, TypeVar

from spinemsca._util.progress import Progress, silent
from spinemsca.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

__all__ = ["Workers", "default_workers", "parallel_map"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# Chosen, not measured: beyond that the disk is what one waits for.
_MOST_WORKERS: Final = 8
# Chunks a worker may be ahead of the reader, the fewest with which none idles.
_AHEAD: Final = 2


def default_workers() -> int:
    """As many as there are processors for this process, up to 8."""
    # Not every system tells which processors a process may use.
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return min(_MOST_WORKERS, len(usable(0)))


class Workers:
    """A pool whose `map` keeps the order and never runs far ahead of its reader.

    A context manager; leaving it drops what was not begun. One worker works in the caller's
    thread. Decoding, filters and transforms run outside Python's lock, so threads, which need no
    second copy of torch, are the rule; processes are for work in Python itself.

    Args:
        number: At least 1; as many as processors where not given.
        processes: Whether they are processes, started afresh, as forking one that has threads
            can lock up. Functions, items and results are pickled then.
        start: Called first in each thread or process.

    Raises:
        UsageError: If `number` is less than 1.
    """

    def __init__(
        self,
        number: int | None = None,
        *,
        processes: bool = False,
        start: Callable[[], object] | None = None,
    ) -> None:
        self.number = default_workers() if number is None else number
        if self.number < 1:
            raise UsageError(f"{number} workers cannot work", remedy="Use 1 or more")
        self._pool: ProcessPoolExecutor | ThreadPoolExecutor | None = None
        if self.number > 1 and processes:
            self._pool = ProcessPoolExecutor(self.number, get_context("spawn"), start)
        elif self.number > 1:
            self._pool = ThreadPoolExecutor(self.number, initializer=start)

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, chunk: int = 1
    ) -> Iterator[Result]:
        """Applies `function` to all items, in order; several threads may call this at once.

        Args:
            function: Must be safe to call from several workers at once.
            items: Taken as they are needed.
            chunk: Items handed to a worker at a time; more where each takes but milliseconds.
        """
        if self._pool is None:
            yield from map(function, items)
            return
        source = iter(items)
        chunks = iter(lambda: list(islice(source, chunk)), [])
        flying: deque[Future[list[Result]]] = deque()
        for taken in islice(chunks, _AHEAD * self.number):
            flying.append(self._pool.submit(_each, function, taken))
        while flying:
            results = flying.popleft().result()
            for taken in islice(chunks, 1):
                flying.append(self._pool.submit(_each, function, taken))
            yield from results

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def parallel_map(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    processes: bool = False,
    progress: Progress = silent,
) -> Iterator[Result]:
    """Applies `function` to all items with `Workers` of its own.

    Args:
        function: Must be safe to call from several workers at once.
        items: What to work on.
        workers: At least 1; as many as processors where not given.
        processes: Whether they are processes.
        progress: Called after every item.

    Raises:
        UsageError: If `workers` is less than 1.
    """
    with Workers(workers, processes=processes) as pool:
        for done, result in enumerate(pool.map(function, items), start=1):
            progress(done, len(items))
            yield result


def _each(function: Callable[[Item], Result], items: list[Item]) -> list[Result]:
    return [function(item) for item in items]
