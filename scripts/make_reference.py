"""Writes the reference of every face: what each room of the package offers to others.

`make docs` calls it through `docs/conf.py`. The rooms and their names are read from the package:
every package below `spinemsca`, and every module directly in it, whose `__all__` says what it
offers. What two faces offer is described once, in the room, and the top only points there.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import FunctionType, ModuleType
from typing import Any

from sphinx.pycode import ModuleAnalyzer

import spinemsca

# The verbs have a page of their own, made from the same source.
LEFT_OUT = ("spinemsca.cli",)


@dataclass(frozen=True)
class Name:
    """One name of a face.

    Attributes:
        face: Module that offers it.
        name: As offered.
        home: Module that defines it; where a constant's description stands.
        value: What it is.
    """

    face: str
    name: str
    home: str
    value: Any

    @property
    def kind(self) -> str:
        """Of directive and role: `class`, `exception`, `function` or `data`."""
        if isinstance(self.value, type):
            return "exception" if issubclass(self.value, BaseException) else "class"
        return "function" if _is_function(self.value) else "data"

    @property
    def shown_in(self) -> str:
        """Module under which it is described."""
        return self.home if self.kind == "data" else self.face

    @property
    def summary(self) -> str:
        """First paragraph of its description, in one line."""
        if self.kind == "data":
            source = ModuleAnalyzer.for_module(self.home)
            source.analyze()
            lines = source.attr_docs.get(("", self.name), [])
        else:
            lines = (inspect.getdoc(self.value) or "").splitlines()
        text = "\n".join(lines).strip().split("\n\n")[0]
        return " ".join(text.split())


def faces() -> list[str]:
    """Rooms that say in `__all__` what they offer, the top left out."""
    found = [
        info.name
        for info in walk_packages(spinemsca.__path__, "spinemsca.")
        if info.name.count(".") == 1
        and not any(part.startswith("_") for part in info.name.split("."))
        and not info.name.startswith(LEFT_OUT)
    ]
    return sorted(name for name in found if getattr(import_module(name), "__all__", ()))


def names_of(face: str) -> list[Name]:
    """All names of a face, in its order."""
    module = import_module(face)
    named = [(name, getattr(module, name)) for name in module.__all__ if not name.startswith("__")]
    return [Name(face, name, _home(face, name, value), value) for name, value in named]


def _is_function(value: Any) -> bool:
    # What `functools.cache` made of a function says which it wraps.
    return isinstance(value, FunctionType) or hasattr(value, "__wrapped__")


def _home(module: str, name: str, value: Any) -> str:
    if isinstance(value, type) or _is_function(value):
        return str(value.__module__)
    for source, imported in _imports(module):
        if imported == name and source != module and not isinstance(value, ModuleType):
            return _home(source, name, value)
    return module


@cache
def _imports(module: str) -> tuple[tuple[str, str], ...]:
    """Where a module has its names from, those that only a type checker imports as well."""
    tree = ast.parse(inspect.getsource(import_module(module)))
    return tuple(
        (node.module or "", alias.asname or alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spinemsca")
        for alias in node.names
    )


def write_reference(folder: Path) -> None:
    """Writes `index.rst` and a page a room into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    described: dict[tuple[str, str], Name] = {}
    rooms = faces()
    for room in rooms:
        own = [n for n in names_of(room) if (n.home, n.name) not in described]
        described |= {(n.home, n.name): n for n in own}
        shared = [described[n.home, n.name] for n in names_of(room) if n not in own]
        (folder / f"{room}.rst").write_text(_room_page(room, own, shared), encoding="utf-8")
    (folder / "index.rst").write_text(_index_page(rooms, described), encoding="utf-8")


def _room_page(room: str, own: list[Name], shared: list[Name]) -> str:
    head = [_title(room, "="), f".. automodule:: {room}", ""]
    return "\n".join([*head, *_table(shared), *(line for n in own for line in _entry(n))])


def _index_page(rooms: list[str], described: dict[tuple[str, str], Name]) -> str:
    top = names_of("spinemsca")
    own = [n for n in top if (n.home, n.name) not in described]
    own = [n for n in own if not isinstance(n.value, ModuleType)]
    shared = [described[n.home, n.name] for n in top if (n.home, n.name) in described]
    return "\n".join(
        [
            _title("Python", "="),
            "What ``import spinemsca as sm`` offers, and below it the rooms of the package.",
            "",
            *_table(sorted([*shared, *own], key=lambda n: n.name.lower())),
            *(line for n in own for line in _entry(n)),
            _title("Rooms", "-"),
            ".. toctree::",
            "   :maxdepth: 1",
            "",
            *(f"   {room}" for room in rooms),
            "",
        ]
    )


def _title(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"


def _table(names: list[Name]) -> Iterator[str]:
    if not names:
        return
    yield from (".. list-table::", "   :widths: 30 70", "")
    for n in names:
        yield f"   * - :py:obj:`{n.name} <{n.shown_in}.{n.name}>`"
        yield f"     - {n.summary}"
    yield ""


def _entry(name: Name) -> Iterator[str]:
    if name.kind == "data" and not name.summary:
        # What autodoc would show instead is the description of the value's type.
        yield from (f".. py:data:: {name.name}", f"   :module: {name.home}", "")
        return
    yield f".. auto{name.kind}:: {name.shown_in}::{name.name}"
    # Without an annotation a constant's value and `Final` are left out; its description says more.
    options = {"data": "   :annotation:", "function": ""}
    yield options.get(name.kind, "   :members:")
    yield ""
