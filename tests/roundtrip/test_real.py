"""Two patients' slices and the installed model: the same numbers however the DICOM lies."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.io.volumes import dicom_slice, save_dicom
from tests.roundtrip.checks import check_numbers
from tests.roundtrip.layouts import affine_of, laid
from tests.roundtrip.running import call, measured

SPACING = (0.6, 0.8)
LIES = ("IP", "IA", "PI", "AS")


@pytest.mark.real
@pytest.mark.parametrize("name", ["1_t2", "45_t2_SPACE"])
def test_real_slices_measure_alike(name, shared_data, tmp_path):
    source = shared_data / "spider" / "mid" / f"{name}.png"
    if not source.is_file():
        pytest.skip("the slice is not among the real images")
    with Image.open(source) as picture:
        pixels = np.asarray(picture.convert("L")).astype(np.int16)
    scans, out = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    for number, codes in enumerate(LIES):
        affine = affine_of(f"{codes[::-1]}L", (1.0, *SPACING), (1, *pixels.shape))
        slice_ = dicom_slice(laid(pixels, codes), affine, series=f"1.2.{number}")
        save_dicom(scans / f"{codes}.dcm", slice_)
    call("predict", scans, "--out", out, "--device", "cpu", "--workers", 1)
    found = measured(out)
    assert sorted(found) == sorted(LIES)
    assert found["IP"]["spine", "lordosis_l1_s1"] is not None
    upright = _label(out, "IP")
    for codes in LIES[1:]:
        check_numbers(found[codes], found["IP"])
        np.testing.assert_array_equal(_label(out, codes), laid(upright, codes))
        record = json.loads((out / f"{codes}.json").read_text(encoding="utf-8"))
        assert record["orientation"] == codes


def _label(out, name) -> np.ndarray:
    with Image.open(out / f"{name}_label.png") as picture:
        return np.asarray(picture)
