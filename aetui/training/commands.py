"""What the training thread does for others between two batches: pause, save, draw, measure, stop."""

from functools import partial

from aetui.runs import states
from aetui.runs.events import Emit, StateChanged
from aetui.training.control import Control, Stopped
from aetui.training.epoch_probe import measure_probe
from aetui.training.previews import draw_step
from aetui.training.profiling import profile_steps
from aetui.training.saving import make_room, save_checkpoint
from aetui.training.steering import note_changes
from aetui.training.thread_choice import choose_threads_anew
from aetui.training.training import Training


def handle_commands(training: Training, control: Control, emit: Emit, *, between_steps: bool = True) -> None:
    """Do what is requested. Raises Stopped.

    What takes long waits for the end of a test, and a probe that is requested during a probe is that probe.
    """
    control.beats += 1
    while control.pending:
        control.acknowledge()
        note_changes(training, control, emit)
        if control.take("checkpoint") or control.stopping:
            save_checkpoint(training, control, emit)
        if control.take("make-room"):
            make_room(training, emit)
        if control.take("preview"):
            draw_step(training, emit)
        if between_steps:
            do_long_ones(training, control, emit)
        if control.stopping:
            raise Stopped
        emit(StateChanged(states.PAUSED if control.paused else control.running_state))
        if control.paused:
            control.wait()


def do_long_ones(training: Training, control: Control, emit: Emit) -> None:
    """Measure what is requested to be measured: the threads, the steps, the features."""
    if control.take("choose-threads"):
        choose_threads_anew(training, emit)
    if control.take("profile"):
        profile_steps(training, emit)
    if control.take("probe"):
        probe_now(training, control, emit)


def probe_now(training: Training, control: Control, emit: Emit) -> None:
    """Probe the features; what is requested meanwhile is done in between."""
    between = partial(handle_commands, training, control, emit, between_steps=False)
    measure_probe(training, control, emit, between)
