"""What a person does with runs of a folder besides looking: labels, the trash, the queue."""

from collections.abc import Callable, Sequence
from pathlib import Path

from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.enqueue import worked_queue
from aetui.runs.folder import RunFolder
from aetui.runs.labels import change_labels
from aetui.runs.listing import RunSummary
from aetui.runs.trash import take_back, throw_away
from aetui.runs.waiting import Queue, is_waiting


class Deeds:
    """Each raises AetuiError where it cannot be; what was done until then is done."""

    def __init__(self, runs_dir: Path, data_dir: Path) -> None:
        self._runs_dir, self._data_dir = runs_dir, data_dir
        self._thrown: list[list[RunFolder]] = []
        """What was deleted together, the last at the end."""

    def folder(self, run: RunSummary) -> RunFolder:
        return RunFolder(self._runs_dir / run.run)

    def label(self, runs: Sequence[RunSummary], **fields: object) -> None:
        """Say something of the runs, as `Labels` has it."""
        for run in runs:
            change_labels(self.folder(run), **fields)

    def delete(self, runs: Sequence[RunSummary]) -> bool:
        """Move the runs to the trash; they wait no more. Returns whether there were any."""
        thrown: list[RunFolder] = []
        try:
            thrown.extend(throw_away(self.folder(run)) for run in runs)
        finally:
            if thrown:
                self._thrown.append(thrown)
        if any(run.state == states.WAITING for run in runs):
            self._change_queue(lambda queue: queue.take_off([run.run for run in runs]))
        return bool(thrown)

    def take_back(self) -> bool:
        """Take back what was deleted last; those that waited do again. Returns whether there was anything."""
        if not self._thrown:
            return False
        back: list[RunFolder] = []
        refused: AetuiError | None = None
        for thrown in self._thrown.pop():
            try:
                back.append(take_back(thrown))
            except AetuiError as error:  # somebody else has it
                refused = error
        if waiting := [folder.name for folder in back if is_waiting(folder)]:
            self._change_queue(lambda queue: queue.put_last(waiting))
        if refused:
            raise refused
        return True

    def put_first(self, runs: Sequence[RunSummary]) -> None:
        """Those of the runs that wait come before all others."""
        names = [run.run for run in runs if run.state == states.WAITING]
        self._change_queue(lambda queue: queue.put_first(names))

    def rest_or_go_on(self) -> None:
        """The queue starts none, or goes on."""
        self._change_queue(lambda queue: setattr(queue, "paused", not queue.paused))

    def _change_queue(self, change: Callable[[Queue], None]) -> None:
        with worked_queue(self._runs_dir, self._data_dir) as queue:
            change(queue)
