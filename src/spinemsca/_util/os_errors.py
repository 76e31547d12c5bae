"""What is said of a file that the system does not hand over."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from spinemsca.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["opening"]


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turns the system's errors inside the block into the package's own.

    Raises:
        FileFormatError: If the block raises an `OSError`; says why, as the system puts it.
    """
    try:
        yield
    except OSError as error:
        raise FileFormatError(
            f"cannot be opened ({error.strerror or error})",
            where=path,
            remedy="Check the path and its permissions",
        ) from None
