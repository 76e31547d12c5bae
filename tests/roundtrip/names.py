"""Odd names that scans have in the field."""

from __future__ import annotations

import os
from typing import Final

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "plain": ("scan7",),
    "spaces": ("T2 sag  left",),
    "han": ("张三",),
    "not_utf8": (os.fsdecode(b"\xd5\xc5\xc8\xfd"),),
    "long": ("x" * 240,),
    "reserved": ("CON",),
    "reserved_dotted": ("nul.1",),
    "twins": ("Scan", "scan"),
    "nested": ("s1/T2", "s2/T2"),
    "nested_odd": (os.fsdecode(b"\xc0\xee/a:b"), "s2/a:b"),
    "dots": ("a.b",),
    "dots_twice": ("1.2.840.113619", "1.2.840.113620"),
    "formula": ("=1+2",),
    "dash": ("--out",),
    "colon": ('T2: "sag" <1>',),
    "label": ("knee_label",),
    "label_and": ("knee_label", "knee"),
    "overlay": ("a_overlay", "a"),
    "other": ("a_other", "a"),
    "decomposed": ("Mu\u0308ller",),
    "blank_end": ("end.. ",),
    "markup": ("[bold]<b>&amp;",),
}
"""By kind; of two names the first is patient `a`'s, the second `b`'s. `/` divides folders."""

KEPT: Final = frozenset({"plain", "spaces", "han", "nested", "dots", "dots_twice", "formula",
                         "dash", "label", "other", "overlay"})  # fmt: skip
"""Kinds whose results bear the name as it is."""


def is_safe(name: str) -> bool:
    """Whether every common file system takes each part of a result's name with its endings."""
    devices = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
    return all(
        part.encode("utf-8")
        and len(f".{part}_overlay.png.abcdefgh.tmp".encode()) <= 255
        and not set(part) & set('<>:"\\|?*')
        and min(map(ord, part)) >= 32
        and part[-1] not in ". "
        and part.split(".")[0].lower() not in devices
        for part in name.split("/")
    )
