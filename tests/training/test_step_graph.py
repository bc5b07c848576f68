"""Steps that are captured give the same numbers as those that are not; here a CPU's work is recorded."""

from dataclasses import replace

import pytest
import recorded_work
import torch

from aetui.config.reading import read_preset
from aetui.data.generated import shapes
from aetui.runs.checkpoint_index import read_index
from aetui.runs.events import EpochFinished, StepsTrained, Warned
from aetui.training import assembling, capture_choice, meter, preparing, step_graph, steps
from aetui.training import data as training_data
from aetui.training.capture_choice import settle_capture
from aetui.training.control import Control
from aetui.training.objective import Objective
from aetui.training.preparing import prepare
from aetui.training.step_graph import WARM_UP_STEPS, StepGraph

VIT = ("model.vit.depth=2", "train.schedule=cosine", "train.warmup_epochs=1", "augment.crop_scale=0.5")
DROPS = 'model.encoder=["flatten", "linear 12", "dropout 0.3"]'
CLASSES = ("model.kind=classifier", "finetune.drop_path=0.2", "finetune.layer_decay=0.7")
RUNS = {
    "layers": ("digits-mlp", "train.loss=bce"),
    "convolutions": ("digits-conv", "train.clip_norm=0.1", "train.schedule=one-cycle"),
    "noise and drop-out": (
        "digits-mlp",
        "noise.std=0.2",
        'model.encoder=["flatten", "linear 12", "dropout 0.3"]',
    ),
    "batch norm, a running mean": ("shapes-conv-mae", "train.ema=0.9"),
    "ViT": ("shapes-vit-mae", *VIT),
    "ViT in parts": ("shapes-vit-mae", *VIT, "train.accumulate=3", "model.vit.norm_pix=true"),
    "classes": (
        "shapes-vit-mae",
        "model.kind=classifier",
        *VIT,
        "finetune.drop_path=0.2",
        "finetune.layer_decay=0.7",
    ),
}


@pytest.fixture
def captures(monkeypatch):
    """Whether the runs to come capture their steps; the learning rates are tensors, as on a GPU."""
    monkeypatch.setattr(step_graph, "recorded", recorded_work.recorded)
    monkeypatch.setattr(meter, "TICK_SECONDS", 0.0)

    def settle(training, emit):
        for group in training.optimizer.param_groups:
            group["lr"] = torch.tensor(group["lr"])
        if captures:
            training.graph = StepGraph(emit)

    captures: list[bool] = []
    monkeypatch.setattr(preparing, "settle_capture", settle)
    return captures


def weights(folder) -> dict[str, torch.Tensor]:
    newest = read_index(folder.checkpoints)[-1]
    return torch.load(folder.checkpoints / newest.file, weights_only=True)["model"]


def told(recorder) -> list[object]:
    steps = [(event.step, event.train_loss, event.learning_rate) for event in recorder.of(StepsTrained)]
    epochs = [(event.train_loss, event.test_loss, event.test_pixels) for event in recorder.of(EpochFinished)]
    return [*steps, *epochs, *[event.message for event in recorder.of(Warned)]]


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_the_same_bit_for_bit(make_run, record, captures, monkeypatch, name):
    preset, *changes = RUNS[name]
    if "shapes" in preset:
        monkeypatch.setattr(training_data, "load", lambda *_, **__: shapes(train=200, test=40))
    changes += ["train.batch_size=16", "train.epochs=2"]
    one_by_one, captured = make_run(*changes, preset=preset), make_run(*changes, preset=preset)
    expected = record(one_by_one)
    captures.append(True)
    found = record(captured)
    assert (found.session.exit_code, expected.session.exit_code) == (0, 0)
    assert told(found) == told(expected)
    for key, value in weights(one_by_one).items():
        assert torch.equal(value, weights(captured)[key]), key


def test_a_stop_within_an_epoch_changes_nothing(make_run, record, captures):
    def stop(event, session):
        if isinstance(event, StepsTrained) and event.step == 9:
            session.control.request("stop")

    captures.append(True)
    changes = ("train.batch_size=16", "train.epochs=2", "train.schedule=cosine")
    straight, stopped = make_run(*changes), make_run(*changes)
    assert record(straight).session.exit_code == 0
    assert record(stopped, stop).session.exit_code == 5
    assert record(stopped).session.exit_code == 0
    for key, value in weights(straight).items():
        assert torch.equal(value, weights(stopped)[key]), key


def test_whole_batches_are_one_graph_and_smaller_ones_are_not(make_run, record, captures, monkeypatch):
    made, alone = [], []

    def recorded(work):
        made.append(recorded_work.recorded(work))
        return made[-1]

    def learn(training, examples):
        alone.append(len(examples[0]))
        return steps.learn(training, examples)

    monkeypatch.setattr(step_graph, "recorded", recorded)
    monkeypatch.setattr(step_graph, "learn", learn)
    captures.append(True)
    record(make_run("train.batch_size=16", "train.epochs=2"))
    assert alone == [16] * WARM_UP_STEPS + [16] + [8, 8]  # the fourth is the capture's own
    assert [graph.replays for graph, _ in made] == [2 * 12 - WARM_UP_STEPS]


def test_steps_that_wait_for_the_gpu_are_taken_one_by_one(make_run, record, captures, monkeypatch):
    class Asking(Objective):
        def loss(self, model, *examples):
            losses = super().loss(model, *examples)
            try:
                return losses if losses.trained.item() < 1e9 else losses.times(0.5)
            except RuntimeError:
                raise RuntimeError("operation failed due to a previous error during capture")  # noqa: B904

    real = assembling.make_objective
    monkeypatch.setattr(assembling, "make_objective", lambda *given: Asking(**vars(real(*given))))
    changes = ("train.batch_size=16", "train.epochs=1")
    expected = record(make_run(*changes))
    captures.append(True)
    found = record(make_run(*changes))
    assert found.session.exit_code == 0
    (warning,) = found.of(Warned)
    assert "one by one" in warning.message
    assert "not permitted when stream is capturing" in warning.message
    assert told(found)[:-1] == told(expected)


@pytest.fixture
def training(make_run, tmp_path):
    """On a CPU, said to be a GPU where it is asked whether that pays."""

    def make(*changes):
        folder = make_run("train.batch_size=16", *changes)
        return prepare(folder, read_preset(folder.config), tmp_path, Control(), lambda event: None)

    return make


@pytest.mark.parametrize(
    ("changes", "gain", "captured"),
    [
        ((), 1.5, True),
        ((), 1.05, False),
        (("train.capture=true",), 0.0, True),
        (("train.capture=false",), 9.0, False),
        (("train.compile=true",), 9.0, False),
        (("train.compile=true", "train.capture=true"), 0.0, True),
    ],
)
def test_what_is_captured(training, monkeypatch, changes, gain, captured):
    monkeypatch.setattr(capture_choice, "gain_of_capture", lambda training: gain)
    found = replace(training(*changes), device=torch.device("cuda"))
    settle_capture(found, lambda event: None)
    assert (found.graph is not None) is captured


def test_on_a_cpu_it_is_said(training):
    events = []
    found = training("train.capture=true")
    settle_capture(found, events.append)
    assert found.graph is None
    assert [event.message for event in events] == [
        "train.capture is for NVIDIA GPUs; steps are taken one by one here"
    ]


def test_no_memory_for_a_copy_to_be_timed_is_no_failure(training, monkeypatch):
    def refuses(training):
        raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED")

    monkeypatch.setattr(capture_choice, "gain_of_capture", refuses)
    found = replace(training(), device=torch.device("cuda"))
    settle_capture(found, lambda event: None)
    assert found.graph is None


def test_timing_changes_nothing_of_the_run(training, monkeypatch):
    monkeypatch.setattr(step_graph, "recorded", recorded_work.recorded)
    found = training()
    found.graph = lambda *given: pytest.fail("the run's own graph holds the run's own weights")
    before = {key: value.clone() for key, value in found.model.state_dict().items()}
    random = torch.get_rng_state()
    assert capture_choice.gain_of_capture(found) > 0
    assert all(torch.equal(value, before[key]) for key, value in found.model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert not found.optimizer.state
