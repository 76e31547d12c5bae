"""The page of all cases: counts, distributions, flags and outliers, each with its case's page."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, Final

from spinemsca.measure import MEASURES, Definition, Scope
from spinemsca.report.case_page import words
from spinemsca.report.cohort import OUTLYING, SEXES, Cohort, Key, summary
from spinemsca.report.strips import HEIGHT, MARKS, WIDTH, strip_plot
from spinemsca.report.templating import render_template

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SHOWN", "cohort_page"]

SHOWN: Final = (
    "disc_height_dabbs",
    "disc_height_index",
    "disc_height_to_depth",
    "disc_signal_to_vertebrae",
    "degeneration_index",
    "slip_share",
    "disc_wedge_angle",
    "segmental_angle",
    "body_height_middle",
    "wedge",
    "height_loss",
    "lordosis_l1_s1",
    "lordosis_l1_l5",
    "sacral_slope",
)
"""Measures whose distributions are drawn."""

_SEX_NAMES: Final = {"F": "women (dots)", "M": "men (upright dashes)", "": "sex unknown (dashes)"}
_COLOURS: Final = {"F": "#8a3ea8", "M": "#00669e", "": "#555555"}
# Chosen, not measured: more than anyone reads.
_MOST_LISTED: Final = 500


def cohort_page(cohort: Cohort) -> str:
    """The page as one HTML document that needs no other file but the cases' pages.

    Args:
        cohort: All numbers.
    """
    outliers = cohort.outliers()
    page = {
        "cases": len(cohort.names),
        "counts": _counts(cohort, len(outliers)),
        "plots": list(_plots(cohort)),
        "width": WIDTH,
        "height": HEIGHT,
        "marks": [(_SEX_NAMES[s], _COLOURS[s], *MARKS[s]) for s in SEXES if s in cohort.sexes],
        "colours": _COLOURS,
        "numbers": list(_numbers(cohort)),
        "outlying": OUTLYING,
        "outliers": [_outlier(cohort, o) for o in outliers[:_MOST_LISTED]],
        "outliers_left": max(len(outliers) - _MOST_LISTED, 0),
        "list": _list(cohort, Counter(o.case for o in outliers)),
        "failed": cohort.failed,
    }
    return render_template("cohort.html", page=page)


def _counts(cohort: Cohort, outliers: int) -> list[tuple[str, str]]:
    sexes = Counter(cohort.sexes)
    named = {"F": "Women", "M": "Men", "": "Sex unknown"}
    return [
        ("Cases measured", str(len(cohort.names))),
        *((f"{named[s]}", str(sexes[s])) for s in SEXES if sexes[s]),
        ("Cases with a quality flag", str(sum(map(bool, cohort.flags)))),
        ("Values far from the others", str(outliers)),
        ("Could not be read", str(len(cohort.failed))),
    ]


def _shown(cohort: Cohort) -> Iterator[tuple[Definition, str, list[Key]]]:
    """Measures that are drawn, once for each unit that they came in."""
    by_name = {definition.name: definition for definition in MEASURES}
    for name in SHOWN:
        definition = by_name[name]
        rows = (
            ["spine"]
            if definition.scope is Scope.SPINE
            else [s.name for s in definition.scope.structures()]
        )
        for unit in definition.quantity.suffixes():
            keys = [Key(name, row, unit) for row in rows]
            known = [key for key in keys if key in cohort.values]
            if known:
                yield definition, unit, known


def _plots(cohort: Cohort) -> Iterator[dict[str, Any]]:
    for definition, unit, keys in _shown(cohort):
        plot = strip_plot(cohort, keys, definition.normal)
        if plot is not None:
            title = f"{words(definition.name)} ({unit})"
            reference = f" Reference: {definition.reference}." if definition.reference else ""
            yield plot | {
                "title": title[0].upper() + title[1:],
                "caption": f"{definition.formula[0].upper()}{definition.formula[1:]}.{reference}",
                "alt": _alternative(cohort, keys),
            }


def _alternative(cohort: Cohort, keys: list[Key]) -> str:
    """The plot in words: medians and quartiles."""
    parts = []
    for key in keys:
        found = summary(cohort.of(key))
        if found is not None:
            parts.append(
                f"{key.structure}: median {found.median:.3g}, quartiles {found.quarter:.3g} and "
                f"{found.three_quarters:.3g}, n = {found.number}"
            )
    return "; ".join(parts)


def _numbers(cohort: Cohort) -> Iterator[list[str]]:
    names = {"F": "F", "M": "M", "": "unknown"}
    for definition, unit, keys in _shown(cohort):
        for key in keys:
            for sex in SEXES:
                found = summary(cohort.of(key, sex))
                if found is not None:
                    numbers = [f"{v:.3g}" for v in astuple(found)[1:]]
                    name = f"{words(definition.name)} ({unit})"
                    yield [name, key.structure, names[sex], str(found.number), *numbers]


def _outlier(cohort: Cohort, found: Any) -> dict[str, str]:
    return {
        "name": cohort.names[found.case],
        "page": cohort.pages[found.case],
        "structure": found.key.structure,
        "measure": words(found.key.measure),
        "value": f"{found.value:.3g} {found.key.unit}",
        "z": f"{found.z:+.1f}",
    }


def _list(cohort: Cohort, outliers: Counter[int]) -> list[dict[str, Any]]:
    return [
        {"name": name, "page": page, "sex": sex or "–", "outliers": outliers[i], "flags": flags}
        for i, (name, page, sex, flags) in enumerate(
            zip(cohort.names, cohort.pages, cohort.sexes, cohort.flags, strict=True)
        )
    ]
