"""The machine that `on_gpu.py` measures, and aetui's commands run on it."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AETUI = (sys.executable, "-m", "aetui")
Event = dict[str, Any]


@dataclass(frozen=True)
class Box:
    """The machine, and where its data and results are. `quick`: generated data, and a minute in all."""

    device: str
    data: Path
    out: Path
    quick: bool

    @property
    def runs(self) -> Path:
        return self.out / "runs"

    @property
    def on_gpu(self) -> bool:
        return self.device.startswith("cuda")


class Trained:
    """One `aetui train`, or another verb, and the events that it told of; ended after so many seconds."""

    def __init__(
        self,
        box: Box,
        *words: str,
        seconds: float,
        changes: tuple[str, ...] = (),
        on_event: Callable[[Event, subprocess.Popen[str]], None] = lambda event, process: None,
        device: str = "",
    ) -> None:
        self._runs = box.runs
        options = [
            "--json",
            "--runs",
            str(box.runs),
            "--data",
            str(box.data),
            "--device",
            device or box.device,
        ]
        told = [word for change in changes for word in ("--set", change)]
        self.events: list[Event] = []
        with (box.out / "commands.log").open("a") as log:
            command = [*AETUI, *words, *options, *told]
            print("$", *command, file=log, flush=True)
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process:
                ending = threading.Timer(seconds, process.terminate)
                ending.start()
                try:
                    for line in process.stdout or ():
                        self.events.append(json.loads(line))
                        on_event(self.events[-1], process)
                except BaseException:
                    process.kill()
                    raise
                finally:
                    ending.cancel()
        self.code = process.returncode

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["event"] == kind]

    @property
    def folder(self) -> Path:
        return self._runs / str(self.of("RunStarted")[0]["run"])

    @property
    def epochs(self) -> list[Event]:
        """After the first, which warms up, where there are others; not the test before the first."""
        trained = [event for event in self.of("EpochFinished") if event["epoch"]]
        return trained[1:] or trained
