"""Every network that ours is compared with: its size, its grid, that it learns and is kept."""

from __future__ import annotations

import json

import pytest
import torch
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from spinemsca._util import optional_packages
from spinemsca.errors import FileFormatError, MissingDependencyError
from spinemsca.segment.inference.model import Model
from spinemsca.segment.networks.choice import build_network, network_config
from spinemsca.segment.networks.column import ColumnNet, NetworkConfig
from spinemsca.segment.networks.dynunet import DynUNetConfig
from spinemsca.segment.networks.segresnet import SegResNetConfig
from spinemsca.segment.networks.spine_dcan import SpineDCANConfig
from spinemsca.segment.networks.unet import UNetConfig
from spinemsca.segment.runtime.weights import Weights, load_weights, save_weights
from spinemsca.segment.training.config import TrainingConfig
from spinemsca.segment.training.data import plain_batch
from spinemsca.segment.training.losses import segmentation_loss
from tests.segment.examples import SMALL, TINY, bar_case, bar_example

PUBLISHED_PARAMETERS, PUBLISHED_FLOP = 39.4e6, 240e9


@pytest.mark.parametrize(
    ("config", "parameters", "gflop"),
    [
        (NetworkConfig(), 3_785_104, 8.27),
        (UNetConfig(), 7_762_828, 96.5),
        (DynUNetConfig(), 46_309_804, 119.4),
        (SegResNetConfig(), 6_298_860, 124.4),
        (SpineDCANConfig(), 39_433_960, 237.5),
    ],
    ids=lambda c: getattr(c, "kind", ""),
)
def test_sizes(config, parameters, gflop):
    with torch.device("meta"):
        network = build_network(config).eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.empty(1, 1, 512, 512, device="meta"))
    assert sum(p.numel() for p in network.parameters()) == parameters
    # The counter takes a multiplication and an addition for two.
    assert counter.get_total_flops() / 1e9 == pytest.approx(gflop, rel=0.005)


def test_spine_dcan_comes_within_two_percent_of_what_is_published():
    with torch.device("meta"):
        network = build_network(SpineDCANConfig()).eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.empty(1, 1, 512, 512, device="meta"))
    parameters = sum(p.numel() for p in network.parameters())
    assert parameters == pytest.approx(PUBLISHED_PARAMETERS, rel=0.02)
    assert counter.get_total_flops() == pytest.approx(PUBLISHED_FLOP, rel=0.02)


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("shape", [(64, 32), (96, 160)])
def test_gives_a_logit_per_class_on_the_same_grid(kind, shape):
    assert build_network(SMALL[kind]).eval()(torch.rand(2, 1, *shape)).shape == (2, 12, *shape)


@pytest.mark.parametrize("kind", SMALL)
def test_answers_do_not_depend_on_the_rest_of_the_batch(kind):
    torch.manual_seed(0)
    network = build_network(SMALL[kind])
    images = torch.rand(3, 1, 32, 64)
    torch.testing.assert_close(network(images)[1:2], network(images[1:2]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", SMALL)
def test_overfits_one_batch(kind):
    torch.manual_seed(0)
    network = build_network(SMALL[kind])
    assert not list(network.buffers()), "a moving average of weights would miss them"
    batch = plain_batch([bar_example("a"), bar_example("b", shift=6)], 64)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01)
    losses = []
    for _ in range(25):
        loss = segmentation_loss(network(batch.images), batch.candidates)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert all(p.grad is not None for p in network.parameters())
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("kind", SMALL)
def test_weights_files_hold_any_network(kind, tmp_path):
    torch.manual_seed(0)
    network = build_network(SMALL[kind]).eval()
    save_weights(tmp_path / "w", Weights(network, 64, "1"))
    found = load_weights(tmp_path / "w")
    assert found.network.config == SMALL[kind]
    image = torch.rand(1, 1, 64, 32)
    with torch.inference_mode():
        torch.testing.assert_close(found.network(image), network(image), rtol=0.05, atol=0.05)
    segmented = Model.load(tmp_path / "w").predict(bar_case().image)
    assert segmented.label.shape == bar_case().shape


@pytest.mark.parametrize("kind", SMALL)
def test_configurations_name_their_network(kind):
    config = SMALL[kind]
    assert network_config(config.model_dump_json()) == config
    told = json.loads(TrainingConfig(network=config).model_dump_json())
    assert told["network"]["kind"] == kind
    assert TrainingConfig.model_validate(told).network == config


def test_configurations_without_a_kind_are_ours():
    assert network_config('{"attention": 1}') == NetworkConfig(attention=1)
    assert TrainingConfig.model_validate({"network": {}}).network == NetworkConfig()


@pytest.mark.parametrize("wrong", [{"kind": "vgg"}, {"kind": "unet", "stem": 3}, "unet", 3])
def test_strangers_are_refused(wrong):
    with pytest.raises(ValidationError):
        TrainingConfig.model_validate({"network": wrong})


def test_weights_written_before_there_was_a_choice_are_read(tmp_path):
    path = tmp_path / "w"
    save_weights(path, Weights(ColumnNet(TINY), 64, "0.1"))
    content = path.read_bytes()

    old = content.replace(b'\\\\\\"kind\\\\\\":\\\\\\"column\\\\\\",', b"")
    assert len(old) < len(content)
    shorter = len(content) - len(old)
    header = int.from_bytes(content[:8], "little") - shorter
    path.write_bytes(header.to_bytes(8, "little") + old[8:])
    assert load_weights(path).network.config == TINY


def test_without_monai_the_remedy_is_named(tmp_path, monkeypatch):
    path = tmp_path / "w"
    save_weights(path, Weights(build_network(SMALL["dynunet"]), 64, "1"))

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(optional_packages, "import_module", absent)
    with pytest.raises(MissingDependencyError, match=r"spine-msca\[train\]"):
        load_weights(path)


def test_tensors_of_another_network_are_refused(tmp_path):
    path = tmp_path / "w"
    network = build_network(SMALL["unet"])
    network.config = UNetConfig(widths=(8, 16))
    save_weights(path, Weights(network, 64, "1"))
    with pytest.raises(FileFormatError, match="RuntimeError"):
        load_weights(path)
