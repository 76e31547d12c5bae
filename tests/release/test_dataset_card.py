from __future__ import annotations

from spinemsca.anatomy import STRUCTURES
from spinemsca.case import Sex, Spacing
from spinemsca.release.case_table import CaseRow
from spinemsca.release.dataset_card import Card, render_card
from spinemsca.release.split import Split


def rows():
    known = {"sex": Sex.MALE, "spacing": Spacing(0.5, 0.5), "source": "scanner B"}
    return [
        CaseRow("a", Split.TRAIN, patient="p1", **known),
        CaseRow("b", Split.TRAIN, patient="p1", sex=Sex.FEMALE, source="scanner A"),
        CaseRow("c", Split.VAL, annotated=frozenset(STRUCTURES[:-1])),
    ]


def card(**changes):
    given = {"files": {"b": 7, "a": 12}, "sums": {"a": "0a", "b": "0b"}} | changes
    return render_card(Card.of(rows(), **given))


def test_composition_and_origin():
    text = card()
    assert "| Quantity | 3 | 2 | 1 | 0 |" in text
    assert "| Sex ratio (man) | 50 % | 50 % | not stated | not stated |" in text
    assert "3 sagittal MR images of the lumbar spine from 2 patients" in text
    assert "**Sources:** scanner A; scanner B" in text
    assert f"{STRUCTURES[-1].name} (1 cases)" in text
    assert "known in 1 of 3 cases" in text
    assert "For research use only" in text


def test_licence_is_never_invented():
    assert "**Licence:** not stated" in card()
    assert "**Licence:** CC BY 4.0" in card(licence="CC BY 4.0")


def test_files_with_sizes_and_sums():
    text = card()
    assert text.index("| `a` | 12 | `0a` |") < text.index("| `b` | 7 | `0b` |")


def test_every_label_value_is_explained():
    text = " ".join(card().split())
    assert all(f"{s.value} {s.name}" in text for s in STRUCTURES)


def test_nothing_known():
    text = render_card(Card.of([CaseRow("a", Split.TEST)], files={}, sums={}))
    assert "**Sources:** not stated" in text
    assert "**Not annotated in some cases:** none" in text


def test_slices_of_one_collection_are_one_source():
    found = [CaseRow(n, Split.TEST, source=f"clinic; slice {n} of 9") for n in "123"]
    found.append(CaseRow("4", Split.TEST, source="slice 4 of 9"))
    assert "**Sources:** clinic\n" in render_card(Card.of(found, files={}, sums={}))
