"""Settings that change while a run trains: between two steps, and alike when it is done again."""

import shutil

import pytest
from small_vit import SMALL_VIT
from steered_runs import NOISY, after_epoch, losses, told

from aetui.cli import main
from aetui.config.notes import without
from aetui.config.preset import Steer
from aetui.config.reading import read_preset
from aetui.data.generated import shapes
from aetui.runs.checkpoint_index import read_index
from aetui.runs.create import create_run
from aetui.runs.events import (
    EpochFinished,
    RunStarted,
    SettingChanged,
    StateChanged,
    StepsTrained,
    Warned,
)
from aetui.runs.folder import RunFolder
from aetui.runs.report import read_history
from aetui.training import data as training_data

TWICE = after_epoch((1, "train.learning_rate=3e-4"), (2, "noise.std=0.4"), (2, "train.epochs=5"))
"""Of 4 steps an epoch."""


def test_a_run_is_told_between_two_steps(make_run, record):
    folder = make_run(*NOISY)
    recorder = record(folder, TWICE)
    assert told(recorder) == [
        (4, "train.learning_rate", "0.0003", "0.001"),
        (8, "noise.std", "0.4", "0.2"),
        (8, "train.epochs", "5", "3"),
    ]
    assert list(losses(recorder)) == [0, 1, 2, 3, 4, 5]
    rates = {one.step: one.learning_rate for one in recorder.of(StepsTrained)}
    assert (rates[4], rates[8]) == (1e-3, 3e-4)
    history = read_history(folder)[0]
    assert (history.started.epochs, folder.read_meta().epochs_planned) == (5, 5)
    assert len(history.changed) == 3


def test_its_config_repeats_it_bit_for_bit(make_run, record, tmp_path):
    folder = make_run(*NOISY)
    steered = record(folder, TWICE)
    again = create_run(read_preset(folder.config), "", tmp_path / "again", tmp_path, "cpu", threads=1)
    repeated = record(again)
    assert losses(repeated) == losses(steered)
    assert told(repeated) == told(steered)
    untold = record(make_run(*NOISY))
    assert losses(untold)[2] != losses(steered)[2]
    assert losses(untold)[1] == losses(steered)[1]


def test_a_run_that_is_repeated_is_told_something_in_between(make_run, record, tmp_path):
    first = make_run(*NOISY)
    record(first, after_epoch((2, "noise.std=0.4")))
    again = create_run(read_preset(first.config), "", tmp_path / "again", tmp_path, "cpu", threads=1)
    recorder = record(again, after_epoch((1, "train.learning_rate=3e-4")))
    assert [one[:2] for one in told(recorder)] == [(4, "train.learning_rate"), (8, "noise.std")]


def test_taken_up_from_any_checkpoint_it_is_equal_bit_for_bit(make_run, record, tmp_path):
    """As after a kill: what was changed since the checkpoint is changed again at its step."""
    folder = make_run(*NOISY, "train.keep_checkpoints=10")
    steered = record(folder, TWICE)
    entries = read_index(folder.checkpoints)
    for kept in range(1, len(entries)):
        killed = RunFolder(shutil.copytree(folder.path, tmp_path / f"killed{kept}"))
        for entry in entries[kept:]:
            (killed.checkpoints / entry.file).unlink()
        resumed = record(killed)
        assert losses(resumed) == {
            n: loss for n, loss in losses(steered).items() if n > entries[kept - 1].epoch
        }
        assert told(resumed) == [one for one in told(steered) if one[0] >= entries[kept - 1].step]


def test_stopped_within_an_epoch_and_told_while_paused(make_run, record, tmp_path):
    def pause_then_tell(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            session.control.request("pause")
        if isinstance(event, StateChanged) and event.state == "paused":
            session.control.request("set train.learning_rate=1e-4")
            session.control.request("resume")
        if isinstance(event, EpochFinished) and event.epoch == 2:
            session.control.request("stop")

    folder = make_run(*NOISY)
    stopped = record(folder, pause_then_tell)
    assert [one[1:] for one in told(stopped)] == [("train.learning_rate", "0.0001", "0.001")]
    resumed = record(folder)
    assert resumed.session.state == "finished"
    again = create_run(read_preset(folder.config), "", tmp_path / "again", tmp_path, "cpu", threads=1)
    assert losses(resumed)[3] == losses(record(again))[3]


def test_more_epochs_at_the_last_test_are_trained(make_run, record):
    recorder = record(make_run("train.epochs=1"), after_epoch((1, "train.epochs=2")))
    assert list(losses(recorder)) == [0, 1, 2]
    assert told(recorder) == [(4, "train.epochs", "2", "1")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("train.seed=3", "only train.learning_rate"),
        ("noise.std=0.2", "the run was begun without"),
        ("mask.ratio=0.5", "the run was begun without"),
        ("train.learning_rate=0", "expected greater than 0"),
        ("train.learning_rate", "expected section.key=value"),
        ("train.epochs=-1", "expected greater than or equal to 0"),
        ("x" * 150, "only train.learning_rate"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(make_run, record, change, why):
    folder = make_run()
    before = folder.config.read_bytes()
    recorder = record(folder, after_epoch((1, change)))
    (warning,) = (one.message for one in recorder.of(Warned))
    assert warning.startswith("not changed: ")
    assert why in warning
    assert folder.config.read_bytes() == before
    assert recorder.session.state == "finished"


def test_the_masks_of_a_transformer(make_run, record, monkeypatch, tmp_path):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: shapes(train=100, test=30))
    of_vit = (*SMALL_VIT, "train.epochs=3", "mask.ratio=0.75")
    folder = make_run(*of_vit, preset="shapes-vit-mae")
    recorder = record(folder, after_epoch((1, "mask.ratio=0.5"), (1, "mask.ratio=0")))
    assert [one[1:] for one in told(recorder)] == [("mask.ratio", "0.5", "0.75")]
    said = [one.message for one in recorder.of(Warned)]
    assert "mask ratio 0 is not between 0 and 1" in said[0]
    assert "test losses from here on are of mask.ratio 0.5" in said[1]
    again = create_run(read_preset(folder.config), "", tmp_path / "again", tmp_path, "cpu", threads=1)
    assert losses(record(again)) == losses(recorder)


def test_a_foreign_config_that_is_told_nonsense_is_refused_before_it_begins(make_run, record):
    folder = make_run()
    with folder.config.open("a") as file:
        file.write('\n[[steer]]\nstep = 3\nchange = "data.path=/etc"\n')
    recorder = record(folder)
    assert recorder.session.state == "failed"
    assert "only train.learning_rate" in folder.read_meta().reason
    assert recorder.of(EpochFinished) == []


def test_what_somebody_edits_meanwhile_stays_edited(make_run, record):
    """`decisions.md` lets epochs and the number of checkpoints be edited for the next resume."""

    def edit_then_tell(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            text = session.folder.config.read_text()
            session.folder.config.write_text(text.replace("keep_checkpoints = 3", "keep_checkpoints = 7"))
            session.control.request("set train.learning_rate=3e-4")

    folder = make_run()
    recorder = record(folder, edit_then_tell)
    assert len(told(recorder)) == 1
    preset = folder.read_preset()
    assert preset.train.keep_checkpoints == 7
    assert [(one.step, one.change) for one in preset.steer] == [(4, "train.learning_rate=3e-4")]


@pytest.mark.parametrize("spoilt", ["not TOML [", None])
def test_a_config_that_became_something_else_is_not_written_to(make_run, record, tmp_path, spoilt):
    elsewhere = tmp_path / "elsewhere.toml"

    def spoil_then_tell(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            elsewhere.write_bytes(b"# of somebody else\n" + session.folder.config.read_bytes())
            session.folder.config.unlink()
            if spoilt:
                session.folder.config.write_text(spoilt)
            else:
                session.folder.config.symlink_to(elsewhere)
            session.control.request("set train.learning_rate=3e-4")

    folder = make_run()
    recorder = record(folder, spoil_then_tell)
    (warning,) = (one.message for one in recorder.of(Warned))
    assert warning.startswith("not changed: ")
    assert told(recorder) == []
    assert folder.config.is_symlink() == (spoilt is None)


def test_a_resume_with_the_rate_for_256_images_forgets_the_notes_on_the_other(make_run):
    notes = [Steer(step=4, change="train.learning_rate=7e-4"), Steer(step=5, change="train.epochs=9")]
    assert without(notes, ["train.base_learning_rate=0.01"]) == notes[1:]
    assert without(notes, ["train.learning_rate=0.01"]) == notes[1:]
    assert without(notes, ["train.patience=3"]) == notes
    assert without(notes, ["train={epochs=2}"]) == []


def test_a_note_that_somebody_took_out_is_said_when_it_is_taken_up(make_run, record):
    """An editor saves the config.toml that it had opened before the run was told something."""
    folder = make_run(*NOISY)
    opened = folder.config.read_bytes()

    def tell_then_stop(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            session.control.request("set noise.std=0.5")
        if isinstance(event, EpochFinished) and event.epoch == 2:
            session.control.request("stop")

    record(folder, tell_then_stop)
    folder.config.write_bytes(opened)
    resumed = record(folder)
    stopped_at = resumed.of(RunStarted)[0].step
    assert told(resumed) == [(stopped_at, "noise.std", "0.2", "0.5")]
    assert "another measure" in resumed.of(Warned)[0].message
    assert read_history(folder)[0].changed[stopped_at, "noise.std"].value == "0.2"


def test_a_setting_that_is_told_when_it_is_taken_up_is_part_of_the_story(make_run, record):
    folder = make_run("train.epochs=2")
    record(folder, after_epoch((1, "train.learning_rate=1e-4")))
    assert (
        main(["resume", str(folder.path), "--set", "train.learning_rate=0.005", "--set", "train.epochs=3"])
        == 0
    )
    changed = read_history(folder)[0].changed
    assert changed[8, "train.learning_rate"] == SettingChanged(8, "train.learning_rate", "0.005", "0.0001")
    assert changed[8, "train.epochs"] == SettingChanged(8, "train.epochs", "3", "2")


def test_what_is_told_of_a_new_run_takes_its_notes_away(make_run, record):
    folder = make_run("train.epochs=2")
    record(folder, after_epoch((1, "train.learning_rate=1e-4")))
    again = read_preset(folder.config, ["train.learning_rate=0.01"], for_new_run=True)
    assert (again.train.learning_rate, again.steer) == (0.01, [])
    assert read_preset(folder.config, ["train.epochs=9"], for_new_run=True).steer


def test_a_note_that_cannot_be_is_refused_before_the_first_step(make_run, record):
    """A later one on the same setting overrules it only from its step on."""
    folder = make_run("train.epochs=3")
    notes = ((4, "train.learning_rate=x"), (8, "train.learning_rate=0.002"))
    told = "".join(f"\n[[steer]]\nstep = {step}\nchange = '{change}'\n" for step, change in notes)
    folder.config.write_text(folder.config.read_text() + told)
    recorder = record(folder)
    assert recorder.session.state == "failed"
    assert "train.learning_rate" in recorder.of(StateChanged)[-1].reason
    assert not recorder.of(StepsTrained)
