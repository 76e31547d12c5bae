from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.networks.unet import UNet, UNetConfig
from spinemsca.segment.runtime import torchscript
from spinemsca.segment.runtime.engine import choose_engine
from spinemsca.segment.runtime.torchscript import RECORD_AFTER, Recorded
from spinemsca.segment.runtime.weights import Weights
from tests.segment.examples import TINY

SHAPES = ((64, 96), (96, 64), (32, 32), (256, 160), (64, 96))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return ColumnNet(TINY).eval().requires_grad_(False)


@pytest.fixture
def graphs(monkeypatch):
    """How often a network was recorded."""
    made = []
    graph = torchscript._graph

    def noted(network):
        made.append(network)
        return graph(network)

    monkeypatch.setattr(torchscript, "_graph", noted)
    return made


def slices():
    torch.manual_seed(1)
    return [torch.rand(1, 1, *shape) for shape in SHAPES]


def test_gives_the_bits_of_the_network_for_every_size(network, graphs):
    run = Recorded(network)
    with torch.inference_mode():
        for image in slices() * 3:
            assert torch.equal(run(image), network(image))
    assert graphs == [network]


def test_a_few_slices_are_not_worth_recording(network, graphs):
    run = Recorded(network)
    for image in slices()[:RECORD_AFTER]:
        run(image)
    assert not graphs


def test_several_threads_may_share_it(network):
    run = Recorded(network)
    images = slices() * 8
    with torch.inference_mode():
        expected = [network(image) for image in images]

    def answer(image):
        with torch.inference_mode():
            return run(image)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(answer, images))
    assert all(torch.equal(a, b) for a, b in zip(answers, expected, strict=True))


def test_only_our_network_on_the_cpu_is_recorded(network, graphs):
    plain = UNet(UNetConfig(widths=(8, 16))).eval().requires_grad_(False)
    for one in (network, plain):
        engine = choose_engine(Weights(one, 96, "0"), "cpu")
        for image in slices():
            engine.run(image)
    assert graphs == [network]
