from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from spinemsca import SpineMSCA
from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.case import Case
from spinemsca.dataset import collate
from spinemsca.errors import ReleaseError, SpineError, UsageError
from spinemsca.release.release import write_release
from spinemsca.release.split import Split


def make(root, number=5, splits=(Split.TRAIN,)):
    rng = np.random.default_rng(0)
    cases = [
        (
            split,
            Case(
                f"{split.value}-c{k}",
                rng.random((16, 16), np.float32),
                rng.integers(0, 12, (16, 16), np.uint8),
                spacing=(0.6, 0.7) if k % 2 else None,
                sex=(None, "F", "M")[k % 3],
                annotated=frozenset(STRUCTURES) - {by_name("S1")} if k == 0 else STRUCTURES,
            ),
        )
        for split in splits
        for k in range(number)
    ]
    return write_release(root, cases)


@pytest.fixture
def release(tmp_path):
    return make(tmp_path / "r")


def equal(item, case):
    assert item["image"].dtype == torch.float32
    assert item["label"].dtype == torch.int64
    assert np.array_equal(item["image"].numpy()[0], case.image)
    assert np.array_equal(item["label"].numpy()[0], case.label)
    assert item["case"] == case.name


@pytest.mark.parametrize("cache", [True, False])
def test_items(release, cache):
    dataset = SpineMSCA(release.root, cache=cache)
    assert len(dataset) == 5
    assert dataset.cases == tuple(e.name for e in release.entries)
    for item, case in zip(dataset, release.cases(), strict=True):  # type: ignore[call-overload]
        equal(item, case)
        assert set(item) == {"image", "label", "case"}
    equal(dataset[-1], list(release.cases())[-1])
    assert dataset.case(1).spacing == (0.6, 0.7)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_workers": 2},
        {"batch_size": 3},
        {"collate_fn": collate},
        {"collate_fn": collate, "num_workers": 2},
        {"collate_fn": collate, "batch_size": 1},
    ],
    ids=lambda options: "-".join(options) or "plain",
)
def test_loader_gives_every_case_once(release, options):
    loader = DataLoader(SpineMSCA(release.root), **({"batch_size": 2} | options))
    batches = list(loader)
    assert [name for b in batches for name in b["case"]] == [e.name for e in release.entries]
    images = torch.cat([b["image"] for b in batches])
    labels = torch.cat([b["label"] for b in batches])
    for image, label, case in zip(images, labels, release.cases(), strict=True):
        equal({"image": image, "label": label, "case": case.name}, case)


@pytest.mark.slow
def test_loader_with_spawned_workers(release):
    loader = DataLoader(
        SpineMSCA(release.root), batch_size=2, num_workers=1, multiprocessing_context="spawn"
    )
    assert sum(len(b["case"]) for b in loader) == 5


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("function", [None, collate])
def test_items_and_batches_are_nobody_elses(release, function, cache):
    dataset = SpineMSCA(release.root, cache=cache)
    kept = [dataset[k] for k in range(5)] + list(dataset.__getitems__([0, 0]))
    batches = list(DataLoader(dataset, batch_size=2, collate_fn=function))
    changed = next(iter(DataLoader(dataset, batch_size=5, collate_fn=function)))
    changed["image"].mul_(0)
    changed["label"].mul_(0)
    for item in kept[:-1]:
        item["image"].mul_(0)
    assert kept[-1]["image"].any()
    for item, case in zip(dataset, release.cases(), strict=True):  # type: ignore[call-overload]
        equal(item, case)
    assert torch.equal(batches[0]["image"][1], dataset[1]["image"])


@pytest.mark.parametrize("function", [None, collate])
def test_transform_and_changed_items_reach_the_batch(release, function):
    def half(item):
        item["image"] = item["image"] / 2
        return item

    plain = SpineMSCA(release.root)
    for dataset in (SpineMSCA(release.root, transform=half), Subset(plain, [0, 1, 2])):
        batch = next(iter(DataLoader(dataset, batch_size=3, collate_fn=function)))
        factor = 1 if isinstance(dataset, Subset) else 2
        assert torch.equal(batch["image"][2] * factor, plain[2]["image"])
    items = plain.__getitems__([0, 1])
    items[0]["image"] = items[0]["image"] + 1
    for join in (torch.utils.data.default_collate, collate):
        assert torch.equal(join(items)["image"][0], plain[0]["image"] + 1)


def test_cases_of_different_shapes_come_one_by_one(tmp_path):
    cases = [
        Case(n, np.full((4, w), 0.5, np.float32), np.ones((4, w), np.uint8))
        for n, w in (("a", 5), ("b", 6))
    ]
    write_release(tmp_path / "r", [(Split.TRAIN, c) for c in cases])
    dataset = SpineMSCA(tmp_path / "r")
    assert [i["image"].shape[-1] for i in dataset.__getitems__([0, 1])] == [5, 6]


def test_case_without_label_map_has_no_label(tmp_path):
    (tmp_path / "Train" / "a").mkdir(parents=True)
    torch.save(torch.zeros(4, 5), tmp_path / "Train" / "a" / "img.pt")
    for cache in (True, False):
        assert set(SpineMSCA(tmp_path, cache=cache)[0]) == {"image", "case"}


def test_collate_agrees_with_torch_on_anything(release):
    items = SpineMSCA(release.root).__getitems__([0, 1, 2, 3])
    views = torch.arange(24.0).reshape(4, 6)
    others = [{"v": v[:3], "t": v.reshape(2, 3).T, "n": k} for k, v in enumerate(views)]
    sparse = [{"s": torch.ones(2, 2).to_sparse()} for _ in range(2)]
    with pytest.raises(RuntimeError, match="sparse"):
        collate(sparse)
    for batch in (items, items[::-1], items[1:], [*items[:2], items[3]], others, [1, 2], [views]):
        found, expected = collate(batch), torch.utils.data.default_collate(batch)
        assert str(found) == str(expected)
    assert collate(items)["image"].data_ptr() == items[0]["image"].data_ptr()
    assert collate(items[::-1])["image"].data_ptr() != items[-1]["image"].data_ptr()


def test_open_dataset_keeps_what_it_read(release):
    dataset = SpineMSCA(release.root)
    before = dataset[0]["image"]
    pixels = release.load(release.entries[0]).image
    torch.save(torch.zeros(16, 16), release.entries[0].image_path)
    again = SpineMSCA(release.root)
    assert again[0]["image"].max() == 0
    assert np.array_equal(before.numpy()[0], pixels)
    assert torch.equal(dataset[0]["image"], before)


def test_annotated_is_a_mask_over_label_values(release):
    dataset = SpineMSCA(release.root, annotated=True)
    assert dataset.annotated(0).tolist() == [v != 6 for v in range(12)]
    assert dataset[1]["annotated"].all()
    batch = next(iter(DataLoader(dataset, batch_size=2)))
    assert batch["annotated"].shape == (2, 12)


def test_repr(release):
    text = repr(SpineMSCA(release.root))
    assert "split='train'): 5 cases" in text
    assert "1 male, 2 female, 2 unknown" in text
    assert "spacing known: 2 of 5" in text
    assert "cache: ready" in text
    assert "cache: none" in repr(SpineMSCA(release.root, cache=False))


def test_splits(tmp_path):
    make(tmp_path / "r", 2, (Split.TRAIN, Split.VAL))
    assert len(SpineMSCA(tmp_path / "r", "Vail")) == 2
    assert "split='all'): 4 cases" in repr(SpineMSCA(tmp_path / "r", None))
    with pytest.raises(ReleaseError, match="holds no test cases"):
        SpineMSCA(tmp_path / "r", "test")
    with pytest.raises(UsageError, match="is no split"):
        SpineMSCA(tmp_path / "r", "dev")


def test_error_names_the_way_out(tmp_path):
    remedy = f"download=True, or run: spine-msca download --root {tmp_path} --split val"
    with pytest.raises(ReleaseError) as caught:
        SpineMSCA(tmp_path, "val")
    assert remedy in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_download_only_where_needed(tmp_path, monkeypatch):
    asked = []

    def download(root, *, splits, mirror):
        asked.append((root, list(splits), mirror))
        make(root, 2)

    monkeypatch.setattr("spinemsca.release.download", download)
    for _ in range(2):
        assert len(SpineMSCA(tmp_path / "r", download=True, mirror="here")) == 2
    assert asked == [(tmp_path / "r", [Split.TRAIN], "here")]


def test_cache_that_cannot_be_written(release, tmp_path):
    (release.root / ".cache").touch()
    dataset = SpineMSCA(release.root)
    assert "cache: none" in repr(dataset)
    assert len(dataset[0]["case"]) > 0
    with pytest.raises(UsageError, match="cannot hold the cache"):
        SpineMSCA(release.root, cache=release.root / ".cache")
    assert "cache: ready" in repr(SpineMSCA(release.root, cache=tmp_path / "k"))


def test_bad_case_is_named_at_once(release):
    release.entries[3].image_path.write_bytes(b"nothing")
    with pytest.raises(SpineError, match=release.entries[3].name):
        SpineMSCA(release.root)
    assert len(SpineMSCA(release.root, cache=False)) == 5


def test_dataset_survives_pickling(release):
    dataset = SpineMSCA(release.root)
    again = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(again[2]["image"], dataset[2]["image"])


def test_pictures(release):
    dataset = SpineMSCA(release.root)
    assert dataset.plot(0).height >= 512
    assert dataset.montage(4).width > dataset.montage(1).width
