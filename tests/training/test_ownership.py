"""A run's lock: whose it is, and that holding it changes nothing else."""

import os

import pytest

from aetui.errors import AetuiError
from aetui.files import append_line
from aetui.training.ownership import owned


def test_an_error_while_a_run_is_held_stays_what_it_is(make_run):
    with pytest.raises(BrokenPipeError), owned(make_run()):
        raise BrokenPipeError


def test_a_backup_by_hard_links_stays_as_it_is_and_the_run_goes_on(make_run, tmp_path):
    """`cp -al`: what is written at the end of a file would be written in the backup too."""
    folder = make_run()
    append_line(folder.events, "before")
    with owned(folder):
        pass
    backup = tmp_path / "backup"
    backup.mkdir()
    for path in (folder.events, folder.lock):
        os.link(path, backup / path.name)
    append_line(folder.events, "after")
    assert folder.events.read_text() == "before\nafter\n"
    assert (backup / "events.jsonl").read_text() == "before\n"
    with owned(folder), pytest.raises(AetuiError, match="Another process"), owned(folder):
        pass
