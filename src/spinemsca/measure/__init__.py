"""Landmarks and morphometry. The package itself can be called: `spinemsca.measure(label)`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    # The function and the package share their name, and importing one must not hide the other.
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """See [`measure`][spinemsca.measure.measure.measure]."""
        from spinemsca.measure.measure import measure

        return measure(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
