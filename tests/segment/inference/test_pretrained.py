from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch

import spinemsca
from spinemsca.errors import FileFormatError, MissingDependencyError, UsageError
from spinemsca.segment.inference import pretrained
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.weights import Weights, save_weights
from tests.segment.examples import TINY


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A stand-in for the installed package's folder."""
    torch.manual_seed(0)
    folder = tmp_path / "trained"
    folder.mkdir()
    save_weights(folder / "model.safetensors", Weights(ColumnNet(TINY), 64, "7"))
    monkeypatch.setattr(pretrained, "files", lambda _: tmp_path)
    return folder


def test_weights_come_with_the_package(package):
    model = spinemsca.load_model()
    assert model.weights.version == "7"
    assert model.predict(np.eye(64)).label.shape == (64, 64)


def test_weights_are_compared_with_their_checksum(package):
    data = (package / "model.safetensors").read_bytes()
    about = package / "model.json"
    about.write_text(json.dumps({"sha256": hashlib.sha256(data).hexdigest()}))
    assert spinemsca.load_model().weights.version == "7"
    about.write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(FileFormatError, match="not the weights file that was shipped"):
        spinemsca.load_model()


def test_an_installation_without_weights_says_so(package):
    (package / "model.safetensors").unlink()
    with pytest.raises(MissingDependencyError, match="came without weights"):
        spinemsca.load_model()


def test_weights_of_ones_own(package):
    path = package / "model.safetensors"
    assert spinemsca.load_model(str(path), device="cpu").engine.device == "cpu"
    with pytest.raises(FileFormatError):
        spinemsca.load_model(package / "none")
    with pytest.raises(UsageError, match="no engine 'steam'"):
        spinemsca.load_model(path, engine="steam")
