"""Hypothesis strategies for the package's values."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spinemsca.anatomy import STRUCTURES
from spinemsca.case import Case, Sex, Spacing
from spinemsca.release.split import Split

shapes = st.tuples(st.integers(1, 24), st.integers(1, 24))
spacings = st.builds(Spacing, st.floats(0.05, 20), st.floats(0.05, 20))
sexes = st.none() | st.sampled_from(Sex)
annotated = st.frozensets(st.sampled_from(STRUCTURES))
words = st.text("abcXYZ019-_é脊", min_size=1, max_size=8)
names = words.filter(lambda w: Split.from_folder(w) is None)
texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x00", exclude_categories=["Cs"]),
    max_size=20,
)


def images(shape):
    return hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=32))


def label_maps(shape):
    return hnp.arrays(np.uint8, shape, elements=st.integers(0, len(STRUCTURES)))


@st.composite
def cases(draw, name=names):
    shape = draw(shapes)
    return Case(
        name=draw(name),
        image=draw(images(shape)),
        label=draw(label_maps(shape)),
        spacing=draw(st.none() | spacings),
        sex=draw(sexes),
        annotated=draw(annotated),
        source=draw(texts),
    )


def releases():
    """Lists of cases with their splits; names unique also where case does not count."""
    return st.lists(
        st.tuples(st.sampled_from(Split), cases()),
        min_size=1,
        max_size=4,
        unique_by=lambda pair: pair[1].name.casefold(),
    )
