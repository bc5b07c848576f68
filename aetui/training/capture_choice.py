"""Whether the steps of a run are captured in a CUDA graph: where a few of them are faster so."""

import torch

from aetui.runs.events import ActivityChanged, Emit, Warned
from aetui.training.step_graph import WARM_UP_STEPS, StepGraph
from aetui.training.training import Training
from aetui.training.trial import MOST_COPIED, WORTH, seconds_a_step, trial_of


def settle_capture(training: Training, emit: Emit) -> None:
    """As `train.capture` says; what is compiled, computed twice or large is not captured unasked."""
    wanted = training.preset.train.capture
    if training.device.type != "cuda":
        if wanted is True:
            emit(Warned("train.capture is for NVIDIA GPUs; steps are taken one by one here"))
    elif wanted is True or (wanted == "auto" and _pays(training, emit)):
        training.graph = StepGraph(emit)


def _pays(training: Training, emit: Emit) -> bool:
    settings = training.preset.train
    if settings.compile or settings.activation_checkpointing or training.parameters > MOST_COPIED:
        return False
    emit(ActivityChanged("timing steps"))
    try:
        return gain_of_capture(training) > WORTH
    except RuntimeError:  # without a copy the run itself may have the memory
        return False
    finally:
        torch.cuda.empty_cache()
        emit(ActivityChanged(""))


def gain_of_capture(training: Training) -> float:
    """How many times as fast captured steps are; 0 where they cannot be captured."""
    with trial_of(training) as trial:
        one_by_one = seconds_a_step(trial, WARM_UP_STEPS)
        trial.graph = graph = StepGraph(lambda event: None)
        captured = seconds_a_step(trial, WARM_UP_STEPS + 1)
        graph.drop()
    return 0.0 if graph.refused else one_by_one / captured
