"""What is set on a GPU, checked on a CPU: the settings themselves need no GPU."""

from functools import partialmethod

import pytest
import torch
import torch._dynamo
from torch import nn

from aetui.models.transformer import blocks
from aetui.shapes.vit import VitSize
from aetui.training.torch_settings import compile_parts, settle_algorithms

GPU, CPU = torch.device("cuda:0"), torch.device("cpu")


@pytest.fixture(autouse=True)
def _settings_come_back(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    yield
    torch.use_deterministic_algorithms(False)


def settled(device: torch.device, *, repeatable: bool = True) -> tuple[bool, list[object]]:
    reported: list[object] = []
    settle_algorithms(device, reported.append, repeatable=repeatable)
    return torch.are_deterministic_algorithms_enabled(), reported


def test_on_a_gpu_only_deterministic_algorithms_are_used():
    assert settled(GPU) == (True, [])
    assert torch.backends.cudnn.deterministic


@pytest.mark.parametrize("repeatable", [True, False])
def test_on_a_cpu_nothing_is_set(repeatable):
    assert settled(CPU, repeatable=repeatable) == (False, [])
    assert not torch.backends.cudnn.benchmark


def test_the_fastest_are_used_where_nobody_wants_repeatable_ones():
    assert settled(GPU)[0]
    enabled, reported = settled(GPU, repeatable=False)
    assert not enabled
    assert torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.deterministic
    assert "not the same bit for bit" in reported[0].message


@pytest.mark.parametrize(("depth", "graphs"), [(1, 4), (3, 4)])
def test_blocks_that_are_alike_are_compiled_once(monkeypatch, depth, graphs):
    """Two batch sizes, in training and in a test."""
    made = []

    def backend(graph, inputs):
        made.append(graph)
        return graph.forward

    model = blocks(VitSize(width=8, depth=depth, heads=2))
    monkeypatch.setattr(nn.Module, "compile", partialmethod(nn.Module.compile, backend=backend))
    torch._dynamo.reset()
    compile_parts(model)
    for images in (4, 3) * 2:
        model(torch.randn(images, 5, 8, requires_grad=True)).sum().backward()
        with torch.inference_mode():
            model(torch.randn(images, 5, 8))
    assert len(made) == graphs


def test_another_model_is_compiled_as_a_whole(monkeypatch):
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda part, **settings: compiled.append(part))
    model = nn.Sequential(nn.Linear(2, 2))
    compile_parts(model)
    assert compiled == [model]
