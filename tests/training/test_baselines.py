"""What an autoencoder is compared with is what scikit-learn finds, on the images and noise of the test."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from aetui.data.generated import digits, shapes
from aetui.runs.events import BaselineMeasured, EpochFinished, Warned
from aetui.runs.report import read_history
from aetui.training import data as training_data
from aetui.training.baselines import mean_image, principal_components

CPU = torch.device("cpu")


def told(recorder) -> dict[str, float]:
    return {event.name: event.loss for event in recorder.of(BaselineMeasured)}


def flat(images) -> np.ndarray:
    return images.images.flatten(1).double().numpy() / 255


@pytest.mark.parametrize("preset", ["digits-mlp", "digits-conv"])
def test_they_are_scikit_learns(make_run, record, small_data, preset):
    recorder = record(make_run("train.epochs=1", preset=preset))
    train, test = flat(small_data.train), flat(small_data.test)
    count = {"digits-mlp": 3, "digits-conv": 64}[preset]
    found = PCA(count, svd_solver="full").fit(train)
    expected = ((found.inverse_transform(found.transform(test)) - test) ** 2).mean()
    mean = ((train.mean(0) - test) ** 2).mean()
    assert told(recorder) == {
        "mean image": pytest.approx(mean, rel=1e-4),
        f"PCA-{count}": pytest.approx(expected, rel=1e-3),
    }
    first = next(n for n, event in enumerate(recorder.events) if isinstance(event, EpochFinished))
    assert all(isinstance(e, BaselineMeasured) is False for e in recorder.events[first:]), "told at the start"


@pytest.mark.parametrize(("make", "count"), [(digits, 12), (shapes, 20)])
def test_components_of_more_images_than_values_and_of_large_images(make, count):
    """By the covariance, and drawn near."""
    whole = make(train=1100, test=10).train
    images = replace(whole, images=whole.images[:, :, :20, :20] if make is shapes else whole.images)
    components = principal_components(mean_image(images, CPU), images, count, CPU)
    torch.testing.assert_close(components.T @ components, torch.eye(count), atol=1e-4, rtol=0)
    centred = flat(images) - flat(images).mean(0)
    left = ((centred - centred @ components.double().numpy() @ components.double().numpy().T) ** 2).sum()
    found = PCA(count, svd_solver="full").fit(centred)
    expected = ((found.inverse_transform(found.transform(centred)) - centred) ** 2).sum()
    assert left == pytest.approx(expected, rel=5e-3)


def test_components_beyond_the_images_are_as_many_as_there_are():
    images = shapes(train=1030, test=10).train
    components = principal_components(mean_image(images, CPU), images, 1025, CPU)
    assert components.shape == (3072, 1025)


@pytest.mark.parametrize("many", [1, 100])
def test_the_mean_takes_no_more_memory_than_a_test_does(monkeypatch, many):
    """Large images come in smaller batches, to the same mean."""
    monkeypatch.setattr("aetui.training.evaluation.LARGEST_BATCH_VALUES", many * 3072)
    images = shapes(train=250, test=10).train
    sizes = []
    monkeypatch.setattr(
        "aetui.training.baselines.to_unit_range",
        lambda pixels, device: (sizes.append(len(pixels)), pixels.float().div(255))[1],
    )
    mean = mean_image(images, CPU)
    assert max(sizes) == many
    torch.testing.assert_close(mean, images.images.double().mean(0).div(255).float())


def test_a_run_goes_on_where_a_comparison_fails(make_run, record, monkeypatch):
    def fail(*given):
        raise torch.linalg.LinAlgError("svd did not converge\nand more")

    monkeypatch.setattr("aetui.training.baselines.principal_components", fail)
    recorder = record(make_run("train.epochs=1"))
    assert recorder.session.state == "finished"
    assert list(told(recorder)) == ["mean image"]
    (warning,) = (event.message for event in recorder.of(Warned) if "compared" in event.message)
    assert warning == "PCA-3, to be compared with, cannot be measured: svd did not converge"


def test_noise_is_compared_with_itself(make_run, record, small_data):
    """What the noisy test images are off by: a little less than the variance, since nothing is cut off."""
    found = told(record(make_run("noise.std=0.2", "train.epochs=1")))
    assert list(found) == ["noisy input", "mean image", "PCA-3"]
    assert found["noisy input"] == pytest.approx(0.04, rel=0.02)


def test_nothing_random_is_drawn_for_them(make_run, record, tmp_path, monkeypatch):
    losses = []
    for without in (False, True):
        if without:
            monkeypatch.setattr("aetui.training.loop.measure_baselines", lambda *given: None)
        dropping = 'model.encoder=["flatten", "linear 3", "dropout 0.5"]'
        recorder = record(make_run(dropping, "train.epochs=1"))
        losses.append([event.test_loss for event in recorder.of(EpochFinished)])
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("changes", "preset"), [(("train.loss=bce",), "digits-mlp"), (("mask.ratio=0.5",), "shapes-conv-mae")]
)
def test_others_have_none(make_run, record, monkeypatch, changes, preset):
    if "shapes" in preset:
        monkeypatch.setattr(training_data, "load", lambda *_, **__: shapes(train=100, test=30))
    assert told(record(make_run(*changes, "train.epochs=1", preset=preset))) == {}


def test_a_resumed_run_measures_them_once(make_run, record):
    folder = make_run("train.epochs=1")
    record(folder)
    folder.config.write_text(folder.config.read_text().replace("epochs = 1", "epochs = 2"))
    assert told(record(folder)) == {}
    history = read_history(folder)[0]
    assert history.to_beat == ("PCA-3", history.baselines["PCA-3"])


def test_stopped_while_they_are_measured(make_run, record):
    def stop(event, session):
        if isinstance(event, BaselineMeasured):
            session.control.request("stop")

    folder = make_run("train.epochs=1")
    assert record(folder, stop).session.exit_code == 5
    assert record(folder).session.exit_code == 0
