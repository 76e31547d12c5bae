from __future__ import annotations

import torch

from spinemsca.segment.training.config import TrainingConfig
from spinemsca.segment.training.devices import device_name, processes, slowest


def test_a_run_under_torchrun_takes_its_processes():
    told = {"TORCHELASTIC_RUN_ID": "x", "LOCAL_WORLD_SIZE": "2", "WORLD_SIZE": "6"}
    assert processes(told) == {"devices": 2, "num_nodes": 3, "strategy": "ddp"}
    assert processes({}) == {"devices": 1}


def test_every_process_takes_the_time_of_the_slowest():
    class Fabric:
        world_size = 2

        def all_gather(self, value):
            return torch.stack([value, value + 1])

    assert slowest(2.0, TrainingConfig(seconds=9), Fabric()) == 3.0
    assert slowest(2.0, TrainingConfig(), Fabric()) == 2.0


def test_a_device_without_a_name_of_its_own():
    assert device_name(torch.device("cpu")) == "cpu"
