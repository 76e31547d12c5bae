"""One file over HTTP: resumed where it stopped, retried, verified, and only then in place.

What has arrived lies in `NAME.part` beside the target, with the server's validator in
`NAME.part.json`; a file that changed on the server in the meantime is begun anew.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock

from spinemsca._util import Progress, blob_sha1, sha256, silent, write_text
from spinemsca.errors import DownloadError
from spinemsca.release.transfer.http import TIMEOUT, TRANSIENT, refused_request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["RETRIES", "Remote", "Retries", "fetch"]

# Bytes at a time, chosen: a quarter MiB.
_CHUNK: Final = 1 << 18
_CHANGED: Final = "Delete it and download again; if that does not help, use another mirror"


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that can be fetched.

    Attributes:
        name: Its name on disk.
        urls: Where it lies, best first.
        sha256: Of its bytes, or empty where not known.
        blob: Its git blob SHA-1, or empty where not known.
        size: In bytes, `None` where not known.
    """

    name: str
    urls: Sequence[str]
    sha256: str = ""
    blob: str = ""
    size: int | None = None

    def fault(self, path: Path) -> str:
        """Why the bytes at `path` are not this file's; empty where nothing speaks against."""
        if self.size is not None and path.stat().st_size != self.size:
            return f"has {path.stat().st_size} bytes, not {self.size}"
        if self.sha256 and sha256(path) != self.sha256:
            return "does not match its SHA-256"
        if self.blob and blob_sha1(path) != self.blob:
            return "does not match its git blob hash"
        return ""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a transfer without progress is tried, and the first pause in seconds."""

    attempts: int = 5
    pause: float = 0.5
    longest_pause: float = 20.0
    sleep: Callable[[float], None] = time.sleep

    def wait(self, failures: int) -> None:
        """Waits twice as long after every failure."""
        self.sleep(min(self.pause * 2 ** (failures - 1), self.longest_pause))


RETRIES: Final = Retries()


class _TransientError(Exception):
    """A fault that may pass: a broken connection, a busy server."""


def fetch(
    remote: Remote, target: Path, *, retries: Retries = RETRIES, progress: Progress = silent
) -> None:
    """Fetches a file to `target` unless it is there already and sound.

    Several processes may ask for the same file at once: one fetches, the others wait.

    Args:
        remote: What to fetch, and how to know it.
        target: Where it goes.
        retries: Patience.
        progress: Told of bytes that have arrived and the total.

    Raises:
        AccessError: If the first URL refuses access and no other has the file.
        DownloadError: If no URL has the file, or its bytes are not those expected.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        if target.exists() and not remote.fault(target):
            progress(target.stat().st_size, target.stat().st_size)
            return
        target.unlink(missing_ok=True)
        faults = []
        for url in remote.urls:
            try:
                _retrieve(url, remote, target, retries, progress)
            except DownloadError as error:
                faults.append(error)
            else:
                return
        raise faults[0]


def _retrieve(url: str, remote: Remote, target: Path, retries: Retries, progress: Progress) -> None:
    """Brings all bytes to a part beside `target`, checks them, and moves them into place."""
    part = target.with_name(f"{target.name}.part")
    _persist(url, part, retries, progress, pinned=bool(remote.blob))
    if fault := remote.fault(part):
        part.unlink()
        raise DownloadError(f"{remote.name} {fault}", where=url, remedy=_CHANGED)
    part.replace(target)
    _note(part).unlink(missing_ok=True)


def _persist(url: str, part: Path, retries: Retries, progress: Progress, *, pinned: bool) -> None:
    """Transfers until all is there; progress earns new patience."""
    failures = 0
    while True:
        before = _size(part)
        try:
            _transfer(url, part, progress, pinned=pinned)
        except _TransientError as error:
            failures = 1 if _size(part) > before else failures + 1
            if failures >= retries.attempts:
                raise DownloadError(
                    f"transfer failed {failures} times ({error})",
                    where=url,
                    remedy="Run the same command again; it goes on where it stopped",
                ) from None
            retries.wait(failures)
        else:
            return


def _transfer(url: str, part: Path, progress: Progress, *, pinned: bool) -> None:
    """Asks for the bytes that are missing and appends them to `part`.

    A pinned file, whose bytes are known by their hash, is continued without a validator too.
    """
    import requests
    from urllib3.exceptions import HTTPError

    have, validator = _resumable(url, part, pinned=pinned)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-"} | ({"If-Range": validator} if validator else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == 416:
                _settle(response, have, part)
                return
            start = _start(response, have, url)
            total = start + int(response.headers.get("Content-Length", 0))
            if start == 0:
                # Before the note: old bytes must never lie under a new validator.
                part.unlink(missing_ok=True)
            _remember(part, url, response.headers)
            _append(response, part, start, total, progress)
    except (requests.RequestException, HTTPError) as error:
        raise _TransientError(type(error).__name__) from None
    if total > start and _size(part) != total:
        raise _TransientError("the connection broke off")


def _settle(response: Any, have: int, part: Path) -> None:
    """A range past the end: all is there already, or the file has shrunk."""
    if response.headers.get("Content-Range") != f"bytes */{have}":
        part.unlink(missing_ok=True)
        raise _TransientError("the file on the server is shorter than before")


def _start(response: Any, have: int, url: str) -> int:
    """First byte of the answer: where it was asked to begin, or 0 where the server starts over."""
    status = response.status_code
    if status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        return have
    if status == 200:
        return 0
    if status in TRANSIENT or status >= 500:
        raise _TransientError(f"HTTP status {status}")
    raise refused_request(status, url)


def _append(response: Any, part: Path, start: int, total: int, progress: Progress) -> None:
    with part.open("r+b" if part.exists() else "wb") as file:
        file.seek(start)
        file.truncate()
        # `read1` hands over what has come before a connection breaks; `read` would lose it.
        read = getattr(response.raw, "read1", response.raw.read)
        while chunk := read(_CHUNK):
            file.write(chunk)
            progress(file.tell(), total)


def _resumable(url: str, part: Path, *, pinned: bool) -> tuple[int, str]:
    """Bytes that are there and the validator under which they can be continued."""
    try:
        note = json.loads(_note(part).read_text(encoding="utf-8"))
        validator = str(note["validator"])
        known = note["url"] == url and bool(pinned or validator)
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    return (_size(part), validator) if known else (0, "")


def _remember(part: Path, url: str, headers: Any) -> None:
    tag = headers.get("ETag", "")
    # Only a strong validator promises the same bytes (RFC 9110, 8.8.1).
    validator = headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag
    write_text(_note(part), json.dumps({"url": url, "validator": validator}))


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
