"""What is set on a GPU, checked on a CPU: the settings themselves need no GPU."""

import pytest
import torch
from torch import nn

from aetui.runs.events import Warned
from aetui.training.torch_settings import make_deterministic

GPU, CPU = torch.device("cuda:0"), torch.device("cpu")


@pytest.fixture(autouse=True)
def _settings_come_back(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    yield
    torch.use_deterministic_algorithms(False)


def settled(model: nn.Module, device: torch.device) -> tuple[bool, list[object]]:
    reported: list[object] = []
    make_deterministic(model, device, reported.append)
    return torch.are_deterministic_algorithms_enabled(), reported


def test_on_a_gpu_only_deterministic_algorithms_are_used():
    assert settled(nn.Sequential(nn.Conv2d(1, 1, 3), nn.MaxPool2d(2)), GPU) == (True, [])
    assert torch.backends.cudnn.deterministic


def test_on_a_cpu_nothing_is_set():
    assert settled(nn.Conv2d(1, 1, 3), CPU) == (False, [])


def test_a_layer_without_such_an_algorithm_is_named_and_trains():
    (warned,) = settled(nn.Sequential(nn.AdaptiveAvgPool2d(1)), GPU)[1]
    assert isinstance(warned, Warned)
    assert "AdaptiveAvgPool2d has no repeatable gradient on a GPU" in warned.message
    assert not torch.are_deterministic_algorithms_enabled()
