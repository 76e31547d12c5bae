from __future__ import annotations

import runpy
import sys

import pytest

from spinemsca import __version__


def test_the_package_runs_as_a_module(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["spinemsca", "--version"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("spinemsca", run_name="__main__")
    assert not stopped.value.code
    assert capsys.readouterr().out.strip() == __version__
