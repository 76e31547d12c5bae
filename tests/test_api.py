from __future__ import annotations

import subprocess
import sys

import pytest

import spinemsca


def test_exported_names():
    assert spinemsca.__all__ == sorted(spinemsca.__all__)
    for name in spinemsca.__all__:
        assert getattr(spinemsca, name) is not None
    assert dir(spinemsca) == spinemsca.__all__


@pytest.mark.parametrize(
    "first", ["spinemsca", "spinemsca.measure", "spinemsca.measure.measurements"]
)
def test_measure_can_be_called_whatever_was_imported_before(first):
    code = f"""
import importlib, numpy as np
importlib.import_module({first!r})
import spinemsca as sm
from types import SimpleNamespace
label = np.zeros((60, 60), np.uint8)
label[10:40, 10:50] = 1
found = [
    sm.measure(SimpleNamespace(label=label, spacing=(2.0, 1.0), confidence={{}}, warnings=())),
    sm.measure(label, image=np.ones((60, 60), np.float32), spacing=(2.0, 1.0)),
    sm.measure(label),
]
print(*(f"{{f.unit}} {{f.get('body_height_middle', 'L1').value:.0f}}" for f in found))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mm", "60", "mm", "60", "px", "30"]


@pytest.mark.parametrize("name", ["measure", "phantom", "report"])
def test_a_function_is_not_hidden_by_the_room_of_its_name(name):
    code = f"""
import importlib
importlib.import_module("spinemsca.{name}")
import spinemsca.cli.{name if name != "phantom" else "synth"}
import spinemsca as sm
print(type(sm.{name}).__name__, sm.{name}.__module__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kind, module = done.stdout.split()
    assert kind == "function"
    assert module.startswith(f"spinemsca.{name}.")


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'Spine'"):
        _ = spinemsca.Spine


def test_import_brings_nothing_heavy():
    code = (
        "import sys, spinemsca; print(*sorted({'torch', 'numpy', 'PIL', 'matplotlib', 'typer'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
