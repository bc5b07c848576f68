"""The devices that can train here."""

import os
from dataclasses import dataclass

from aetui.errors import UsageError
from aetui.text import safe_text


@dataclass(frozen=True)
class Device:
    """A device by the name PyTorch gives it."""

    name: str
    title: str
    memory_bytes: int | None = None
    uuid: str | None = None
    """Of an NVIDIA GPU, as NVML knows it."""
    bf16: bool = False
    """Whether it computes in bfloat16 by itself."""


def available_devices() -> list[Device]:
    """Every device, the best first. Imports torch."""
    import psutil
    import torch

    found = [_cuda_device(index) for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found.append(Device("cpu", f"CPU, {cores} cores", psutil.virtual_memory().total))
    return found


def choose_device(wanted: str) -> Device:
    """The device meant by `auto`, `cpu`, `cuda`, `cuda:N` or `mps`. Imports torch.

    Raises UsageError naming the devices there are.
    """
    found = available_devices()
    if wanted == "auto":
        return found[0]
    for device in found:
        if wanted in (device.name, device.name.partition(":")[0]):
            return device
    names = ", ".join(f"{device.name} ({device.title})" for device in found)
    raise UsageError(f"There is no device {safe_text(wanted)} here", f"there is {names}")


def _cuda_device(index: int) -> Device:
    import torch

    properties = torch.cuda.get_device_properties(index)
    return Device(
        name=f"cuda:{index}",
        title=properties.name,
        memory_bytes=properties.total_memory,
        uuid=str(properties.uuid),
        bf16=properties.major >= 8,
    )


def check_device_name(wanted: str | None) -> None:
    """Refuse a device that is not here before anything is made for it; None, `auto` and `cpu` always are.

    Raises UsageError naming the devices there are.
    """
    if wanted not in (None, "auto", "cpu"):
        choose_device(wanted)
