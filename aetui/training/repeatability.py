"""Whether a GPU has deterministic algorithms for all that a run's steps compute; one step tells."""

import torch

from aetui.runs.events import Emit, Warned
from aetui.training.failures import NOT_DETERMINISTIC
from aetui.training.steps import take_step
from aetui.training.training import Training
from aetui.training.trial import MOST_COPIED, some_batch, trial_of


def check_repeatable(training: Training, emit: Emit) -> None:
    """Take a step on copies; where an operation has no deterministic algorithm, say so and train anyhow.

    That are gradients of some poolings, paddings and resizings: `torch.use_deterministic_algorithms`. A large
    model is not copied, and such a step of its own ends the run with what to do.
    """
    wanted = training.device.type == "cuda" and training.preset.train.repeatable
    if not wanted or training.parameters > MOST_COPIED:
        return
    try:
        with trial_of(training) as trial:
            take_step(trial, *some_batch(trial))
    except RuntimeError as error:
        if NOT_DETERMINISTIC not in str(error):
            raise
        torch.use_deterministic_algorithms(False)
        what = str(error).partition(" ")[0]
        emit(Warned(f"{what} is not repeatable on a GPU: resumed, this run is not the same bit for bit"))
