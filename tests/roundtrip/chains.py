"""Chains of verbs, each of which ends in numbers that are compared with those known."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinemsca.anatomy import by_name
from tests.roundtrip.builds import BUILT, build_and_measure, build_to_evaluate
from tests.roundtrip.checks import (
    all_structures,
    check_cases,
    check_files,
    check_numbers,
    check_scores,
    dice,
    mean_dice,
)
from tests.roundtrip.formats import PICTURES, VOLUMES, write_image, write_labels, write_truth
from tests.roundtrip.patients import WITH_L6
from tests.roundtrip.running import Run, call, measured, printed, read_numbers


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
    check_scores(run, json.loads(told.out), sorted(names.values()))


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
    wanted = [dice(run, who, s) for who in names.values() for s in all_structures()]
    assert mean_dice(result) == pytest.approx(np.mean(wanted), abs=1e-4)


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
        return fmt not in ("jpeg", "pt", "series", "dicom.gz") and upright and name in BUILT
    if chain == "foreign" and fmt == "pt":
        return False
    if fmt == "series" and chain in ("loose", "foreign"):
        return False
    # Loose maps of these names are others' overlays, or belong to those beside them.
    odd = ("other", "overlay", "label_and", *(("nested", "nested_odd") if fmt == "dicom" else ()))
    return not (chain in ("loose", "foreign") and name in odd)
