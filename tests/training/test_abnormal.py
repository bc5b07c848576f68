"""Abnormal images: nothing is learned from them, and the error of the others says how well they are told."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.metrics import roc_auc_score, roc_curve

from aetui.cli import main
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data.abnormal import with_abnormal
from aetui.data.generated import digits
from aetui.data.images import DataSet, ImageSet
from aetui.errors import UsageError
from aetui.pictures.sheet import read_sheet
from aetui.runs.create import create_run
from aetui.runs.events import BestTested, EpochFinished, RunStarted
from aetui.training.detection import detection
from aetui.training.floor import floor
from aetui.training.model_kinds import build_model

ONES_AND_ZEROS = digits(train=900, test=200)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 4).map(lambda x: round(x, 1)), st.booleans()), min_size=2, max_size=60)
)
def test_it_is_the_curve_of_scikit_learn(images):
    """Ties too, of which rounded errors have many."""
    errors = torch.tensor([error for error, _ in images])
    abnormal = torch.tensor([kind for _, kind in images])
    if abnormal.all() or not abnormal.any():
        return
    found = detection(errors, abnormal)
    assert found.area == pytest.approx(roc_auc_score(abnormal.numpy(), errors.numpy()))
    false_alarms, hits, _ = roc_curve(abnormal.numpy(), errors.numpy())
    assert found.found - found.false_alarms == pytest.approx((hits - false_alarms).max())
    above = errors.double() > found.threshold
    assert found.found == pytest.approx(above[abnormal].double().mean().item())
    assert found.false_alarms == pytest.approx(above[~abnormal].double().mean().item())


def test_errors_without_bound_are_the_largest():
    errors = torch.tensor([0.1, 0.2, float("inf"), float("nan")])
    found = detection(errors, torch.tensor([False, False, True, True]))
    assert (found.area, found.found, found.false_alarms) == (1.0, 1.0, 0.0)
    assert 0.2 < found.threshold < 1e31


def data_of(
    train: list[int], test: list[int], classes: tuple[str, ...] = ("crack", "good", "spot")
) -> DataSet:
    def images(labels: list[int], first: int) -> ImageSet:
        numbers = torch.arange(first, first + len(labels), dtype=torch.uint8)
        return ImageSet(numbers[:, None, None, None].expand(-1, 1, 2, 2), torch.tensor(labels))

    return DataSet("bolts", images(train, 0), images(test, 100), classes)


def test_their_images_are_tested_alone():
    parted = with_abnormal(data_of([0, 1, 1, 2], [1, 2]), ["spot", "crack"])
    assert parted.train.labels.tolist() == [1, 1]
    assert parted.train.images[:, 0, 0, 0].tolist() == [1, 2]
    assert parted.test.labels.tolist() == [1, 2, 0, 2]
    assert parted.test.images[:, 0, 0, 0].tolist() == [100, 101, 0, 3]
    assert parted.abnormal == (2, 0)


@pytest.mark.parametrize(
    ("train", "test", "names", "message"),
    [
        ([1], [1, 0], ["hole"], "There is no class hole in bolts; there are: crack, good, spot"),
        ([0, 0], [0, 1], ["crack"], "no image is left to train on"),
        ([1], [0, 2], ["crack", "spot"], "no image is left to test on"),
    ],
)
def test_what_cannot_be_parted_is_refused(train, test, names, message):
    with pytest.raises(UsageError) as caught:
        with_abnormal(data_of(train, test), names)
    assert message in caught.value.sentence


@pytest.fixture
def folder(tmp_path):
    """Zeros, of which some are for training, and ones."""
    for name, images in (("train", ONES_AND_ZEROS.train), ("test", ONES_AND_ZEROS.test)):
        for index in range(len(images)):
            label = int(images.labels[index])
            if label == 0 or (label == 1 and name == "test"):
                path = tmp_path / "data" / name / ("zero" if label == 0 else "one") / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(images.images[index, 0].numpy()).save(path)
    return tmp_path / "data"


@pytest.fixture
def run(folder, tmp_path):
    def make(*changes: str):
        images = [f"data.path={folder}", "data.size=1x28x28", 'data.abnormal=["one"]']
        preset = read_preset(find_preset("digits-mlp"), ["data.name=folder", *images, *changes])
        return create_run(preset, "", tmp_path / "runs", tmp_path, "cpu", threads=1)

    return make


def test_a_run_tells_how_well_they_are_found(run, record, capsys):
    folder = run("train.epochs=15", "train.batch_size=8")
    recorder = record(folder)
    started, epochs = recorder.of(RunStarted)[0], recorder.of(EpochFinished)
    assert started.train_images == (ONES_AND_ZEROS.train.labels == 0).sum()
    ones, zeros = ((ONES_AND_ZEROS.test.labels == label).sum() for label in (1, 0))
    assert started.test_images == ones + zeros
    last = epochs[-1]
    assert last.detection.area > 0.9
    sheet = read_sheet(folder.previews / "epoch_0015_worst.png")
    assert sheet.threshold == last.detection.threshold
    assert sheet.samples[0].label == "one"
    assert last.test_loss < min(sample.error for sample in sheet.samples if sample.label == "one")
    assert main(["show", str(folder.path)]) == 0
    told = capsys.readouterr().out
    assert f"abnormal images: ROC-AUC {last.detection.area:.3f}; above an error of 0.0" in told
    assert main(["show", str(folder.path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["epochs"][-1]["roc_auc"] == last.detection.area
    assert main(["probe", str(folder.path)]) == 1
    assert "none are probed" in capsys.readouterr().err


def test_with_validation_images_they_are_looked_at_once(run, record):
    recorder = record(run("train.epochs=15", "train.batch_size=8", "data.validation_share=0.2"))
    assert all(epoch.detection is None for epoch in recorder.of(EpochFinished))
    (tested,) = recorder.of(BestTested)
    assert tested.detection.area > 0.9


def test_the_floor_is_that_of_the_others():
    model = build_model(read_preset(find_preset("shapes-conv-mae")))
    noise = torch.randint(0, 256, (40, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    smooth = torch.full((40, 3, 32, 32), 90)
    images = torch.cat([noise, smooth]).to(torch.uint8)
    abnormal = torch.arange(80) < 40
    test = ImageSet(images, torch.zeros(80, dtype=torch.int64))
    cpu = torch.device("cpu")
    assert floor(model, test, 0, cpu).loss > 0.01
    assert floor(model, test, 0, cpu, abnormal=abnormal).loss == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("digits-mlp", [], 'only data.name = "folder" or "shards" has abnormal classes'),
        ("folder-conv", ["probe.every=1"], "probe.every: a probe learns all classes"),
    ],
)
def test_where_they_mean_nothing_they_are_refused(preset, changes, message):
    with pytest.raises(PresetError) as caught:
        read_preset(find_preset(preset), ['data.abnormal=["crack"]', *changes])
    assert message in str(caught.value)
