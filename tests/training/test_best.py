"""By what the best epoch is chosen, on which images, and what is told of the test images then."""

import pytest
import torch
from small_vit import SMALL_VIT
from torch.nn import functional as F

from aetui.config.reading import read_preset
from aetui.data.generated import shapes
from aetui.data.validation import with_validation
from aetui.models.masking import mask_noise
from aetui.runs.events import BestTested, EpochFinished, RunStarted, Warned
from aetui.runs.history import describe
from aetui.runs.report import read_history, report_run
from aetui.training import data as training_data
from aetui.training.checkpoints import CheckpointStore
from aetui.training.model_kinds import build_model, make_model

SMALL = shapes(train=200, test=70)
CLASSIFIER = ("model.kind=classifier", *SMALL_VIT, "train.batch_size=32", "train.warmup_epochs=0")


@pytest.fixture
def shape_data(monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: SMALL)


def newest(folder):
    return CheckpointStore(folder.checkpoints, 1).newest.file


def best_weights(folder):
    store = CheckpointStore(folder.checkpoints, 1)
    return store.load(store.best).model


def test_validation_chooses_and_the_test_is_looked_at_once(make_run, record, small_data):
    folder = make_run("data.validation_share=0.25", "train.epochs=4")
    recorder = record(folder)
    data = with_validation(small_data, 0.25)
    started, epochs = recorder.of(RunStarted)[0], recorder.of(EpochFinished)
    assert (started.train_images, started.test_images, started.steps_per_epoch) == (150, 50, 3)
    assert {epoch.tested_on for epoch in epochs} == {"validation"}
    [tested] = recorder.of(BestTested)
    best = min(epochs[1:], key=lambda epoch: epoch.test_loss)
    assert (tested.epoch, tested.step, tested.images) == (best.epoch, best.step, 70)

    model = build_model(read_preset(folder.config))
    model.load_state_dict(best_weights(folder))
    for images, told in ((data.validation, best.test_loss), (data.test, tested.loss)):
        clean = images.images.float() / 255
        with torch.inference_mode():
            expected = F.mse_loss(model.eval()(clean), clean).item()
        assert told == pytest.approx(expected, rel=1e-5)

    report = report_run(folder)
    assert (report["tested_on"], report["best_tested"]["epoch"]) == ("validation", best.epoch)
    assert "validation 0." in describe(best)
    assert "(best)" in describe(best)
    assert f"the best, of epoch {best.epoch}, on 70 test images: 0." in describe(tested)


def test_a_run_without_epochs_looks_at_the_test_images_too(make_run, record):
    recorder = record(make_run("data.validation_share=0.25", "train.epochs=0"))
    (tested,) = recorder.of(BestTested)
    assert (tested.epoch, tested.step, tested.images) == (0, 0, 70)
    assert not recorder.of(Warned)


def test_a_run_that_goes_on_looks_at_the_test_images_again(make_run, record):
    folder = make_run("data.validation_share=0.25", "train.epochs=2")
    record(folder)
    config = folder.config.read_text()
    folder.config.write_text(config.replace("epochs = 2", "epochs = 3"))
    assert record(folder).of(BestTested)
    assert read_history(folder)[0].best_tested.step in (6, 9)


def test_without_a_best_checkpoint_that_is_said(make_run, record, monkeypatch):
    def damaged(self, entry):
        raise ValueError("damaged")

    monkeypatch.setattr(CheckpointStore, "load", damaged)
    recorder = record(make_run("data.validation_share=0.25", "train.epochs=2"))
    assert recorder.session.exit_code == 0
    assert not recorder.of(BestTested)
    assert "the test images were not looked at" in recorder.of(Warned)[-1].message


def test_testing_the_best_leaves_the_run_as_it_is(make_run, record, shape_data):
    """Its model and its random state are those of the last step, also while the best one is tested."""
    states = []

    def look(event, session):
        if isinstance(event, EpochFinished | BestTested):
            states.append(torch.get_rng_state())

    changes = ("data.validation_share=0.25", "train.epochs=2", *CLASSIFIER, "finetune.drop_path=0.3")
    recorder = record(make_run(*changes, preset="shapes-vit-mae"), look)
    assert recorder.of(BestTested)
    assert torch.equal(states[-1], states[-2])


def test_other_images_are_learned_from_and_tested_without_a_share(make_run, record):
    recorder = record(make_run("train.epochs=1"))
    assert recorder.of(RunStarted)[0].train_images == 200
    assert recorder.of(EpochFinished)[-1].tested_on == "test"
    assert not recorder.of(BestTested)


def test_a_classifier_is_best_where_it_finds_most_classes(make_run, record, shape_data):
    folder = make_run(*CLASSIFIER, "train.epochs=12", "train.learning_rate=0.01", preset="shapes-vit-mae")
    epochs = record(folder).of(EpochFinished)
    assert [epoch.best for epoch in epochs[1:]] == [
        epoch.test_accuracy > max((e.test_accuracy for e in epochs[1 : epoch.epoch]), default=-1)
        for epoch in epochs[1:]
    ]
    best = max(epochs[1:], key=lambda epoch: epoch.test_accuracy)
    model = make_model(read_preset(folder.config), len(SMALL.classes), begun=True)
    model.load_state_dict(best_weights(folder))
    with torch.inference_mode():
        found = model.eval()(SMALL.test.images.float() / 255).argmax(1)
    assert (found == SMALL.test.labels).double().mean().item() == best.test_accuracy
    lowest = min(epochs[1:], key=lambda epoch: epoch.test_loss)
    assert lowest.epoch != best.epoch, "otherwise this tells nothing"


def test_cropped_training_images_are_measured_uncropped_too(make_run, record, shape_data):
    """Under the masks of the first test images; without crops the train loss is of the images themselves."""
    folder = make_run("augment.crop_scale=0.2", *SMALL_VIT, preset="shapes-vit-mae")
    recorder = record(folder)
    model = build_model(read_preset(folder.config))
    model.load_state_dict(torch.load(folder.checkpoints / newest(folder), weights_only=True)["model"])
    images = SMALL.train.images.float() / 255
    with torch.inference_mode():
        prediction, mask = model.eval()(images, mask_noise(0, torch.arange(len(images)), model.patches))
        expected = model.pixel_errors(images, model.to_pixels(prediction, images, mask), mask).mean().item()
    assert recorder.of(EpochFinished)[-1].uncropped_train_loss == pytest.approx(expected, rel=1e-5)
    plain = record(make_run("train.epochs=1", *SMALL_VIT, "train.warmup_epochs=0", preset="shapes-vit-mae"))
    assert plain.of(EpochFinished)[-1].uncropped_train_loss is None
