"""Which devices there are, with a PyTorch that sees GPUs of every kind: usable, too old, without a driver."""

from types import SimpleNamespace

import pytest
import torch

from aetui.devices import available
from aetui.devices.available import available_devices, choose_device
from aetui.errors import UsageError
from aetui.runs.events import Warned

ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100", "compute_120"]


def gpu(name: str, major: int, minor: int) -> SimpleNamespace:
    return SimpleNamespace(name=name, major=major, minor=minor, total_memory=2**33, uuid=f"uuid-{name}")


@pytest.fixture
def machine(monkeypatch):
    """A function that gives PyTorch these GPUs, the error with which CUDA starts, and compiled code."""

    def make(*gpus, error=None, architectures=ARCHITECTURES, of_driver=0):
        def start():
            if error:
                raise error

        monkeypatch.setattr(available, "_gpus_of_driver", lambda: of_driver)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: len(gpus))
        monkeypatch.setattr(torch.cuda, "init", start)
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: gpus[index])
        monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: architectures)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    return make


def test_the_first_gpu_is_the_best(machine):
    machine(gpu("H100", 9, 0), gpu("T4", 7, 5))
    first, second, cpu = available_devices()
    assert (first.name, first.title, first.uuid, first.bf16) == ("cuda:0", "H100", "uuid-H100", True)
    assert (second.name, second.bf16) == ("cuda:1", False)
    assert (choose_device("auto"), choose_device("cuda"), choose_device("cuda:1")) == (first, first, second)
    assert cpu.name == "cpu"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("The NVIDIA driver on your system is too old (found version 11040).\nUpdate it."),
        AssertionError("Invalid device id"),
    ],
)
def test_a_gpu_that_cuda_cannot_start_is_named_and_the_cpu_trains(machine, error):
    machine(gpu("H100", 9, 0), error=error)
    cpu, broken = available_devices()
    assert choose_device("auto") == choose_device("cpu") == cpu
    assert broken.problem == str(error).partition("\n")[0]
    with pytest.raises(UsageError) as refused:
        choose_device("cuda")
    assert broken.problem in refused.value.message
    assert "update the driver" in refused.value.hint


def test_for_the_cpu_no_gpu_is_asked(machine):
    machine(gpu("H100", 9, 0), error=OSError("asked"))
    assert choose_device("cpu").name == "cpu"


@pytest.mark.parametrize(
    ("major", "minor", "architectures", "good"),
    [
        (6, 1, ARCHITECTURES, False),
        (7, 0, ARCHITECTURES, False),
        (7, 5, ARCHITECTURES, True),
        (8, 9, ARCHITECTURES, True),
        (9, 0, ["sm_90a"], True),
        (10, 3, ["sm_100"], True),
        (11, 0, ARCHITECTURES, False),
        (12, 1, ["compute_120"], True),
        (13, 0, ["compute_120"], True),
        (11, 0, ["gfx90a"], True),
    ],
)
def test_a_gpu_without_compiled_code_is_not_chosen(machine, major, minor, architectures, good):
    machine(gpu("any", major, minor), architectures=architectures)
    assert choose_device("auto").name == ("cuda:0" if good else "cpu")
    if not good:
        with pytest.raises(UsageError, match=f"no code for its compute capability {major}.{minor}"):
            choose_device("cuda:0")


def test_a_gpu_that_is_not_used_is_told_where_the_best_device_was_wanted(machine):
    from aetui.training.preparing import _warn_of_unused

    events = []
    machine(gpu("GTX 1080", 6, 1))
    _warn_of_unused("auto", events.append)
    _warn_of_unused("cpu", events.append)
    assert events == [Warned("GTX 1080 is not used: this PyTorch has no code for its compute capability 6.1")]


@pytest.mark.parametrize(
    ("cuda", "visible", "problem", "advice"),
    [
        (None, None, "this PyTorch is built without CUDA", "install a PyTorch with CUDA"),
        ("13.0", "", "CUDA_VISIBLE_DEVICES= hides it", "unset CUDA_VISIBLE_DEVICES"),
        ("13.0", "7", "CUDA_VISIBLE_DEVICES=7 hides it", "unset CUDA_VISIBLE_DEVICES"),
        ("13.0", None, "PyTorch does not see it", "update the driver"),
    ],
)
def test_gpus_that_only_the_driver_sees_are_named(machine, monkeypatch, cuda, visible, problem, advice):
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    machine(of_driver=8)
    assert choose_device("auto").name == "cpu"
    with pytest.raises(UsageError, match=f"8 NVIDIA GPUs cannot train: {problem}") as refused:
        choose_device("cuda")
    assert advice in refused.value.hint
    assert "use the CPU" in refused.value.hint


def test_without_a_gpu_none_is_named(machine):
    machine()
    assert [device.name for device in available_devices()] == ["cpu"]
