from __future__ import annotations

import pytest
import safetensors.torch
import torch

from spinemsca.errors import FileFormatError
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.weights import Weights, load_weights, save_weights
from tests.segment.examples import TINY


def _weights() -> Weights:
    torch.manual_seed(0)
    return Weights(ColumnNet(TINY), 64, "0.1")


def test_weights_come_back_in_half_precision(tmp_path):
    weights = _weights()
    save_weights(tmp_path / "w.safetensors", weights)
    found = load_weights(tmp_path / "w.safetensors")
    assert (found.size, found.version) == (64, "0.1")
    assert found.network.config == TINY
    for name, value in weights.network.state_dict().items():
        torch.testing.assert_close(found.network.state_dict()[name], value, rtol=1e-3, atol=1e-6)


def test_same_weights_same_bytes(tmp_path):
    for name in "ab":
        save_weights(tmp_path / name, _weights())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_default_network_fits_the_wheel(tmp_path):
    save_weights(tmp_path / "w", Weights(ColumnNet(), 512, "0"))
    assert (tmp_path / "w").stat().st_size < 15e6


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x08" + bytes(30)])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(FileFormatError, match="no weights file"):
        load_weights(tmp_path / "w")


def test_missing_files_and_strange_tensors_are_refused(tmp_path):
    with pytest.raises(FileFormatError):
        load_weights(tmp_path / "none")
    safetensors.torch.save_file({"x": torch.ones(2)}, tmp_path / "w")
    with pytest.raises(FileFormatError, match="KeyError"):
        load_weights(tmp_path / "w")
    save_weights(tmp_path / "w", _weights())
    data = (tmp_path / "w").read_bytes().replace(b'\\"expansion\\\\\\":1', b'\\"expansion\\\\\\":2')
    (tmp_path / "w").write_bytes(data)
    with pytest.raises(FileFormatError, match="RuntimeError"):
        load_weights(tmp_path / "w")
