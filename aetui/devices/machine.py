"""What the machine is doing, measured: processor and memory by psutil, the GPU by NVML."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

import psutil
from pydantic import Field

T = TypeVar("T")


Percent = Annotated[float, Field(ge=0, le=10_000)]
Bytes = Annotated[int, Field(ge=0, le=10**18)]
Reading = Annotated[float, Field(ge=-1e6, le=1e6)]
"""What a log from elsewhere may claim; more would be drawn for ever."""


@dataclass(frozen=True)
class MachineSampled:
    """One look at the machine. What is not known is None."""

    cpu_percent: Percent | None
    """Use of all processors together, 0 to 100, since the look before."""
    process_cpu_percent: Percent | None
    """The part of it that the process that trains takes itself."""
    memory_used_bytes: Bytes | None
    memory_total_bytes: Bytes | None
    process_memory_bytes: Bytes | None
    """Resident memory of the process that trains."""
    gpu_name: str | None = None
    gpu_percent: Percent | None = None
    gpu_memory_used_bytes: Bytes | None = None
    gpu_memory_total_bytes: Bytes | None = None
    gpu_celsius: Reading | None = None
    gpu_watts: Reading | None = None
    gpu_watts_limit: Reading | None = None
    gpu_megahertz: Reading | None = None
    """Of its multiprocessors."""
    gpu_slowed_by: str | None = None
    """What holds its clock down: "power", "heat" or "brake"; empty where nothing does."""
    gpu_others_bytes: Bytes | None = None
    """Memory that other processes hold on it."""
    gpu_index: int | None = None
    """Which of the machine's GPUs it is, as NVML counts them."""
    gpus_percent: tuple[Percent | None, ...] = ()
    """Use of every GPU of the machine, where there are several."""
    gpus_memory_percent: tuple[Percent | None, ...] = ()


class Machine:
    """Measures this machine, shares of the processor since it was made or looked at last."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._gpu: Any = None
        psutil.cpu_percent()
        self._process.cpu_percent()

    def watch_gpu(self, uuid: str) -> None:
        """Measure this NVIDIA GPU too, named by its UUID as CUDA tells it."""
        self._gpu = _nvml_handle(uuid)

    def sample(self) -> MachineSampled:
        """Measure now; takes a few milliseconds and never raises for a field the driver does not offer."""
        memory = psutil.virtual_memory()
        sampled = MachineSampled(
            cpu_percent=psutil.cpu_percent(),
            process_cpu_percent=self._process.cpu_percent() / (psutil.cpu_count() or 1),
            memory_used_bytes=memory.total - memory.available,
            memory_total_bytes=memory.total,
            process_memory_bytes=self._process.memory_info().rss,
        )
        return sampled if self._gpu is None else replace(sampled, **_gpu_fields(self._gpu))


def _nvml_handle(uuid: str) -> Any:
    """CUDA tells the UUID of a GPU, and of a part of one (MIG), with or without NVML's prefix."""
    import pynvml

    with contextlib.suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        bare = uuid.removeprefix("GPU-").removeprefix("MIG-")
        for prefix in ("GPU-", "MIG-"):
            with contextlib.suppress(pynvml.NVMLError):
                return pynvml.nvmlDeviceGetHandleByUUID(prefix + bare)
    return None


def _gpu_fields(handle: Any) -> dict[str, Any]:
    import pynvml

    def asked(question: Callable[..., T], *arguments: object) -> T | None:
        try:
            return question(handle, *arguments)
        except (pynvml.NVMLError, ValueError):  # a name that is no UTF-8 is a ValueError
            return None

    memory = asked(pynvml.nvmlDeviceGetMemoryInfo)
    milliwatts = asked(pynvml.nvmlDeviceGetPowerUsage)
    most_milliwatts = asked(pynvml.nvmlDeviceGetEnforcedPowerLimit)
    name = asked(pynvml.nvmlDeviceGetName)
    return {
        "gpu_name": name.decode() if isinstance(name, bytes) else name,
        "gpu_percent": _use(handle),
        "gpu_memory_used_bytes": None if memory is None else int(memory.used),
        "gpu_memory_total_bytes": None if memory is None else int(memory.total),
        "gpu_celsius": asked(pynvml.nvmlDeviceGetTemperature, pynvml.NVML_TEMPERATURE_GPU),
        "gpu_watts": None if milliwatts is None else milliwatts / 1000,
        "gpu_watts_limit": None if most_milliwatts is None else most_milliwatts / 1000,
        "gpu_megahertz": asked(pynvml.nvmlDeviceGetClockInfo, pynvml.NVML_CLOCK_SM),
        "gpu_slowed_by": _slowed_by(asked(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons)),
        "gpu_others_bytes": _of_others(asked(pynvml.nvmlDeviceGetComputeRunningProcesses)),
        "gpu_index": asked(pynvml.nvmlDeviceGetIndex),
        **_all_gpus(),
    }


def _slowed_by(reasons: int | None) -> str | None:
    """The gravest of NVML's reasons for a lower clock; that nothing is to be done is none."""
    import pynvml

    if reasons is None:
        return None
    heat = pynvml.nvmlClocksThrottleReasonSwThermalSlowdown | pynvml.nvmlClocksThrottleReasonHwThermalSlowdown
    brake = pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown | pynvml.nvmlClocksThrottleReasonHwSlowdown
    signs = {"heat": heat, "brake": brake, "power": pynvml.nvmlClocksThrottleReasonSwPowerCap}
    return next((word for word, bits in signs.items() if reasons & bits), "")


def _of_others(processes: list[Any] | None) -> int | None:
    """Bytes of other processes; None where this one is not among them, as in a container of other numbers."""
    own = os.getpid()
    if processes is None or own not in {process.pid for process in processes}:
        return None
    return sum(process.usedGpuMemory or 0 for process in processes if process.pid != own)


def _all_gpus() -> dict[str, tuple[float | None, ...]]:
    """Use of all GPUs of the machine; nothing where there is one."""
    import pynvml

    handles = []
    with contextlib.suppress(pynvml.NVMLError):
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
    if len(handles) < 2:
        return {}
    return {
        "gpus_percent": tuple(map(_use, handles)),
        "gpus_memory_percent": tuple(map(_memory_percent, handles)),
    }


def _use(handle: Any) -> float | None:
    import pynvml

    with contextlib.suppress(pynvml.NVMLError):
        return float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    return None


def _memory_percent(handle: Any) -> float | None:
    import pynvml

    with contextlib.suppress(pynvml.NVMLError):
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        return round(100 * memory.used / memory.total, 1) if memory.total else None
    return None
