"""Rooms have faces: what they offer is listed, is there, and is all that others import."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import spinemsca

SOURCE = Path(spinemsca.__file__).parent
ROOMS = sorted(p.parent.name for p in SOURCE.glob("*/__init__.py") if p.parent.name != "cli")


@pytest.mark.parametrize("room", ROOMS)
def test_a_face_is_sorted_and_whole(room):
    face = importlib.import_module(f"spinemsca.{room}")
    assert list(face.__all__) == sorted(set(face.__all__))
    for name in face.__all__:
        assert getattr(face, name) is not None
    assert set(face.__all__) <= set(dir(face))


def _imports(path: Path):
    here = path.relative_to(SOURCE).parts[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spinemsca."):
            room, *deeper = (node.module or "").split(".")[1:]
            if room in ROOMS and room != here:
                yield node, room, deeper


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.name))
def test_rooms_are_entered_by_their_faces(path):
    if path == SOURCE / "__init__.py":
        return
    for node, room, deeper in _imports(path):
        face = importlib.import_module(f"spinemsca.{room}")
        assert not deeper, f"{path.name}:{node.lineno} reaches past the face of {room}"
        for alias in node.names:
            assert alias.name in face.__all__, f"{path.name}:{node.lineno} {room}.{alias.name}"


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_stands_where_a_face_offers_a_function(room):
    """A module that is loaded later takes the place of a lazy name that is called like it."""
    face = importlib.import_module(f"spinemsca.{room}")
    if "__getattr__" in vars(face):
        modules = {path.stem for path in (SOURCE / room).glob("*.py")}
        assert set(face.__all__) & modules == set()


def test_no_public_name_is_defined_twice():
    defined: dict[str, set[Path]] = {}
    for path in SOURCE.rglob("*.py"):
        if path.name == "__init__.py" or path.parent.name == "cli":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                defined.setdefault(node.name, set()).add(path)
    assert {name for name, paths in defined.items() if len(paths) > 1} == set()
