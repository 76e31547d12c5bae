from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from spinemsca._util import optional_packages
from spinemsca.errors import MissingDependencyError, UsageError
from spinemsca.segment.inference.model import Model
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime import engine, onnx
from spinemsca.segment.runtime.engine import choose_device, choose_engine, torch_engine
from spinemsca.segment.runtime.weights import Weights
from tests.segment.examples import TINY, ladder


@pytest.fixture(scope="module")
def weights():
    torch.manual_seed(0)
    network = ColumnNet(TINY).eval().requires_grad_(False)
    return Weights(network, 96, "0")


def test_torch_runs_the_network_as_it_is(weights):
    image = torch.rand(1, 1, 64, 96)
    run = torch_engine(weights.network, "cpu").run
    torch.testing.assert_close(run(image), weights.network(image))


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_other_engines_give_the_same_answer(weights, name):
    for package in ("onnx", name):
        pytest.importorskip(package)
    chosen = choose_engine(weights, "cpu", name)
    assert (chosen.name, chosen.device) == (name, "cpu")
    rng = np.random.default_rng(0)
    images = [
        torch.from_numpy(rng.random((1, 1, *shape), np.float32))
        for shape in ((64, 96), (96, 64), (32, 32), (256, 160)) * 2
    ]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(chosen.run, images))
    for image, answer in zip(images, answers, strict=True):
        expected = weights.network(image)
        torch.testing.assert_close(answer, expected, atol=1e-3, rtol=1e-3)
        assert (answer.argmax(1) != expected.argmax(1)).float().mean() < 1e-3
    one, other = (
        Model(weights, e).probabilities((ladder() / 11).astype(np.float32))
        for e in (chosen, torch_engine(weights.network, "cpu"))
    )
    assert (one.argmax(0) != other.argmax(0)).mean() < 1e-3


def test_automatic_choice(weights, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == "cpu"
    assert choose_engine(weights).name == "torch"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == "cuda"


@pytest.mark.parametrize("device", ["steam", "cuda:99", "cpu:x"])
def test_a_device_that_is_not_there(weights, device):
    with pytest.raises(UsageError, match="no device"):
        choose_engine(weights, device, "torch")


def test_engines_that_cannot_be_had(weights, monkeypatch):
    with pytest.raises(UsageError, match="on the CPU"):
        choose_engine(weights, "cuda", "openvino")

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(optional_packages, "import_module", missing)
    for name in ("onnxruntime", "openvino"):
        with pytest.raises(MissingDependencyError, match=r"spine-msca\[deploy\]"):
            choose_engine(weights, "cpu", name)
    with pytest.raises(MissingDependencyError, match=r"spine-msca\[deploy\]"):
        onnx.exported(weights.network)
    assert engine.ENGINES[0] == "auto"


class Runtime:
    """Stands in for either package: answers as torch does, and keeps how it was set up."""

    class SessionOptions:
        intra_op_num_threads = 0

    def __init__(self, network):
        self.network, self.settings = network, {}

    def InferenceSession(self, model, options, providers):  # noqa: N802
        self.settings = {"bytes": len(model), "threads": options.intra_op_num_threads}
        return self

    def run(self, _, inputs):
        return [self.network(torch.from_numpy(inputs["image"])).numpy()]

    def Core(self):  # noqa: N802
        return self

    def read_model(self, stream):
        return stream.read()

    def compile_model(self, model, device, settings):
        self.settings = {"bytes": len(model), "threads": settings["INFERENCE_NUM_THREADS"]}
        assert device == "CPU"
        return self

    def create_infer_request(self):
        return self

    def infer(self, inputs):
        return [self.network(torch.from_numpy(inputs[0])).numpy()]


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_packages_are_given_the_network_and_torchs_threads(weights, monkeypatch, name):
    package = Runtime(weights.network)
    monkeypatch.setattr(onnx, "optional", lambda _: package)
    monkeypatch.setattr(onnx, "exported", lambda _: bytes(2000))
    run = onnx.deployed(weights.network, name)
    image = torch.rand(1, 1, 32, 64)
    for _ in range(2):
        torch.testing.assert_close(run(image), weights.network(image))
    assert package.settings["threads"] == torch.get_num_threads()
    assert package.settings["bytes"] == 2000
