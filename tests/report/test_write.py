"""Reports of many cases: found, written, resumed, listed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemsca.case import Sex, Spacing
from spinemsca.cli import main
from spinemsca.errors import UsageError
from spinemsca.phantom.rendering import phantom
from spinemsca.predictions.find import LabelFile, find_label_maps
from spinemsca.predictions.ledger import LedgerRow, update_ledger
from spinemsca.predictions.read import Reading
from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from spinemsca.report.cohort import Cohort, Key
from spinemsca.report.cohort_page import cohort_page
from spinemsca.report.inputs import ReportInput, read_sexes, report_inputs
from spinemsca.report.write import file_names, write_reports
from tests.measure.spines import corners, draw
from tests.predictions.results import save_picture
from tests.report.test_case_page import Checked

PLAIN = Reading()


@pytest.fixture(scope="module")
def cases():
    return [phantom(5, i) for i in range(2)]


@pytest.fixture
def release(tmp_path, cases):
    write_release(tmp_path / "release", [(Split.TRAIN, case) for case in cases])
    return tmp_path / "release"


@pytest.fixture
def predicted(tmp_path):
    folder, images = tmp_path / "predicted", tmp_path / "images"
    folder.mkdir()
    images.mkdir()
    label = draw(corners()).label
    for name in ("a", "b"):
        save_picture(folder, name, label, spacing_mm=(0.6, 0.6))
        Image.fromarray(np.full(label.shape, 90, np.uint8)).save(images / f"{name}.png")
    return folder, images


def inputs(folder, how=PLAIN, sexes=None) -> list[ReportInput]:
    return report_inputs(find_label_maps([folder]).found, how, sexes)


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main(["report", *map(str, arguments)])
    return int(end.value.code or 0)


def test_a_release(release, tmp_path, cases, capsys):
    assert run(release, "--out", tmp_path / "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 2
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    Checked(index)
    for case in cases:
        page = tmp_path / "out" / "cases" / f"{case.name}.html"
        assert f'href="cases/{case.name}.html"' in index
        assert "Source</dt><dd>synthetic" in page.read_text(encoding="utf-8")
        assert 'href="../index.html"' in page.read_text(encoding="utf-8")


def test_predictions_with_their_images(predicted, tmp_path):
    folder, images = predicted
    assert run(folder, "--images", images, "--out", tmp_path / "out") == 0
    text = (tmp_path / "out" / "cases" / "a.html").read_text(encoding="utf-8")
    assert "version 7.5" in text
    assert "0.6 × 0.6 mm" in text
    assert "data:image/png" in text


def test_a_second_run_keeps_pages_until_something_changes(predicted, tmp_path):
    folder, _ = predicted
    out = tmp_path / "out"
    page = out / "cases" / "a.html"

    def times(how=PLAIN):
        write_reports(inputs(folder, how), out)
        return page.stat().st_mtime_ns

    first = times()
    assert times() == first
    mirrored = Reading(orientation="IA")
    second = times(mirrored)
    assert second > first
    page.unlink()
    assert times(mirrored) > second
    (out / "cases" / "a.json").write_text("{}")
    last = page.stat().st_mtime_ns
    assert times(mirrored) > last
    last = page.stat().st_mtime_ns
    save_picture(folder, "a", draw(corners(slip=6)).label, spacing_mm=(0.7, 0.6))
    assert times(mirrored) > last
    assert "0.7 × 0.6 mm" in page.read_text(encoding="utf-8")


def test_one_bad_case_is_listed_and_the_rest_go_on(predicted, tmp_path, capsys):
    folder, _ = predicted
    (folder / "c_label.png").write_bytes(b"no")
    assert run(folder, "--out", tmp_path / "out") == 1
    assert "c:" in capsys.readouterr().err
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    Checked(index)
    assert "<strong>c:</strong>" in index
    assert run(folder / "c_label.png", "--out", tmp_path / "bad") == 2


def test_nothing_to_report_on(tmp_path):
    with pytest.raises(UsageError, match="no case"):
        write_reports([], tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        report_inputs([], Reading(images=tmp_path / "none"))


def test_hostile_names_are_plain_files_of_their_own():
    names = ["a", "A", "../../etc/passwd", "<script>", "", "..", "x" * 300, "a/b", "a_b"]
    stems = file_names([ReportInput(LabelFile(n, Path("x")), Reading()) for n in names])
    assert len({s.casefold() for s in stems}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,110}", s) for s in stems)
    assert stems[0] == "a"


def test_sexes_come_from_a_table_or_the_release(release, tmp_path, cases):
    table = tmp_path / "sexes.csv"
    table.write_text("case,sex\nphantom-0001,M\nphantom-0002,\n")
    sexes = read_sexes(table)
    assert sexes == {"phantom-0001": Sex.MALE}
    found = inputs(release, sexes=sexes)
    assert [i.sex for i in found] == [Sex.MALE, cases[1].sex]
    for bad in ("name,sex\na,M\n", "case,sex\na,X\n"):
        table.write_text(bad)
        with pytest.raises(UsageError, match="table of sexes"):
            read_sexes(table)
    with pytest.raises(UsageError):
        read_sexes(tmp_path / "none.csv")


@pytest.mark.parametrize("text", ['{"spacing_mm": ["x", 1]}', "[]", "no", '{"spacing_mm": 3}'])
def test_a_record_that_is_none_is_listed_with_what_to_do(predicted, tmp_path, text):
    folder, images = predicted
    (folder / "a.json").write_text(text)
    cohort = write_reports(inputs(folder, Reading(images)), tmp_path / "out")
    ((name, reason),) = cohort.failed
    assert name == "a"
    assert "no record" in reason
    assert "--spacing" in reason
    assert cohort.names == ["b"]


def test_an_image_is_found_for_one_label_map(predicted):
    folder, images = predicted
    (one,) = inputs(folder / "b_label.png", Reading(images / "b.png"))
    scan, about = one.read()
    assert scan.slice.spacing == Spacing(0.6, 0.6)
    assert (scan.slice.image == 90).all()
    assert about.model.endswith("version 7.5")


def test_a_case_without_an_image_is_reported_without_it(predicted):
    folder, images = predicted
    (images / "a.png").unlink()
    without, with_ = inputs(folder, Reading(images))
    assert without.read()[0].images is None
    assert with_.read()[0].images is not None


def test_a_label_map_that_lies_mirrored_gives_the_same_page(predicted, tmp_path):
    folder, _ = predicted
    label = draw(corners(slip=6)).label
    save_picture(folder, "a", label, spacing_mm=(0.6, 0.6))
    save_picture(folder, "b", label[:, ::-1].copy(), spacing_mm=(0.6, 0.6), orientation="IA")
    write_reports(inputs(folder), tmp_path / "out")
    numbers = [
        json.loads((tmp_path / "out" / "cases" / f"{name}.json").read_text())["measurements"]
        for name in ("a", "b")
    ]
    assert len(numbers[0]["measures"]) > 40
    assert numbers[0]["measures"] == numbers[1]["measures"]


def test_what_has_no_label_map_stands_on_the_index(predicted, tmp_path, capsys):
    folder, _ = predicted
    update_ledger(folder, [LedgerRow("c", "unreadable", "is no picture. Save it again")])
    assert run(folder, "--out", tmp_path / "out") == 1
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for text in (index, capsys.readouterr().err):
        assert "unreadable by predict: is no picture. Save it again" in text


def record_of(value):
    result = {"measure": "wedge", "structure": "L1", "unit": "ratio", "value": value}
    return {"flags": {"L1": ["odd"]}, "measures": [result]}


def test_far_values_are_found_and_linked():
    cohort = Cohort()
    for i in range(20):
        cohort.add(f"c{i}", f"cases/c{i}.html", "FM"[i % 2], record_of(0.9 + 0.001 * i))
    cohort.add("<b>far", "cases/far.html", "", record_of(2.0))
    (far,) = cohort.outliers()
    assert (far.case, far.key) == (20, Key("wedge", "L1", "ratio"))
    assert len(cohort.of(far.key, "F")) == 10
    assert len(cohort.of(Key("wedge", "L2", "ratio"))) == 0
    text = cohort_page(cohort)
    Checked(text)
    assert '<a href="cases/far.html">&lt;b&gt;far</a>' in text
    assert "women (dots)" in text


def test_equal_values_have_no_outliers():
    cohort = Cohort()
    for i in range(9):
        cohort.add(str(i), "x.html", "", record_of(1.0 if i else 2.0))
    assert cohort.outliers() == []
    Checked(cohort_page(cohort))


def test_the_pages_name_no_path(predicted, tmp_path):
    folder, _ = predicted
    write_reports(inputs(folder), tmp_path / "out")
    for page in Path(tmp_path / "out").rglob("*.html"):
        assert str(tmp_path) not in page.read_text(encoding="utf-8")
