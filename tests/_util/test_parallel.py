from __future__ import annotations

import os
import threading

import pytest

from spinemsca._util.parallel import Workers, default_workers, parallel_map
from spinemsca.errors import UsageError


def test_order_is_kept_and_few_are_held() -> None:
    started: list[int] = []

    def noted(i: int) -> int:
        started.append(i)
        return i

    seen = parallel_map(noted, range(100), workers=2)
    assert next(seen) == 0
    assert len(started) <= 6
    assert list(seen) == list(range(1, 100))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("chunk", [1, 4, 1000])
def test_one_pool_serves_several_maps(workers, chunk):
    with Workers(workers) as pool:
        for number in (0, 1, 30):
            found = pool.map(lambda i: -i, iter(range(number)), chunk=chunk)
            assert list(found) == [-i for i in range(number)]


def test_maps_may_nest():
    with Workers(2) as outer, Workers(2) as inner:
        found = outer.map(lambda i: sum(inner.map(lambda k: i * k, range(9))), range(9))
        assert list(found) == [36 * i for i in range(9)]


def test_one_worker_is_the_caller():
    assert set(parallel_map(lambda _: threading.get_ident(), range(3), workers=1)) == {
        threading.get_ident()
    }


def test_processes_are_others_and_begin_with_start():
    with Workers(2, processes=True) as pool:
        assert os.getpid() not in set(pool.map(_process, range(4), chunk=2))
    began = []
    with Workers(2, start=lambda: began.append(1)) as pool:
        list(pool.map(abs, range(20)))
    assert 1 <= len(began) <= 2


def _process(_: int) -> int:
    return os.getpid()


def test_error_comes_where_its_item_stood_and_the_rest_is_dropped():
    done = []

    def work(item):
        done.append(item)
        return 1 / (item - 3)

    with pytest.raises(ZeroDivisionError):
        for _ in parallel_map(work, range(1000), workers=2):
            pass
    assert len(done) < 20


def test_progress_and_numbers_of_workers():
    told = []
    list(parallel_map(abs, [1, 2], workers=2, progress=lambda *now: told.append(now)))
    assert told == [(1, 2), (2, 2)]
    assert 1 <= default_workers() <= 8
    with pytest.raises(UsageError, match="0 workers"):
        next(parallel_map(abs, [1], workers=0))
