"""The one tree of exceptions: each message says what was wrong, where, and what to do.

Every error that a user's data, network or arguments can cause derives from
[`SpineError`][spinemsca.errors.SpineError]; the command line prints it as one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "AccessError",
    "ArchiveError",
    "CaseError",
    "DownloadError",
    "FileFormatError",
    "MissingDependencyError",
    "ReleaseError",
    "SpineError",
    "UnsafeFileError",
    "UnsuitableError",
    "UsageError",
]


class SpineError(Exception):
    """Base of all errors raised on purpose by this package.

    Args:
        what: What is wrong, without a closing full stop.
        where: The file, folder, URL or case concerned, if any.
        remedy: What the user can do about it, if anything.
    """

    def __init__(
        self, what: str, *, where: str | Path | None = None, remedy: str | None = None
    ) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        return self.advice if self.where is None else f"{self.where}: {self.advice}"

    @property
    def advice(self) -> str:
        """What is wrong and what to do, without the place: for a row that names its file."""
        return self.what if self.remedy is None else f"{self.what}. {self.remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling that worker processes use.
        return _rebuild, (type(self), self.what, self.where, self.remedy)


def _rebuild(
    kind: type[SpineError], what: str, where: str | None, remedy: str | None
) -> SpineError:
    return kind(what, where=where, remedy=remedy)


class UsageError(SpineError):
    """An argument or option that cannot be used as given."""


class MissingDependencyError(SpineError):
    """An optional package is needed; the message holds the exact `pip install`."""


class CaseError(SpineError):
    """A case whose parts do not fit together: shape, range, spacing or labels."""


class UnsuitableError(CaseError):
    """A sound image that this package has no answer for: another plane or another modality."""


class FileFormatError(SpineError):
    """A file that cannot be read as what it claims to be."""


class UnsafeFileError(FileFormatError):
    """A file that would run code, or take more memory than it may; refused unread."""


class ReleaseError(SpineError):
    """A folder that is no release, or a release that cannot serve what was asked."""


class ArchiveError(SpineError):
    """A split archive that is incomplete, damaged or hostile."""


class DownloadError(SpineError):
    """A transfer that failed or whose bytes are not those expected."""


class AccessError(DownloadError):
    """A server that has an answer but keeps it: login, permission, rate limit or law."""
