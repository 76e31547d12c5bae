"""Every rule is tripped by one spoilt case, and none by a clean release."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage as ndi

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.case import Sex
from spinemsca.errors import ReleaseError, UsageError
from spinemsca.release.published import PUBLISHED_MALE_PERCENT
from spinemsca.release.split import PUBLISHED_SIZES
from spinemsca.release.table import CaseRow, read_table, write_table
from spinemsca.release.verify import RULES, Verdict, verify
from spinemsca.release.verify.evidence import judge
from spinemsca.release.verify.rules.cohort import check_cohort
from spinemsca.release.verify.rules.composition import check_published

from .verify_cases import case, entry, label_map, write


def names(found) -> set[str]:
    found = found.findings if isinstance(found, Verdict) else tuple(found)
    return {f.rule.name for f in found}


def spoil(label=None, image=None, annotated=None) -> set[str]:
    """Names of the rules that a clean case breaks once changed."""
    good = case(0)
    changed = good.replace(
        label=good.label if label is None else label.astype(np.uint8),
        image=good.image if image is None else np.clip(image, 0, 1).astype(np.float32),
        annotated=good.annotated if annotated is None else annotated,
    )
    return names(judge(entry(), changed, []).findings)


def value(name: str) -> int:
    return by_name(name).value


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write(tmp_path / "release")


def test_clean_release_passes_without_a_word(release: Path) -> None:
    verdict = verify(release)
    assert verdict.findings == ()
    assert verdict.passed
    assert verdict.cases == 5
    assert set(verdict.counts()) == {r.name for r in RULES}


def test_rules_have_distinct_names_and_say_what_to_do() -> None:
    assert len({r.name for r in RULES}) == len(RULES)
    assert all(r.demand and r.remedy for r in RULES)


def test_no_release_is_an_error_not_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError):
        verify(tmp_path)
    with pytest.raises(UsageError):
        verify(write(tmp_path / "r"), workers=0)


# One image or label map spoilt


def test_image_rules() -> None:
    good = case(0).image
    rng = np.random.default_rng(0)
    assert "blank-image" in spoil(image=np.full_like(good, 0.5))
    assert "noise-image" in spoil(image=rng.random(good.shape))
    assert "faint-image" in spoil(image=0.4 * good)
    assert spoil(image=0.9 * good) == {"not-normalised"}
    assert "clipped-image" in spoil(image=np.where(good > np.quantile(good, 0.93), 1, good))
    assert "saturated-image" in spoil(image=np.where(good > np.quantile(good, 0.7), 1, good))
    assert "saturated-image" in spoil(image=np.where(case(0).label > 0, 0, good))


def test_image_size() -> None:
    small = case(0).replace(image=case(0).image[:500].copy(), label=case(0).label[:500].copy())
    assert "image-size" in names(judge(entry(), small, []).findings)


def test_presence_respects_what_is_annotated() -> None:
    label = case(0).label
    without = np.where(label == value("S1"), 0, label)
    most = frozenset(STRUCTURES) - {by_name("S1")}
    assert spoil(without) == {"missing-structure"}
    assert spoil(without, annotated=most) == set()
    assert spoil(annotated=most) == {"unlisted-structure"}
    assert "no-label" in spoil(np.zeros_like(label))
    assert "no-label" in names(judge(entry(), case(0).replace(label=None), []).findings)


def test_order() -> None:
    label = case(0).label
    swapped = label.copy()
    swapped[label == value("L2")], swapped[label == value("L3")] = value("L3"), value("L2")
    assert "wrong-order" in spoil(swapped)
    turned = judge(entry(), case(0).replace(label=label[::-1].copy()), []).findings
    assert any("upside down" in f.message for f in turned)


def test_neighbours_must_be_adjacent() -> None:
    label = case(0).label
    moved = np.where(label == value("S1"), 0, label)
    moved[np.roll(label == value("S1"), 180, 1)] = value("S1")
    assert "not-adjacent" in spoil(moved)


def test_pieces_holes_and_border() -> None:
    label = case(0).label
    speck = label.copy()
    speck[300:304, 30:34] = value("L3")
    assert "specks" in spoil(speck)
    twice = label.copy()
    twice[200:230, 30:70] = value("L3")
    assert "split-structure" in spoil(twice)
    hole = label.copy()
    rows, columns = (int(v.mean()) for v in np.nonzero(label == value("L3")))
    hole[rows - 5 : rows + 5, columns - 5 : columns + 5] = 0
    assert spoil(hole) == {"holes"}
    edge = label.copy()
    edge[250:260, :210][edge[250:260, :210] == 0] = value("L3")
    assert "at-border" in spoil(edge)


def test_areas() -> None:
    label = case(0).label
    rows, columns = np.nonzero(label == value("L3"))
    tiny = np.where(label == value("L3"), 0, label)
    tiny[
        int(rows.mean()) : int(rows.mean()) + 10, int(columns.mean()) : int(columns.mean()) + 10
    ] = 3
    assert {"implausible-area", "uneven-area"} <= spoil(tiny)


@pytest.mark.parametrize("shift", [(20, 0), (-20, 0), (0, 20), (0, -20), (14, 14)])
def test_shifted_label_is_misaligned(shift: tuple[int, int]) -> None:
    assert "misaligned-label" in spoil(np.roll(case(0).label, shift, (0, 1)))


def test_mirrored_and_foreign_labels_are_misaligned() -> None:
    assert "misaligned-label" in spoil(case(0).label[:, ::-1].copy())
    foreign = np.roll(label_map(77), (9, 17), (0, 1))
    assert "misaligned-label" in spoil(foreign)


def test_label_a_little_off_is_left_alone() -> None:
    assert spoil(np.roll(case(0).label, (2, -2), (0, 1))) == set()


def test_outlying_area_is_found_among_many() -> None:
    areas = np.full((30, len(STRUCTURES)), 1000, np.int32)
    areas[:, 0] += np.arange(30, dtype=np.int32)
    entries = [entry(f"c{i}") for i in range(30)]
    assert list(check_cohort(entries, areas)) == []
    areas[7, 0] = 3000
    found = list(check_cohort(entries, areas))
    assert [f.case for f in found] == ["c7"]
    assert names(found) == {"outlying-area"}
    assert list(check_cohort(entries[:10], areas[:10])) == []


# Files


def first(root: Path, name: str = "c0") -> Path:
    return next(root.glob(f"*/{name}/img.pt"))


def test_broken_files_are_findings_that_name_the_case(release: Path) -> None:
    image = first(release)
    image.write_bytes(image.read_bytes()[:1000])
    torch.save(torch.full((512, 512), float("nan")), first(release, "c1"))

    class Evil:
        def __reduce__(self):
            return Path.touch, (release / "run",)

    torch.save({"img": Evil()}, first(release, "c3"))
    first(release, "c4").with_name("label.pt").unlink()
    found = verify(release)
    by_case = {(f.rule.name, f.case) for f in found.findings}
    names(found)
    assert not found.passed
    assert {
        ("unreadable-file", "c0"),
        ("checksum-mismatch", "c0"),
        ("malformed-case", "c1"),
        ("unsafe-file", "c3"),
        ("no-label", "c4"),
    } <= by_case
    assert not (release / "run").exists()


def test_view_of_a_large_storage_is_noticed(release: Path) -> None:
    whole = torch.zeros(3, 512, 512)
    whole[1] = torch.from_numpy(case(0).image.copy())
    torch.save(whole[1], first(release))
    assert {"oversized-file", "checksum-mismatch"} == names(verify(release))


def test_layouts_may_not_be_mixed(release: Path) -> None:
    extra = case(9)
    torch.save(
        {"img": extra.image.copy(), "label": extra.label.copy()[None]}, release / "Test" / "c9.pt"
    )
    assert names(verify(release)) == {"mixed-layouts", "files-without-row"}


def test_empty_split(release: Path) -> None:
    shutil.rmtree(release / "Vali")
    assert {"empty-split", "row-without-files"} == names(verify(release))


# cases.csv


def rewrite(root: Path, **changed: CaseRow) -> None:
    rows = read_table(root)
    write_table(root, [changed.get(name, row) for name, row in rows.items()])


def test_missing_table_is_a_warning(release: Path) -> None:
    (release / "cases.csv").unlink()
    verdict = verify(release)
    assert names(verdict) == {"no-table"}
    assert verdict.passed


@pytest.mark.parametrize("content", [b"case,split\nc0,nowhere\n", b"\xff\xfe\x00bad"])
def test_unreadable_table_is_a_finding(release: Path, content: bytes) -> None:
    (release / "cases.csv").write_bytes(content)
    assert names(verify(release)) == {"unreadable-table"}


def test_row_listed_twice(release: Path) -> None:
    path = release / "cases.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n")
    assert names(verify(release)) == {"unreadable-table"}


def test_case_in_another_split_than_listed(release: Path) -> None:
    shutil.move(release / "Train" / "c0", release / "Test" / "c0")
    assert names(verify(release)) == {"wrong-split"}


def test_patient_in_two_splits(release: Path) -> None:
    row = read_table(release)["c4"]
    rewrite(release, c4=CaseRow("c4", row.split, patient="p0", sha256=row.sha256))
    verdict = verify(release)
    assert names(verdict) == {"patient-in-two-splits"}
    assert verdict.findings[0].case == "c4"
    assert verdict.findings[0].others == ("c0",)


def test_same_name_in_two_splits(release: Path) -> None:
    shutil.move(release / "Test" / "c4", release / "Test" / "c0")
    (release / "cases.csv").unlink()
    verdict = verify(release)
    assert names(verdict) == {"no-table", "same-name"}
    assert verdict.findings[1].others == ("test-c0",)


def test_several_images_of_a_patient_are_a_warning(tmp_path: Path) -> None:
    neighbour = case(0).replace(
        name="c1", image=np.clip(case(0).image * 0.97 + 0.01, 0, 1).astype(np.float32)
    )
    verdict = verify(write(tmp_path / "r", c1=neighbour))
    assert names(verdict) == {"several-images", "identical-label"}
    assert verdict.passed


def test_published_composition(release: Path) -> None:
    assert "published-sizes" in names(verify(release, published=True))
    entries, rows = [], {}
    for split, size in PUBLISHED_SIZES.items():
        men = round(size * PUBLISHED_MALE_PERCENT[split] / 100)
        for i in range(size):
            one = entry(f"{split}{i}", split)
            entries.append(one)
            rows[one.name] = CaseRow(one.name, split, sex=Sex.MALE if i < men else Sex.FEMALE)
    assert list(check_published(entries, rows)) == []
    assert list(check_published(entries, {})) == []
    women = {n: CaseRow(n, r.split, "same", Sex.FEMALE) for n, r in rows.items()}
    assert names(check_published(entries, women)) == {"published-sexes", "published-one-image"}


def test_augmented_copies_in_a_folder_are_one_patient(tmp_path: Path) -> None:
    for index, split in enumerate(("Train", "Vali", "Test")):
        for copy in range(2):
            path = tmp_path / split / f"p{index}" / f"aug{copy}.pt"
            path.parent.mkdir(parents=True, exist_ok=True)
            image = case(index).image * (1 - 0.02 * copy)
            label = case(index).label.copy()[None]
            torch.save({"img": torch.from_numpy(image), "label": label}, path)
    verdict = verify(tmp_path)
    assert names(verdict) == {"no-table", "several-images", "identical-label"}
    assert verdict.passed


def test_discs_alone_have_no_gaps_to_judge() -> None:
    label = case(0).label
    discs = frozenset(s for s in STRUCTURES if s.is_disc)
    only = np.where(label >= value("D1"), label, 0)
    assert "not-adjacent" not in spoil(only, annotated=discs)


# Leakage


COPIES = {
    "noise": lambda a: a + 0.004 * np.random.default_rng(5).standard_normal(a.shape),
    "gain": lambda a: 0.8 * a + 0.1,
    "gamma": lambda a: a**0.7,
    "shift": lambda a: np.roll(a, (6, -9), (0, 1)),
    "mirror": lambda a: a[:, ::-1],
    "crop": lambda a: ndi.zoom(a[10:-10, 10:-10], 512 / 492, order=1),
    "turn": lambda a: ndi.rotate(a, 2, reshape=False, order=1, mode="nearest"),
}


@pytest.mark.parametrize("change", COPIES)
def test_copy_in_another_split_is_found(tmp_path: Path, change: str) -> None:
    image = np.clip(COPIES[change](case(0).image), 0, 1).astype(np.float32)
    verdict = verify(write(tmp_path / "r", c4=case(4).replace(image=image)))
    leaks = [f for f in verdict.findings if f.rule.name == "near-duplicate"]
    names(verdict)
    assert [(f.case, f.others) for f in leaks] == [("c4", ("c0",))]
    assert "c0" in leaks[0].message
    assert not verdict.passed


def test_identical_image_across_splits(tmp_path: Path) -> None:
    verdict = verify(write(tmp_path / "r", c4=case(0).replace(name="c4", patient="p4")))
    assert names(verdict) == {"identical-image", "identical-label"}


def test_no_rule_is_without_a_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [r.name for r in RULES if f'"{r.name}"' not in text] == []


def test_verdict_as_json_is_stable(release: Path) -> None:
    first(release, "c2").write_bytes(b"")
    value = verify(release).to_json()
    assert value["passed"] is False
    assert value["cases"] == 5
    assert value["splits"] == {"train": 3, "val": 1, "test": 1}
    assert value["rules"]["unreadable-file"] == 1
    assert value["rules"]["holes"] == 0
    finding = next(f for f in value["findings"] if f["rule"] == "unreadable-file")
    assert (finding["severity"], finding["case"], finding["split"]) == ("error", "c2", "train")
    assert set(finding) == {"rule", "severity", "case", "split", "others", "message", "remedy"}
