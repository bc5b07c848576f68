"""A fine-tuned classifier beside its twin from scratch: which two runs, and their test accuracies."""

import json

from aetui.config.preset import Preset
from aetui.config.reading import read_preset
from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.listing import list_runs
from aetui.runs.report import read_history
from aetui.text import plural, safe_text

HOW = {"finetune": "fine-tuned", "scratch": "from scratch"}
"""The two runs by the end of their presets' names."""


def finished_pair(folder: RunFolder) -> dict[str, RunFolder]:
    """A run that `aetui finetune` made and the newest twin beside it, where both are finished; else empty.

    A twin is told by its preset, which is the same but for its name and where its encoder comes from.
    """
    name, _, kind = folder.read_meta().preset.rpartition("-")
    if kind not in HOW:
        return {}
    [other] = HOW.keys() - {kind}
    mine = _without_source(read_preset(folder.config))
    for run in list_runs(folder.path.parent):
        twin = RunFolder(folder.path.parent / run.run)
        fits = (run.preset, run.state) == (f"{name}-{other}", states.FINISHED) and _preset_of(twin) == mine
        if fits and _accuracy(twin) is not None:
            return {end: folder if end == kind else twin for end in HOW}
    return {}


def _preset_of(folder: RunFolder) -> Preset | None:
    try:
        return _without_source(read_preset(folder.config))
    except AetuiError:
        return None


def _without_source(preset: Preset) -> Preset:
    """Without what the twins differ in: their names, where the encoder comes from, and how fast it learns."""
    tuning = preset.finetune and preset.finetune.model_copy(
        update={"from_checkpoint": "", "layer_decay": 1.0}
    )
    return preset.model_copy(update={"name": "", "finetune": tuning})


def _accuracy(folder: RunFolder) -> float | None:
    history = read_history(folder)[0]
    if history.best_tested:
        return history.best_tested.accuracy
    return history.newest.test_accuracy if history.newest else None


def print_comparison(made: dict[str, RunFolder], *, as_json: bool) -> None:
    """The test accuracies after the last epochs of finished runs, and what pre-training brought."""
    accuracies = {}
    for kind, folder in made.items():
        accuracy = _accuracy(folder)
        assert accuracy is not None, "a finished classifier was tested"
        accuracies[kind] = accuracy
    difference = accuracies["finetune"] - accuracies["scratch"]
    if as_json:
        runs = {k: {"run": made[k].name, "test_accuracy": accuracies[k]} for k in made}
        print(json.dumps({**runs, "difference": difference}, indent=1))
        return
    for kind, folder in made.items():
        print(safe_text(f"{HOW[kind]:12}  {accuracies[kind]:6.1%}  {folder.name}"))
    epochs = plural(read_preset(made["finetune"].config).train.epochs, "epoch")
    print(f"{'difference':12}  {100 * difference:+6.1f} points of test accuracy after {epochs} each,")
    print(f"{'':12}  which says how fast each starts, not how far it would come")
