"""NVML absent, whole, or answering some questions only, and strangely."""

import os
from types import SimpleNamespace

import pynvml
import pytest

from aetui.devices.machine import Machine

GPU = {
    "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=87),
    "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=2**30, total=2**36),
    "nvmlDeviceGetPowerUsage": 431_500,
    "nvmlDeviceGetName": "NVIDIA H100 80GB HBM3",
    "nvmlDeviceGetTemperature": 61,
    "nvmlDeviceGetEnforcedPowerLimit": 700_000,
    "nvmlDeviceGetClockInfo": 1980,
    "nvmlDeviceGetCurrentClocksThrottleReasons": pynvml.nvmlClocksThrottleReasonSwPowerCap,
    "nvmlDeviceGetComputeRunningProcesses": [
        SimpleNamespace(pid=os.getpid(), usedGpuMemory=2**29),
        SimpleNamespace(pid=1, usedGpuMemory=2**28),
        SimpleNamespace(pid=2, usedGpuMemory=None),
    ],
    "nvmlDeviceGetIndex": 1,
}


def not_supported(*_):
    raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)


@pytest.fixture
def nvml(monkeypatch):
    """A function that gives NVML one GPU under this UUID; a question without an answer is not supported."""

    def make(uuid: str, gpus: int = 1, **answers: object) -> None:
        def by_uuid(asked):
            return "handle" if asked == uuid else not_supported()

        monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", by_uuid)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: gpus)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: "handle")
        for question in GPU:
            answer = answers.get(question)
            monkeypatch.setattr(pynvml, question, not_supported if answer is None else _answering(answer))

    return make


def _answering(answer):
    def ask(handle, *_):
        assert handle == "handle"
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


def looked_at(uuid: str):
    machine = Machine()
    machine.watch_gpu(uuid)
    return machine.sample()


@pytest.mark.parametrize("known", ["GPU-1b2c", "MIG-1b2c"])
@pytest.mark.parametrize("uuid", ["1b2c", "GPU-1b2c", "MIG-1b2c"])
def test_every_field_in_its_unit_however_cuda_writes_the_uuid(nvml, known, uuid):
    nvml(known, **GPU)
    sample = looked_at(uuid)
    assert sample.gpu_name == "NVIDIA H100 80GB HBM3"
    assert (sample.gpu_percent, sample.gpu_watts, sample.gpu_celsius) == (87.0, 431.5, 61)
    assert (sample.gpu_memory_used_bytes, sample.gpu_memory_total_bytes) == (2**30, 2**36)
    assert (sample.gpu_watts_limit, sample.gpu_megahertz, sample.gpu_slowed_by) == (700, 1980, "power")
    assert (sample.gpu_others_bytes, sample.gpu_index, sample.gpus_percent) == (2**28, 1, ())


def test_every_gpu_of_the_machine_where_there_are_several(nvml):
    nvml("GPU-1", gpus=3, **GPU)
    sample = looked_at("1")
    assert sample.gpus_percent == (87, 87, 87)
    assert sample.gpus_memory_percent == (1.6, 1.6, 1.6)
    nvml("GPU-1", gpus=2, **(GPU | {"nvmlDeviceGetUtilizationRates": None, "nvmlDeviceGetMemoryInfo": None}))
    assert looked_at("1").gpus_memory_percent == looked_at("1").gpus_percent == (None, None)


@pytest.mark.parametrize(
    ("reasons", "word"),
    [
        (0, ""),
        (pynvml.nvmlClocksThrottleReasonGpuIdle, ""),
        (
            pynvml.nvmlClocksThrottleReasonSwPowerCap | pynvml.nvmlClocksThrottleReasonHwThermalSlowdown,
            "heat",
        ),
        (pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown, "brake"),
    ],
)
def test_what_holds_the_clock_down_is_named(nvml, reasons, word):
    nvml("GPU-1", **(GPU | {"nvmlDeviceGetCurrentClocksThrottleReasons": reasons}))
    assert looked_at("1").gpu_slowed_by == word


def test_processes_of_other_numbers_than_ours_tell_nothing(nvml):
    """In a container NVML names processes as the host does."""
    nvml(
        "GPU-1", **(GPU | {"nvmlDeviceGetComputeRunningProcesses": [SimpleNamespace(pid=1, usedGpuMemory=9)]})
    )
    assert looked_at("1").gpu_others_bytes is None


@pytest.mark.parametrize("question", GPU)
def test_what_the_driver_does_not_tell_is_none(nvml, question):
    nvml("GPU-1", **(GPU | {question: None}))
    whole, fields = vars_of(looked_at("1")), {None}
    assert sum(value in fields for value in whole.values()) == (
        2 if question == "nvmlDeviceGetMemoryInfo" else 1
    )


def test_a_name_that_is_no_text_is_none(nvml):
    nvml("GPU-1", **(GPU | {"nvmlDeviceGetName": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")}))
    sample = looked_at("1")
    assert (sample.gpu_name, sample.gpu_percent) == (None, 87.0)


def test_without_nvml_the_processor_is_measured_all_the_same(monkeypatch):
    def absent():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", absent)
    sample = looked_at("1")
    assert sample.memory_total_bytes
    assert set(vars_of(sample).values()) == {None}


def vars_of(sample) -> dict[str, object]:
    """The fields of the GPU."""
    return {name: value for name, value in vars(sample).items() if name.startswith("gpu_")}
