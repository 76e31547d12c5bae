"""HTTP: is a file there, what does a short text say, and what does a refusal mean."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from spinemsca.errors import AccessError, DownloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

__all__ = ["ABSENT", "REFUSED", "TIMEOUT", "TRANSIENT", "has_file", "read_text", "refused_request"]

# Chosen: a server that takes longer is better tried again later.
TIMEOUT: Final = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes of an answer."""

# Chosen: 16 MiB, far more than any table of cases or sums.
_MOST_BYTES: Final = 1 << 24
# Statuses of a server that may be well again soon (RFC 9110, 15.5 and 15.6).
_BUSY: Final = (408, 425, 429, 500, 502, 503, 504)
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


def refused_request(status: int, url: str) -> DownloadError:
    """The error for a status that brings no file: `AccessError` where access is refused."""
    what, remedy = _MEANING.get(status, _OTHER)
    kind = AccessError if status in REFUSED else DownloadError
    return kind(f"{what} (HTTP {status})", where=url, remedy=remedy)


def has_file(url: str) -> bool:
    """Whether a server has a file.

    Raises:
        AccessError: If it refuses access.
        DownloadError: If the server cannot be reached, or is out of order.
    """
    return _ask("HEAD", url) is not None


def read_text(url: str) -> str:
    """A short text, empty where the server has no such file.

    Raises:
        AccessError: If it refuses access.
        DownloadError: If the server cannot be reached or is out of order, or the text is long.
    """
    return (_ask("GET", url) or b"").decode("utf-8", errors="replace")


def _ask(method: str, url: str) -> bytes | None:
    """The answer's body, `None` where the server says that it has no such file.

    Only that is taken for an absence: a server that is out of order must not make a mirror
    with checksums look like one without.
    """
    import requests

    try:
        with _session().request(
            method, url, timeout=TIMEOUT, allow_redirects=True, stream=True
        ) as response:
            if response.status_code in ABSENT:
                return None
            if 400 <= response.status_code < 500:
                raise refused_request(response.status_code, url)
            response.raise_for_status()
            return _short(response, url)
    except requests.RequestException as error:
        status = None if error.response is None else f"HTTP status {error.response.status_code}"
        raise DownloadError(
            f"cannot be read ({status or type(error).__name__})",
            where=url,
            remedy="Check the address and the connection, and try again",
        ) from None


def _short(response: requests.Response, url: str) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > _MOST_BYTES:
            raise DownloadError(
                f"is longer than {_MOST_BYTES >> 20} MiB", where=url, remedy="Use another mirror"
            )
    return bytes(body)


@cache
def _session() -> Any:
    """A session that asks a busy server again, each time after twice as long."""
    import requests
    from urllib3.util import Retry

    patience = Retry(total=4, backoff_factor=0.2, status_forcelist=_BUSY, raise_on_status=False)
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=patience))
    return session
