"""Runs beside each other: what differs is told once, and what cannot be compared is said."""

import json
import math

import pytest

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.comparing import compare, differing, mean_and_deviation, measures, over_seeds
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import BaselineMeasured, EpochFinished, RunStarted
from aetui.runs.folder import RunFolder


@pytest.fixture
def ran(tmp_path):
    """A finished run of `digits-mlp` with these changes, whose test losses were these."""

    def make(*changes: str, losses=(0.2, 0.1), data: str = "generated digits") -> RunFolder:
        preset = read_preset(find_preset("digits-mlp"), changes)
        folder = create_run(preset, "", tmp_path / "runs", tmp_path)
        folder.change_meta(state="finished")
        writer = EventWriter(folder.events)
        writer.write(RunStarted(folder.name, preset.name, "cpu", "CPU", 9, 10, 5, 50, 20, data))
        writer.write(BaselineMeasured("mean image", 0.4))
        writer.write(BaselineMeasured("PCA-3", 0.2))
        for epoch, loss in enumerate(losses):
            writer.write(EpochFinished(epoch, 5 * epoch, 0.1, loss, 1.0, 9.0, 11.0 * epoch, 1.0, epoch > 0))
        return folder

    return make


def test_what_differs_is_told_in_the_order_of_the_schema(ran):
    one, other = ran("train.seed=1", "noise.std=0.5"), ran("name=else", losses=(0.2, 0.3, 0.05))
    first, second = compare([one, other])
    assert first.settings == {"noise.std": "0.5", "train.seed": "1"}
    assert second.settings == {"noise.std": "", "train.seed": "0"}
    assert (first.best, first.best_epoch, first.last, first.epochs, first.seconds) == (0.1, 1, 0.1, 1, 11.0)
    assert (second.best, second.best_epoch, second.epochs) == (0.05, 2, 2)
    assert (first.against, second.against) == ("50% below PCA-3", "75% below PCA-3")


def test_presets_that_are_alike_differ_in_nothing():
    preset = read_preset(find_preset("mnist-conv"))
    assert differing([preset, preset.model_copy(update={"name": "another"})]) == [{}, {}]


def test_codes_of_other_sizes_are_told_as_such():
    presets = [read_preset(find_preset("mnist-mlp"), [f"latent={size}"]) for size in (3, 16)]
    assert differing(presets) == [{"model.latent": "3"}, {"model.latent": "16"}]
    deeper = presets[0].model_copy(
        update={"model": presets[0].model.model_copy(update={"encoder": ["flatten", "linear 8"]})}
    )
    assert list(differing([presets[1], deeper])[0]) == ["model.encoder"]
    convolutional = [read_preset(find_preset("mnist-conv"), [f"latent={size}"]) for size in (4, 8)]
    assert [one["model.latent"] for one in differing(convolutional)] == ["4x1x1", "8x1x1"]


def test_a_table_with_the_best_first(ran, capsys):
    worse, better = ran(losses=(0.2, 0.3)), ran("train.learning_rate=3e-4")
    never = ran("train.epochs=5", losses=())
    runs = str(worse.path.parent)
    assert main(["compare", worse.name, better.name, never.name, "--runs", runs]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split()[:3] == ["run", "train.epochs", "train.learning_rate"]
    assert [line.split()[0] for line in out[1:]] == [better.name, worse.name, never.name]
    assert "0.0003" in out[1]
    assert "50% above PCA-3" in out[2]


def test_as_json(ran, capsys):
    one, other = ran(), ran("train.batch_size=32")
    assert main(["compare", one.name, str(other.path), "--json", "--runs", str(one.path.parent)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["settings"] for each in told] == [{"train.batch_size": "64"}, {"train.batch_size": "32"}]
    assert told[0]["best"] == 0.1


def test_losses_of_other_images_or_of_another_kind_are_told_apart(ran, capsys):
    one, other = ran(), ran(data="MNIST")
    assert measures(compare([one, other])) == [
        "MSE per pixel of 20 test images of generated digits",
        "MSE per pixel of 20 test images of MNIST",
    ]
    assert main(["compare", one.name, other.name, "--runs", str(one.path.parent)]) == 0
    assert "these losses are not of the same" in capsys.readouterr().err


def test_less_than_two_runs_or_one_that_is_none(ran, capsys):
    one = ran()
    runs = str(one.path.parent)
    assert main(["compare", one.name, one.name, "--runs", runs]) == 2
    assert "two runs at least" in capsys.readouterr().err
    assert main(["compare", one.name, "nothing", "--runs", runs]) in (1, 2)
    assert "nothing" in capsys.readouterr().err
    one.config.write_text("[model")
    assert main(["compare", one.name, ran().name, "--runs", runs]) == 2
    assert "not TOML" in capsys.readouterr().err


def test_names_and_settings_with_markup_and_escapes_are_shown_harmless(ran, capsys):
    one, other = ran(data="\x1b[31m[bold]"), ran("train.seed=2")
    assert main(["compare", one.name, other.name, "--runs", str(one.path.parent)]) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err


def test_runs_of_several_seeds_are_told_together(ran, capsys, tmp_path):
    names = [ran("latent=8", f"train.seed={n}", losses=(0.2, 0.1 + n / 100)).name for n in range(3)]
    names += [ran("latent=4").name]
    runs = compare([RunFolder(tmp_path / "runs" / name) for name in names])
    assert [len(group.runs) for group in over_seeds(runs)] == [3, 1]
    assert over_seeds(runs)[0].settings == {"model.latent": "8"}
    assert main(["compare", "--runs", str(tmp_path / "runs"), *names]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 seeds of model.latent=8: best loss 0.110 ± 0.01"


def test_runs_that_differ_in_no_seed_are_not_taken_together(ran):
    runs = compare([ran(), ran(), ran("latent=4")])
    assert [len(group.runs) for group in over_seeds(runs)] == [1, 1, 1]


def test_a_mean_needs_numbers():
    assert mean_and_deviation([]) == "–"
    assert mean_and_deviation([0.5]) == "0.500"
    assert mean_and_deviation([0.1, math.inf]) == "–"
    assert mean_and_deviation([0.1, 0.2, 0.3]) == "0.200 ± 0.1"


def test_runs_that_were_told_something_are_no_seeds_of_the_others(ran):
    folders = [ran("train.seed=0"), ran("train.seed=1"), ran("train.seed=2")]
    told = "\n[[steer]]\nstep = 5\nchange = 'train.learning_rate=1e-5'\n"
    folders[1].config.write_text(folders[1].config.read_text() + told)
    compared = compare(folders)
    assert compared[1].settings["steer"] == "train.learning_rate=1e-5 from step 5"
    assert [[one.run for one in group.runs] for group in over_seeds(compared)] == [
        [folders[0].name, folders[2].name],
        [folders[1].name],
    ]
