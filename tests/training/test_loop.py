"""The loop: its figures against a plain PyTorch loop, resume, pause, stop, divergence."""

import gc
import json
import threading
import weakref

import pytest
import torch
from torch import nn

from aetui.config.reading import read_preset
from aetui.data.batches import epoch_order
from aetui.runs import states
from aetui.runs.events import (
    CheckpointSaved,
    EpochFinished,
    PreviewSaved,
    RunStarted,
    StateChanged,
    StepsTrained,
)
from aetui.training import loop, meter
from aetui.training.model_kinds import build_model


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch):
    monkeypatch.setattr(meter, "TICK_SECONDS", 0.0)


def weights(folder) -> dict:
    index = json.loads((folder.checkpoints / "index.json").read_text())
    newest = max(index, key=lambda entry: entry["step"])
    return torch.load(folder.checkpoints / newest["file"], weights_only=True)


def assert_equal(one, other):
    """Bit for bit, however nested."""
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            if key not in ("epoch_seconds", "total_seconds"):
                assert_equal(one[key], other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_equal(*pair)
    else:
        assert one == other


@pytest.fixture
def without_denormals():
    torch.set_flush_denormal(True)


@pytest.mark.usefixtures("without_denormals")
def test_figures_equal_those_of_a_plain_loop(make_run, record, small_data):
    """Written out with nothing of the loop: same order, per-image means, test after every epoch."""
    folder = make_run()
    reported = record(folder).of(EpochFinished)

    model = build_model(read_preset(folder.config))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    train, test = small_data.train.images / 255, small_data.test.images / 255
    expected = [(0.0, nn.functional.mse_loss(model(test), test).item())]
    for epoch in (1, 2, 3):
        losses = []
        for chunk in epoch_order(0, epoch, 200).split(64):
            loss = ((model(train[chunk]) - train[chunk]) ** 2).mean(dim=(1, 2, 3))
            optimizer.zero_grad()
            loss.mean().backward()
            optimizer.step()
            losses += loss.tolist()
        with torch.no_grad():
            expected.append((sum(losses) / 200, ((model(test) - test) ** 2).mean().item()))

    assert [event.epoch for event in reported] == [0, 1, 2, 3]
    assert reported[0].train_loss is None
    for event, (train_loss, test_loss) in zip(reported, expected, strict=True):
        assert event.test_loss == pytest.approx(test_loss, rel=1e-4)
        assert (event.train_loss or 0.0) == pytest.approx(train_loss, rel=1e-4)


def test_a_run_leaves_what_was_promised(make_run, record):
    folder = make_run("train.keep_checkpoints=1")
    recorder = record(folder)
    assert recorder.session.exit_code == 0
    assert folder.read_meta().state == "finished"
    assert folder.read_meta().epochs == 3
    saved = recorder.of(PreviewSaved)
    assert [e.file for e in saved if e.samples == "fixed"] == [f"epoch_000{n}.png" for n in range(4)]
    assert len(saved) == 12
    assert all((folder.previews / event.file).is_file() for event in saved)
    assert len(list(folder.previews.iterdir())) == 12
    best = min(recorder.of(EpochFinished)[1:], key=lambda event: event.test_loss).epoch
    kept = {int(path.name[6:10]) for path in folder.checkpoints.glob("*.pt")}
    assert kept == {best, 3}
    assert not list(folder.path.rglob("*.tmp"))


@pytest.mark.parametrize("preset", ["digits-mlp", "digits-conv", "mnist-denoise"])
@pytest.mark.parametrize("cut", [1, 3, 4, 6, 8])
def test_resume_is_equal_bit_for_bit(make_run, record, preset, cut):
    straight, broken = make_run(preset=preset), make_run(preset=preset)
    whole = record(straight).of(EpochFinished)

    def stop_at_cut(event, session):
        if isinstance(event, StepsTrained) and event.step == cut:
            session.control.request("stop")

    first = record(broken, stop_at_cut)
    assert first.session.exit_code == 5
    assert first.session.state == "stopped"
    second = record(broken)
    assert second.of(RunStarted)[0].step in (cut, cut + 1)
    assert_equal(weights(straight), weights(broken))
    parts = {event.epoch: event for event in first.of(EpochFinished) + second.of(EpochFinished)}
    assert [(e.train_loss, e.test_loss) for e in whole] == [
        (parts[n].train_loss, parts[n].test_loss) for n in range(4)
    ]


@pytest.mark.parametrize(
    ("was", "edited"),
    [("batch_size = 64", "batch_size = 32"), ("seed = 0", "seed = 1"), ('"relu"', '"gelu"')],
)
def test_a_config_that_was_edited_is_not_gone_on_with_until_it_is_put_back(make_run, record, was, edited):
    folder = make_run("train.epochs=1")
    record(folder)
    config = folder.config.read_text()
    assert was in config
    folder.config.write_text(config.replace(was, edited).replace("epochs = 1\n", "epochs = 2\n"))
    refused = record(folder)
    assert (refused.session.state, refused.of(EpochFinished)) == ("failed", [])
    assert "cannot go on with what it was not begun with" in folder.read_meta().reason
    folder.config.write_text(config.replace("epochs = 1\n", "epochs = 2\n"))
    assert [epoch.epoch for epoch in record(folder).of(EpochFinished)] == [2]


def test_no_epochs_test_the_model_as_it_is_and_training_may_follow(make_run, record):
    folder = make_run("train.epochs=0")
    tested = record(folder)
    assert [epoch.epoch for epoch in tested.of(EpochFinished)] == [0]
    assert [saved.step for saved in tested.of(CheckpointSaved)] == [0]
    assert (tested.session.state, tested.of(StepsTrained)) == ("finished", [])
    folder.config.write_text(folder.config.read_text().replace("epochs = 0\n", "epochs = 1\n"))
    followed, straight = record(folder), record(make_run("train.epochs=1"))
    assert followed.of(EpochFinished)[-1].test_loss == straight.of(EpochFinished)[-1].test_loss


def test_pause_holds_within_one_step_and_resume_goes_on(make_run, record):
    paused_at, resumed = [], threading.Event()

    def pause_once(event, session):
        if isinstance(event, StepsTrained) and event.step == 3:
            session.control.request("pause")
        if isinstance(event, StateChanged) and event.state == states.PAUSED:
            paused_at.append(recorder_steps[-1])
            threading.Timer(0.05, go_on, [session]).start()
        if isinstance(event, StepsTrained):
            recorder_steps.append(event.step)
            assert not paused_at or resumed.is_set()

    def go_on(session):
        resumed.set()
        session.control.request("resume")

    recorder_steps = [0]
    recorder = record(make_run(), pause_once)
    assert paused_at == [3]
    assert [e.state for e in recorder.of(StateChanged)] == [
        *("starting", "running", "paused", "running", "finished")
    ]


def test_a_checkpoint_on_demand_within_an_epoch(make_run, record):
    def ask(event, session):
        if isinstance(event, StepsTrained) and event.step == 2:
            session.control.request("checkpoint")

    assert [event.step for event in record(make_run(), ask).of(CheckpointSaved)] == [2, 4, 8, 12]


def test_a_loss_that_is_not_finite_stops_at_its_step(make_run, record, monkeypatch):
    original = loop.Meter.add

    def add(self, losses, images):
        factor = float("nan") if self._training.progress.step == 6 else 1
        original(self, losses.times(factor), images)

    monkeypatch.setattr(loop.Meter, "add", add)
    folder = make_run()
    recorder = record(folder)
    assert recorder.session.exit_code == 3
    last = recorder.of(StateChanged)[-1]
    assert last.state == "diverged"
    assert "step 6" in last.reason
    assert "learning_rate=0.0001" in last.reason
    assert weights(folder)["progress"]["step"] == 4


def test_a_huge_learning_rate_diverges_or_stays_finite_but_never_lies(make_run, record):
    recorder = record(make_run("train.learning_rate=1e9", preset="digits-conv"))
    losses = [event.test_loss for event in recorder.of(EpochFinished)]
    assert all(loss == loss for loss in losses)
    assert recorder.session.exit_code in (0, 3)


@pytest.mark.parametrize(
    ("error", "code", "state", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), 4, "out_of_memory", "train.batch_size=32"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            4,
            "out_of_memory",
            "=32",
        ),
        (MemoryError(), 4, "out_of_memory", "train.batch_size=32"),
        (RuntimeError("CUDA error: out of memory\nCompile with"), 4, "out_of_memory", "train.accumulate=2"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), 4, "out_of_memory", "=32"),
        (RuntimeError("CUDA error: device lost"), 1, "failed", "device lost"),
    ],
)
def test_failures_end_in_their_state_with_a_sentence(
    make_run, record, monkeypatch, error, code, state, words
):
    def fail(*_):
        raise error

    monkeypatch.setattr(loop.Meter, "add", fail)
    folder = make_run()
    recorder = record(folder)
    assert recorder.session.exit_code == code
    assert recorder.of(StateChanged)[-1].state == state
    assert words in recorder.of(StateChanged)[-1].reason
    assert folder.read_meta().state == state
    assert ("Traceback" in folder.log.read_text()) if state == "failed" else not folder.log.exists()


def test_a_full_disk_pauses_and_a_retry_goes_on(make_run, record, monkeypatch):
    from aetui.training import checkpoints

    real, refused = checkpoints.write_whole, []

    def write(path, data):
        if path.suffix == ".pt" and "step_00000008" in path.name and len(refused) < 2:
            refused.append(path)
            raise OSError(28, "No space left on device")
        real(path, data)

    def retry(event, session):
        if isinstance(event, StateChanged) and event.state == states.PAUSED:
            assert "No space left" in event.reason
            assert len(list(folder.checkpoints.glob("*.pt"))) == 1
            session.control.request("resume")

    monkeypatch.setattr(checkpoints, "write_whole", write)
    folder = make_run()
    recorder = record(folder, retry)
    assert recorder.session.exit_code == 0
    assert len(refused) == 2
    assert [event.step for event in recorder.of(CheckpointSaved)] == [4, 8, 12]


def test_five_runs_leave_nothing_behind(make_run, record, monkeypatch):
    kept = []
    original = loop.train

    def train(training, control, emit):
        kept.append(weakref.ref(training.model))
        original(training, control, emit)

    monkeypatch.setattr(loop, "train", train)
    for _ in range(5):
        record(make_run("train.epochs=1"))
    gc.collect()
    assert [reference() for reference in kept] == [None] * 5
    assert not [thread for thread in threading.enumerate() if thread.name == "aetui-training"]


def test_the_order_is_a_pure_function_of_seed_and_epoch():
    order = epoch_order(0, 1, 100)
    assert torch.equal(order, epoch_order(0, 1, 100))
    assert not torch.equal(order, epoch_order(0, 2, 100))
    assert not torch.equal(order, epoch_order(1, 1, 100))
    assert order.sort().values.tolist() == list(range(100))
