"""The demo: whole, without a network, and its page says what was done."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from spinemsca.cli import main
from spinemsca.demo import PAGE_NAME


def status(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in arguments])
    return int(exit_.value.code or 0)


@pytest.fixture
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            assert isinstance(address, tuple)
            assert address[0] == "127.0.0.1", address
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.mark.usefixtures("loopback_only")
def test_demo_runs_twice_and_ends_by_saying_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    assert status("demo", "--out", out, "--cases", 3) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"Look at {out / PAGE_NAME}"
    page = (out / PAGE_NAME).read_text(encoding="utf-8")
    for text in (
        "Composition",
        "Train.zip.001",
        "overlay of phantom-",
        "passed",
        "data:image/png",
        "Segmentation",
        "Measurements",
        'data-kind="endplate"',
        "disc height dabbs",
    ):
        assert text in page
    assert status("demo", "--out", out, "--cases", 3) == 0


@pytest.mark.real
def test_a_real_slice_is_segmented_and_measured(tmp_path: Path, shared_data: Path) -> None:
    out = tmp_path / "demo"
    real = shared_data / "spider/mid/45_t2_SPACE.png"
    assert status("demo", "--out", out, "--cases", 3, "--real", real) == 0
    page = (out / PAGE_NAME).read_text(encoding="utf-8")
    assert "A real slice" in page
    assert "No warnings." in page


def test_a_folder_with_other_things_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    assert status("demo", "--out", tmp_path) == 2
    assert (tmp_path / "thesis.tex").read_text() == "precious"
    assert "no older demo" in capsys.readouterr().err
