"""What the training thread does for others between two batches: pause, save, draw, probe, stop."""

from functools import partial

from aetui.runs import states
from aetui.runs.events import Emit, StateChanged
from aetui.training.control import Control, Stopped
from aetui.training.epoch_probe import measure_probe
from aetui.training.previews import draw_step
from aetui.training.saving import make_room, save_checkpoint
from aetui.training.training import Training


def handle_commands(training: Training, control: Control, emit: Emit, *, may_probe: bool = True) -> None:
    """Do what is requested. Raises Stopped.

    A probe requested during a test waits for its end, and one during a probe is that probe.
    """
    control.beats += 1
    while control.pending:
        control.acknowledge()
        if control.take("checkpoint") or control.stopping:
            save_checkpoint(training, control, emit)
        if control.take("make-room"):
            make_room(training, emit)
        if control.take("preview"):
            draw_step(training, emit)
        if may_probe and control.take("probe"):
            probe_now(training, control, emit)
        if control.stopping:
            raise Stopped
        emit(StateChanged(states.PAUSED if control.paused else control.running_state))
        if control.paused:
            control.wait()


def probe_now(training: Training, control: Control, emit: Emit) -> None:
    """Probe the features; what is requested meanwhile is done in between."""
    measure_probe(training, control, emit, partial(handle_commands, training, control, emit, may_probe=False))
