"""Run folders of any size, made of the small one in tests/old_folders: for tests and benchmarks."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from live_runs import OLD_FOLDERS

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import BaselineMeasured, EpochFinished, RunStarted, StepsTrained
from aetui.runs.folder import RunFolder

SECOND_STEPS = 100
BEGAN = 1.795e9


def new_run(folder: Path, name: str = "digits-mlp") -> RunFolder:
    """One that was never begun, in the `runs` of a folder."""
    preset = read_preset(find_preset("digits-mlp")).model_copy(update={"name": name})
    return create_run(preset, "", folder / "runs", folder)


def long_run(path: Path, hours: float, epoch_seconds: float) -> int:
    """A finished run in `path` that told of its steps twice a second; returns how many events it has."""
    (source,) = OLD_FOLDERS.glob("*old-mlp*")
    shutil.copytree(source, path)
    known: dict[str, dict[str, Any]] = {}
    for line in (source / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        known.setdefault(event["event"], event)
    lines = 0
    with (path / "events.jsonl").open("w") as log:
        for event in _events(known, hours * 3600, epoch_seconds):
            log.write(json.dumps(event) + "\n")
            lines += 1
    meta = json.loads((path / "meta.json").read_text())
    epochs = int(hours * 3600 / epoch_seconds)
    more = {"run": path.name, "epochs": epochs, "epochs_planned": epochs, "state": "finished"}
    (path / "meta.json").write_text(json.dumps(meta | more))
    return lines


def _events(
    known: dict[str, dict[str, Any]], seconds: float, epoch_seconds: float
) -> Iterator[dict[str, Any]]:
    steps = int(epoch_seconds * SECOND_STEPS)
    epochs = int(seconds / epoch_seconds)
    yield known["RunStarted"] | {"epochs": epochs, "steps_per_epoch": steps}
    for tick in range(1, int(seconds * 2) + 1):
        passed = tick / 2
        done, step = int(passed / epoch_seconds), int(passed * SECOND_STEPS)
        now = {"time": BEGAN + passed, "step": step}
        loss = 0.01 + 1 / (1 + passed)
        yield known["StepsTrained"] | now | {"epoch": done + 1, "seconds": passed, "train_loss": loss}
        if tick % 4 == 0:
            yield known["MachineSampled"] | {"time": now["time"]}
        if passed % epoch_seconds == 0:
            epoch = now | {"epoch": done, "total_seconds": passed, "test_loss": loss, "train_loss": loss}
            yield known["EpochFinished"] | epoch
            yield known["CheckpointSaved"] | now | {"epoch": done}
            yield known["PreviewSaved"] | now | {"epoch": done}
    yield {"event": "StateChanged", "time": BEGAN + seconds, "state": "finished"}


def many_runs(runs_dir: Path, count: int) -> None:
    """So many runs, one a minute, without logs."""
    (source,) = OLD_FOLDERS.glob("*old-mlp*")
    meta, config = json.loads((source / "meta.json").read_text()), (source / "config.toml").read_bytes()
    for number in range(count):
        day, minute = divmod(number, 1440)
        hour, minute = divmod(minute, 60)
        stamp = f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T{hour:02d}:{minute:02d}:00.000+00:00"
        path = runs_dir / f"{stamp[:10].replace('-', '')}-{hour:02d}{minute:02d}00-old-mlp-{number:06d}"
        for folder in ("checkpoints", "previews"):
            (path / folder).mkdir(parents=True)
        (path / "config.toml").write_bytes(config)
        (path / "meta.json").write_text(json.dumps(meta | {"run": path.name, "started": stamp}))


def compared_runs(runs_dir: Path, count: int, epochs: int) -> list[str]:
    """Finished runs whose codes have 2, 3, … numbers, ten looks at their steps an epoch; their folders."""
    made = []
    for number in range(count):
        size = number + 2
        preset = read_preset(find_preset("digits-mlp"), [f"latent={size}", f"train.epochs={epochs}"])
        folder = create_run(preset, "", runs_dir, runs_dir, state="finished")
        writer = EventWriter(folder.events)
        writer.write(RunStarted(folder.name, preset.name, "cpu", "CPU", 9, epochs, 150, 9600, 2000, "digits"))
        writer.write(BaselineMeasured(f"PCA-{size}", 0.05))
        for epoch in range(epochs + 1):
            loss = 0.11 / (epoch + 1) + 0.01 * number
            passed = float(epoch)
            writer.write(EpochFinished(epoch, 150 * epoch, loss, loss, 1.0, 1e4, passed, 0.1, best=epoch > 0))
            for look in range(1, 11):
                step = 150 * epoch + 15 * look
                told = StepsTrained(epoch + 1, step, loss, loss, 15 * look, 1e4, passed + look / 10, 1e-3)
                if step <= 150 * epochs:
                    writer.write(told)
        folder.change_meta(epochs=epochs)
        made.append(str(folder.path))
    return made
