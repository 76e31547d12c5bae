"""A real HTTP server on 127.0.0.1 that can misbehave in every way a download has to survive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from spinemsca.release.transfer.serve import FolderHandler, serve_folder

CHUNK = 1 << 14


@dataclass
class Faults:
    """How the server misbehaves, and what it was asked.

    Attributes:
        drop_after: Bytes of a body after which the connection breaks, one entry a request.
        statuses: Answers given instead of files, one a request; `None` serves the file.
        ignore_range: Always send files whole.
        no_validator: Send neither `ETag` nor accept `If-Range`.
        busy: Names that are always answered 503.
        always: Status that is always given for a name; `*` for every other.
        page: Sent instead of every file, as a captive portal does.
        bytes_per_second: Throttle; 0 for none.
        ranges: The `Range` headers of the GETs seen, by file name, in order.
        sent: Bytes of bodies sent so far.
    """

    drop_after: list[int] = field(default_factory=list)
    statuses: list[int | None] = field(default_factory=list)
    ignore_range: bool = False
    no_validator: bool = False
    busy: frozenset[str] = frozenset()
    always: dict[str, int] = field(default_factory=dict)
    page: bytes = b""
    bytes_per_second: float = 0
    ranges: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0


class FaultyHandler(FolderHandler):
    """Serves a folder, with faults."""

    def __init__(self, *args: object, folder: Path, faults: Faults) -> None:
        self.faults = faults
        super().__init__(*args, folder=folder)

    def do_GET(self) -> None:  # noqa: N802
        name = self.path.rpartition("/")[2]
        self.faults.ranges.append((name, self.headers.get("Range", "")))
        if self.faults.ignore_range:
            del self.headers["Range"]
        if self.faults.no_validator:
            del self.headers["If-Range"]
        status = self.faults.statuses.pop(0) if self.faults.statuses else None
        if status is not None:
            self._send_head(HTTPStatus(status), {"Content-Length": "0"})
        else:
            super().do_GET()

    def _answer(self, *, with_body: bool) -> None:
        name = self.path.rpartition("/")[2]
        always = self.faults.always.get(name, self.faults.always.get("*"))
        if always is not None and always != HTTPStatus.OK:
            self._send_head(HTTPStatus(always), {"Content-Length": "0"})
        elif name in self.faults.busy:
            self._send_head(HTTPStatus.SERVICE_UNAVAILABLE, {"Content-Length": "0"})
        elif self.faults.page and not self.path.endswith("SHA256SUMS"):
            self._send_head(HTTPStatus.OK, {"Content-Length": str(len(self.faults.page))})
            self.wfile.write(self.faults.page if with_body else b"")
        else:
            super()._answer(with_body=with_body)

    def send_header(self, keyword: str, value: str) -> None:
        if not (self.faults.no_validator and keyword == "ETag"):
            super().send_header(keyword, value)

    def send_body(self, file: BinaryIO, count: int) -> None:
        limit = self.faults.drop_after.pop(0) if self.faults.drop_after else count
        left = min(limit, count)
        while left and (chunk := file.read(min(left, CHUNK))):
            self.wfile.write(chunk)
            self.faults.sent += len(chunk)
            left -= len(chunk)
            if self.faults.bytes_per_second:
                time.sleep(len(chunk) / self.faults.bytes_per_second)
        if limit < count:
            self.close_connection = True


@contextmanager
def faulty(folder: Path, faults: Faults) -> Iterator[str]:
    """Serves `folder` with `faults`; yields its URL."""
    with serve_folder(folder, partial(FaultyHandler, faults=faults)) as url:
        yield url
