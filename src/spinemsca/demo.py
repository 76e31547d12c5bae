"""The whole life of a dataset in one run, without a network, and a page that shows it.

A small synthetic release is made, packed into split archives, served over HTTP on this machine,
downloaded, verified, loaded in batches and drawn.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PAGE_NAME", "Steps", "run_demo"]

PAGE_NAME: Final = "index.html"
