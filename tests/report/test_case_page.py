"""The page of one case: whole, escaped, readable, and its lines where the landmarks are."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemsca.anatomy import VERTEBRAE
from spinemsca.case import Sex
from spinemsca.measure.measurements import measure
from spinemsca.phantom.rendering import phantom
from spinemsca.predictions.record import ModelUsed
from spinemsca.report.about import About, about_prediction
from spinemsca.report.case_page import case_page, mark_of
from spinemsca.report.lines import LineKind, alignment_lines, height_lines, usual_depth
from tests.measure.spines import corners, draw, transform
from tests.predictions.results import record

VOID = {"meta", "img", "link", "br", "image", "line", "circle", "path", "rect"}


class Checked(HTMLParser):
    """Every element closed in order, headings in order, nothing fetched, no script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []
        self._check()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def _check(self):
        (page,) = self.all("html")
        assert page["lang"] == "en"
        assert not self.all("script")
        ids = [a["id"] for _, a in self.elements if "id" in a]
        assert len(ids) == len(set(ids))
        for _, attributes in self.elements:
            assert not any(name.startswith("on") for name in attributes)
            for name in ("href", "src", "xlink:href"):
                link = attributes.get(name) or ""
                assert not re.match(r"[a-z]+:(?!image/png)|//", link.removeprefix("data:")), link
                assert not link.startswith("#") or link[1:] in ids
            for target in (attributes.get("aria-labelledby") or "").split():
                assert target in ids
        assert all(a.get("alt") for a in self.all("img"))
        pictures = [a for a in self.all("svg") if a.get("aria-hidden") != "true"]
        assert all(a.get("role") == "img" and a.get("aria-labelledby") for a in pictures)
        assert all(a.get("scope") in {"row", "col"} for a in self.all("th"))
        levels = [int(t[1]) for t, _ in self.elements if re.fullmatch(r"h[1-6]", t)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))
        assert any(a.get("class") == "skip" for a in self.all("a"))


@pytest.fixture(scope="module")
def case():
    return phantom(3, 0)


@pytest.fixture(scope="module")
def found(case):
    return measure(case)


def test_a_whole_page(found, case):
    text = case_page(found, About(Sex.FEMALE, "synthetic", back="../index.html"))
    Checked(text)
    for part in ("Research use only", "Not a medical device", "supine", "phantom-0001", "mm²",
                 "L1–S1", "sacral slope", "standard error", "range 29.5 to 66.3", "Zheng",
                 "no model was stated", "data:image/png;base64,", "@media print"):  # fmt: skip
        assert part in text, part
    assert "fracture of" not in text
    value = found.get("lordosis_l1_s1").value
    assert f"L1–S1 {value:.1f}°" in text


def test_without_spacing_or_image_it_says_so(case):
    text = case_page(measure(case.label, name="a"), About())
    Checked(text)
    assert "assume square pixels" in text.replace("\n", " ")
    assert "no image was given" in text
    assert "data:image" not in text
    known = case_page(measure(case.label, original_size=(400, 512)), About())
    assert "original size" in known


def test_an_empty_label_map_has_a_page_of_reasons():
    text = case_page(measure(np.zeros((40, 30), np.uint8), name="void"), About())
    Checked(text)
    assert "L3 is not in the label map" in text


def test_a_missing_structure_is_named_with_what_it_takes_along(case):
    label = np.where(case.label == 6, 0, case.label).astype(np.uint8)
    found = measure(label, spacing=case.spacing)
    text = case_page(found, About())
    Checked(text)
    assert "S1 is not in the label map" in text
    assert "lordosis l1 s1" in text
    assert not any(line.kind is LineKind.COBB_S1 for line in alignment_lines(found))


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def test_hostile_texts_stay_texts(case):
    said = record(
        model=ModelUsed(version=HOSTILE, size=512, engine=HOSTILE),
        warnings=(HOSTILE, *["w"] * 100),
        structures=("L1",),
        confidence={"L1": 0.9},
        pixels={"L1": 5},
        ambiguous=True,
        numbering=HOSTILE,
        refused=HOSTILE,
        input="Jane_Doe_1970.dcm",
    )
    about = about_prediction(said)
    text = case_page(measure(case.label, name=HOSTILE), about)
    Checked(text)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "Jane" not in text
    assert about.confidence == {"L1": 0.9}
    assert about.warnings[0] == HOSTILE
    assert len(about.warnings) <= 22


def test_nothing_is_said_of_what_no_model_drew():
    assert about_prediction(None) == About()
    assert "unknown origin" in dict(About().facts())["Outlines"]


def test_the_model_is_named_with_its_version():
    one = {"structures": ("L1",), "confidence": {"L1": 1.0}, "pixels": {"L1": 5}}
    facts = dict(about_prediction(record(**one)).facts())
    assert facts["Outlines"] == "spine-msca segmentation model, version 7.5"
    assert facts["Confidence stated by the model"] == "L1 1.00"


def test_how_levels_were_counted_is_said_where_it_is_not_sure():
    assert about_prediction(record(ambiguous=False)).warnings == ()
    assert about_prediction(record(ambiguous=True, warnings=("look",))).warnings == (
        "counted upward from the sacrum",
        "look",
    )


def ends(text, kind):
    pattern = (
        rf'<line data-kind="{kind}" data-at="(\w+)" x1="(.*?)" y1="(.*?)" x2="(.*?)" y2="(.*?)"'
    )
    return [(m[0], np.array(m[1:], float).reshape(2, 2)[:, ::-1])
            for m in re.findall(pattern, text)]  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(turn=st.floats(-25, 25), seed=st.integers(0, 50), row=st.sampled_from([0.4, 0.6, 0.9]))
def test_drawn_ends_are_the_landmarks_in_pixels(turn, seed, row):
    drawn = draw(transform(corners(seed=seed), turn), (row, 0.5))
    found = measure(drawn.label, spacing=drawn.spacing)
    text = case_page(found, About())
    lines = ends(text, "endplate")
    for vertebra in VERTEBRAE[:-1]:
        pixels = found.spine.blocks[vertebra].landmarks.corners[0] / drawn.spacing
        own = [points / drawn.spacing for name, points in lines if name == vertebra.name]
        for pair in ((0, 1), (3, 2)):
            assert any(np.allclose(points, pixels[list(pair)], atol=0.01) for points in own)


def test_cobb_perpendiculars_meet_at_the_angle(found):
    for kind, name in ((LineKind.COBB_S1, "lordosis_l1_s1"), (LineKind.COBB_L5, "lordosis_l1_l5")):
        lines = alignment_lines(found)
        place = next(i for i, line in enumerate(lines) if line.kind is kind)
        feet = [line for line in lines[place : place + 4] if line.kind is LineKind.AUXILIARY]
        a, b = (line.end - line.start for line in feet)
        between = np.degrees(np.arccos(-(a @ b) / np.linalg.norm(a) / np.linalg.norm(b)))
        assert between == pytest.approx(found.get(name).value, abs=0.01)


def test_a_slip_is_drawn_with_its_length():
    drawn = draw(corners(slip=9), (0.6, 0.6))
    found = measure(drawn.label, spacing=drawn.spacing)
    (line,) = (x for x in alignment_lines(found) if x.kind is LineKind.SLIP and x.at == "D4")
    length = np.linalg.norm(line.end - line.start)
    assert length == pytest.approx(abs(found.get("slip", "D4").value))
    assert line.text.startswith("L4/L5 ")


def test_values_outside_their_range_are_marked_in_words(found):
    results = [r for r in found.results if mark_of(r)]
    for r in results:
        low, high = r.normal
        assert (r.value > high) == mark_of(r).endswith("above")
        assert not low <= r.value <= high
    flat = transform(corners(angles=(1, 1, 0, -1, -1, -2)))
    text = case_page(measure(draw(flat).label, spacing=(0.6, 0.6)), About())
    assert "▼ below" in text


def test_lines_of_nothing():
    found = measure(np.zeros((40, 30), np.uint8))
    assert height_lines(found) == alignment_lines(found) == []
    assert usual_depth(found.spine) == 0
