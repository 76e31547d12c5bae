"""The whole life of a dataset in one run, and a page that shows it."""

from __future__ import annotations

from spinemsca.demo.run import PAGE_NAME, run_demo

__all__ = [
    "PAGE_NAME",
    "run_demo",
]
