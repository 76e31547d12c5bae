"""What an HTTP server's refusal means, and what can be done about it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spinemsca.errors import AccessError, DownloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ABSENT", "REFUSED", "TRANSIENT", "refusal"]

# Meanings of the status codes: RFC 9110, section 15; 425 RFC 8470, 429 RFC 6585, 451 RFC 7725.
ABSENT: Final = frozenset({404, 410})
"""The server says that it has no such file."""

REFUSED: Final = frozenset({401, 403, 407, 451})
"""The server keeps its answer; stores of objects answer 403 for a file that is not there, too."""

TRANSIENT: Final = frozenset({408, 425, 429})
"""Worth another try later, as is every status from 500 on."""

_MEANING: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        401: (
            "access needs a login",
            "Put name and password for this host into ~/.netrc, or use another mirror",
        ),
        403: (
            "access was refused",
            "Log in, ask for permission, wait an hour if it limits requests, or use another mirror",
        ),
        404: ("no such file", "Check the address, or use another mirror"),
        407: ("the proxy needs a login", "Set HTTPS_PROXY with a name and password"),
        410: ("the file was taken away for good", "Use another mirror"),
        429: ("the server is asked too often", "Wait an hour and run the same command again"),
        451: ("the file is withheld for legal reasons", "Use another mirror, or ask its owner"),
    }
)
_OTHER: Final = ("the server gave no file", "Check the address, or use another mirror")


def refusal(status: int, url: str) -> DownloadError:
    """The error for a status that brings no file: `AccessError` where access is refused."""
    what, remedy = _MEANING.get(status, _OTHER)
    kind = AccessError if status in REFUSED else DownloadError
    return kind(f"{what} (HTTP {status})", where=url, remedy=remedy)
