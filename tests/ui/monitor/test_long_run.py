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

    def counted(follower: LineFollower) -> list[bytes]:
        lines = read_lines(follower)
        read.append(sum(map(len, lines)))
        return lines

    monkeypatch.setattr(LineFollower, "read", counted)
    monkeypatch.setattr("aetui.runs.lines.MOST_BYTES", 100_000)
    async with app(watch=folder).run_test(size=(100, 30)) as pilot:
        size = os.path.getsize(folder.events)  # noqa: PTH202
        screen = pilot.app.screen
        assert isinstance(screen, MonitorScreen)
        seen_at = [sum(read)]
        while screen.feed.behind:
            if "old-mlp" in text_of(screen.query_one(RunHeader)) and len(seen_at) == 1:
                seen_at.append(sum(read))
                pilot.app.simulate_key("question_mark")
            await pilot.pause(0.001)
        assert len(seen_at) == 2
        assert seen_at[1] < size / 2 < sum(read)
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.pause()
    history = screen.feed.history
    assert history.newest.step == history.latest.step == 1_000_000
    assert max(history.epochs) == len(history.epochs) == 1000
    assert len(history.steps) < 12_000
