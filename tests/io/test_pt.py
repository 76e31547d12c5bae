from __future__ import annotations

import io
import os
import pickle
import re
import warnings
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.errors import CaseError, FileFormatError, SpineError, UnsafeFileError
from spinemsca.io import pickle_description, pt, safe_torch
from tests import strategies as own

LABEL = np.zeros((1, 8, 9))
LABEL[0, 2:5] = 11
IMAGE = np.linspace(0, 1, 72).reshape(8, 9)


def saved(tmp_path, held, name="x.pt", **options):
    path = tmp_path / name
    torch.save(held, path, **options)
    return path


def rewritten(path, change):
    """The same zip with its parts changed by `change(name, data)`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    path.write_bytes(buffer.getvalue())
    return path


@given(st.data())
def test_image_and_label_come_back_as_written(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("pt")
    shape = data.draw(own.shapes)
    image, label = data.draw(own.images(shape)), data.draw(own.label_maps(shape))
    pt.write_pt_image(folder / "img.pt", image)
    pt.write_pt_label(folder / "label.pt", label)
    assert np.array_equal(pt.read_pt_image(folder / "img.pt"), image)
    assert np.array_equal(pt.read_pt_label(folder / "label.pt"), label)
    stored = torch.load(folder / "label.pt", weights_only=True)
    assert stored.shape == (1, *shape)
    assert stored.dtype == torch.uint8


def test_same_image_gives_same_bytes(tmp_path):
    for name in ("a.pt", "b.pt"):
        pt.write_pt_image(tmp_path / name, IMAGE.astype(np.float32))
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


@pytest.mark.parametrize("core", [b"cnumpy.core.multiarray", b"cnumpy._core.multiarray"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", ">f8"])
def test_dict_of_numpy_arrays_under_either_name(tmp_path, core, dtype):
    held = {"img": IMAGE.astype(dtype), "label": LABEL.astype("i8"), "age": np.float64(61)}
    path = rewritten(
        saved(tmp_path, held),
        lambda _, data: data.replace(b"cnumpy._core.multiarray", core),
    )
    image, label = pt.read_pt_pair(path)
    assert image.dtype == np.float32
    assert np.array_equal(image, IMAGE.astype(dtype).astype(np.float32))
    assert np.array_equal(label, LABEL[0])


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str
)
def test_tensors_of_any_float_with_or_without_channel(tmp_path, dtype):
    image = torch.from_numpy(IMAGE).to(dtype)
    for held in (image, image[None], {"img": image}):
        read = pt.read_pt_image(saved(tmp_path, held))
        assert np.array_equal(read, image.float().numpy())


@pytest.mark.parametrize(
    "dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float32]
)
def test_labels_of_any_number_type(tmp_path, dtype):
    path = saved(tmp_path, torch.from_numpy(LABEL).to(dtype))
    assert np.array_equal(pt.read_pt_label(path), LABEL[0])


def test_views_are_read_and_do_not_keep_what_they_were_cut_from(tmp_path):
    stack = torch.rand(50, 8, 9)
    views = (stack[7], stack[7].T, stack[3, ::2, 1::3], stack[0, :1].expand(8, 9))
    for view in views:
        read = pt.read_pt_image(saved(tmp_path, view))
        assert np.array_equal(read, view.numpy())
        assert read.flags.c_contiguous


def test_parameter_is_a_tensor(tmp_path):
    path = saved(tmp_path, torch.nn.Parameter(torch.rand(8, 9)))
    assert pt.read_pt_image(path).shape == (8, 9)


def test_rounding_beyond_the_range_is_clipped(tmp_path):
    read = pt.read_pt_image(saved(tmp_path, torch.tensor([[-5e-7, 1 + 5e-7]])))
    assert read.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        (torch.full((8, 9), float("nan")), "NaN"),
        (torch.full((8, 9), float("inf")), "infinity"),
        (torch.full((8, 9), -0.01), "not \\[0, 1\\]"),
        (torch.full((8, 9), 255, dtype=torch.uint8), "not \\[0, 1\\]"),
        (torch.full((8, 9), 1e300, dtype=torch.float64), "not \\[0, 1\\]"),
        (torch.zeros(3, 8, 9), "shape"),
        (torch.zeros(8), "shape"),
        (torch.zeros(0, 9), "shape"),
        (torch.zeros(1).expand(10**6, 10**6), "shape"),
    ],
)
def test_image_that_is_no_slice_in_range(tmp_path, image, fault):
    with pytest.raises(CaseError, match=fault):
        pt.read_pt_image(saved(tmp_path, image))


@pytest.mark.parametrize(
    ("label", "fault"),
    [
        (torch.full((1, 8, 9), 12), "12"),
        (torch.full((1, 8, 9), -1), "-1"),
        (torch.full((1, 8, 9), 255, dtype=torch.uint8), "255"),
        (torch.full((1, 8, 9), 2.5), "fractions"),
        (torch.full((1, 8, 9), float("nan")), "NaN"),
        (torch.zeros(2, 8, 9), "shape"),
    ],
)
def test_label_that_is_no_label_map(tmp_path, label, fault):
    with pytest.raises(CaseError, match=fault):
        pt.read_pt_label(saved(tmp_path, label))


@pytest.mark.parametrize(
    "held",
    [
        torch.zeros(8, 9, dtype=torch.complex64),
        torch.eye(8).to_sparse(),
        torch.zeros(8, 9, device="meta"),
        "an image",
        None,
        [1, 2],
        np.zeros((8, 9), dtype=np.complex128),
    ],
    ids=lambda h: type(h).__name__,
)
def test_what_is_no_real_dense_array(tmp_path, held):
    with pytest.raises(FileFormatError, match="image is"):
        pt.read_pt_image(saved(tmp_path, {"img": held}))


def test_pair_needs_both_of_one_shape(tmp_path):
    with pytest.raises(FileFormatError, match="holds no 'label' \\(it holds 'img'\\)"):
        pt.read_pt_pair(saved(tmp_path, {"img": torch.rand(8, 9)}))
    with pytest.raises(FileFormatError, match="not an image and its label map"):
        pt.read_pt_pair(saved(tmp_path, torch.rand(8, 9)))
    with pytest.raises(CaseError, match=r"\(8, 9\), the image \(4, 9\)"):
        pt.read_pt_pair(saved(tmp_path, {"img": torch.rand(4, 9), "label": LABEL}))


class Evil:
    def __init__(self, call):
        self.call = call

    def __reduce__(self):
        return self.call


def test_nothing_hostile_runs(tmp_path):
    mark = tmp_path / "mark"
    calls = [
        (os.system, (f"touch {mark}",)),
        (eval, (f"open({str(mark)!r}, 'w')",)),
        (open, (str(mark), "w")),
        (pickle.loads, (b"",)),
        (bytearray, (1 << 40,)),
    ]
    for call in calls:
        for held in ({"img": Evil(call), "label": LABEL}, Evil(call), [Evil(call)]):
            for options in ({}, {"pickle_protocol": 4}):
                with pytest.raises(UnsafeFileError, match="nothing was run"):
                    pt.read_pt_pair(saved(tmp_path, held, **options))
    assert not mark.exists()


def test_hostile_pickle_without_a_zip(tmp_path):
    mark, path = tmp_path / "mark", tmp_path / "x.pt"
    path.write_bytes(pickle.dumps(Evil((os.system, (f"touch {mark}",)))))
    with pytest.raises(FileFormatError, match=r"torch 1\.6"):
        pt.read_pt_image(path)
    assert not mark.exists()


def test_torch_refuses_what_names_only_torch(tmp_path):
    held = Evil((torch.hub.load, ("somewhere", "model")))
    with pytest.raises(UnsafeFileError, match="more than tensors"):
        pt.read_pt_image(saved(tmp_path, held))


@pytest.mark.parametrize("held", [torch.rand(8, 9), {"img": IMAGE, "label": LABEL}])
def test_every_truncation_is_refused(tmp_path, held):
    whole = saved(tmp_path, held).read_bytes()
    path = tmp_path / "cut.pt"
    for length in range(0, len(whole), 197):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=r"cut\.pt"):
            pt.read_pt_image(path)


@given(st.data())
def test_damage_gives_a_spine_error_or_an_image(tmp_path_factory, data):
    path = saved(tmp_path_factory.mktemp("pt"), torch.full((4, 5), 0.5))
    content = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        assert pt.read_pt_image(path).size > 0
    except SpineError as error:
        assert error.where == str(path)
        assert error.remedy


def test_files_of_another_kind(tmp_path):
    path = tmp_path / "x.pt"
    for content in (b"", b"hello", b"PK\x03\x04" + b"\0" * 40):
        path.write_bytes(content)
        with pytest.raises(FileFormatError):
            pt.read_pt_image(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(FileFormatError, match="not one that torch wrote"):
        pt.read_pt_image(path)
    with pytest.raises(FileFormatError, match="No such file"):
        pt.read_pt_image(tmp_path / "none.pt")
    old = saved(tmp_path, torch.rand(8, 9), _use_new_zipfile_serialization=False)
    with pytest.raises(FileFormatError, match=r"torch 1\.6"):
        pt.read_pt_image(old)


def test_sizes_are_capped_before_anything_is_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(20_000_000))
    with pytest.raises(UnsafeFileError, match="unpacks to far more"):
        pt.read_pt_image(path)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100):
            archive.writestr(f"x/{number}", "")
    with pytest.raises(UnsafeFileError, match="100 parts"):
        pt.read_pt_image(path)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2000):
            archive.writestr(f"x/{number}", "")
    with pytest.raises(UnsafeFileError, match="too many parts"):
        pt.read_pt_image(path)
    many = saved(tmp_path, [[] for _ in range(20_000)])
    with pytest.raises(UnsafeFileError, match="far more than one case"):
        pt.read_pt_image(many)
    monkeypatch.setattr(safe_torch, "MAX_BYTES", 1000)
    with pytest.raises(UnsafeFileError, match="MiB allowed"):
        pt.read_pt_image(saved(tmp_path, torch.rand(8, 90)))


def test_users_own_safe_globals_stay_as_they_were(tmp_path):
    path = saved(tmp_path, {"img": IMAGE, "label": LABEL})
    before = set(torch.serialization.get_safe_globals())
    with torch.serialization.safe_globals([np.ndarray]):
        pt.read_pt_pair(path)
        assert np.ndarray in torch.serialization.get_safe_globals()
    pt.read_pt_pair(path)
    assert np.ndarray not in set(torch.serialization.get_safe_globals()) - before


def test_no_warning_of_torch_leaks(tmp_path):
    path = saved(tmp_path, {"img": torch.rand(8, 9), "label": torch.zeros(1, 8, 9)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pt.read_pt_pair(path)


def test_a_lone_tensor_is_read_without_torch_load(tmp_path, monkeypatch):
    path = saved(tmp_path, torch.rand(8, 9))
    expected = torch.load(path, weights_only=True).numpy()
    monkeypatch.setattr(torch, "load", None)
    assert np.array_equal(pt.read_pt_image(path), expected)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2"])
@pytest.mark.parametrize("core", [b"numpy.core", b"numpy._core"])
def test_arrays_are_read_without_torch_load(tmp_path, monkeypatch, dtype, core):
    image = np.random.default_rng(0).random((8, 9)).astype(dtype)
    label = np.arange(72, dtype=np.int64).reshape(1, 8, 9) % 12
    path = saved(tmp_path, {"img": image, "label": label})
    rewritten(path, lambda name, data: re.sub(rb"cnumpy\._?core", b"c" + core, data))
    monkeypatch.setattr(torch, "load", None)
    read = pt.read_pt_pair(path)
    assert np.array_equal(read[0], image.astype(np.float32))
    assert np.array_equal(read[1], label[0])


@pytest.mark.parametrize(
    "array", [np.asfortranarray(np.ones((3, 4))), np.ones((3, 4)).view(np.matrix)], ids=["F", "m"]
)
def test_arrays_of_other_forms_are_left_to_torch(tmp_path, array):
    path = saved(tmp_path, {"img": array})
    if type(array) is np.ndarray:
        assert np.array_equal(pt.read_pt_image(path), array)
    else:
        with pytest.raises(SpineError):
            pt.read_pt_image(path)


def test_long_arrays_hold_every_byte(tmp_path, monkeypatch):
    label = np.arange(256, dtype=np.uint8).repeat(64).reshape(64, 256)
    path = saved(tmp_path, {"label": label})
    monkeypatch.setattr(torch, "load", None)
    assert np.array_equal(pt.read_array(path), label)


def test_long_text_that_holds_no_bytes_is_refused(tmp_path):
    path = saved(tmp_path, {"label": np.full((64, 256), 255, np.uint8)})
    rewritten(path, lambda _, data: data.replace("ÿ".encode(), "Ā".encode()))
    with pytest.raises(FileFormatError):
        pt.read_array(path)


@pytest.mark.parametrize(
    "name", ["REDUCE", "BUILD", "TUPLE2", "TUPLE", "SETITEMS", "BINPUT", "BINGET", "NEWOBJ"]
)
def test_instructions_that_lack_their_operands_describe_nothing(name):
    assert pickle_description.describe_pickle([("PROTO", 2), (name, 7), ("STOP", None)]) is None


def test_keys_that_would_take_for_ever_to_hash_describe_nothing():
    doubled = [("EMPTY_TUPLE", None)] + 60 * [("BINPUT", 0), ("BINGET", 0), ("TUPLE2", None)]
    item = [("MARK", None), *doubled, ("NONE", None), ("SETITEMS", None)]
    assert pickle_description.describe_pickle([("EMPTY_DICT", None), *item]) is None


def test_declared_numbers_beyond_the_stored_ones_are_never_read(tmp_path):
    path = saved(tmp_path, torch.rand(8, 9))
    rewritten(path, lambda name, data: data[:100] if name.endswith("data/0") else data)
    with pytest.raises(FileFormatError):
        pt.read_pt_image(path)
