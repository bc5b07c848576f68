"""Fine-tuned classifiers beside their twins from scratch: which runs, and their test accuracies."""

import json
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from aetui.config.preset import Preset
from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.listing import list_runs
from aetui.runs.report import read_history
from aetui.text import plural, safe_text

HOW = {"finetune": "fine-tuned", "scratch": "from scratch"}
"""The two runs of a pair by the end of their presets' names."""
Pair = Mapping[str, RunFolder]
"""A fine-tuned run and its twin, or the first alone, by the keys of `HOW`."""


def finished_pair(folder: RunFolder) -> Pair:
    """A run that `aetui finetune` made and the newest twin beside it, where both are finished; else empty.

    A twin is told by its preset, which is the same but for what twins differ in.
    """
    name, _, kind = folder.read_meta().preset.rpartition("-")
    if kind not in HOW:
        return {}
    [other] = HOW.keys() - {kind}
    mine = _preset_of(folder)
    if mine is None or _accuracy(folder) is None:
        return {}
    for run in list_runs(folder.path.parent):
        twin = RunFolder(folder.path.parent / run.run)
        fits = (run.preset, run.state) == (f"{name}-{other}", states.FINISHED) and _preset_of(twin) == mine
        if fits and _accuracy(twin) is not None:
            return {end: folder if end == kind else twin for end in HOW}
    return {}


def _preset_of(folder: RunFolder) -> Preset | None:
    try:
        return _of_both(folder.read_preset())
    except AetuiError:
        return None


def _of_both(preset: Preset) -> Preset:
    """Without what twins differ in: name, where the encoder comes from, how fast and how long it learns."""
    tuning = preset.finetune and preset.finetune.model_copy(
        update={"from_checkpoint": "", "layer_decay": 1.0}
    )
    train = preset.train.model_copy(update={"epochs": 0})
    return preset.model_copy(update={"name": "", "finetune": tuning, "train": train})


def _accuracy(folder: RunFolder) -> float | None:
    """None for a run that was not tested, is gone or cannot be read."""
    try:
        history = read_history(folder)[0]
    except AetuiError:
        return None
    if history.best_tested:
        return history.best_tested.accuracy
    return history.newest.test_accuracy if history.newest else None


def print_comparison(pairs: Sequence[Pair], *, as_json: bool) -> None:
    """The test accuracies of finished runs, one pair a seed, and what pre-training brought.

    Raises AetuiError where one has none any more.
    """
    runs = {kind: [pair[kind] for pair in pairs] for kind in HOW if kind in pairs[0]}
    accuracies = {kind: [_known_accuracy(folder) for folder in runs[kind]] for kind in runs}
    if len(runs) == len(HOW):
        both = zip(accuracies["finetune"], accuracies["scratch"], strict=True)
        accuracies["difference"] = [tuned - scratch for tuned, scratch in both]
    if as_json:
        print(json.dumps(_report(runs, accuracies), indent=1))
        return
    for kind, folders in runs.items():
        for folder, accuracy in zip(folders, accuracies[kind], strict=True):
            print(safe_text(f"{HOW[kind]:12}  {accuracy:6.1%}  {folder.name}"))
        if len(pairs) > 1:
            print(f"{'':12}  {_with_spread(accuracies[kind])} of {plural(len(pairs), 'seed')}")
    if "difference" in accuracies:
        points = _points(accuracies["difference"])
        lengths = {kind: [read_history(folder)[0].newest for folder in runs[kind]] for kind in runs}
        epochs = {kind: [newest.epoch for newest in lengths[kind] if newest] for kind in runs}
        print(f"{'difference':12}  {points} points of test accuracy {_after(epochs)}")


def _known_accuracy(folder: RunFolder) -> float:
    accuracy = _accuracy(folder)
    if accuracy is None:
        raise AetuiError(
            f"{folder.name} cannot be compared: its log is gone or cannot be read",
            f"what was trained is in {folder.path.parent}",
        )
    return accuracy


def _report(runs: Mapping[str, Sequence[RunFolder]], accuracies: Mapping[str, list[float]]) -> dict[str, Any]:
    """For programs: of one seed its runs and the difference; of several the same in lists."""
    several = len(next(iter(runs.values()))) > 1

    def one_or_all(values: list[Any]) -> Any:
        return values if several else values[0]

    report: dict[str, Any] = {
        kind: {
            "run": one_or_all([folder.name for folder in runs[kind]]),
            "test_accuracy": one_or_all(accuracies[kind]),
        }
        for kind in runs
    }
    if "difference" in accuracies:
        report["difference"] = one_or_all(accuracies["difference"])
    return report


def _with_spread(accuracies: list[float]) -> str:
    return f"mean {mean(accuracies):.1%}, standard deviation {100 * stdev(accuracies):.1f} points,"


def _points(differences: list[float]) -> str:
    points = f"{100 * mean(differences):+6.1f}"
    return f"{points} ± {100 * stdev(differences):.1f}" if len(differences) > 1 else points


def _after(epochs: Mapping[str, Sequence[int]]) -> str:
    """How long both were trained, and what a difference after that says."""
    tuned, scratch = (plural(max(epochs[kind]), "epoch") for kind in HOW)
    if epochs["finetune"] != epochs["scratch"]:
        most = "at most " if len({*epochs["finetune"]}) + len({*epochs["scratch"]}) > 2 else ""
        return f"after {most}{tuned}, from scratch {most}{scratch}"
    return f"after {tuned} each,\n{'':12}  which says how fast each starts, not how far it would come"
