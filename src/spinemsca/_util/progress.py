"""How long work reports how far it is: a plain callable, silent unless the caller gives one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Progress", "silent"]

Progress: TypeAlias = Callable[[int, int], None]
"""Called with what is done and the total (0 while unknown), both in the same unit."""


def silent(done: int, total: int) -> None:
    """Reports nothing."""
    del done, total
