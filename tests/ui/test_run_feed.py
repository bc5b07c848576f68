"""Where every screen gets its run from."""

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.create import create_run
from aetui.runs.event_lines import to_json
from aetui.runs.events import StateChanged
from aetui.ui.run_feed import Feed


def test_damaged_lines_are_said_once_and_the_others_are_told(tmp_path):
    folder = create_run(read_preset(find_preset("digits-mlp")), "", tmp_path / "runs", tmp_path)
    whole = to_json(StateChanged("finished"), 5.0)
    folder.events.write_text(f'{{"event": "EpochFinished"}}\n\0\0\n{whole}\n')
    feed = Feed(folder)
    assert feed.poll() == (True, True)
    assert feed.poll() == (False, False)
    assert [note.text for note in feed.history.notes_after()] == [
        "finished",
        "warning: 2 damaged lines of events.jsonl left out (the first is line 1)",
    ]
