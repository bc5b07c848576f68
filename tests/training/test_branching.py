"""Runs that leave another at one of its checkpoints: equal to it until there, and bit for bit beyond."""

import shutil

import pytest

from aetui.cli import main
from aetui.errors import AetuiError, UsageError
from aetui.runs import branching
from aetui.runs.branching import checkpoint_of
from aetui.runs.checkpoint_index import read_index
from aetui.runs.events import EpochFinished, SettingChanged, Warned
from aetui.runs.folder import RunFolder
from aetui.runs.listing import list_runs
from aetui.runs.meta_repair import rebuild_meta
from aetui.runs.report import read_history, report_run
from aetui.runs.trash import MAKING, empty_trash


def losses_of(folder: RunFolder) -> dict[int, float]:
    return {number: epoch.test_loss for number, epoch in read_history(folder)[0].epochs.items()}


def files_of(folder: RunFolder) -> dict[str, bytes]:
    return {str(p.relative_to(folder.path)): p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}


def test_with_nothing_different_it_equals_the_run_it_left(trunk, branch, record):
    before = files_of(trunk)
    folder = branch(trunk, 2)
    assert losses_of(folder) == {n: loss for n, loss in losses_of(trunk).items() if n <= 2}
    record(folder)
    assert losses_of(folder) == losses_of(trunk)
    assert files_of(trunk) == before


def test_it_has_the_story_of_the_other_until_there(trunk, branch, record):
    folder = branch(trunk, 2, "train.learning_rate=3e-4")
    mine, others = read_history(folder)[0], read_history(trunk)[0]
    assert mine.baselines == others.baselines
    assert mine.steps == [steps for steps in others.steps if steps.step <= 8]
    assert [one.epoch for one in mine.previews] == [one.epoch for one in others.previews if one.step <= 8]
    assert all((folder.previews / one.file).is_file() for one in mine.previews)
    assert mine.started.run == folder.name
    meta = folder.read_meta()
    assert (meta.branched_from, meta.branched_step, meta.state) == (trunk.name, 8, "stopped")
    record(folder)
    history = read_history(folder)[0]
    assert list(history.changed.values()) == [SettingChanged(8, "train.learning_rate", "0.0003", "0.001")]
    assert [steps.learning_rate for steps in history.steps if steps.step > 8] == [3e-4] * 2
    assert losses_of(folder)[2] == losses_of(trunk)[2]
    assert losses_of(folder)[3] != losses_of(trunk)[3]
    assert report_run(folder)["branched_from"] == trunk.name


def test_what_measures_the_losses_may_differ_and_is_said(trunk, branch, record):
    folder = branch(trunk, 2, "noise.std=0.4", "train.seed=7", "train.ema=0.5", "augment.flip=true")
    recorder = record(folder)
    assert recorder.session.state == "finished"
    told = "".join(path.read_text() for path in [folder.events])
    assert "test losses from here on are of noise.std 0.4" in told
    assert recorder.of(Warned) == []


def test_stopped_and_taken_up_again_it_is_the_same(trunk, branch, record):
    straight = branch(trunk, 1, "train.seed=7", "train.learning_rate=1e-4")
    record(straight)

    def stop(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 2:
            session.control.request("stop")

    stopped = branch(trunk, 1, "train.seed=7", "train.learning_rate=1e-4")
    record(stopped, stop)
    record(stopped)
    assert losses_of(stopped) == losses_of(straight)


def test_the_best_so_far_comes_along(trunk, branch):
    index = [entry.model_copy(update={"score": 0.1 * entry.epoch}) for entry in read_index(trunk.checkpoints)]
    branching.write_index(trunk.checkpoints, index)
    assert [entry.epoch for entry in read_index(branch(trunk, 3).checkpoints)] == [1, 3]
    (trunk.checkpoints / index[0].file).write_bytes(b"damaged")
    assert [entry.epoch for entry in read_index(branch(trunk, 3).checkpoints)] == [3]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (["latent=7"], "another model.encoder than its checkpoint"),
        (["train.batch_size=32"], "another train.batch_size"),
        (["train.optimizer=adamw", "data.validation_share=0.1"], "another data.validation_share, train.opti"),
        (["train.epochs=-1"], "train.epochs"),
        (["train.epochs=2"], "After epoch 2 of 2 nothing is left to train; give more, train.epochs=4,"),
        (["train.weight_decay=0.01"], "another train.weight_decay (one of them 0)"),
        (['steer=[{step=1, change="train.epochs=9"}]'], "What a run was told while it trained is its story"),
        (["nonsense"], "expected section.key=value"),
    ],
)
def test_what_no_checkpoint_could_go_on_with_is_refused(trunk, branch, tmp_path, changes, why):
    with pytest.raises(AetuiError) as refused:
        branch(trunk, 2, *changes)
    assert why in refused.value.sentence
    assert not (tmp_path / "branches").exists()


def test_checkpoints_that_are_not_there_or_damaged(trunk, branch, tmp_path):
    with pytest.raises(UsageError, match="no checkpoint of epoch 9; there are: 1, 2, 3, 4"):
        branch(trunk, 9)
    for entry in read_index(trunk.checkpoints):
        (trunk.checkpoints / entry.file).write_bytes(b"damaged")
    with pytest.raises(AetuiError, match="is damaged"):
        branch(trunk, 2)
    with pytest.raises(UsageError, match="no good checkpoint"):
        branch(trunk)
    assert list((tmp_path / "branches").rglob("2*")) == []


def test_links_lead_nowhere(trunk, branch, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of somebody else")
    for path in trunk.previews.iterdir():
        path.unlink()
        path.symlink_to(secret)
    entry = checkpoint_of(trunk, 3)
    (trunk.checkpoints / entry.file).unlink()
    (trunk.checkpoints / entry.file).symlink_to(secret)
    assert list(branch(trunk, 2).previews.iterdir()) == []
    with pytest.raises(AetuiError, match="it is a link"):
        branch(trunk, 3)


def test_without_its_checkpoint_a_branch_is_not_begun_anew(trunk, branch, record):
    folder = branch(trunk, 2)
    shutil.rmtree(folder.checkpoints)
    folder.checkpoints.mkdir()
    recorder = record(folder)
    assert recorder.session.state == "failed"
    assert "not in it" in folder.read_meta().reason
    assert recorder.of(EpochFinished) == []


def test_settings_are_the_branchs_own_from_its_first_checkpoint_on(trunk, branch, record):
    folder = branch(trunk, 2, "train.seed=7", "train.epochs=3")
    record(folder)
    text = folder.config.read_text()
    assert "seed = 7" in text
    folder.config.write_text(text.replace("seed = 7", "seed = 8").replace("epochs = 3", "epochs = 4"))
    assert record(folder).session.state == "failed"
    assert "train.seed was 7, is 8" in folder.read_meta().reason


def test_where_it_is_made_is_no_link(trunk, branch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "branches").mkdir()
    (tmp_path / "branches" / MAKING).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AetuiError, match="is a link"):
        branch(trunk, 2)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_while_it_is_made_nobody_finds_it(trunk, branch, tmp_path, monkeypatch):
    """A resume of the newest run took it for one, and was deleted with it where the branch failed."""
    found = []

    def copy(*_):
        found.append(list_runs(tmp_path / "branches"))
        raise KeyboardInterrupt

    monkeypatch.setattr(branching, "_copy_pictures", copy)
    with pytest.raises(KeyboardInterrupt):
        branch(trunk, 2)
    assert found == [[]]
    assert [path.name for path in (tmp_path / "branches").rglob("*")] == [MAKING]


def test_what_a_kill_left_of_it_goes_after_a_week(trunk, branch, tmp_path, monkeypatch):
    folder = branch(trunk, 2)
    folder.path.rename(tmp_path / "branches" / MAKING / folder.name)
    assert empty_trash(tmp_path / "branches") == 0
    monkeypatch.setattr("aetui.runs.trash.KEPT_SECONDS", -1)
    assert empty_trash(tmp_path / "branches") == 1


def test_a_branch_whose_meta_file_is_made_anew_goes_on(trunk, branch, record):
    straight, folder = branch(trunk, 2, "train.seed=7"), branch(trunk, 2, "train.seed=7")
    record(straight)
    folder.meta_file.write_text("{")
    rebuild_meta(folder, folder.path)
    meta = folder.read_meta()
    assert (meta.branched_from, meta.branched_step, meta.imported) == (trunk.name, 8, True)
    folder.change_meta(threads=1)
    record(folder)
    assert losses_of(folder) == losses_of(straight)


def test_where_its_checkpoint_is_damaged_the_best_before_it_is_used(trunk, branch, record):
    index = [entry.model_copy(update={"score": 0.1 * entry.epoch}) for entry in read_index(trunk.checkpoints)]
    branching.write_index(trunk.checkpoints, index)
    folder = branch(trunk, 3, "train.seed=7")
    (folder.checkpoints / index[2].file).write_bytes(b"damaged")
    recorder = record(folder)
    assert recorder.session.state == "finished"
    assert any("an older one is used" in one.message for one in recorder.of(Warned))
    assert sorted(losses_of(folder)) == [0, 1, 2, 3, 4]


def test_numbers_that_are_none_and_odd_names_in_the_others_log_are_left_out(trunk, branch):
    with trunk.events.open("a") as log:
        for line in (
            '{"event": "EpochFinished", "time": 1.0, "epoch": 1, "step": 4, "train_loss": 0.1, '
            '"test_loss": 0.1, "seconds": 1, "images_per_second": 1, "total_seconds": NaN, '
            '"test_seconds": 1, "best": false, '
            '"detection": {"area": NaN, "threshold": 1, "found": 1, "false_alarms": 1}}',
            '{"event": "PreviewSaved", "time": 1.0, "epoch": 1, "step": 4, "file": "' + "x" * 252 + '.png"}',
        ):
            log.write(f"{line}\n")
    assert sorted(losses_of(branch(trunk, 2))) == [0, 2]


def test_the_command(trunk, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("aetui.training.supervisor.supervise", lambda *_, **__: 0)
    runs = str(trunk.path.parent)
    assert main(["branch", "--runs", runs, "--epoch", "2", "--set", "train.learning_rate=3e-4"]) == 0
    (made,) = (RunFolder(path) for path in trunk.path.parent.glob("2*") if path != trunk.path)
    assert made.read_meta().changes[-1] == "train.learning_rate=3e-4"
    assert main(["show", "--runs", runs, made.name]) == 0
    shown = capsys.readouterr().out
    assert f"a branch of {trunk.name}, from step 8 on" in shown
    assert "train.learning_rate 0.0003 from step 8 on" in shown
    assert main(["branch", "--runs", runs, trunk.name, "--set", "latent=2"]) == 2
    assert "model.encoder" in capsys.readouterr().err
    assert len([*trunk.path.parent.glob("2*")]) == 2
