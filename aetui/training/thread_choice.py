"""How many CPU threads a run computes with: as many as its own steps are fastest with.

PyTorch's threads wait for each other in busy loops, many times a step. Where steps are small, or other
programs want the cores, fewer of them are faster (docs/benchmarks.md).
"""

from collections.abc import Callable
from functools import partial

import torch

from aetui.errors import AetuiError
from aetui.runs.events import ActivityChanged, Emit, Warned
from aetui.text import plural
from aetui.training.training import Training
from aetui.training.trial import MOST_COPIED, WORTH, seconds_a_step, trial_of

HOPELESS = 1.5
"""Where fewer threads are so many times slower than the fastest, still fewer are not tried."""


def settle_threads(training: Training, emit: Emit) -> None:
    """Take the number of CPU threads that steps are fastest with now, and keep it for the run's next days."""
    emit(ActivityChanged("choosing the number of threads"))
    training.use_threads(_measured(training))
    emit(ActivityChanged(""))


def choose_threads_anew(training: Training, emit: Emit) -> None:
    """The same within a run, which is another one from here on if the number changes."""
    if training.device.type != "cpu":
        emit(Warned("the number of CPU threads is chosen for runs on a CPU, this one computes on a GPU"))
        return
    if not training.team.is_alone:
        emit(Warned("several processes share the cores out: --threads of `aetui resume` is for each of them"))
        return
    before, kept = torch.get_num_threads(), ""
    try:
        settle_threads(training, emit)
    except (OSError, AetuiError) as error:
        kept = f"; not kept for a resume: {error}"
    now = torch.get_num_threads()
    if now == before:
        emit(Warned(f"{plural(now, 'CPU thread')}, as before: nothing else is faster just now{kept}"))
    else:
        bits = "losses differ in their last digits from those of a run that keeps its threads"
        emit(Warned(f"{plural(now, 'CPU thread')} from here on, {before} before: {bits}{kept}"))


def _measured(training: Training) -> int:
    most, before = training.most_threads, torch.get_num_threads()
    if most == 1 or training.parameters > MOST_COPIED:
        return most
    try:
        with trial_of(training) as trial:
            return fastest(most, partial(_seconds_a_step, trial))
    finally:
        torch.set_num_threads(before)


def fastest(most: int, seconds_with: Callable[[int], float]) -> int:
    """The best of `most` threads, half of them, a quarter … by the seconds that a step takes."""
    chosen, lowest, threads = most, seconds_with(most), most
    while threads > 1:
        threads //= 2
        seconds = seconds_with(threads)
        lowest = min(lowest, seconds)
        if seconds < lowest * WORTH:
            chosen = threads
        elif seconds > lowest * HOPELESS:
            break
    return chosen


def _seconds_a_step(trial: Training, threads: int) -> float:
    torch.set_num_threads(threads)
    return seconds_a_step(trial, warm_up_steps=1)
