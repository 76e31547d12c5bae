from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.errors import ArchiveError, UsageError
from spinemsca.release.archive.multipart import (
    PartReader,
    PartWriter,
    check_parts,
    parse_size,
    parts_in_order,
)


@given(data=st.binary(max_size=300), size=st.integers(1, 99), cuts=st.lists(st.integers(1, 60)))
def test_parts_join_to_what_was_written(tmp_path_factory, data, size, cuts):
    folder = tmp_path_factory.mktemp("parts")
    with PartWriter(folder / "a.zip", size) as writer:
        rest = memoryview(data)
        for cut in [*cuts, len(data)]:
            assert writer.write(rest[:cut]) == len(rest[:cut])
            rest = rest[cut:]
    paths = sorted(folder.iterdir())
    assert b"".join(p.read_bytes() for p in paths) == data
    assert list(writer.sums) == [p.name for p in paths]
    assert all(p.stat().st_size == size for p in paths[:-1])


@given(
    data=st.binary(min_size=1, max_size=200),
    moves=st.lists(
        st.tuples(
            st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]),
            st.integers(-250, 250),
            st.integers(0, 99),
        ),
        max_size=20,
    ),
    size=st.integers(1, 70),
)
def test_reads_and_seeks_as_one_file(tmp_path_factory, data, moves, size):
    folder = tmp_path_factory.mktemp("parts")
    paths = []
    for number, start in enumerate(range(0, len(data), size), start=1):
        paths.append(folder / f"a.{number:03d}")
        paths[-1].write_bytes(data[start : start + size])
    expected = io.BytesIO(data)
    with PartReader(paths) as raw, io.BufferedReader(raw, 16) as stream:
        for whence, offset, count in moves:
            base = {0: 0, 1: expected.tell(), 2: len(data)}[whence]
            if base + offset < 0:
                continue
            expected.seek(base + offset)
            assert stream.seek(offset, whence) == base + offset
            assert stream.read(count) == expected.read(count)


def test_seek_before_the_start(tmp_path):
    with PartReader([]) as reader, pytest.raises(OSError, match="before the start"):
        reader.seek(-1)


def test_place_of_a_byte(tmp_path):
    paths = [tmp_path / "a.001", tmp_path / "a.002"]
    for path in paths:
        path.write_bytes(b"12345")
    with PartReader(paths) as reader:
        assert [reader.part_at(o).name[-1] for o in (0, 4, 5, 9, 10, 99)] == list("112222")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("50MB", 50_000_000),
        ("50MiB", 50 << 20),
        ("1.5 GB", 1_500_000_000),
        ("100kb", 100_000),
        ("70000", 70_000),
        ("64K", 64_000),
    ],
)
def test_sizes(text, size):
    if size < 1 << 16:
        with pytest.raises(UsageError, match="too small"):
            parse_size(text)
    else:
        assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "fifty", "-5MB", "5TB", "1e9", "5 M B", "0"])
def test_no_sizes(text):
    with pytest.raises(UsageError):
        parse_size(text)


def test_order_is_by_number():
    names = ["Train.zip.002", "train.ZIP.010", "Train.zip.001", "Train.zip", "Train.zip.1", "a.001"]
    assert parts_in_order(names, "Train.zip") == ["Train.zip.001", "Train.zip.002", "train.ZIP.010"]


def test_numbers_and_sizes_are_checked(tmp_path):
    paths = [tmp_path / f"a.{n:03d}" for n in (1, 2, 3)]
    for path, size in zip(paths, (9, 9, 4), strict=True):
        path.write_bytes(bytes(size))
    check_parts(paths)
    check_parts([tmp_path / "a.001"])
    (tmp_path / "b").write_bytes(b"x")
    for parts, fault in (
        ([paths[0], paths[2]], "a.002: is missing"),
        ([tmp_path / "b", paths[1]], "b: is not numbered"),
    ):
        with pytest.raises(ArchiveError, match=fault):
            check_parts(parts)
    for size, fault in ((10, "a.003: has 10 bytes where parts have 9"), (0, "a.003: is empty")):
        paths[2].write_bytes(bytes(size))
        with pytest.raises(ArchiveError, match=fault):
            check_parts(paths)
