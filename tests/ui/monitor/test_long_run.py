"""A run of a million steps is seen before its log is read, and keys are answered meanwhile."""

import os

from made_runs import SECOND_STEPS, long_run
from screen_text import text_of

from aetui.runs.folder import RunFolder
from aetui.runs.lines import LineFollower
from aetui.ui.monitor.run_header import RunHeader
from aetui.ui.monitor.screen import MonitorScreen
from aetui.ui.parts.help_screen import HelpScreen

HOURS = 1_000_000 / SECOND_STEPS / 3600


async def test_its_first_frame_comes_before_its_log_is_read(app, tmp_path, monkeypatch):
    folder = RunFolder(tmp_path / "runs" / "20261120-000000-long-aaaa")
    long_run(folder.path, HOURS, 10)
    read: list[int] = []
    read_lines = LineFollower.read
    watching = app(watch=folder)
    read_when: dict[str, int] = {}

    def counted(follower: LineFollower) -> list[bytes]:
        lines = read_lines(follower)
        read.append(sum(map(len, lines)))
        if isinstance(watching.screen, HelpScreen):
            read_when.setdefault("the help stood", sum(read))
        elif not read_when and "old-mlp" in text_of(watching.screen.query_one(RunHeader)):
            read_when["the run stood"] = sum(read)
            watching.simulate_key("question_mark")
        return lines

    monkeypatch.setattr(LineFollower, "read", counted)
    monkeypatch.setattr("aetui.runs.lines.MOST_BYTES", 100_000)
    async with watching.run_test(size=(100, 30)) as pilot:
        monitor = next(screen for screen in watching.screen_stack if isinstance(screen, MonitorScreen))
        while monitor.feed.behind:
            await pilot.pause(0.001)
        await pilot.pause()
    size = os.path.getsize(folder.events)  # noqa: PTH202
    assert read_when["the run stood"] < read_when["the help stood"] < size / 2 < sum(read)
    history = monitor.feed.history
    assert history.newest.step == history.latest.step == 1_000_000
    assert max(history.epochs) == len(history.epochs) == 1000
    assert len(history.steps) < 12_000
