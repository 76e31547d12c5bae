"""Faces of rooms whose modules are heavy: a name is imported when it is first asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["lazy_face"]


def lazy_face(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package (PEP 562).

    Args:
        package: Its `__name__`.
        homes: Module of each name that it offers; a module that holds no such name is meant itself.
    """

    def attribute(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(homes[name])
        # Asked for once: the next time it is there. So is all else of the module, since Python
        # binds a module's name to the module, which would hide a function that bears it.
        for other in (n for n in homes if homes[n] == homes[name]):
            setattr(sys.modules[package], other, getattr(module, other, module))
        return getattr(module, name, module)

    return attribute, lambda: sorted(homes)
