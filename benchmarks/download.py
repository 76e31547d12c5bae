"""Throughput and peak memory of `download` against a plain read of the same bytes.

A release of 600 MB is served on loopback by a process of its own. The plain read is what the
standard library's HTTP client does with the bytes of the same files, written to the same disk.

Run: python benchmarks/download.py [MEGABYTES]
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

LIMIT_MIB = 150
PARTS = 3
MEMBER = 1 << 20


def make(folder: Path, megabytes: int) -> None:
    """Writes archives of random members with their sums; most of the bytes are in Train."""
    from spinemsca._util.checksums import format_sums
    from spinemsca.release.archive.multipart import PartWriter

    folder.mkdir()
    sums: dict[str, str] = {}
    for stem, share in (("Train", 0.76), ("Vali", 0.12), ("Test", 0.12)):
        count = max(1, round(megabytes * 1e6 * share / MEMBER))
        size = -(-count * (MEMBER + 256) // PARTS) if stem == "Train" else None
        stream = PartWriter(folder / f"{stem}.zip", size)
        with stream, zipfile.ZipFile(stream, "w") as archive:
            for index in range(count):
                archive.writestr(f"{stem}/c{index:04d}/img.pt", os.urandom(MEMBER))
        sums |= stream.sums
    (folder / "SHA256SUMS").write_text(format_sums(sums))


def in_process(function: Callable[..., object], *arguments: object) -> int:
    """Runs a function in a process of its own and waits for it; returns its process id."""
    child = os.fork()
    if child == 0:
        function(*arguments)
        os._exit(0)
    return child


def serve(folder: Path, pipe: int) -> None:
    """Serves until it is killed; writes the URL into a pipe."""
    from spinemsca.release.transfer.serve import serve_folder

    with serve_folder(folder) as url:
        os.write(pipe, url.encode())
        time.sleep(3600)


def plain(url: str, names: list[str], out: Path) -> float:
    """Seconds to read all files one after the other and write them to disk."""
    out.mkdir()
    start = time.perf_counter()
    for name in names:
        with urlopen(url + name) as answer, (out / name).open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 18)
    return time.perf_counter() - start


def hashing(folder: Path, names: list[str]) -> float:
    """Seconds that SHA-256 of the same bytes takes on one core."""
    start = time.perf_counter()
    for name in names:
        with (folder / name).open("rb") as file:
            hashlib.file_digest(file, "sha256")
    return time.perf_counter() - start


def peak() -> float:
    """Peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, url: str) -> None:
    """Prints all figures of one run."""
    import requests  # noqa: F401

    from spinemsca._util.checksums import parse_sums
    from spinemsca.release.split import Split
    from spinemsca.release.transfer.download import _bring, download
    from spinemsca.release.transfer.fetch import RETRIES
    from spinemsca.release.transfer.mirror import ask_url

    served = folder / "served"
    names = list(parse_sums((served / "SHA256SUMS").read_text(), ""))
    size = sum((served / n).stat().st_size for n in names) / 1e6
    socket = min(plain(url, names, folder / f"plain{i}") for i in range(2))
    digest = hashing(served, names)
    (folder / "root").mkdir()
    imports = peak()
    start = time.perf_counter()
    _bring(folder / "root", ask_url(url), list(Split), 4, RETRIES, lambda *_: None)
    fetched = time.perf_counter() - start
    download(folder / "root", mirror=url)
    whole = time.perf_counter() - start
    above = peak() - imports
    print(f"download: {size:.0f} MB from loopback")
    print(f"  plain read and write     {size / socket:6.0f} MB/s")
    print(f"  SHA-256 alone, one core  {size / digest:6.0f} MB/s")
    print(f"  fetched and verified     {size / fetched:6.0f} MB/s, {socket / fetched:.2f} of plain")
    print(f"  bound by read and hash   {(socket + digest) / fetched:.2f} of doing one after other")
    print(f"  and extracted            {size / whole:6.0f} MB/s, {socket / whole:.2f} of plain")
    print(f"  memory {above / LIMIT_MIB:.2f} of the {LIMIT_MIB} MiB allowed ({above:.0f} MiB)")


def main() -> None:
    """Makes the release, serves it, and measures."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.waitpid(in_process(make, folder / "served", megabytes), 0)
        read, write = os.pipe()
        server = in_process(serve, folder / "served", write)
        try:
            measure(folder, os.read(read, 100).decode())
        finally:
            os.kill(server, 9)
            os.waitpid(server, 0)


if __name__ == "__main__":
    main()
