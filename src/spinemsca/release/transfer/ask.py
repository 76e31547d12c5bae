"""Small questions to an HTTP server: is a file there, and what does a short text say."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from spinemsca.errors import DownloadError
from spinemsca.release.transfer.fetch import TIMEOUT
from spinemsca.release.transfer.refusals import ABSENT, refusal

if TYPE_CHECKING:
    import requests

__all__ = ["has_file", "read_text"]

_MOST_BYTES: Final = 1 << 24
_BUSY: Final = (408, 425, 429, 500, 502, 503, 504)


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
                raise refusal(response.status_code, url)
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
