"""Where the time of a step goes: PyTorch's profiler over a few steps on copies, within a run or at its start.

https://docs.pytorch.org/docs/stable/profiler.html
"""

import os
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile, record_function

from aetui.files import write_whole
from aetui.runs.events import ActivityChanged, Emit, Warned
from aetui.text import plural
from aetui.training.objective import StepLoss
from aetui.training.steps import take_step
from aetui.training.training import Training
from aetui.training.trial import some_batch, trial_of

WARM_UP, STEPS = 3, 10
ROWS = 25
"""Operations in the table."""
PARTS = ("data", "forward", "backward", "optimizer", "waiting")


class _Marked:
    """An objective whose parts of a step have names in the profile."""

    def __init__(self, objective: Any) -> None:
        self._objective = objective

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objective, name)

    def examples(self, *given: Any) -> tuple[Tensor, ...]:
        with record_function("data"):
            found: tuple[Tensor, ...] = self._objective.examples(*given)
        return found

    def loss(self, *given: Any) -> StepLoss:
        with record_function("forward"):
            found: StepLoss = self._objective.loss(*given)
        return found


def profile_steps(training: Training, emit: Emit) -> None:
    """Write `profile.txt` and `profile.json`, a Chrome trace, into the run's folder; say so."""
    if training.whole:
        emit(Warned("no profile: steps are taken on copies, and no process has all weights"))
        return
    emit(ActivityChanged("profiling some steps"))
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # it complains on the terminal where no GPU is
    activities = [ProfilerActivity.CPU]
    if training.device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with trial_of(training) as trial:
        trial.objective = _Marked(trial.objective)  # type: ignore[assignment]
        batches = cycle([some_batch(trial)])
        _take(trial, batches, WARM_UP)
        with profile(activities=activities) as profiled:
            _take(trial, batches, STEPS)
    averages = profiled.key_averages()
    summary = _summary({event.key: event.cpu_time_total for event in averages})
    table = averages.table(sort_by="self_cpu_time_total", row_limit=ROWS)
    place = training.folder.path
    try:
        with tempfile.TemporaryDirectory() as folder:
            trace = Path(folder) / "trace.json"
            profiled.export_chrome_trace(str(trace))
            write_whole(place / "profile.json", trace.read_bytes())
        write_whole(place / "profile.txt", f"{summary}\n\n{table}\n".encode())
        more = f"more in {place / 'profile.txt'}, a trace beside it"
    except OSError as error:
        more = f"the rest cannot be written: {error.strerror}: {error.filename or place}"
    emit(ActivityChanged(""))
    emit(Warned(f"{summary}; {more}"))


def _take(trial: Training, batches: Iterator[tuple[Tensor, Tensor]], steps: int) -> None:
    for _ in range(steps):
        with record_function("step"):
            pixels, labels = next(batches)
            losses = take_step(trial, pixels, labels)
        with record_function("waiting"):
            losses.told.item()


def _summary(microseconds: dict[str, float]) -> str:
    """The parts of the thread that trains; on a GPU, which works on its own, it waits at the end."""
    found = {name: microseconds.get(name, 0.0) for name in PARTS}
    found["optimizer"] = sum(time for key, time in microseconds.items() if key.startswith("Optimizer.step"))
    step = microseconds["step"]
    found["backward"] = step - found["data"] - found["forward"] - found["optimizer"]
    whole = step + found["waiting"]
    parts = ", ".join(f"{name} {found[name] / whole:.0%}" for name in PARTS)
    threads = plural(torch.get_num_threads(), "CPU thread")
    return f"a step takes {whole / STEPS / 1000:.3g} ms on {threads}: {parts}"
