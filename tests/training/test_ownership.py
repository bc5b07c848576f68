"""A run's lock: whose it is, and that holding it changes nothing else."""

import errno
import io
import os

import pytest

from aetui.errors import AetuiError
from aetui.files import append_line
from aetui.training import ownership
from aetui.training.ownership import launching, owned


def test_an_error_while_a_run_is_held_stays_what_it_is(make_run):
    with pytest.raises(BrokenPipeError), owned(make_run()):
        raise BrokenPipeError


def test_a_line_to_the_disk_that_broke_once_is_no_error_of_the_run(make_run, monkeypatch):
    """Closing a file says what a network's file system could not do before."""

    class Broken(io.BytesIO):
        def close(self):
            super().close()
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(ownership, "open_lock", lambda path: Broken())
    monkeypatch.setattr(ownership, "try_lock", lambda *of: True)
    with launching(make_run()):
        pass
    held = ownership.Ownership.__new__(ownership.Ownership)
    held._locks = [Broken(), Broken()]
    held.release()
    assert all(lock.closed for lock in held._locks)


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
