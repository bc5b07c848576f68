"""What is said of runs when they end, or when the app is left."""

from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.liveness import find_state
from aetui.runs.trainer import Trainer
from aetui.text import format_number, safe_text


def end_words(trainer: Trainer) -> str:
    """Of a run that has ended by itself; empty for one that was stopped or is gone."""
    try:
        meta = trainer.folder.read_meta()
        state = find_state(trainer.folder, meta)
    except AetuiError:
        return ""
    if state in (states.STOPPED, *states.LIVE):
        return ""
    loss = "" if meta.test_loss is None else f", test loss {format_number(meta.test_loss)}"
    return f"{meta.preset} {state.replace('_', ' ')}{loss}"


def goes_on(run: RunFolder) -> str:
    """What becomes of a run without the app, and how to come back."""
    words = f"{run.name} goes on without a screen; see it with: aetui watch {run.called}"
    if find_state(run, run.read_meta()) == states.PAUSED:
        words = f"{run.name} stays paused without a screen; go on with: aetui control {run.called} resume"
    return safe_text(words)


def last_word(trainer: Trainer) -> str:
    """How a run that was asked to stop has ended."""
    run = trainer.folder
    try:
        meta = run.read_meta()
    except AetuiError as error:
        return safe_text(f"{run.name}: {error.sentence}")
    if meta.state == states.STOPPED:
        return safe_text(f"{run.name} is saved; go on with: aetui resume {run.called}")
    return safe_text(f"{run.name} is {meta.state.replace('_', ' ')} {meta.reason}")
