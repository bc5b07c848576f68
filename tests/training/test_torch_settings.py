"""What is set on a GPU, checked on a CPU: the settings themselves need no GPU."""

import pytest
import torch
from torch import nn

from aetui.runs.events import Warned
from aetui.training.torch_settings import settle_algorithms

GPU, CPU = torch.device("cuda:0"), torch.device("cpu")


@pytest.fixture(autouse=True)
def _settings_come_back(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    yield
    torch.use_deterministic_algorithms(False)


def settled(model: nn.Module, device: torch.device, *, repeatable: bool = True) -> tuple[bool, list[object]]:
    reported: list[object] = []
    settle_algorithms(model, device, reported.append, repeatable=repeatable)
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


def test_the_fastest_are_used_where_nobody_wants_repeatable_ones():
    enabled, reported = settled(nn.Conv2d(1, 1, 3), GPU, repeatable=False)
    assert not enabled
    assert torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.deterministic
    assert "not the same bit for bit" in reported[0].message


def test_on_a_cpu_all_are_repeatable():
    assert settled(nn.Conv2d(1, 1, 3), CPU, repeatable=False) == (False, [])
    assert not torch.backends.cudnn.benchmark
