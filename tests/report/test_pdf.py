"""Pages to PDF, by whatever prints."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spinemsca.errors import MissingDependencyError, SpineError
from spinemsca.measure.measurements import measure
from spinemsca.predictions.find import find_label_maps
from spinemsca.predictions.read import Reading
from spinemsca.report import pdf
from spinemsca.report.about import About
from spinemsca.report.case_page import case_page
from spinemsca.report.inputs import report_inputs
from spinemsca.report.write import write_reports
from tests.measure.spines import corners, draw


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(case_page(measure(draw(corners()).label, name="a"), About()))
    return path


def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "chromium").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_nothing_that_prints_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(pdf, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"Chromium.*pip install spine-msca\[pdf\]"):
        pdf.find_printer()


def test_weasyprint_is_second_choice(page, tmp_path, monkeypatch) -> None:
    class Fake:
        def HTML(self, filename):  # noqa: N802
            self.read = filename
            return self

        def write_pdf(self, path):
            Path(path).write_bytes(b"%PDF-1.7 fake")

    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(pdf, "find_spec", lambda _: object())
    monkeypatch.setattr("spinemsca._util.optional_packages.import_module", lambda _: Fake())
    pdf.find_printer()(page, tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("script", ["exit 3", "exit 0"])
def test_a_browser_that_fails_leaves_the_old_pdf(page, tmp_path, monkeypatch, script) -> None:
    browser(tmp_path, monkeypatch, script)
    (tmp_path / "a.pdf").write_bytes(b"old")
    with pytest.raises(SpineError, match="print"):
        pdf.find_printer()(page, tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == b"old"


def test_a_pdf_is_printed_once_for_each_page(tmp_path, monkeypatch) -> None:
    script = 'for a in "$@"; do case $a in --print-to-pdf=*) echo "%PDF-1" > "${a#*=}";; esac; done'
    browser(tmp_path, monkeypatch, script)
    from PIL import Image

    Image.fromarray(draw(corners()).label).save(tmp_path / "a_label.png")
    files = find_label_maps([tmp_path / "a_label.png"]).found
    found, out = report_inputs(files, Reading()), tmp_path / "out"
    write_reports(found, out, printer=pdf.find_printer())
    first = (out / "cases" / "a.pdf").stat().st_mtime_ns
    write_reports(found, out, printer=pdf.find_printer())
    assert (out / "cases" / "a.pdf").stat().st_mtime_ns == first
    assert (out / "index.pdf").is_file()


def test_chromium_prints_a_page(page, tmp_path) -> None:
    if shutil.which("chromium") is None and shutil.which("google-chrome") is None:
        pytest.skip("needs Chromium or Chrome on PATH")
    pdf.find_printer()(page, tmp_path / "a.pdf")
    printed = (tmp_path / "a.pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    assert len(printed) > 20_000
