"""Inputs among files and folders, and names that are theirs in a folder of predictions."""

from __future__ import annotations

import hashlib
import os
import re

import numpy as np
import pytest
from PIL import Image

from spinemsca.errors import FileFormatError, ReleaseError, SpineError, UsageError
from spinemsca.io import pt
from spinemsca.io.orientation import HOUSE as LYING
from spinemsca.io.volume import Grid
from spinemsca.phantom.rendering import phantom
from spinemsca.predictions.ledger import LedgerRow, read_ledger, update_ledger
from spinemsca.predictions.names import safe_name, source_of
from spinemsca.predictions.scans import ScanInput, find_scans, named_in
from spinemsca.predictions.write import write_result
from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from tests.io.volumes import (
    HOUSE,
    SAGITTAL,
    affine_of,
    dicom_slice,
    save_dicom,
    write_nifti,
    write_series,
)
from tests.predictions.results import record

AFFINE = affine_of(SAGITTAL)


def names(*given) -> list[str]:
    return [item.name for item in find_scans(given)]


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(path)
    return path


def test_same_stems_get_names_of_their_own(tmp_path):
    paths = [tmp_path / "x" / "a.png", tmp_path / "y" / "a.png", tmp_path / "y" / "a.jpg"]
    paths += [tmp_path / "z" / "y" / "a.jpg"]
    picture(paths[0])
    found = names(*paths)
    assert found[:3] == ["a", "y_a", "a_jpg"]
    assert re.fullmatch("a-[0-9a-f]{6}", found[3])


def test_what_is_given_twice_counts_once(tmp_path):
    path = picture(tmp_path / "y" / "a.png")
    found = find_scans([path, tmp_path / "y", path, tmp_path / "y" / ".." / "y" / "a.png"])
    assert [(item.name, item.path) for item in found] == [("a", path)]


def test_nothing_to_predict_is_said(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for given in ([tmp_path], [tmp_path / "none.png"], []):
        with pytest.raises(UsageError, match="no image"):
            find_scans(given)


def test_folders_are_searched_to_their_depths(tmp_path):
    picture(tmp_path / "b.png")
    picture(tmp_path / "a" / "c.jpeg")
    picture(tmp_path / ".cache" / "d.png")
    write_nifti(tmp_path / "a" / "v.nii.gz")
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / "broken.nrrd").write_text("x")
    assert sorted(names(tmp_path)) == ["a/c", "a/v", "b", "broken"]


def test_what_was_written_by_prediction_is_left_out(tmp_path):
    picture(tmp_path / "a.png")
    picture(tmp_path / "a_label.png")
    picture(tmp_path / "x_label.png")
    write_nifti(tmp_path / "v.nii.gz")
    write_nifti(tmp_path / "v_label.nii.gz")
    for name in ("a.json", "v.json", "predictions.csv"):
        (tmp_path / name).write_text("{}")
    assert names(tmp_path) == ["a", "v", "x_label"]


def test_cases_of_a_release_go_by_their_folders_names(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pt.write_pt_image(tmp_path / name / "img.pt", np.zeros((4, 5), np.float32))
        pt.write_pt_label(tmp_path / name / "label.pt", np.zeros((4, 5), np.uint8))
    assert names(tmp_path) == ["one", "two"]


def test_slices_of_one_series_are_one_input(tmp_path):
    array = SAGITTAL.undo(HOUSE)
    write_series(tmp_path / "study", array, AFFINE, series="1")
    for path in sorted((tmp_path / "study").iterdir()):
        path.rename(path.with_suffix(""))
    write_series(tmp_path / "study", array, AFFINE, series="2")
    save_dicom(tmp_path / "study" / "x.dcm", dicom_slice(HOUSE[0], AFFINE, series="3"))
    found = find_scans([tmp_path])
    sizes = [(item.name, len(item.paths)) for item in found]
    assert [size for _, size in sizes] == [3, 3, 1]
    assert [name for name, _ in sizes[::2]] == ["study", "study/x"]
    assert sizes[1][0] not in ("study", "study/x")
    assert [item.name for item in find_scans([tmp_path])] == [name for name, _ in sizes]
    assert found[0].path == tmp_path / "study"
    assert np.array_equal(found[0].read().pixels, HOUSE)
    assert np.array_equal(found[2].read().pixels[0], HOUSE[0])


def test_digest_is_that_of_the_bytes(tmp_path):
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    assert ScanInput("a", (one,)).digest() == hashlib.sha256(b"1").hexdigest()
    both = {
        ScanInput("a", paths).digest() for paths in ((one,), (other,), (one, other), (other, one))
    }
    assert len(both) == 4
    with pytest.raises(FileFormatError, match="cannot be opened"):
        ScanInput("a", (tmp_path / "none",)).digest()


def test_inputs_in_folders_keep_their_folders_names(tmp_path):
    for place in ("s1/T2", "s2/T2", "s1/deep/T2", "T2"):
        picture(tmp_path / f"{place}.png")
    assert sorted(names(tmp_path)) == ["T2", "s1/T2", "s1/deep/T2", "s2/T2"]


def test_names_that_differ_in_case_only_are_told_apart(tmp_path):
    for name in ("T2.png", "t2.png", "Straße.png", "STRASSE.png"):
        picture(tmp_path / name)
    found = names(tmp_path)
    assert len(found) == 4
    assert len({name.casefold() for name in found}) == 4
    assert {"T2", "STRASSE"} < set(found)


@pytest.mark.parametrize(
    "odd", [b"caf\xe9", b"a\rb", b"aux", b"a:b*c", b"\xe8\x85\xb0" * 75, b"=1+1", b"-rf", b"dot."]
)
def test_odd_names_become_safe_ones_that_are_told_apart(tmp_path, odd):
    path = picture(tmp_path / os.fsdecode(odd + b".png"))
    other = picture(tmp_path / os.fsdecode(odd[:-1] + b"?.png"))
    found = find_scans([tmp_path])
    assert {item.path for item in found} == {path, other}
    for item in found:
        assert safe_name(item.name) == item.name
        assert item.read().pixels.shape == (1, 4, 5)
    assert len({item.name.casefold() for item in found}) == 2


def test_links_to_one_file_are_inputs_of_their_own(tmp_path):
    path = picture(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(path)
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "gone.png")
    found = find_scans([tmp_path])
    assert [item.name for item in found] == ["a", "b"]
    assert found[0].source != found[1].source
    assert found[0].digest() == found[1].digest()


def test_a_missing_file_is_unreadable_where_others_are_there(tmp_path):
    found = find_scans([tmp_path / "none.png", picture(tmp_path / "a.png")])
    assert [item.name for item in found] == ["none", "a"]
    with pytest.raises(SpineError, match="cannot be opened"):
        found[0].read()


def test_a_release_with_its_table_names_its_cases(tmp_path):
    cases = [phantom(5, i) for i in range(2)]
    write_release(tmp_path / "r", [(Split.TEST, case) for case in cases])
    assert sorted(names(tmp_path / "r")) == sorted(case.name for case in cases)


def test_a_broken_release_is_told(tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "cases.csv").write_text("no,table\n")
    with pytest.raises(ReleaseError):
        find_scans([tmp_path])


# --- names within a folder of predictions


def predict(out, *given) -> dict[str, str]:
    """A run as `predict_files` makes it, without a model: the name of each input's result."""
    named = named_in(out, find_scans(given))
    for item in named:
        said = record(input=item.path.name, source=item.source, sha256=item.digest(), shape=(4, 5))
        labels = np.full((1, 4, 5), 1 + item.digest().encode()[0] % 11, np.uint8)
        write_result(out, item.name, said, Grid((4, 5), LYING), labels)
    update_ledger(out, [LedgerRow(i.name, "segmented", source=i.source) for i in named])
    return {str(i.path.relative_to(out.parent)): i.name for i in named}


def files(out) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}


@pytest.fixture
def place(tmp_path):
    for number, name in enumerate(("x/a.png", "y/a.png", "y/b.png", "z/A.png")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 5), number, np.uint8)).save(path)
    return tmp_path


def test_an_input_keeps_its_name_in_every_run(place):
    out = place / "out"
    assert predict(out, place / "y" / "a.png") == {"y/a.png": "a"}
    first = files(out)
    # Together with another of its name, in any order, it is still the first one's.
    for given in (("x/a.png", "y/a.png"), ("y/a.png", "x/a.png")):
        named = predict(out, *(place / path for path in given))
        assert named == {"x/a.png": "x_a", "y/a.png": "a"}
    assert {name: files(out)[name] for name in ("a.json", "a_label.png")} == {
        name: first[name] for name in ("a.json", "a_label.png")
    }
    assert sorted(r.name for r in read_ledger(out)) == ["a", "x_a"]
    assert sorted(n for n in files(out) if n.endswith(".png")) == ["a_label.png", "x_a_label.png"]


def test_another_run_of_an_input_of_the_same_name_writes_beside(place):
    out = place / "out"
    predict(out, place / "x")
    before = files(out)
    assert predict(out, place / "y") == {"y/a.png": "y_a", "y/b.png": "b"}
    after = files(out)
    assert {name: after[name] for name in before if name != "predictions.csv"} == {
        name: content for name, content in before.items() if name != "predictions.csv"
    }
    assert [r.name for r in read_ledger(out)] == ["a", "y_a", "b"]


def test_names_alike_but_for_case_are_told_apart_across_runs(place):
    out = place / "out"
    predict(out, place / "x" / "a.png")
    (name,) = predict(out, place / "z" / "A.png").values()
    assert name.casefold() != "a"
    assert predict(out, place / "z" / "A.png") == {"z/A.png": name}


def test_an_input_that_could_not_be_read_keeps_its_row(place):
    out = place / "out"
    source = source_of(place / "x" / "a.png")
    update_ledger(out, [LedgerRow("a", "unreadable", "is no picture", source=source)])
    assert predict(out, place / "y" / "a.png") == {"y/a.png": "y_a"}
    assert [(r.name, r.status) for r in read_ledger(out)] == [
        ("a", "unreadable"), ("y_a", "segmented"),
    ]  # fmt: skip
    assert predict(out, place / "x" / "a.png") == {"x/a.png": "a"}


@pytest.mark.parametrize("there", ["a_label.png", "a_other.nii.gz", "a_overlay.png", "a.json"])
def test_what_somebody_made_by_hand_is_never_written_over(place, there):
    out = place / "out"
    out.mkdir()
    (out / there).write_bytes(b"by hand")
    assert predict(out, place / "x" / "a.png") == {"x/a.png": "x_a"}
    assert (out / there).read_bytes() == b"by hand"


def test_results_of_version_0_1_0_are_not_written_over(place):
    out = place / "out"
    out.mkdir()
    (out / "a.json").write_text('{"input": "a.png", "spacing_mm": [1, 1], "faces": "left"}')
    (out / "a_label.png").write_bytes(b"old")
    (out / "predictions.csv").write_text("name,status,reason,file\na,segmented,,x/a.png\n")
    before = files(out)
    assert predict(out, place / "x" / "a.png") == {"x/a.png": "x_a"}
    after = files(out)
    for name in ("a.json", "a_label.png"):
        assert after[name] == before[name]
    assert [r.name for r in read_ledger(out)] == ["a", "x_a"]


def test_a_damaged_record_of_the_same_input_is_written_anew(place):
    out = place / "out"
    predict(out, place / "x")
    whole = files(out)
    (out / "a.json").write_text("{")
    assert predict(out, place / "x") == {"x/a.png": "a"}
    assert files(out) == whole


def test_a_run_that_was_killed_holds_its_name(place, monkeypatch):
    out = place / "out"

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("spinemsca.predictions.write.write_record", killed)
    with pytest.raises(KeyboardInterrupt):
        predict(out, place / "x" / "a.png")
    monkeypatch.undo()
    assert not (out / "a.json").exists()
    assert predict(out, place / "y" / "a.png") == {"y/a.png": "y_a"}
    assert predict(out, place / "x" / "a.png") == {"x/a.png": "a"}
    assert not [name for name in files(out) if name.startswith(".")]


def test_when_every_name_is_taken_the_last_is_nobody_elses(place):
    out = place / "out"
    out.mkdir()
    for name in ("a", "x_a", "a_png"):
        (out / f"{name}.json").write_text("by hand")
    (name,) = predict(out, place / "x" / "a.png").values()
    assert re.fullmatch("a-[0-9a-f]{6}", name)


def test_a_foreign_table_is_refused_before_anything_is_named(place):
    out = place / "out"
    out.mkdir()
    (out / "predictions.csv").write_text("case,sex\na,F\n")
    with pytest.raises(FileFormatError, match="no ledger"):
        predict(out, place / "x")
    assert [p.name for p in out.iterdir()] == ["predictions.csv"]
