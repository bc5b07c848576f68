"""`aetui resume`: what is noted for the next time, and when."""

import pytest

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data.catalogue import SETS
from aetui.runs.create import create_run


@pytest.fixture
def amended(monkeypatch):
    """A resume that changes the run's files and trains nothing."""

    def supervise(folder, listener, *, amend, **_):
        amend()
        return 0

    monkeypatch.setattr("aetui.training.supervisor.supervise", supervise)


def test_a_data_folder_is_noted_where_the_data_is(amended, tmp_path):
    before, mistyped, moved = (tmp_path / name for name in ("before", "mistyped", "moved"))
    folder = create_run(read_preset(find_preset("mnist-mlp")), "", tmp_path / "runs", before)
    folder.change_meta(state="stopped")
    for file in SETS["mnist"].files:
        path = moved / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as made:
            made.truncate(file.size)
    for given, noted in ((mistyped, before), (moved, moved)):
        assert main(["resume", str(folder.path), "--data", str(given)]) == 0
        assert folder.read_meta().data_dir == str(noted)


@pytest.mark.parametrize(("epochs", "said"), [(35, ""), (40, "ran over 35 epochs, from here on over 40")])
def test_a_curve_that_was_bent_before_is_not_bent_again(amended, tmp_path, capsys, epochs, said):
    """A run that was told of more epochs while it trained goes on with those."""
    preset = read_preset(find_preset("digits-mlp"), ["train.epochs=30", "train.schedule=cosine"])
    folder = create_run(preset, "", tmp_path / "runs", tmp_path)
    told = f'\n[[steer]]\nstep = 20\nchange = "train.epochs={epochs}"\n'
    folder.config.write_text(folder.config.read_text() + told)
    folder.change_meta(state="stopped", epochs_planned=35)
    assert main(["resume", str(folder.path)]) == 0
    printed = capsys.readouterr().err
    assert said in printed
    assert ("ran over" in printed) == bool(said)


def test_what_another_process_was_told_meanwhile_is_kept(amended, tmp_path, monkeypatch):
    """As while a resume is stopped by Ctrl-Z before it owns the run."""
    preset = read_preset(find_preset("digits-mlp"))
    folder = create_run(preset, "", tmp_path / "runs", tmp_path)
    folder.change_meta(state="stopped")

    def tell_another(folder):
        note = '\n[[steer]]\nstep = 20\nchange = "train.learning_rate=1e-5"\n'
        folder.config.write_text(folder.config.read_text() + note)

    monkeypatch.setattr("aetui.runs.liveness.require_idle", tell_another)
    assert main(["resume", str(folder.path)]) == 0
    assert [note.step for note in read_preset(folder.config).steer] == [20]
