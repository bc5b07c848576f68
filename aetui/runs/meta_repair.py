"""A meta.json made anew where it is damaged or missing, from what the rest of the run's folder tells."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from aetui.files import set_aside
from aetui.runs import states
from aetui.runs.event_log import EventFollower
from aetui.runs.folder import Meta, RunFolder, now
from aetui.runs.report import read_history


def rebuild_meta(folder: RunFolder, data_dir: Path) -> str:
    """Write meta.json anew; returns what it does not know any more. The damaged one is kept.

    Raises PresetError for an unreadable config.toml, AetuiError for an unreadable log, OSError.
    """
    folder.check_no_links()
    preset = folder.read_preset()
    history = read_history(folder)[0]
    newest = history.newest
    meta = Meta(
        run=folder.name,
        preset=preset.name,
        started=_first_time(folder),
        command=[],
        seed=preset.train.seed,
        device=history.started.device if history.started else "auto",
        data_dir=str(data_dir.absolute()),
        state=states.STOPPED if history.state in states.LIVE else history.state,
        epochs_planned=preset.train.epochs,
        epochs=newest.epoch if newest else 0,
        test_loss=newest.test_loss if newest else None,
        imported=history.branched is not None,
        branched_from=history.branched.run if history.branched else "",
        branched_step=history.branched.step if history.branched else None,
    )
    with contextlib.suppress(FileNotFoundError):
        set_aside(folder.meta_file)
    folder.write_meta(meta)
    return (
        "meta.json is made anew from config.toml and the log; "
        "the threads, versions, command and sharing that it named are not known"
    )


def _first_time(folder: RunFolder) -> str:
    """When the run began, as far as that is told; now where a clock was far off."""
    try:
        began = datetime.fromtimestamp(_first_moment(folder), UTC)
        return began.astimezone().isoformat("T", "milliseconds")
    except (ValueError, OverflowError, OSError):
        return now()


def _first_moment(folder: RunFolder) -> float:
    """By its log, or else by its config.toml, in seconds since 1970."""
    return next((at for _, at in EventFollower(folder.events).poll()), folder.config.stat().st_mtime)
