"""The command line's frame: help, version, exit status, and errors in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

from spinemsca import __version__
from spinemsca.cli import _VERBS, main
from spinemsca.cli._console import print_json, print_table, progress_bar
from spinemsca.errors import CaseError


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    code = exit_.value.code
    assert isinstance(code, int | None)
    return code or 0


def install_verb(monkeypatch: pytest.MonkeyPatch, error: BaseException | None) -> None:
    module = ModuleType("spinemsca.cli.info")

    def run() -> None:
        """Does nothing, or fails."""
        if error is not None:
            raise error

    module.__dict__.update(run=run, EXAMPLE="spine-msca info data")
    monkeypatch.setitem(sys.modules, "spinemsca.cli.info", module)


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("--help") == 0
    text = capsys.readouterr().out
    assert all(f"\n  {verb} " in text for verb in _VERBS)


@pytest.mark.parametrize("verb", _VERBS)
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(verb, "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert _VERBS[verb] in text
    assert f"Example: {import_module(f'spinemsca.cli.{verb}').EXAMPLE.split()[0]}" in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("--version") == 0
    assert capsys.readouterr().out.strip() == __version__


def test_unknown_verb_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("segmentt") == 2
    assert "segmentt" in capsys.readouterr().err


def test_done_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    install_verb(monkeypatch, None)
    assert status("info") == 0


def test_an_error_is_one_line_and_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_verb(monkeypatch, CaseError("image is blank", where="p1", remedy="Leave it out"))
    assert status("info") == 2
    assert capsys.readouterr().err == "spine-msca: p1: image is blank. Leave it out\n"


def test_a_closed_pipe_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closable:
        closed = False

        def close(self) -> None:
            self.closed = True

        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None: ...

    stream = Closable()
    monkeypatch.setattr(sys, "stderr", stream)
    install_verb(monkeypatch, BrokenPipeError())
    assert status("info") == 0
    assert stream.closed


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom spinemsca.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'scipy', 'PIL', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_json_is_strict(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"mean": None, "name": "Größe"})
    assert json.loads(capsys.readouterr().out) == {"mean": None, "name": "Größe"}
    with pytest.raises(ValueError, match="JSON"):
        print_json({"mean": float("nan")})


def test_tables_go_to_stdout_and_progress_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table

    table = Table("Case")
    table.add_row("p1")
    with progress_bar("Reading") as progress:
        progress(1, 2)
        progress(2, 2)
    with progress_bar("Fetching", unit="bytes") as progress:
        progress(1, 0)
    print_table(table)
    captured = capsys.readouterr()
    assert "p1" in captured.out
    assert "Reading" not in captured.out
