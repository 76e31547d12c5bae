"""Pages to PDF, by a browser that is already there or by WeasyPrint."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

from spinemsca._util import atomic_path
from spinemsca.errors import MissingDependencyError, SpineError

__all__ = ["Printer", "find_printer"]

Printer: TypeAlias = Callable[[Path, Path], None]
"""Prints the HTML file named first to the PDF named second; raises `SpineError`."""

# Names under which browsers that print to PDF are installed.
_BROWSERS: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
# Chosen, not measured.
_SECONDS: Final = 120


def find_printer() -> Printer:
    """A headless browser on PATH, else WeasyPrint.

    Raises:
        MissingDependencyError: If neither is installed.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is not None:
        return lambda page, pdf: _by_browser(browser, page, pdf)
    if find_spec("weasyprint") is not None:
        return _by_weasyprint
    raise MissingDependencyError(
        "nothing is installed that prints PDF",
        remedy="Install Chromium or Chrome, or run: pip install spine-msca[pdf]",
    )


def _by_browser(browser: str, page: Path, pdf: Path) -> None:
    # Chromium's sandbox refuses to start for root; the page is ours and holds no script.
    unsandboxed = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        made = Path(profile) / "page.pdf"
        command = [
            browser, "--headless", "--disable-gpu", *unsandboxed, f"--user-data-dir={profile}",
            "--no-pdf-header-footer", f"--print-to-pdf={made}", page.resolve().as_uri(),
        ]  # fmt: skip
        _run(command, page)
        if not made.is_file() or made.read_bytes()[:5] != b"%PDF-":
            raise SpineError("the browser printed no PDF", where=page, remedy=f"Try: {browser}")
        with atomic_path(pdf) as temporary:
            shutil.copyfile(made, temporary)


def _run(command: list[str], page: Path) -> None:
    try:
        subprocess.run(  # noqa: S603 - the program was found on PATH, the page is ours
            command, check=True, capture_output=True, timeout=_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SpineError(
            f"{command[0]} could not print it ({type(error).__name__})",
            where=page,
            remedy="Open the page in a browser and print it there",
        ) from None


def _by_weasyprint(page: Path, pdf: Path) -> None:
    from spinemsca._util import optional

    with atomic_path(pdf) as temporary:
        optional("weasyprint").HTML(filename=str(page)).write_pdf(str(temporary))
