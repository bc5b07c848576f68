"""The devices that can train here, and GPUs that cannot, with the reason."""

import contextlib
import os
import re
from dataclasses import dataclass

from aetui.errors import UsageError
from aetui.text import safe_text

MEND = "update the driver, or install a PyTorch that fits the GPU and its driver"


@dataclass(frozen=True)
class Device:
    """A device by the name PyTorch gives it."""

    name: str
    title: str
    memory_bytes: int | None = None
    uuid: str | None = None
    """Of an NVIDIA GPU, as CUDA tells it."""
    bf16: bool = False
    """Whether it computes in bfloat16 by itself."""
    problem: str = ""
    """Why it cannot train; empty where it can."""
    advice: str = ""
    """What helps then."""


def available_devices() -> list[Device]:
    """Every device, the best first and those with a problem last. Imports torch."""
    import torch

    found = _cuda_devices()
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    return sorted([*found, _cpu()], key=lambda device: bool(device.problem))


def choose_device(wanted: str) -> Device:
    """The device meant by `auto`, `cpu`, `cuda`, `cuda:N` or `mps`. Imports torch, but not for `cpu`.

    Raises UsageError naming the devices there are, or the problem of the one that is meant.
    """
    if wanted == "cpu":
        return _cpu()
    found = available_devices()
    if wanted == "auto":
        return found[0]
    for device in found:
        if wanted in (device.name, device.name.partition(":")[0]):
            if device.problem:
                raise UsageError(
                    f"{safe_text(device.title)} cannot train: {safe_text(device.problem)}",
                    f"{device.advice}, or use the CPU",
                )
            return device
    names = ", ".join(f"{device.name} ({device.title})" for device in found if not device.problem)
    raise UsageError(f"There is no device {safe_text(wanted)} here", f"there is {names}")


def check_device_name(wanted: str | None) -> None:
    """Refuse a device that is not here before anything is made for it; None, `auto` and `cpu` always are.

    Raises UsageError as `choose_device`.
    """
    if wanted not in (None, "auto", "cpu"):
        choose_device(wanted)


def _cpu() -> Device:
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Device("cpu", f"CPU, {cores} cores", psutil.virtual_memory().total)


def _cuda_devices() -> list[Device]:
    """GPUs as CUDA counts them; before it starts NVML counts, which also sees those that CUDA cannot use."""
    import torch

    if not torch.cuda.device_count():
        return _unseen_gpus()
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
        return [_cuda_device(index) for index in range(torch.cuda.device_count())]
    except (RuntimeError, AssertionError) as error:
        return [Device("cuda", "NVIDIA GPU", problem=str(error).partition("\n")[0], advice=MEND)]


def _unseen_gpus() -> list[Device]:
    """NVIDIA GPUs that the driver knows and PyTorch does not see."""
    import torch

    count = _gpus_of_driver()
    if not count:
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if torch.version.cuda is None:
        problem, advice = "this PyTorch is built without CUDA", "install a PyTorch with CUDA"
    elif visible is not None:
        problem = f"CUDA_VISIBLE_DEVICES={visible} hides it"
        advice = "unset CUDA_VISIBLE_DEVICES, or name a GPU in it"
    else:
        problem, advice = "PyTorch does not see it", MEND
    return [
        Device(
            "cuda", "NVIDIA GPU" if count == 1 else f"{count} NVIDIA GPUs", None, None, False, problem, advice
        )
    ]


def _gpus_of_driver() -> int:
    import pynvml

    with contextlib.suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetCount())
    return 0


def _cuda_device(index: int) -> Device:
    import torch

    properties = torch.cuda.get_device_properties(index)
    compiled = _has_code_for(properties.major, properties.minor, torch.cuda.get_arch_list())
    capability = f"compute capability {properties.major}.{properties.minor}"
    return Device(
        name=f"cuda:{index}",
        title=properties.name,
        memory_bytes=properties.total_memory,
        uuid=str(properties.uuid),
        bf16=properties.major >= 8,
        problem="" if compiled else f"this PyTorch has no code for its {capability}",
        advice="" if compiled else MEND,
    )


def _has_code_for(major: int, minor: int, architectures: list[str]) -> bool:
    """Whether a GPU of this compute capability runs code compiled for any of these architectures.

    `sm_XY` runs on capability X.Y and later ones of the same X, `compute_XY` on all later ones:
    CUDA C++ Programming Guide, "Application Compatibility". Other names, AMD's, are taken as good.
    """
    codes = [re.fullmatch(r"(sm|compute)_(\d+)(\d)[a-z]?", name) for name in architectures]
    return any(
        code is None
        or (int(code[2]) == major and int(code[3]) <= minor)
        or (code[1] == "compute" and int(code[2]) < major)
        for code in codes
    )
