"""Classifiers through the whole of training: where they start, what they learn, what is reported of them."""

import json

import pytest
import torch
import torch.nn.functional as F

from aetui.config.reading import read_preset
from aetui.data.generated import shapes
from aetui.data.images import DataSet, ImageSet
from aetui.pictures.sheet import read_sheet
from aetui.runs.events import (
    EpochFinished,
    FloorMeasured,
    ProbeMeasured,
    RunStarted,
    StateChanged,
    StepsTrained,
)
from aetui.runs.folder import RunFolder
from aetui.runs.history import describe
from aetui.runs.report import report_run
from aetui.training import data as training_data
from aetui.training import meter
from aetui.training.masked_objective import MaskedObjective
from aetui.training.model_kinds import build_model, make_model

SMALL = shapes(train=200, test=70)
SIZES = (
    "model.vit.width=24",
    "model.vit.depth=1",
    "model.vit.decoder_width=16",
    "model.vit.decoder_depth=1",
    "train.batch_size=64",
)
CLASSIFIER = (*SIZES, "model.kind=classifier")
STILL = ("train.learning_rate=1e-30", "train.weight_decay=0.0", "train.epochs=2")
"""Steps that move a weight by less than 1e-25."""
PRESET = "shapes-vit-mae"


@pytest.fixture
def small_data(monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: SMALL)
    monkeypatch.setattr(meter, "TICK_SECONDS", 0.0)


@pytest.fixture
def mae(make_run, record):
    """A finished run of a masked autoencoder."""
    folder = make_run(*SIZES, preset=PRESET)
    assert record(folder).session.exit_code == 0
    return folder


def newest(folder: RunFolder):
    index = json.loads((folder.checkpoints / "index.json").read_text())
    return folder.checkpoints / max(index, key=lambda entry: entry["step"])["file"]


def weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    return torch.load(newest(folder), weights_only=True)["model"]


def pretrained(folder: RunFolder) -> str:
    return f"finetune.from_checkpoint='{newest(folder)}'"


def labelled_by_quadrant() -> DataSet:
    """One quadrant is white, which tells the class, so that a label beside another image is seen at once."""
    sets = []
    for count in (210, 70):
        labels = torch.randperm(count, generator=torch.Generator().manual_seed(count)) % 4
        quadrants = F.one_hot(labels, 4).view(-1, 1, 2, 2).expand(-1, 3, 2, 2) * 255
        sets.append(ImageSet(F.interpolate(quadrants.byte(), scale_factor=16), labels))
    return DataSet("quadrants", *sets, classes=tuple("abcd"))


def test_it_starts_with_the_encoder_of_the_checkpoint(mae, make_run, record):
    tuned, scratch = (
        make_run(*CLASSIFIER, *STILL, *more, preset=PRESET) for more in ((pretrained(mae),), ())
    )
    for folder in (tuned, scratch):
        assert record(folder).session.exit_code == 0
    learned, first = weights(mae), build_model(read_preset(scratch.config)).state_dict()
    drawn = 0
    for name, value in weights(tuned).items():
        other = weights(scratch)[name]
        own = name.removeprefix("encoder.")
        if own == name:
            torch.testing.assert_close(value, other, rtol=0, atol=1e-25)
            continue
        torch.testing.assert_close(value, learned[own], rtol=0, atol=1e-25)
        torch.testing.assert_close(other, first[own], rtol=0, atol=1e-25)
        drawn += not torch.equal(value, other)
    assert drawn > 5


@pytest.mark.parametrize("more", [(), ("train.accumulate=3",)], ids=["whole", "parts"])
def test_images_keep_their_labels(make_run, record, monkeypatch, more):
    """Shuffled, with a small last batch, in parts: what is learned is right for every test image."""
    made = labelled_by_quadrant()
    monkeypatch.setattr(training_data, "load", lambda *_, **__: made)
    changes = ("model.kind=classifier", "train.epochs=12", "train.learning_rate=0.01", "train.batch_size=64")
    recorder = record(make_run(*changes, *more, preset="shapes-conv-mae"))
    epochs = recorder.of(EpochFinished)
    assert epochs[0].test_accuracy < 0.6
    assert epochs[-1].test_accuracy == 1
    assert epochs[-1].test_loss < 0.2


def test_what_is_told_is_what_the_model_does(make_run, record):
    folder = make_run(*CLASSIFIER, preset=PRESET)
    recorder = record(folder)
    model = make_model(read_preset(folder.config), len(SMALL.classes), begun=True)
    model.load_state_dict(weights(folder))
    with torch.inference_mode():
        scores = model.eval()(SMALL.test.images.float() / 255)
    losses = F.cross_entropy(scores, SMALL.test.labels, reduction="none")
    last = recorder.of(EpochFinished)[-1]
    assert last.test_accuracy == (scores.argmax(1) == SMALL.test.labels).double().mean().item()
    assert last.test_loss == pytest.approx(losses.mean().item(), rel=1e-5)
    assert recorder.of(RunStarted)[0].loss == "cross-entropy"
    assert not recorder.of(FloorMeasured)

    sheet = read_sheet(folder.previews / "epoch_0003_worst.png")
    assert list(sheet.views) == ["original"]
    assert [sample.index for sample in sheet.samples] == losses.topk(16).indices.tolist()
    assert sheet.samples[0].label == SMALL.classes[SMALL.test.labels[sheet.samples[0].index]]
    found = [SMALL.classes[scores[sample.index].argmax()] for sample in sheet.samples]
    assert [sample.predicted for sample in sheet.samples] == found
    assert any(sample.predicted != sample.label for sample in sheet.samples)

    report = report_run(folder)
    assert report["loss"] == "cross-entropy, averaged over images"
    assert report["epochs"][-1]["test_accuracy"] == last.test_accuracy
    assert f"test accuracy {last.test_accuracy:.1%}" in describe(last)


@pytest.mark.parametrize("more", [("augment.flip=true",), ("train.accumulate=3",)], ids=["flipped", "parts"])
def test_resume_is_equal_bit_for_bit_and_needs_the_source_no_more(mae, make_run, record, more):
    def stop(event, session):
        if isinstance(event, StepsTrained) and event.step == 6:
            session.control.request("stop")

    changes = (*CLASSIFIER, *more, pretrained(mae))
    straight, stopped = (make_run(*changes, preset=PRESET) for _ in range(2))
    whole = record(straight)
    assert record(stopped, stop).session.exit_code == 5
    newest(mae).unlink()
    rest = record(stopped)
    assert rest.session.exit_code == 0
    for name, value in weights(straight).items():
        assert torch.equal(value, weights(stopped)[name]), name
    assert whole.of(EpochFinished)[-1].test_accuracy == rest.of(EpochFinished)[-1].test_accuracy


def test_a_probe_on_demand_reads_the_tuned_encoder(make_run, record):
    def ask(event, session):
        if isinstance(event, StepsTrained) and event.step == 2:
            session.control.request("probe")

    [probe] = record(make_run(*CLASSIFIER, preset=PRESET), ask).of(ProbeMeasured)
    assert 0 <= probe.linear_accuracy <= 1


def test_autoencoders_are_given_no_labels(make_run, record, monkeypatch):
    given, original = [], MaskedObjective.examples

    def examples(self, model, pixels, labels, *others):
        given.append(labels)
        return original(self, model, pixels, labels, *others)

    monkeypatch.setattr(MaskedObjective, "examples", examples)
    record(make_run(*SIZES, "train.epochs=2", preset=PRESET))
    assert given == [None] * 8


def refusal(recorder) -> str:
    assert recorder.session.exit_code == 1
    assert not recorder.of(EpochFinished)
    return recorder.of(StateChanged)[-1].reason


def test_a_checkpoint_of_other_sizes_is_refused_with_five_names(mae, make_run, record):
    wider = make_run(*CLASSIFIER, pretrained(mae), "model.vit.width=48", preset=PRESET)
    reason = refusal(record(wider))
    assert reason.count("checkpoint") >= 5
    assert "'cls_token': checkpoint 1x1x24, model 1x1x48" in reason
    assert "more" in reason


def test_a_damaged_checkpoint_is_refused(mae, make_run, record):
    folder = make_run(*CLASSIFIER, pretrained(mae), preset=PRESET)
    data = bytearray(newest(mae).read_bytes())
    data[len(data) // 2] ^= 1
    newest(mae).write_bytes(data)
    assert "is damaged: its SHA-256 is not the recorded one" in refusal(record(folder))


def test_files_that_are_no_weights_or_gone_are_refused(make_run, record, tmp_path):
    text = tmp_path / "text.pt"
    text.write_text("password hunter2")
    folder = make_run(*CLASSIFIER, f"finetune.from_checkpoint={text}", preset=PRESET)
    assert "text.pt is text, not weights" in refusal(record(folder))
    told = b"".join(file.read_bytes() for file in folder.path.rglob("*") if file.is_file())
    assert b"hunter2" not in told, "who sent the run may get the folder back"
    text.unlink()
    assert refusal(record(folder)).startswith(
        f"{text}, which this run begins with, is gone; nothing was trained yet"
    )


def test_images_of_one_class_are_refused(make_run, record, monkeypatch):
    one = DataSet("one", SMALL.train, SMALL.test, classes=("images",))
    monkeypatch.setattr(training_data, "load", lambda *_, **__: one)
    assert "all of one class" in refusal(record(make_run(*CLASSIFIER, preset=PRESET)))
