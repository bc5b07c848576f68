"""Published weights become a run; a run's features are measured."""

import errno
import json
import os

import pytest
import torch
from safetensors.torch import save_file

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data.generated import shapes
from aetui.runs.listing import find_run
from aetui.runs.report import read_history
from aetui.training import checkpoints
from aetui.training import data as training_data
from aetui.training.model_kinds import build_model

SMALL = shapes(train=60, test=30)


@pytest.fixture(autouse=True)
def small_data(monkeypatch, tmp_path):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: SMALL)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def weights():
    """Of another seed than the preset's."""
    preset = read_preset(find_preset("shapes-vit-mae"), ["train.seed=7"])
    return build_model(preset).state_dict()


def newest():
    from pathlib import Path

    return find_run(Path("runs"), None)


def saved_model(folder):
    [entry] = json.loads((folder.checkpoints / "index.json").read_text())
    return torch.load(folder.checkpoints / entry["file"], weights_only=True)["model"]


@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_weights_become_a_run(weights, tmp_path, capsys, ending):
    file = tmp_path / f"published.{ending}"
    if ending == "pt":
        torch.save({"model": weights}, file)
    else:
        save_file(weights, file)
    assert main(["import", str(file), "shapes-vit-mae", "--device", "cpu", "--threads", "1"]) == 0
    folder = newest()
    assert capsys.readouterr().out.strip() == folder.name
    assert folder.read_meta().state == "stopped"
    for name, value in saved_model(folder).items():
        assert torch.equal(value, weights[name]), name


def test_no_data_is_needed(weights, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: pytest.fail("data was asked for"))
    torch.save(weights, tmp_path / "w.pt")
    assert main(["import", "w.pt", "cifar10-vit-mae", "--set", "train.compile=false"]) == 1
    assert "the weights are of another model" in capsys.readouterr().err
    assert main(["import", "w.pt", "shapes-vit-mae"]) == 0


def test_an_encoder_alone_is_said(weights, tmp_path, capsys):
    encoder = {n: w for n, w in weights.items() if not n.startswith(("decoder_", "mask_token"))}
    torch.save(encoder, tmp_path / "w.pt")
    assert main(["import", "w.pt", "shapes-vit-mae", "--device", "cpu", "--threads", "1"]) == 0
    assert "no decoder; it begins at random" in capsys.readouterr().err


def test_other_sizes_are_named_and_leave_no_run(weights, tmp_path, capsys):
    torch.save(weights, tmp_path / "w.pt")
    code = main(["import", "w.pt", "shapes-vit-mae", "--set", "model.vit.width=48", "--device", "cpu"])
    err = capsys.readouterr().err
    assert code == 1
    assert "the weights are of another model: 'cls_token': checkpoint 1x1x96, model 1x1x48" in err
    assert "model.vit.width 96, model.vit.depth 4" in err
    assert not (tmp_path / "runs").exists()


def test_a_file_that_is_no_weights(tmp_path, capsys):
    (tmp_path / "w.pt").write_bytes(b"")
    assert main(["import", "w.pt", "shapes-vit-mae"]) == 1
    is_empty, again = capsys.readouterr().err.splitlines()
    assert is_empty == "aetui: w.pt is empty"
    assert again.startswith("aetui: fetch it again")


def test_a_file_with_more_than_tensors_is_named_without_a_way_around(tmp_path, capsys):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "w.pt")
    assert main(["import", "w.pt", "shapes-vit-mae"]) == 1
    err = capsys.readouterr().err
    assert "w.pt holds a whole model, and loading that would run code" in err
    assert "weights_only" not in err


def test_a_pipe_is_not_waited_for(tmp_path, capsys):
    pipe = tmp_path / "weights.pt"
    os.mkfifo(pipe)
    assert main(["import", str(pipe), "shapes-vit-mae"]) == 1
    assert "cannot be read: not a file of data" in capsys.readouterr().err


def test_a_folder_names_the_file_in_it(tmp_path, capsys):
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "model.safetensors").touch()
    assert main(["import", "hf", "shapes-vit-mae"]) == 1
    assert "name the file in it: hf/model.safetensors" in capsys.readouterr().err


@pytest.mark.parametrize(("heads", "code"), [(3, 0), (2, 2)])
def test_heads_are_compared_with_the_config_beside_the_weights(weights, tmp_path, capsys, heads, code):
    """No shape tells them."""
    torch.save(weights, tmp_path / "w.pt")
    config = {"model_type": "vit_mae", "num_attention_heads": heads, "decoder_num_attention_heads": 2}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main(["import", "w.pt", "shapes-vit-mae", "--device", "cpu", "--threads", "1"]) == code
    err = capsys.readouterr().err
    assert ("--set model.vit.heads=2" in err) == (code == 2)
    assert "does not tell its heads" not in err


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", ["pipe", "hole", "switch", "digits"])
def test_a_config_that_tells_no_heads_is_as_none(weights, tmp_path, capsys, kind):
    torch.save(weights, tmp_path / "w.pt")
    config = tmp_path / "config.json"
    heads = {"switch": "true", "digits": "9" * 4000}.get(kind, "3")
    if kind == "pipe":
        os.mkfifo(config)
    else:
        config.write_text(f'{{"model_type": "vit_mae", "num_attention_heads": {heads}}}')
    if kind == "hole":
        os.truncate(config, 1 << 40)
    assert main(["import", "w.pt", "shapes-vit-mae", "--device", "cpu", "--threads", "1"]) == 0
    assert "does not tell its heads" in capsys.readouterr().err


def test_a_disk_that_takes_no_weights_is_a_sentence(weights, tmp_path, capsys, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EFBIG, "File too large")

    torch.save(weights, tmp_path / "w.pt")
    monkeypatch.setattr(checkpoints, "write_whole", refuse)
    assert main(["import", "w.pt", "shapes-vit-mae", "--device", "cpu", "--threads", "1"]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert not list((tmp_path / "runs").iterdir())


def test_an_import_that_was_killed_is_no_run_from_random_weights(weights, tmp_path, capsys, monkeypatch):
    file = tmp_path / "published.pt"
    torch.save({"model": weights}, file)
    killed = SystemExit(137)

    def kill(*_):
        raise killed

    monkeypatch.setattr("aetui.training.import_weights.import_weights", kill)
    monkeypatch.setattr("shutil.rmtree", lambda path, **_: None)
    with pytest.raises(SystemExit):
        main(["import", str(file), "shapes-vit-mae", "--device", "cpu"])
    capsys.readouterr()
    newest().change_meta(pid=2**31 - 1, pid_began=1.0)
    assert main(["resume", newest().name, "--threads", "1"]) == 1
    assert "was made of are not in it; import them, or branch off, once more" in capsys.readouterr().err
    assert newest().read_meta().state == "failed"


def test_an_import_that_was_killed_before_is_not_repaired_into_a_run(weights, tmp_path, capsys, monkeypatch):
    torch.save({"model": weights}, tmp_path / "w.pt")

    def kill(path, data):
        raise SystemExit(137)

    with monkeypatch.context() as killed:
        killed.setattr("aetui.runs.create.write_whole", kill)
        with pytest.raises(SystemExit):
            main(["import", "w.pt", "shapes-vit-mae", "--device", "cpu"])
    (left,) = (tmp_path / "runs").iterdir()
    assert not (left / "config.toml").exists()
    assert main(["resume", str(left), "--repair", "--threads", "1"]) != 0
    assert "config.toml" in capsys.readouterr().err
    assert not list((left / "checkpoints").iterdir())


def test_heads_that_nothing_tells_are_said(weights, tmp_path, capsys):
    torch.save(weights, tmp_path / "w.pt")
    main(["import", "w.pt", "shapes-vit-mae", "--device", "cpu", "--threads", "1"])
    assert "the preset's 3 in the encoder and 2 in the decoder are taken" in capsys.readouterr().err


def test_a_file_that_is_not_there_and_a_preset_that_is_no_mae(tmp_path, capsys):
    assert main(["import", "none.pt", "shapes-vit-mae"]) == 1
    assert "none.pt cannot be read" in capsys.readouterr().err
    assert main(["import", "none.pt", "digits-mlp"]) == 2
    assert "digits-mlp is no masked autoencoder" in capsys.readouterr().err


def test_a_probe_is_printed_and_kept_in_the_run(weights, tmp_path, capsys):
    torch.save(weights, tmp_path / "w.pt")
    main(["import", "w.pt", "shapes-vit-mae", "--device", "cpu", "--threads", "1"])
    capsys.readouterr()
    assert main(["probe", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["train_images"] == 60
    [kept] = read_history(newest())[0].probes
    assert (kept.linear_accuracy, kept.knn_accuracy) == (
        printed["linear_accuracy"],
        printed["knn_accuracy"],
    )
    assert main(["probe"]) == 0
    assert "linear probe" in capsys.readouterr().out
    assert main(["show"]) == 0
    assert f"0 (step 0)         {printed['linear_accuracy']:.1%}" in capsys.readouterr().out


def test_a_run_without_checkpoints_cannot_be_probed(tmp_path, capsys):
    from aetui.runs.create import create_run

    folder = create_run(read_preset(find_preset("shapes-vit-mae")), "", tmp_path / "runs", tmp_path, "cpu")
    assert main(["probe"]) == 2
    assert f"{folder.name} is starting" in capsys.readouterr().err
    folder.change_meta(state="stopped")
    assert main(["probe"]) == 1
    assert "has no checkpoint to measure" in capsys.readouterr().err
