"""What the form keeps of a preset: values as told, what is a mistake, what is saved."""

import resource

import pytest

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.ui.editor.draft import Draft


def test_a_preset_is_saved_beside_whatever_is_there(tmp_path):
    (tmp_path / "mine.toml.tmp").write_text("mine")
    path = find_preset("digits-mlp")
    Draft(path, "", read_preset(path)).save(tmp_path / "mine.toml")
    assert (tmp_path / "mine.toml.tmp").read_text() == "mine"
    assert read_preset(tmp_path / "mine.toml").name == "mine"


def test_what_the_app_was_told_is_no_change():
    path = find_preset("digits-mlp")
    draft = Draft(path, "", read_preset(path, ["train.seed=7"]), ("train.seed=7",), "cpu", 4)
    assert (draft.preset.train.seed, draft.device, draft.threads, draft.changed) == (7, "cpu", 4, {})
    assert draft.change("--threads", "2").threads == 2
    assert draft.change("train.seed", "7").changed == {}
    assert draft.command == "aetui train digits-mlp --set train.seed=7 --device cpu --threads 4"


@pytest.mark.parametrize("threads", ["0", "x", "1e3", "99999999999999999999", "²"])
def test_a_number_of_threads_that_is_none(threads):
    path = find_preset("digits-mlp")
    draft = Draft(path, "", read_preset(path)).change("--threads", threads)
    assert draft.preset is None
    assert "--threads" in draft.mistakes


def test_a_preset_that_is_deleted_meanwhile_is_a_mistake(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(find_preset("digits-mlp").read_text())
    draft = Draft(path, "", read_preset(path)).change("train.epochs", "3")
    path.unlink()
    changed = draft.change("train.epochs", "4")
    assert changed.preset is None
    assert "cannot be read" in changed.mistakes[""]
    assert changed.value("train.epochs") == "4"


def test_a_preset_that_cannot_be_written_leaves_no_file(tmp_path):
    path = find_preset("digits-mlp")
    draft = Draft(path, "", read_preset(path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            draft.save(tmp_path / "mine.toml")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())
