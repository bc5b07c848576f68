"""Masked autoencoders through the whole of training: masks, floor, probes, schedules, resume."""

import json
import math

import pytest
import torch
from small_vit import SMALL_VIT

from aetui.config.reading import read_preset
from aetui.data.generated import shapes
from aetui.models.masking import mask_noise, masking
from aetui.pictures.sheet import read_sheet
from aetui.runs.events import (
    ActivityChanged,
    CheckpointSaved,
    EpochFinished,
    FloorMeasured,
    ProbeMeasured,
    RunStarted,
    StepsTrained,
    Warned,
)
from aetui.runs.folder import RunFolder
from aetui.runs.report import report_run
from aetui.training import data as training_data
from aetui.training import meter
from aetui.training.checkpoints import CheckpointStore
from aetui.training.floor import floor as floor_of
from aetui.training.model_kinds import build_model
from aetui.training.probe import probe
from aetui.training.trained_model import load_trained_model

SMALL = shapes(train=200, test=70)
NORM_PIX = ("model.vit.norm_pix=true",)


@pytest.fixture
def small_data(monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: SMALL)
    monkeypatch.setattr(meter, "TICK_SECONDS", 0.0)


def weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    index = json.loads((folder.checkpoints / "index.json").read_text())
    newest = max(index, key=lambda entry: entry["step"])
    return torch.load(folder.checkpoints / newest["file"], weights_only=True)["model"]


@pytest.mark.parametrize("preset", ["shapes-conv-mae", "shapes-vit-mae"])
def test_a_masked_run_tells_its_floor_and_shows_four_views(make_run, record, preset):
    folder = make_run(preset=preset)
    recorder = record(folder)
    assert recorder.session.exit_code == 0
    [floor] = recorder.of(FloorMeasured)
    assert 0.005 < floor.loss < 0.05
    model = build_model(read_preset(folder.config))
    assert floor == floor_of(model, SMALL.test, 0, torch.device("cpu"))
    sheet = read_sheet(folder.previews / "epoch_0003.png")
    assert list(sheet.views) == ["original", "given", "reconstruction", "pasted"]
    hidden = masking(mask_noise(0, torch.arange(16), 64), 0.75).mask
    hidden = hidden.view(16, 8, 8).repeat_interleave(4, 1).repeat_interleave(4, 2).numpy()
    assert (sheet.views["given"][hidden] == 128).all()
    assert (sheet.views["pasted"][~hidden] == sheet.views["original"][~hidden]).all()
    assert (sheet.views["pasted"][hidden] == sheet.views["reconstruction"][hidden]).all()
    squares = ((sheet.views["original"] / 255.0 - sheet.views["reconstruction"] / 255.0) ** 2).mean(-1)
    errors = [(squares[n] * hidden[n]).sum() / hidden[n].sum() for n in range(16)]
    reported = [sample.error for sample in sheet.samples]
    if preset == "shapes-conv-mae":
        assert errors == pytest.approx(reported, rel=0.02)
    else:  # without a sigmoid at the end; pictures are clamped to [0, 1], which only brings them nearer
        assert all(error <= true * 1.02 for error, true in zip(errors, reported, strict=True))


def test_with_norm_pix_both_losses_are_told(make_run, record):
    """The loss is what is trained, and chooses the best epoch; the error in pixels stands beside it."""
    folder = make_run(*NORM_PIX, preset="shapes-vit-mae")
    recorder = record(folder)
    epochs = recorder.of(EpochFinished)
    last = epochs[-1]
    assert 0.3 < last.test_loss < 3
    assert 0.3 < last.train_loss < 3
    assert last.test_pixels < 0.2
    assert last.train_pixels < 0.2
    assert recorder.of(RunStarted)[0].loss == "MSE of normalised patches"
    assert report_run(folder)["loss"] == "MSE of normalised patches, averaged over images"
    assert all(0.3 < steps.train_loss < 3 for steps in recorder.of(StepsTrained))
    assert min(epochs[1:], key=lambda epoch: epoch.test_loss).best
    best = CheckpointStore(folder.checkpoints, 1).best
    assert best.score == min(epoch.test_loss for epoch in epochs[1:])
    plain = record(make_run(preset="shapes-vit-mae")).of(EpochFinished)[-1]
    assert plain.test_pixels is plain.train_pixels is None


def test_in_other_units_the_loss_is_told_in_unit_range(make_run, record):
    """Standardised shapes have an error of more than 1 before training, as they are one of about 0.1."""
    run = make_run("model.vit.pixels=imagenet", preset="shapes-vit-mae")
    first, *_, last = record(run).of(EpochFinished)
    assert 0.05 < first.test_loss < 0.2
    assert 0.02 < last.train_loss < 0.1
    assert last.test_pixels is last.train_pixels is None


@pytest.mark.parametrize("cut", [3, 6])
@pytest.mark.parametrize(
    "changes",
    [
        ("augment.flip=true", "augment.crop_scale=0.5"),
        (*NORM_PIX, "train.accumulate=3", "train.clip_norm=0.5"),
        ("probe.every=1",),
    ],
    ids=["augmented", "accumulated", "probed"],
)
def test_resume_is_equal_bit_for_bit(make_run, record, changes, cut):
    def stop(event, session):
        if isinstance(event, StepsTrained) and event.step == cut:
            session.control.request("stop")

    changes = (*changes, "train.batch_size=32", *SMALL_VIT)
    straight, stopped = (make_run(*changes, preset="shapes-vit-mae") for _ in range(2))
    whole = record(straight)
    first = record(stopped, stop)
    assert first.session.exit_code == 5
    rest = record(stopped)
    assert rest.session.exit_code == 0
    for name, value in weights(straight).items():
        assert torch.equal(value, weights(stopped)[name]), name
    assert whole.of(EpochFinished)[-1].test_loss == rest.of(EpochFinished)[-1].test_loss
    assert whole.of(CheckpointSaved)


def test_probes_come_when_due_and_on_demand(make_run, record):
    def ask(event, session):
        if isinstance(event, StepsTrained) and event.step == 5:
            session.control.request("probe")

    recorder = record(make_run("probe.every=2", "train.batch_size=64", preset="shapes-conv-mae"), ask)
    probes = recorder.of(ProbeMeasured)
    assert [probe.step for probe in probes] == [0, 5, 8]
    assert all(0 <= probe.linear_accuracy <= 1 and 0 <= probe.knn_accuracy <= 1 for probe in probes)


def test_a_probe_in_training_is_that_of_the_trained_model(make_run, record):
    folder = make_run("probe.every=3", *SMALL_VIT, preset="shapes-vit-mae")
    reported = record(folder).of(ProbeMeasured)[-1]
    trained = load_trained_model(folder)
    found = probe(trained.model, SMALL.train, SMALL.test, 10, trained.device, lambda: None)
    assert (reported.linear_accuracy, reported.knn_accuracy) == (found.linear_accuracy, found.knn_accuracy)


def test_a_probe_that_a_stop_cut_off_is_made_up_for_once(make_run, record):
    begun = []

    def stop_the_second(event, session):
        if event == ActivityChanged("probing the features"):
            begun.append(event)
            if len(begun) == 2:
                session.control.request("stop")

    folder = make_run("probe.every=1", preset="shapes-conv-mae")
    assert record(folder, stop_the_second).session.exit_code == 5
    assert [probe.epoch for probe in record(folder).of(ProbeMeasured)] == [1, 2, 3]
    assert record(folder).of(ProbeMeasured) == []


def test_a_probe_changes_nothing(make_run, record):
    changes = ("train.batch_size=64", *SMALL_VIT)
    plain, probed = (
        make_run(*changes, preset="shapes-vit-mae"),
        make_run(*changes, "probe.every=1", preset="shapes-vit-mae"),
    )
    record(plain)
    record(probed)
    for name, value in weights(plain).items():
        assert torch.equal(value, weights(probed)[name]), name


def test_how_the_steps_were_computed_is_in_meta_json(make_run, record):
    changes = ("train.accumulate=2", "train.clip_norm=1.0", "train.precision=bf16")
    folder = make_run(*changes, preset="shapes-conv-mae")
    recorder = record(folder)
    expected = {
        "precision": "float32",
        "threads": "1",
        "layout": "channels_last",
        "processes": "1",
        "shard": "off",
        "accumulate": 2,
        "clip_norm": 1.0,
        "compile": False,
        "capture": False,
    }
    assert folder.read_meta().computed == expected
    assert any("does not compute in bf16" in warned.message for warned in recorder.of(Warned))


def test_clipping_bounds_the_gradient(make_run, record, monkeypatch):
    norms = []
    original = torch.optim.Adam.step

    def step(self, *arguments, **named):
        weights = [weight for group in self.param_groups for weight in group["params"]]
        norms.append(torch.stack([weight.grad.norm() for weight in weights]).norm().item())
        return original(self, *arguments, **named)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    record(make_run("train.clip_norm=0.001", "train.epochs=1", preset="shapes-conv-mae"))
    assert norms
    assert max(norms) <= 0.001 * 1.001


def test_steps_have_the_learning_rate_of_the_schedule(make_run, record):
    """After a warm-up of 2 steps, half a cosine over the other 10."""
    changes = ("train.schedule=cosine", "train.warmup_epochs=0.5", "train.learning_rate=0.01")
    recorder = record(make_run(*changes, "train.batch_size=64", preset="shapes-conv-mae"))
    reported = [event.learning_rate for event in recorder.of(StepsTrained)]
    falling = [0.005 * (1 + math.cos(math.pi * step / 10)) for step in range(10)]
    assert reported == pytest.approx([0.0, 0.005, *falling])


@pytest.mark.parametrize("activity", ["testing", "probing the features"])
def test_a_probe_requested_during_a_test_or_a_probe_waits_for_its_end(make_run, record, activity):
    def ask(event, session):
        if event == ActivityChanged(activity):
            session.control.request("probe")

    recorder = record(make_run("train.epochs=1", "probe.every=1", preset="shapes-conv-mae"), ask)
    assert recorder.session.exit_code == 0
    assert [probe.epoch for probe in recorder.of(ProbeMeasured)] == [0, 1]
