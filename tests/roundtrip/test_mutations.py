"""The joints between the verbs, broken one by one: the matrix sees each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinemsca.io import nifti, nifti_form, volume
from spinemsca.io.orientation import HOUSE, Orientation
from spinemsca.measure import arguments
from spinemsca.measure.measurements import measure
from spinemsca.predictions import find, label_schemes, pairing, read, scans, write
from spinemsca.predictions.label_schemes import LabelScheme
from spinemsca.segment.inference import flips, midline, predict_files, records
from spinemsca.segment.inference import volume as volume_inference
from spinemsca.segment.labelling import relabel, rename
from tests.roundtrip.chains import CHAINS
from tests.roundtrip.checks import check_numbers
from tests.roundtrip.formats import Lie
from tests.roundtrip.layouts import CODES, along, laid
from tests.roundtrip.patients import SHOWN, numbers, patient
from tests.roundtrip.running import Run, known_model

# surface-distance imports from scipy by old names.
pytestmark = pytest.mark.filterwarnings("ignore:Please import :DeprecationWarning")

WAYS = (
    ("measure_and_report", Lie("dicom", "PI", "oblong", "oblique"), "plain"),
    ("measure_and_report", Lie("png", "SA", "oblong"), "plain"),
    ("measure_and_report", Lie("nii.gz", "PSR", "metres", "oblique"), "plain"),
    ("relabel", Lie("png", "IA", "oblong"), "plain"),
    ("lowest", Lie("nrrd", "SLA", "oblong"), "plain"),
    ("after_older_results", Lie("png", "IP"), "nested"),
    ("foreign", Lie("dicom", "AS", "oblong", "oblique"), "plain"),
    ("evaluate", Lie("mha", "AIL", "oblong"), "colon"),
)
"""A few ways that touch every joint."""


def core_check(top: Path) -> None:
    """Goes the ways, and the eight of a slice in memory; raises where a number is wrong."""
    for number, (chain, lie, name) in enumerate(WAYS):
        with known_model():
            CHAINS[chain](Run(top / str(number), lie, name))
    one, upright = patient("a", "oblong"), numbers("a", "oblong", tilt=3.0)
    for codes in CODES:
        found = measure(
            laid(one.labels[SHOWN], codes), spacing=along(one.spacing, codes),
            orientation=codes, tilt=3.0,
        )  # fmt: skip
        check_numbers({(r.structure, r.definition.name): r.value for r in found.results}, upright)


@pytest.fixture(scope="module", autouse=True)
def _numbers_known_beforehand(tmp_path_factory) -> Iterator[None]:
    """What is right is worked out before anything is broken."""
    core_check(tmp_path_factory.mktemp("whole"))
    yield


def _axis_order(patch) -> None:
    undo = Orientation.undo
    patch.setattr(Orientation, "undo", lambda self, a: undo(replace(self, order=HOUSE.order), a))


def _directions_back(patch) -> None:
    undo = Orientation.undo
    patch.setattr(
        Orientation, "undo", lambda self, a: undo(replace(self, flips=(False, *self.flips[1:])), a)
    )


def _directions_there(patch) -> None:
    apply = Orientation.apply
    patch.setattr(Orientation, "apply", lambda self, a: apply(replace(self, flips=(False,) * 3), a))


def _codes_written(patch) -> None:
    codes = vars(Orientation)["slice_codes"].fget
    patch.setattr(Orientation, "slice_codes", property(lambda self: codes(self)[::-1]))


def _codes_read(patch) -> None:
    parse = Orientation.parse
    patch.setattr(Orientation, "parse", lambda codes: parse(codes[::-1]))


def _spacing_written(patch) -> None:
    spacing = volume.Grid.spacing_of_file
    patch.setattr(
        volume.Grid,
        "spacing_of_file",
        lambda self, s: None if s is None else spacing(self, s)[::-1],
    )


def _spacing_read(patch) -> None:
    made = read.on_picture_grid  # type: ignore[attr-defined]
    patch.setattr(
        read, "on_picture_grid", lambda n, p, o, s, t: made(n, p, o, s and (s[1], s[0]), t)
    )


def _facing(patch) -> None:
    patch.setattr(Orientation, "reversed_along", lambda self, axes: self)


def _facing_in_memory(patch) -> None:
    patch.setattr(flips.View, "orientation", property(lambda self: "IP"))
    patch.setattr(records, "record_of", _with_house(records.record_of))
    patch.setattr(predict_files, "record_of", _with_house(predict_files.record_of))  # type: ignore[attr-defined]


def _with_house(record_of):
    def changed(*given):
        record = record_of(*given)
        return record.model_copy(
            update={"orientation": "IP" if len(record.shape) == 2 else record.orientation}
        )

    return changed


def _record_left_aside(patch) -> None:
    placed = read._placed
    patch.setattr(read, "_placed", lambda v, f, r, h: placed(v, f, None, h))


def _record_not_found(patch) -> None:
    made = find._file
    patch.setattr(find, "_file", lambda p, top: replace(made(p, top), record=None))


def _record_left_behind(patch) -> None:
    patch.setattr(relabel, "write_record", lambda *_: None)


def _shape_recorded(patch) -> None:
    record_of = predict_files.record_of  # type: ignore[attr-defined]
    patch.setattr(
        predict_files,
        "record_of",
        lambda *g: (r := record_of(*g)).model_copy(update={"shape": r.shape[::-1]}),
    )


def _slice_read(patch) -> None:
    # Counted from the left, not from the right.
    patch.setattr(read, "_shown", lambda v, r: ((len(v.pixels) - 1) // 2, "wrong"))


def _slice_chosen(patch) -> None:
    choose = midline.choose_slice
    patch.setattr(
        volume_inference,
        "choose_slice",
        lambda i, *rest: replace(choose(i, *rest), index=len(i) // 3),
    )


def _horizontal(patch) -> None:
    tilt = volume._tilt
    patch.setattr(volume, "_tilt", lambda *given: -tilt(*given))


def _forms(patch) -> None:
    patch.setattr(nifti_form.Form, "write_into", lambda self, header: None)


def _affine_of_label(patch) -> None:
    made = nifti._encoded

    def without(label, grid):
        affine = np.diag([*np.linalg.norm(grid.affine[:3, :3], axis=0), 1.0])
        return made(label, replace(grid, affine=affine, form=None))

    patch.setattr(nifti, "_encoded", without)


def _units(patch) -> None:
    patch.setattr(nifti_form.Form, "mm", property(lambda self: 1.0))


def _label_written(patch) -> None:
    written = write._write
    patch.setattr(write, "_write", lambda p, values, g: written(p, values[..., ::-1], g))


def _others_lost(patch) -> None:
    patch.setattr(read, "_with_others", lambda volume_, path: volume_)


def _other_vertebrae(patch) -> None:
    along_ = rename.with_lowest

    def dropping(*given):
        label = along_(*given)
        return np.where(label > 11, 0, label).astype(np.uint8)

    patch.setattr(rename, "with_lowest", dropping)


def _ledger(patch) -> None:
    update = predict_files.update_ledger  # type: ignore[attr-defined]

    def anew(folder, rows):
        (folder / "predictions.csv").unlink(missing_ok=True)
        update(folder, rows)

    patch.setattr(predict_files, "update_ledger", anew)


def _overwriting(patch) -> None:
    patch.setattr(predict_files, "named_in", lambda out, items: list(items))


def _scheme(patch) -> None:
    changed = {name: dict(table) for name, table in label_schemes._TABLES.items()}
    exchanged = {LabelScheme.TOTALSPINESEG: (41, 42), LabelScheme.SPINEPS: (23, 24)}
    for name, (one, other) in exchanged.items():
        table = changed[name]
        table[one], table[other] = table[other], table[one]
    patch.setattr(label_schemes, "_TABLES", changed)


def _partners(patch) -> None:
    patch.setattr(pairing, "_named_as", lambda wanted, found: found)


def _arrays_way(patch) -> None:
    patch.setattr(arguments, "stated_orientation", lambda *_: HOUSE)


def _folders_of_names(patch) -> None:
    patch.setattr(scans, "safe_path_name", lambda parts: parts[-1])


BROKEN: tuple[Callable[[pytest.MonkeyPatch], None], ...] = (
    _axis_order, _directions_back, _directions_there, _codes_written, _codes_read,
    _spacing_written, _spacing_read, _facing, _facing_in_memory, _record_left_aside,
    _record_not_found, _record_left_behind, _shape_recorded, _slice_read, _slice_chosen,
    _horizontal, _forms, _affine_of_label, _units, _label_written, _others_lost,
    _other_vertebrae, _ledger, _overwriting, _scheme, _partners, _arrays_way, _folders_of_names,
)  # fmt: skip


@pytest.mark.parametrize("break_", BROKEN, ids=lambda f: f.__name__.strip("_"))
def test_a_broken_joint_is_seen(break_, tmp_path, monkeypatch):
    break_(monkeypatch)
    with pytest.raises(AssertionError):
        core_check(tmp_path)
