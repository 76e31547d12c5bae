"""Chains of verbs, each of which ends in numbers that are compared with those known."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import surface_distance
from PIL import Image

from spinemsca.anatomy import by_name
from spinemsca.cli import main
from spinemsca.measure.measure import measure
from spinemsca.measure.signal_intensity import SIGNAL_MEASURES
from spinemsca.segment.inference import pretrained
from tests.roundtrip.formats import (
    PICTURES,
    VOLUMES,
    Lie,
    write_image,
    write_labels,
    write_patients_release,
    write_truth,
)
from tests.roundtrip.knowing import Knowing
from tests.roundtrip.layouts import to_ras
from tests.roundtrip.names import KEPT, NAMES, is_safe
from tests.roundtrip.patients import SHOWN, WITH_L6, Numbers, numbers, patient, renamed

_SIGNAL = frozenset(d.name for d in SIGNAL_MEASURES)
SCORED = ("L3", "D4", "S1")
"""Structures whose scores are compared: one with a row less, one larger, one alike."""


@cache
def knowing() -> Knowing:
    return Knowing()


@contextlib.contextmanager
def known_model(model: Knowing | None = None) -> Iterator[None]:
    """While it lasts, `predict` uses the model that knows the patients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "load_model", lambda *_, **__: model or knowing())
        yield


@dataclass(frozen=True)
class Told:
    """What a verb said."""

    status: int
    out: str
    err: str


def call(*arguments: object, status: int = 0) -> Told:
    """Calls the command line and checks its exit status."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    told = Told(code, out.getvalue(), err.getvalue())
    assert code == status, f"{arguments[0]}: exit status {code}, {told.err}"
    return told


@dataclass(frozen=True)
class Run:
    """One way through a chain.

    Attributes:
        top: An empty folder.
        lie: Of the files.
        name: Kind of name, of `NAMES`.
    """

    top: Path
    lie: Lie
    name: str

    @property
    def stems(self) -> tuple[str, ...]:
        return NAMES[self.name]

    @property
    def out(self) -> Path:
        return self.top / "out"

    @property
    def scans(self) -> Path:
        return self.top / "scans"

    def write(self) -> dict[str, str]:
        """Writes the images; patient by the file's path as the ledger shows it."""
        if self.lie.fmt == "release":
            write_patients_release(self.scans, self.lie, self.stems)
            folders = [self.scans / "Test" / stem for stem in self.stems]
            return {printed(f / "img.pt"): n for f, n in zip(folders, "ab", strict=False)}
        paths = [
            write_image(self.scans, stem, self.lie, n)
            for stem, n in zip(self.stems, "ab", strict=False)
        ]
        return {printed(path): n for path, n in zip(paths, "ab", strict=False)}

    def predict(self, *options: object) -> dict[str, str]:
        """Predicts what was written; patient by the result's name."""
        owners = self.write()
        call("predict", self.scans, "--out", self.out, "--workers", 1, *options)
        names = self.names(owners)
        if self.name in KEPT or self.lie.fmt == "release":
            assert sorted(names) == sorted(self.stems)
        return names

    def names(self, owners: dict[str, str]) -> dict[str, str]:
        """Patient by result, as the ledger tells, each segmented and safely named."""
        rows = ledger(self.out)
        assert len(rows) >= len(owners)
        found = {row["name"]: owners[row["file"]] for row in rows if row["file"] in owners}
        assert all(row["status"] == "segmented" for row in rows)
        assert sorted(found.values()) == sorted(owners.values())
        assert all(is_safe(name) for name in found)
        assert len({name.casefold() for name in found}) == len(found)
        return found

    @property
    def told(self) -> list[object]:
        """Options of `measure` that say what files of this kind cannot."""
        lie, said = self.lie, []
        if lie.known and not lie.stated:
            said += ["--spacing", *lie.spacing_of_file]
        if lie.fmt in PICTURES and lie.codes[0] in "PA":
            said += ["--orientation", lie.codes]
        return said

    def expected(self, name: str, index: int = SHOWN, names: str = "", **changes: Any) -> Numbers:
        """A patient's numbers."""
        lie = self.lie
        known = {"known": lie.known, "tilt": lie.tilt} | changes
        return numbers(name, lie.grid, index, names=names, **known)


def printed(path: Path) -> str:
    return os.fsencode(path).decode(errors="backslashreplace")


def ledger(out: Path) -> list[dict[str, str]]:
    with (out / "predictions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_numbers(measured: list[dict[str, Any]]) -> dict[tuple[str, int | None], Numbers]:
    """Numbers by case and slice."""
    return {
        (case["case"], case["slice"]): {
            (m["structure"], m["measure"]): m["value"] for m in case["measures"]
        }
        for case in measured
    }


def measured(*arguments: object, status: int = 0) -> dict[str, Numbers]:
    """Numbers by case."""
    told = json.loads(call("measure", *arguments, "--json", status=status).out)
    found = read_numbers(told)
    assert len(found) == len({case for case, _ in found})
    return {case: values for (case, _), values in found.items()}


def check_numbers(found: Numbers, expected: Numbers) -> None:
    """Whether all measures of outlines are alike."""
    wrong = []
    for key, value in expected.items():
        if key[1] in _SIGNAL:
            continue
        other = found.get(key)
        # A tilt is told in the patient's sagittal plane, which oblique slices are off by 0.03°.
        close = (
            isinstance(value, float | int)
            and other is not None
            and other == pytest.approx(value, rel=1e-4, abs=0.05 if "sacral" in key[1] else 2e-3)
        )
        if not (close or other == value):
            wrong.append(f"{key[0]} {key[1]}: {other}, not {value}")
    assert not wrong, "; ".join(wrong[:6])
    assert isinstance(expected["spine", "lordosis_l1_s1"], float) or any(
        isinstance(v, float) for v in expected.values()
    )


def check_cases(found: dict[str, Numbers], expected: dict[str, Numbers]) -> None:
    """Whether the same cases are there, each with its patient's numbers."""
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        check_numbers(found[name], values)


def check_files(run: Run, names: dict[str, str], change: dict[str, str] | None = None) -> None:
    """Whether each label file holds the right values at the right places, on its image's grid."""
    for name, who in names.items():
        label = renamed(run.lie.of(who).labels, change or {})
        _check_file(run, name, np.where(label < 12, label, 0).astype(np.uint8))
        assert (run.out / f"{name}.json").is_file()
        others = [run.out / f"{name}_other{s}" for s in (".png", ".nii.gz")]
        assert any(p.is_file() for p in others) == bool((label > 11).any())


def _check_file(run: Run, name: str, label: np.ndarray) -> None:
    lie = run.lie
    if not lie.is_volume:
        with Image.open(run.out / f"{name}_label.png") as picture:
            values = np.asarray(picture)
        np.testing.assert_array_equal(values, lie.array(label))
        return
    image = nibabel.load(run.out / f"{name}_label.nii.gz")
    held = label[lie.slices.start : lie.slices.stop]
    canonical = nibabel.as_closest_canonical(image)
    np.testing.assert_array_equal(np.asarray(canonical.dataobj), to_ras(held))
    scale = {"metres": 1e-3, "microns": 1e3}.get(lie.spacing, 1.0)
    world = lie.world("RAS")[:3] * scale
    np.testing.assert_allclose(canonical.affine[:3], world, atol=2e-4 * scale)


# Chains


def measure_and_report(run: Run) -> None:
    """predict → measure → report: table, pages and files agree."""
    names = run.predict()
    check_files(run, names)
    expected = {n: run.expected(who) for n, who in names.items()}
    check_cases(measured(run.out, *run.told), expected)
    pages = run.top / "pages"
    call("report", run.out, "--out", pages, *run.told)
    found = [
        json.loads(p.read_text(encoding="utf-8"))["measurements"] for p in pages.rglob("*.json")
    ]
    check_cases({c: v for (c, _), v in read_numbers(found).items()}, expected)
    assert len(list(pages.rglob("*.html"))) == len(names) + 1


def to_table(run: Run) -> None:
    """predict → measure --out: names and numbers of the table."""
    names = run.predict()
    call("measure", run.out, *run.told, "--out", run.top / "m.csv")
    with (run.top / "m.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shown = {f"'{n}" if n[0] in "=+-@" else n: who for n, who in names.items()}
    assert {row["case"] for row in rows} == set(shown)
    unit = "mm" if run.lie.known else "px"
    for row in rows:
        expected = run.expected(shown[row["case"]])
        for number, suffix in (("body_area", f"{unit}2"), ("slip", unit),
                                ("disc_height_anterior", unit), ("sacral_slope", "deg"),
                                ("lordosis_l1_s1", "deg")):  # fmt: skip
            value = expected.get((row["structure"], number))
            cell = row[f"{number}_{suffix}"]
            if value is None:
                assert not cell
            else:
                assert float(cell) == pytest.approx(value, rel=1e-3, abs=0.05)


def all_slices(run: Run) -> None:
    """predict → measure --all-slices: each slice by its index from the patient's right."""
    names = run.predict()
    found = read_numbers(
        json.loads(call("measure", run.out, *run.told, "--all-slices", "--json").out)
    )
    several = len(run.lie.slices) > 1
    wanted = {
        (n, k if several else None): run.expected(who, k)
        for n, who in names.items()
        for k in run.lie.slices
    }
    assert found.keys() == wanted.keys()
    for key, values in wanted.items():
        check_numbers(found[key], values)


def relabel(run: Run) -> None:
    """predict → relabel → measure: the record goes along, other vertebrae keep their place."""
    names = run.predict()
    corrected = run.top / "corrected"
    call("relabel", run.out, "--shift", -1, "--out", corrected)
    expected = {n: run.expected(who, names="up") for n, who in names.items()}
    check_cases(measured(corrected, *run.told), expected)
    again = run.top / "again"
    call("relabel", corrected, "--shift", 1, "--out", again)
    whole = {n: run.expected(who) for n, who in names.items()}
    check_cases(measured(again, *run.told), whole)


def lowest(run: Run) -> None:
    """predict --lowest L6 → measure: L6 is a vertebra between L5 and S1."""
    names = run.predict("--lowest", "L6")
    check_files(run, names, WITH_L6)
    expected = {n: run.expected(who, names="L6") for n, who in names.items()}
    check_cases(measured(run.out, *run.told), expected)
    # Also as a person reads it.
    call("measure", run.out, *run.told)


def after_older_results(run: Run) -> None:
    """predict into a folder with other patients' results of the same names, twice."""
    other = Run(run.top / "older", run.lie, run.name)
    swapped = {"a": "b", "b": "a"}
    if run.lie.fmt == "release":
        owners = other.write()
    else:
        owners = {}
        for stem, name in zip(run.stems, "ab", strict=False):
            path = write_image(other.scans, stem, run.lie, swapped[name])
            owners[printed(path)] = swapped[name]
    call("predict", other.scans, "--out", run.out, "--workers", 1)
    owners |= run.write()
    for _ in range(2):
        call("predict", run.scans, "--out", run.out, "--workers", 1)
    names = run.names(owners)
    check_files(run, names)
    expected = {n: run.expected(who) for n, who in names.items()}
    check_cases(measured(run.out, *run.told), expected)


def evaluate(run: Run) -> None:
    """predict → evaluate: Dice of arrays, HD95 as `surface-distance` has it."""
    names = run.predict()
    _evaluate(run, run.out, names)


def _evaluate(run: Run, given: Path, names: dict[str, str]) -> None:
    truth, units = _truth(run)
    if not run.lie.known and len(run.lie.slices) > 1:
        told = call("evaluate", given, truth, "--workers", 1, status=2)
        assert "is a volume whose header states no voxel size" in told.err
        return
    told = call("evaluate", given, truth, "--workers", 1, "--json", *units)
    _check_scores(run, json.loads(told.out), sorted(names.values()))


def evaluate_relabelled(run: Run) -> None:
    """predict → relabel there and back → evaluate: the scores of what was predicted."""
    names = run.predict()
    there, back = run.top / "there", run.top / "back"
    call("relabel", run.out, "--shift", -1, "--out", there)
    call("relabel", there, "--shift", 1, "--out", back)
    _evaluate(run, back, names)


def leaderboard(run: Run) -> None:
    """predict → leaderboard: the mean Dice of arrays."""
    names = run.predict()
    truth, _ = _truth(run)
    told = call("leaderboard", run.top / "r.jsonl", "--add", run.out, "--truth", truth,
                "--model", "known", "--json")  # fmt: skip
    ((result,),) = json.loads(told.out)["measured"]
    assert result["cases"] == len(names)
    wanted = [_dice(run, who, s) for who in names.values() for s in _all_structures()]
    assert _mean_dice(result) == pytest.approx(np.mean(wanted), abs=1e-4)


def _mean_dice(result: dict[str, Any]) -> float:
    found = result["metrics"]["dice"] if "metrics" in result else result["dice"]
    return float(found["mean"] if isinstance(found, dict) else found)


def _truth(run: Run) -> tuple[Path, list[object]]:
    """Where the experts' label maps lie, and options for lengths in mm."""
    lie = run.lie
    if lie.fmt == "release":
        return run.scans, ["--mm"] if lie.known else []
    for stem, name in zip(run.stems, "ab", strict=False):
        write_truth(run.top / "truth", stem, lie, lie.of(name).truth)
    if len(lie.slices) > 1 or not lie.known:
        return run.top / "truth", []
    # A slice in a volume's format is scored as a slice.
    return run.top / "truth", ["--mm"] if lie.is_volume else ["--spacing", *lie.spacing_of_file]


def _all_structures() -> list[str]:
    return ["L1", "L2", "L3", "L4", "L5", "S1", "D1", "D2", "D3", "D4", "D5"]


def _check_scores(run: Run, found: dict[str, Any], patients: list[str]) -> None:
    assert found["cases"] == len(patients)
    assert not found["without_truth"]
    assert not found["without_prediction"]
    in_mm = run.lie.known
    assert found["unit"] == ("mm" if in_mm else "px")
    for structure in SCORED:
        row = found["structures"][structure]
        dice = np.mean([_dice(run, who, structure) for who in patients])
        assert row["dice"]["mean"] == pytest.approx(dice, abs=1e-6)
        hd95 = np.mean([_hd95(who, run.lie.grid, in_mm, run.lie.slices, structure)
                        for who in patients])  # fmt: skip
        assert row["hd95"]["mean"] == pytest.approx(hd95, abs=1e-4)


def _masks(who: str, grid: str, slices: range, structure: str) -> tuple[np.ndarray, np.ndarray]:
    one, value = patient(who, grid), by_name(structure).value
    held = slice(slices.start, slices.stop)
    return one.labels[held] == value, one.truth[held] == value


def _dice(run: Run, who: str, structure: str) -> float:
    given, truth = _masks(who, run.lie.grid, run.lie.slices, structure)
    return float(2 * (given & truth).sum() / (given.sum() + truth.sum()))


@cache
def _hd95(who: str, grid: str, in_mm: bool, slices: range, structure: str) -> float:
    given, truth = _masks(who, grid, slices, structure)
    steps = (4.0, *patient(who, grid).spacing) if in_mm else (1.0, 1.0, 1.0)
    if len(slices) == 1:
        given, truth, steps = given[0], truth[0], steps[1:]
    found = surface_distance.compute_surface_distances(truth, given, steps)
    return float(surface_distance.compute_robust_hausdorff(found, 95))


def loose(run: Run) -> None:
    """Label maps of this package's numbers, without a record → measure."""
    _loose(run, np.arange(19, dtype=np.uint8), [])


_FOREIGN = {
    "spineps": {"L1": 20, "L2": 21, "L3": 22, "L4": 23, "L5": 24, "S1": 26, "D1": 120, "D2": 121,
                "D3": 122, "D4": 123, "D5": 124},
    "totalspineseg": {"L1": 41, "L2": 42, "L3": 43, "L4": 44, "L5": 45, "S1": 50, "D1": 92,
                      "D2": 93, "D3": 94, "D4": 95, "D5": 100},
}  # fmt: skip


def foreign(run: Run) -> None:
    """Label maps as SPINEPS and TotalSpineSeg number them → measure --labels."""
    scheme = ("spineps", "totalspineseg")[len(run.name) % 2]
    table = np.zeros(19, np.uint8)
    for structure, number in _FOREIGN[scheme].items():
        table[by_name(structure).value] = number
    _loose(run, table, ["--labels", scheme])


def _loose(run: Run, table: np.ndarray, options: list[object]) -> None:
    lie, maps = run.lie, run.top / "maps"
    for stem, name in zip(run.stems, "ab", strict=False):
        write_labels(maps, stem, lie, table[lie.of(name).labels])
    plain = lie.fmt in PICTURES or lie.fmt == "dicom.gz"
    said = [*options]
    if plain:
        said += ["--orientation", lie.codes]
        said += ["--spacing", *lie.spacing_of_file] if lie.known else []
    changes = {"tilt": None} if plain else {}
    names = [printed(Path(stem)).removesuffix("_label") for stem in run.stems]
    # Folders are not searched for label maps in DICOM.
    given = sorted(maps.rglob("*.dcm")) if lie.fmt == "dicom" else [maps]
    if lie.fmt == "dicom":
        names = [name.rpartition("/")[2] for name in names]
    expected = {n: run.expected(who, **changes) for n, who in zip(names, "ab", strict=False)}
    check_cases(measured(*given, *said), expected)


_CONFIG = """
images = "i/**/*{image}"
labels = "l/**/*{label}"
name = "(?P<patient>.+)"
splits = "splits.csv"
{spacing}
[values]
{values}
"""


def _build(run: Run) -> dict[str, str]:
    """Builds a release of what is written; patient by case."""
    lie, data = run.lie, run.top / "data"
    for stem, name in zip(run.stems, "ab", strict=False):
        one = lie.of(name)
        image = write_image(data / "i", stem, lie, name)
        labels = one.truth.copy()
        # Of a volume the slice is taken whose label map shows most.
        labels[:SHOWN] = labels[SHOWN + 1 :] = 0
        label = write_labels(data / "l", stem, lie, labels)
    stated = lie.fmt in PICTURES and lie.known
    text = _CONFIG.format(
        image=image.suffix, label=label.suffix,
        spacing=f"spacing = {list(one.spacing)}" if stated else "",
        values="\n".join(f'{by_name(s).value} = "{s}"' for s in _all_structures()),
    )  # fmt: skip
    (data / "c.toml").write_text(text, encoding="utf-8")
    with (data / "splits.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [("patient", "split"), *((stem, "test") for stem in run.stems)]
        csv.writer(file).writerows(rows)
    call("build", data / "c.toml", run.top / "release", "--data", data)
    with (run.top / "release" / "cases.csv").open(newline="", encoding="utf-8") as file:
        cases = [row["case"] for row in csv.DictReader(file)]
    assert len(cases) == len(run.stems)
    return dict(zip(cases, "a", strict=True))


# Of measures on another grid: share of lengths, degrees of angles.
_NEARLY = {"lordosis_l1_s1": 3.0, "sacral_slope": 3.0, "body_depth_middle": 0.06,
           "body_height_anterior": 0.08, "disc_height_posterior": 0.2, "slip": 1.3}  # fmt: skip


def _check_nearly(run: Run, found: Numbers, who: str) -> None:
    """Whether some numbers are those of the patient, but for resampling."""
    expected = _numbers_of_truth(who, run.lie.grid, run.lie.known)
    compared = [
        k for k in expected if k[1] in _NEARLY and k[0] in ("L4", "L2", "D4", "D2", "spine")
    ]
    for key in compared:
        value, room = expected[key], _NEARLY[key[1]]
        margin = room if room > 1 else max(room * abs(value), 0.5)
        # Lengths in pixels are those of the release.
        if run.lie.known or room == 3.0:
            assert found[key] == pytest.approx(value, abs=margin), key


@cache
def _numbers_of_truth(who: str, grid: str, known: bool) -> Numbers:
    one = patient(who, grid)
    found = measure(one.truth[SHOWN], spacing=one.spacing if known else None)
    return {(r.structure, r.definition.name): r.value for r in found.results}


def build_and_measure(run: Run) -> None:
    """build → measure: a stretched case in the patient's mm."""
    names = _build(run)
    stretched = [] if run.lie.known else ["--original-size", *run.lie.of("a").truth.shape[1:]]
    found = measured(run.top / "release", *stretched)
    assert sorted(found) == sorted(names)
    for case, who in names.items():
        _check_nearly(run, found[case], who)


def build_to_evaluate(run: Run) -> None:
    """build → pack → download → predict → evaluate: what was packed is scored."""
    from spinemsca.release.release import Release

    names = _build(run)
    again = run.top / "again"
    call("pack", run.top / "release", run.top / "packed")
    call("download", "--root", again, "--mirror", run.top / "packed")
    model, expected = Knowing(), {s: [] for s in SCORED}
    for case in Release.open(again).cases():
        answer = np.where(case.label == by_name("L3").value, 0, case.label)
        answer[::2] = np.where(case.label == by_name("L3").value, case.label, answer)[::2]
        model.learn(case.image, answer)
        for s in SCORED:
            given, truth = answer == by_name(s).value, case.label == by_name(s).value
            expected[s].append(2 * (given & truth).sum() / (given.sum() + truth.sum()))
    with known_model(model):
        call("predict", again, "--out", run.out, "--workers", 1)
    told = json.loads(call("evaluate", run.out, again, "--workers", 1, "--json").out)
    assert told["cases"] == len(names)
    for s in SCORED:
        assert told["structures"][s]["dice"]["mean"] == pytest.approx(np.mean(expected[s]))


CHAINS: dict[str, Callable[[Run], None]] = {
    f.__name__: f
    for f in (measure_and_report, to_table, all_slices, relabel, lowest, after_older_results,
              evaluate, evaluate_relabelled, leaderboard, loose, foreign, build_and_measure,
              build_to_evaluate)
}  # fmt: skip

_BUILDS = ("build_and_measure", "build_to_evaluate")


def possible(chain: str, fmt: str, codes: str, name: str, spacing: str) -> bool:
    """Whether a chain takes such files at all."""
    if fmt == "release":
        # As a release may call its cases.
        named = name in ("plain", "label", "dash")
        return named and chain not in ("loose", "foreign", *_BUILDS)
    if (
        chain in ("evaluate", "evaluate_relabelled", "leaderboard")
        and spacing == "none"
        and (fmt in ("mha", "series") or (chain == "leaderboard" and fmt in VOLUMES))
    ):
        # The label maps of these say mm all the same, which `measure` knows better.
        return False
    if chain in _BUILDS:
        upright = fmt not in PICTURES or codes == "IP"
        return fmt not in ("jpeg", "pt", "series", "dicom.gz") and upright and name in _BUILT
    if chain == "foreign" and fmt == "pt":
        return False
    if fmt == "series" and chain in ("loose", "foreign"):
        return False
    # Loose maps of these names are others' overlays, or belong to those beside them.
    odd = ("other", "overlay", "label_and", *(("nested", "nested_odd") if fmt == "dicom" else ()))
    return not (chain in ("loose", "foreign") and name in odd)


_BUILT = ("plain", "spaces", "han", "long", "reserved", "markup", "dots", "formula",
          "colon", "label", "decomposed")  # fmt: skip
