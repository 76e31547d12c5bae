from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from spinemsca.segment.networks.blocks import StripAttention, SubpixelHead
from spinemsca.segment.networks.column import STRIDE, ColumnNet, NetworkConfig
from tests.segment.examples import TINY


def test_is_light_enough_for_a_laptop():
    network = ColumnNet().eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 1, 512, 512))
    assert sum(p.numel() for p in network.parameters()) <= 6e6
    # The counter takes a multiplication and an addition for two.
    assert counter.get_total_flops() <= 12e9


@pytest.mark.parametrize(("rows", "columns"), [(64, 96), (32, 32), (160, 64)])
def test_gives_a_logit_per_class_on_the_same_grid(rows, columns):
    logits = ColumnNet(TINY)(torch.rand(2, 1, rows, columns))
    assert logits.shape == (2, 12, rows, columns)
    assert rows % STRIDE == 0


def test_strip_attention_has_the_described_kernels():
    sizes = {m.kernel_size for m in StripAttention(8).modules() if isinstance(m, nn.Conv2d)}
    assert sizes == {(5, 5), (1, 7), (7, 1), (1, 11), (11, 1), (1, 21), (21, 1), (1, 1)}


def test_strip_attention_multiplies_its_input():
    attention = StripAttention(8)
    assert not attention(torch.zeros(1, 8, 32, 32)).any()


def test_the_head_begins_as_interpolation_of_its_own_logits():
    head = SubpixelHead(8, 3).eval()
    x = torch.rand(2, 8, 12, 10)
    logits = head(x)
    assert logits.shape == (2, 3, 24, 20)
    # All four parts of a place, seen without what lies around it, have the same weights.
    weight = head.around.weight.detach().unflatten(0, (3, 4))[:, 0].sum((2, 3))
    bias = head.around.bias.detach()[::4]
    alone = functional.conv2d(x, weight[:, :, None, None], bias)
    smooth = functional.interpolate(alone, scale_factor=2, mode="bilinear")
    inner = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(logits[inner], smooth[inner], atol=1e-5, rtol=1e-5)


def test_every_place_sees_the_whole_column():
    torch.manual_seed(0)
    network = ColumnNet(TINY).double().eval()
    image = torch.rand(1, 1, 512, 32, dtype=torch.double, requires_grad=True)
    network(image)[0, :, 0, 16].sum().backward()
    assert image.grad is not None
    assert image.grad[0, 0, -32:].abs().sum() > 0


def test_answers_do_not_depend_on_the_rest_of_the_batch():
    torch.manual_seed(0)
    network = ColumnNet(TINY)
    images = torch.rand(3, 1, 64, 64)
    torch.testing.assert_close(network(images)[1:2], network(images[1:2]))


def test_every_parameter_learns():
    network = ColumnNet(TINY)
    network(torch.rand(1, 1, 64, 64)).logsumexp(1).mean().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_config_survives_json_and_refuses_strangers():
    assert NetworkConfig.model_validate_json(TINY.model_dump_json()) == TINY
    with pytest.raises(ValidationError):
        NetworkConfig(colour="red")  # type: ignore[call-arg]
