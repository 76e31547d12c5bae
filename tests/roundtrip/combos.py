"""Which ways are gone: factors, levels, and what cannot be."""

from __future__ import annotations

from collections.abc import Mapping

from tests.roundtrip.allpairs import Combination
from tests.roundtrip.chains import CHAINS, possible
from tests.roundtrip.formats import FORMATS, poses, spacings, ways
from tests.roundtrip.names import NAMES

FACTORS: Mapping[str, tuple[object, ...]] = {
    "fmt": FORMATS,
    "order": tuple(range(6)),
    "flips": tuple(range(8)),
    "chain": tuple(CHAINS),
    "spacing": ("square", "oblong", "none", "metres", "microns"),
    "name": tuple(NAMES),
    "pose": ("straight", "oblique"),
}
"""`order` and `flips` count the orders of a file's axes and the ways in which they may run."""


def codes_of(made: Combination) -> str | None:
    """Axis codes of a file; `None` where the format has no such orientation."""
    known = ways(made["fmt"])
    flips = {1: 1, 8: 4}.get(len(known), 8)
    if made["flips"] >= flips or made["order"] * flips >= len(known):
        return None
    return known[made["order"] * flips + made["flips"]]


def allowed(made: Combination) -> bool:
    """Whether there is such a file, and a chain that takes it; of parts, whether there may be."""
    formats = [made["fmt"]] if "fmt" in made else FORMATS
    return any(_allowed(made, fmt) for fmt in formats)


def _allowed(made: Combination, fmt: str) -> bool:
    at = {"fmt": fmt, "order": made.get("order", 0), "flips": made.get("flips", 0)}
    codes = codes_of(at)
    if codes is None:
        return False
    if made.get("spacing", "square") not in spacings(fmt):
        return False
    if made.get("pose", "straight") not in poses(fmt):
        return False
    names = [made["name"]] if "name" in made else NAMES
    chains = [made["chain"]] if "chain" in made else CHAINS
    steps = [made["spacing"]] if "spacing" in made else spacings(fmt)
    return any(possible(c, fmt, codes, n, s) for c in chains for n in names for s in steps)


def title(made: Combination) -> str:
    """Of a test."""
    return "-".join(str(value) for value in made.values())
