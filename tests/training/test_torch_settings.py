"""What is set on a GPU, checked on a CPU: the settings themselves need no GPU."""

import os
import shutil
import subprocess
import sys
from functools import partialmethod
from pathlib import Path

import pytest
import torch
import torch._dynamo
from torch import nn
from torch._inductor.runtime import cache_dir_utils

from aetui.models.transformer import blocks
from aetui.shapes.vit import VitSize
from aetui.torch_import import COMPILED_CODE
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


@pytest.mark.parametrize("is_asked", [False, True])
def test_compiled_code_is_where_nobody_else_writes(monkeypatch, tmp_path, is_asked):
    """Another user could have made PyTorch's own folder in /tmp, and would keep in it what is loaded."""
    monkeypatch.setattr(nn.Module, "compile", lambda part, **settings: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(COMPILED_CODE, "")
    monkeypatch.delenv(COMPILED_CODE)
    if is_asked:
        cache_dir_utils.cache_dir()  # as PyTorch does while it is imported
    compile_parts(nn.Linear(1, 1))
    kept = cache_dir_utils.cache_dir()
    assert kept == str(tmp_path / "cache" / "aetui" / "compiled")
    assert Path(kept).stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv(COMPILED_CODE, "/elsewhere")
    compile_parts(nn.Linear(1, 1))
    assert os.environ[COMPILED_CODE] == "/elsewhere", "as somebody wants it"


def test_a_cache_folder_that_others_may_write_is_not_taken(monkeypatch, tmp_path):
    monkeypatch.setattr(nn.Module, "compile", lambda part, **settings: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(COMPILED_CODE, "")
    monkeypatch.delenv(COMPILED_CODE)
    (tmp_path / "aetui" / "compiled").mkdir(parents=True)
    (tmp_path / "aetui" / "compiled").chmod(0o777)
    compile_parts(nn.Linear(1, 1))
    assert Path(os.environ[COMPILED_CODE]).parent == tmp_path


COMPILE = """
import torch
from aetui.models import transformer
from aetui.training.torch_settings import compile_parts
class Model(torch.nn.Linear):
    def forward(self, x):
        return torch.nn.functional.gelu(super().forward(x))
model = Model(3, 3)
compile_parts(model)
model(torch.ones(2, 3)).sum().backward()
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_nothing_that_is_compiled_lies_where_others_write(tmp_path):
    """PyTorch takes compiled headers from the folder for temporary files, whatever its own variable says."""
    (tmp_path / "shared").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != COMPILED_CODE}
    environment |= {"TMPDIR": str(tmp_path / "shared"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", COMPILE], env=environment, check=True, timeout=100)
    assert list((tmp_path / "cache" / "aetui" / "compiled").rglob("*.so"))
    assert [path for path in (tmp_path / "shared").rglob("*") if path.is_file()] == []


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_what_pytorch_starts_takes_no_module_of_the_working_folder(tmp_path):
    """It asks by `python -c` what a processor can, where nothing is cached yet."""
    (tmp_path / "ctypes.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment = {name: value for name, value in environment.items() if name != COMPILED_CODE}
    subprocess.run(
        [sys.executable, "-P", "-c", COMPILE], env=environment, cwd=tmp_path, check=True, timeout=100
    )
    assert not (tmp_path / "ran").exists()


def test_without_a_cache_folder_compiled_code_is_for_this_process_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(nn.Module, "compile", lambda part, **settings: None)
    (tmp_path / "cache").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(COMPILED_CODE, "")
    monkeypatch.delenv(COMPILED_CODE)
    compile_parts(nn.Linear(1, 1))
    kept = Path(os.environ[COMPILED_CODE])
    assert kept.parent == tmp_path
    assert kept.stat().st_mode & 0o777 == 0o700
