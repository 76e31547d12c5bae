"""A folder served over HTTP on this machine's loopback address: for the demo and for tests."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FolderHandler", "serve_folder"]

# The one kind of range that `download` asks for: from a byte to the end (RFC 9110, 14.1.2).
_RANGE: Final = re.compile(r"bytes=(\d+)-$")
# Chosen, not measured: 256 KiB.
_CHUNK: Final = 1 << 18


class FolderHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for the files of one folder, with ranges and validators."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, folder: Path) -> None:
        self.folder = folder.resolve()
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Sends a file, from the byte that `Range` names on."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Sends a file's headers."""
        self._answer(with_body=False)

    def send_body(self, file: BinaryIO, count: int) -> None:
        """Sends `count` bytes of an open file; a subclass may misbehave here."""
        while count and (chunk := file.read(min(count, _CHUNK))):
            self.wfile.write(chunk)
            count -= len(chunk)

    def log_message(self, *args: object) -> None:
        """Keeps quiet."""

    def _answer(self, *, with_body: bool) -> None:
        path = (self.folder / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        if not path.is_file() or not path.is_relative_to(self.folder):
            self._send_head(HTTPStatus.NOT_FOUND, {"Content-Length": "0"})
            return
        status = path.stat()
        size, tag = status.st_size, f'"{status.st_size:x}-{status.st_mtime_ns:x}"'
        start = self._start(tag)
        if start > size or (start == size and size):
            headers = {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
            self._send_head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
            return
        headers = {"Content-Length": str(size - start), "ETag": tag, "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        self._send_head(HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK, headers)
        if with_body:
            with path.open("rb") as file:
                file.seek(start)
                self.send_body(file, size - start)

    def _start(self, tag: str) -> int:
        match = _RANGE.match(self.headers.get("Range", ""))
        if match is None or self.headers.get("If-Range", tag) != tag:
            return 0
        return int(match[1])

    def _send_head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """A client that goes away in the middle is no error of the server."""


@contextmanager
def serve_folder(folder: Path, handler: type[FolderHandler] = FolderHandler) -> Iterator[str]:
    """Serves `folder` on a free port of 127.0.0.1 while the block runs; yields its URL."""
    server = _Server(("127.0.0.1", 0), partial(handler, folder=folder))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
