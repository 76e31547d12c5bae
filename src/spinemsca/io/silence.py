"""Keeping other packages' warnings and log records to themselves.

pydicom's quote the values of headers, so none of them may reach a screen or a file.
"""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["silence"]

# pydicom and the decoders it may call, with all their modules.
_LOUD: Final = ("pydicom", "pylibjpeg", "openjpeg", "jpeg_ls", "gdcm")
# Filters of warnings are the whole process's: a thread that leaves would let another's through.
_LOCK: Final = threading.RLock()


@contextmanager
def silence() -> Iterator[None]:
    """Lets no warning, and no log record of pydicom, out of the block; one thread at a time."""
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loud = [logger for logger in _loggers() if not logger.disabled]
        for logger in loud:
            logger.disabled = True
        try:
            yield
        finally:
            for logger in loud:
                logger.disabled = False


def _loggers() -> list[logging.Logger]:
    known = dict(logging.root.manager.loggerDict)
    names = [name for name in known if name.partition(".")[0] in _LOUD]
    return [logging.getLogger(name) for name in {*_LOUD, *names}]
