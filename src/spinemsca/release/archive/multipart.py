"""Archives in parts: several files read, or written, as one stream of bytes."""

from __future__ import annotations

import hashlib
import io
import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO, Final

from spinemsca.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["PartReader", "PartWriter", "check_parts", "parse_size", "parts_in_order"]

# Endings .001 to .999, as 7-Zip numbers parts.
_NUMBER: Final = re.compile(r"\.(\d{3})$")
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(i?)b?", re.IGNORECASE)
# Chosen, not measured: 64 KiB.
_LEAST: Final = 1 << 16


def parse_size(text: str) -> int:
    """Bytes from `50MB` (10⁶), `50MiB` (2²⁰), `1.5GB` or a plain number.

    Raises:
        UsageError: If it is no size, or less than 64 KiB.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no size", remedy="Write for example 50MB or 64MiB")
    power = " kmg".index(match[2].lower() or " ")
    size = int(float(match[1]) * (1024 if match[3] else 1000) ** power)
    if size < _LEAST:
        raise UsageError(f"a part of {size} bytes is too small", remedy="Use 64KiB or more")
    return size


def check_parts(parts: Sequence[Path]) -> None:
    """Refuses parts that cannot be one archive: none, a gap in the numbers, an odd size.

    All parts but the last are of one size, so a truncated one is found without a checksum.

    Raises:
        ArchiveError: Naming the part that is missing or short.
    """
    if not parts:
        raise ArchiveError("an archive without parts", remedy="Download it again")
    sizes = [p.stat().st_size for p in parts]
    for number, part in enumerate(parts, start=1):
        match = _NUMBER.search(part.name)
        if match is None and len(parts) > 1:
            raise ArchiveError("is not numbered as a part", where=part)
        if match and int(match[1]) != number:
            missing = f"{part.name[: match.start()]}.{number:03d}"
            raise ArchiveError(
                "is missing", where=part.with_name(missing), remedy="Download it again"
            )
    whole = max(sizes[:-1], default=0)
    for part, size in zip(parts, sizes, strict=True):
        short = size != whole if part is not parts[-1] else size > whole > 0
        if short or size == 0:
            raise ArchiveError(
                f"has {size} bytes where parts have {whole}" if size else "is empty",
                where=part,
                remedy="Download it again",
            )


def parts_in_order(names: Iterable[str], archive: str) -> list[str]:
    """The names among `names` that are numbered parts of `archive`, by number."""
    stem = archive.lower()
    parts = [n for n in names if _NUMBER.sub("", n).lower() == stem and _NUMBER.search(n)]
    return sorted(parts, key=lambda n: n[-3:])


class PartReader(io.RawIOBase):
    """Files read one after the other as one seekable stream; nothing is copied.

    Args:
        parts: In order; one is open at a time.
    """

    def __init__(self, parts: Sequence[Path]) -> None:
        self._parts = list(parts)
        self._ends = list(accumulate(p.stat().st_size for p in parts))
        self._position = 0
        self._open: tuple[int, BinaryIO] | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes from the first part's start."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves as in a single file."""
        size = self._ends[-1] if self._ends else 0
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start")
        self._position = base + offset
        return self._position

    def part_at(self, offset: int) -> Path:
        """The part that holds the byte at `offset`; the last one for an offset past the end."""
        return self._parts[min(bisect_right(self._ends, offset), len(self._parts) - 1)]

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Reads up to the end of the present part."""
        number = bisect_right(self._ends, self._position)
        if number == len(self._parts):
            return 0
        file = self._file(number)
        file.seek(self._position - (self._ends[number - 1] if number else 0))
        count = file.readinto(buffer)  # type: ignore[attr-defined]
        self._position += count
        return int(count)

    def close(self) -> None:
        """Closes the part that is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
        super().close()

    def _file(self, number: int) -> BinaryIO:
        if self._open is not None and self._open[0] == number:
            return self._open[1]
        if self._open is not None:
            self._open[1].close()
        file = self._parts[number].open("rb")
        self._open = number, file
        return file


class PartWriter(io.RawIOBase):
    """A stream written into files of one size, `NAME.001`, `NAME.002`, …, or into one file.

    Attributes:
        sums: SHA-256 of each finished file, by name.

    Args:
        path: The archive's path; a part's number is added to it.
        part_size: Bytes a part; `None` for one file without a number.
    """

    def __init__(self, path: Path, part_size: int | None) -> None:
        self.sums: dict[str, str] = {}
        self._path = path
        self._part_size = part_size
        self._written = 0
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish()
        self.close()

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Never: a finished part is not touched again."""
        return False

    def write(self, data: ReadableBuffer) -> int:
        """Writes all of `data`, going on in the next part where one is full."""
        view = memoryview(data).cast("B")
        rest = view
        while len(rest):
            file = self._file or self._start()
            room = len(rest) if self._part_size is None else self._part_size - self._written
            file.write(rest[:room])
            self._digest.update(rest[:room])
            self._written += len(rest[:room])
            rest = rest[room:]
            if self._written == self._part_size:
                self._finish()
        return len(view)

    def _start(self) -> BinaryIO:
        number = "" if self._part_size is None else f".{len(self.sums) + 1:03d}"
        self._file = self._path.with_name(self._path.name + number).open("wb")
        self._digest, self._written = hashlib.sha256(), 0
        return self._file

    def _finish(self) -> None:
        if self._file is not None:
            self._file.close()
            name = self._file.name.replace("\\", "/").rpartition("/")[2]
            self.sums[name] = self._digest.hexdigest()
            self._file = None
