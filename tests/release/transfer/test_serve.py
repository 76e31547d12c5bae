from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from spinemsca.release.transfer.serve import serve_folder


@pytest.fixture
def server(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ä b.bin").write_bytes(b"0123456789")
    (tmp_path / "in" / "empty").touch()
    (tmp_path / "secret").write_bytes(b"secret")
    with serve_folder(tmp_path / "in") as url:
        yield urlsplit(url).netloc


def ask(server, path="/%C3%A4%20b.bin", method="GET", **headers):
    connection = http.client.HTTPConnection(server)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, answer


def test_whole_file(server):
    status, body, answer = ask(server)
    assert (status, body, answer.getheader("Accept-Ranges")) == (200, b"0123456789", "bytes")
    assert ask(server, method="HEAD")[1] == b""
    assert ask(server, "/empty")[:2] == (200, b"")


def test_range(server):
    tag = ask(server)[2].getheader("ETag")
    status, body, answer = ask(server, Range="bytes=4-", If_Range=tag)
    assert (status, body) == (206, b"456789")
    assert answer.getheader("Content-Range") == "bytes 4-9/10"
    assert ask(server, Range="bytes=4-", If_Range='"other"')[:2] == (200, b"0123456789")
    for start in (10, 11):
        status, _, answer = ask(server, Range=f"bytes={start}-")
        assert (status, answer.getheader("Content-Range")) == (416, "bytes */10")


@pytest.mark.parametrize("path", ["/x", "/", "/../secret", "/%2e%2e/secret", "//etc/passwd"])
def test_nothing_else_is_served(server, path):
    assert ask(server, path)[0] == 404
