"""Names, splits and metadata: looked up as users wrote them, never one patient for two."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from spinemsca.case import Sex, Spacing
from spinemsca.curate.config import BuildConfig
from spinemsca.curate.names import ascii_name
from spinemsca.curate.sources import Source, find_sources
from spinemsca.curate.tables import assign_splits, spacing_of
from spinemsca.errors import UsageError
from spinemsca.release.split import Split

PEOPLE = ("张三", "李四", "Müller", "O'Neil Jr.")
TABLE = "id,sex,dy,dx,rows,columns\n"


def put(root: Path, *stems: str | bytes, suffixes: tuple[str, str] = (".png", ".png")) -> Path:
    for folder, suffix in zip("il", suffixes, strict=True):
        (root / folder).mkdir(exist_ok=True)
        for stem in stems:
            (root / folder / (os.fsdecode(stem) + suffix)).touch()
    return root


def config(**changes: object) -> BuildConfig:
    given = {"images": "i/*", "labels": "l/*", "values": {1: "L1"}}
    return BuildConfig.model_validate(given | {"name": r"(?P<patient>.+)_\d"} | changes)


def found(root: Path, **changes: object) -> list[Source]:
    return find_sources(config(**changes), root)


def test_every_patient_keeps_a_name_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, *(f"{p}_{n}" for p in PEOPLE for n in (1, 2)))
    sources = found(tmp_path)
    assert {s.patient_name: s.patient for s in sources} == {
        p: ascii_name(p, "patient") for p in PEOPLE
    }
    assert len({s.patient for s in sources}) == 4
    assert len({s.name for s in sources}) == 8


def test_tables_are_asked_by_the_name_as_it_was_written(tmp_path: Path) -> None:
    put(tmp_path, *(f"{unicodedata.normalize('NFD', p)}_1" for p in PEOPLE))
    rows = [f"{p},{s},0.5,0.75,400,300" for p, s in zip(PEOPLE, "FMWX", strict=True)]
    (tmp_path / "m.csv").write_text(TABLE + "\n".join(rows), "utf-8")
    (tmp_path / "s.csv").write_text(
        "patient,split\n张三,test\n李四,val\nMüller,train\nO'Neil Jr.,train\n", "utf-8-sig"
    )
    about = {
        "file": "m.csv", "key": "id", "sex": "sex", "spacing": ("dy", "dx"),
        "size": ("rows", "columns"),
    }  # fmt: skip
    settings = config(metadata=about, splits="s.csv")
    sources = find_sources(settings, tmp_path)
    sexes = {s.patient_name: s.sex for s in sources}
    assert sexes == dict(zip(PEOPLE, (Sex.FEMALE, Sex.MALE, Sex.FEMALE, None), strict=True))
    assert spacing_of(sources[0], settings, (200, 300)) == Spacing(1.0, 0.75)
    splits = assign_splits(settings, sources, tmp_path, 0)
    assert {s.patient_name: splits[s.patient].value for s in sources} == dict(
        zip(PEOPLE, ("test", "val", "train", "train"), strict=True)
    )


def test_names_that_are_no_text_are_listed_by_their_pseudonym(tmp_path: Path) -> None:
    put(tmp_path, "张_1".encode("gbk"), "李_1".encode("gbk"))
    sources = found(tmp_path)
    assert len({s.patient for s in sources}) == 2
    rows = [f"{s.patient},{split}" for s, split in zip(sources, ("test", "train"), strict=True)]
    (tmp_path / "s.csv").write_text("patient,split\n" + "\n".join(rows), "utf-8")
    splits = assign_splits(config(splits="s.csv"), sources, tmp_path, 0)
    assert [splits[s.patient] for s in sources] == [Split.TEST, Split.TRAIN]


@pytest.mark.parametrize(
    ("stems", "message"),
    [
        (["Li_1", "li_2"], "two patients would be one: 'Li' and 'li'.*one way in all files"),
        (["Li _1", "Li_2"], "two patients would be one: 'Li' and 'Li '"),
        (["Müller_1", f"{ascii_name('Müller', 'patient')}_1"], "two patients would be one"),
        (["Müller_1", "MÜLLER_1"], "several files would be one case.*one way"),
        (["a_1", "A_1"], "several files would be one case: 'A_1' and 'a_1'"),
        (["_1"], "does not fit"),
        ([" _1"], "names no patient"),
    ],
)
def test_two_are_never_one(tmp_path: Path, stems: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        found(put(tmp_path, *stems))


def test_a_group_that_took_no_part_names_no_patient(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no patient"):
        found(put(tmp_path, "a_1"), name=r"(?P<patient>b+)?\w+")


def test_a_pattern_that_cuts_two_people_to_one_is_found_by_their_sexes(tmp_path: Path) -> None:
    put(tmp_path, "anna_1", "alex_1")
    (tmp_path / "m.csv").write_text("id,sex\nanna,F\nalex,M\n")
    about = {"file": "m.csv", "key": "id", "sex": "sex", "value": "{whole}"}
    with pytest.raises(UsageError, match=r"patient 'a' has both sexes, of .*tells patients apart"):
        found(tmp_path, metadata=about, name=r"(?P<whole>(?P<patient>.).+)_\d")


@pytest.mark.parametrize(
    ("suffixes", "pairs"),
    [
        ((".nii.gz", ".nii.gz"), 1),
        ((".nii.gz", ".png"), 1),
        ((".png", ".nii.gz"), 1),
        ((".nii", ".NII.GZ"), 1),
        ((".tif", ".nii.gz"), 1),
    ],
)
def test_double_suffixes_pair(tmp_path: Path, suffixes: tuple[str, str], pairs: int) -> None:
    sources = found(put(tmp_path, "a.b_1", suffixes=suffixes))
    assert [(s.patient_name, s.image.name, s.label.name) for s in sources] == [
        ("a.b", "a.b_1" + suffixes[0], "a.b_1" + suffixes[1])
    ] * pairs


def test_two_label_maps_of_one_name_are_not_one(tmp_path: Path) -> None:
    put(tmp_path, "a_1")
    (tmp_path / "l" / "a_1.nii.gz").touch()
    with pytest.raises(UsageError, match="several label maps are called 'a_1'"):
        found(tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("patient,split\na,train\na,test\n", "line 3: puts a patient into a second split"),
        ("patient,split\na,dev\n", "line 2: 'dev' is no split"),
        ("patient,split\na\n", "line 2: '' is no split"),
        ("patient,split\nb,test\n", "lacks patient a"),
        ("patient\na\n", "has no column split"),
    ],
)
def test_faults_of_a_list_of_splits(tmp_path: Path, table: str, message: str) -> None:
    sources = found(put(tmp_path, "a_1"))
    (tmp_path / "s.csv").write_text(table)
    with pytest.raises(UsageError, match=message):
        assign_splits(config(splits="s.csv"), sources, tmp_path, 0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,F,1,1,1,1\na,M,1,1,1,1", "line 3: differs from an earlier row"),
        ("b,F,1,1,1,1", "no image has a row"),
    ],
)
def test_faults_of_metadata(tmp_path: Path, rows: str, message: str) -> None:
    (put(tmp_path, "a_1") / "m.csv").write_text(TABLE + rows)
    with pytest.raises(UsageError, match=message):
        found(tmp_path, metadata={"file": "m.csv", "key": "id", "sex": "sex"})


@pytest.mark.parametrize(
    ("row", "sex", "spacing"),
    [
        ("a,female,0.5,0.75,400.0,400", Sex.FEMALE, Spacing(1.0, 0.75)),
        ("a, Man,0.5,0.75,400,400", Sex.MALE, Spacing(1.0, 0.75)),
        ("a,Mujer,-0.5,0.75,-400,400", None, None),
        ("a,1,nan,0.75,400,400", None, None),
        ("a", None, None),
    ],
)
def test_cells_are_read_or_unknown(
    tmp_path: Path, row: str, sex: Sex | None, spacing: Spacing | None
) -> None:
    (put(tmp_path, "a_1") / "m.csv").write_text(TABLE + row)
    about = {
        "file": "m.csv", "key": "id", "sex": "sex", "spacing": ("dy", "dx"),
        "size": ("rows", "columns"),
    }  # fmt: skip
    settings = config(metadata=about)
    (source,) = find_sources(settings, tmp_path)
    assert source.sex is sex
    assert spacing_of(source, settings, (200, 400)) == spacing
