"""What only a GPU can show. Skipped where there is none."""

import functools
import json

import one_rank
import pytest
import torch

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data.generated import digits, shapes
from aetui.data.images import DataSet
from aetui.runs.create import create_run
from aetui.runs.events import EpochFinished, MachineSampled, RunStarted, StepsTrained, Warned
from aetui.runs.folder import RunFolder
from aetui.training import data as training_data
from aetui.training import loop, meter
from aetui.training.ranks.replicated import replicated
from aetui.training.ranks.sharded import put_together, share_out

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here"),
    pytest.mark.timeout(300),
]

LONG = ("model.vit.width=192", "model.vit.depth=6", "mask.patch=2", "train.batch_size=256")
"""257 tokens in the decoder: more than one block of keys in every attention kernel."""
BF16 = ("train.precision=bf16", "augment.crop_scale=0.2")
CAPTURE = "train.capture=true"
RECOMPUTED = "train.activation_checkpointing=true"
RUNS = {
    "vit": ("shapes-vit-mae", *LONG),
    "vit in bf16": ("shapes-vit-mae", *LONG, *BF16),
    "vit in parts": ("shapes-vit-mae", *LONG, "train.accumulate=2", "model.vit.norm_pix=true"),
    "convolutions": ("shapes-conv-mae",),
    "noise": ("mnist-denoise", "data.name=digits"),
    "compiled": ("digits-conv", "train.compile=true"),
    "captured": ("digits-conv", CAPTURE),
    "captured noise, clipped": ("mnist-denoise", "data.name=digits", "train.clip_norm=0.1", CAPTURE),
    "captured vit in bf16": ("shapes-vit-mae", *LONG, *BF16, CAPTURE),
    "captured batch norm, running mean": ("shapes-conv-mae", "train.ema=0.99", CAPTURE),
    "captured, compiled": ("digits-conv", "train.compile=true", CAPTURE),
}
ROOM = 400_000_000
"""Bytes that hold the model of "vit", and not the gigabyte of a step."""
ONE_BY_ONE = "train.capture=false"


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setattr(meter, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(training_data, "load", lambda name, *_, **__: small(name))

    def make(name: str, *more: str) -> RunFolder:
        preset, *changes = RUNS[name]
        checked = read_preset(find_preset(preset), ["train.epochs=2", *changes, *more])
        return create_run(checked, "", tmp_path / "runs", tmp_path, "cuda", threads=4)

    return make


@functools.cache
def small(name: str) -> DataSet:
    """Of the batches of an epoch the last is smaller."""
    return {"digits": digits, "shapes": shapes}[name](train=1500, test=300)


def weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    index = json.loads((folder.checkpoints / "index.json").read_text())
    newest = max(index, key=lambda entry: entry["step"])
    return torch.load(folder.checkpoints / newest["file"], weights_only=True)["model"]


@pytest.mark.parametrize("name", RUNS)
def test_two_runs_and_a_resumed_one_are_equal_bit_for_bit(make, record, name):
    def stop(event, session):
        if isinstance(event, StepsTrained) and event.step == 5:
            session.control.request("stop")

    straight, again, stopped = make(name), make(name), make(name)
    for folder in (straight, again):
        assert record(folder).session.exit_code == 0
    assert record(stopped, stop).session.exit_code == 5
    assert record(stopped).session.exit_code == 0
    for key, value in weights(straight).items():
        assert torch.equal(value, weights(again)[key]), key
        assert torch.equal(value, weights(stopped)[key]), key


@pytest.mark.parametrize("name", [name for name, words in RUNS.items() if CAPTURE in words])
def test_captured_steps_are_those_that_are_not(make, record, name):
    captured, one_by_one = make(name), make(name, ONE_BY_ONE)
    assert not record(captured).of(Warned)
    record(one_by_one)
    for key, value in weights(captured).items():
        assert torch.equal(value, weights(one_by_one)[key]), key


@pytest.mark.parametrize(
    "name", ["vit in bf16", "convolutions", "noise", "captured batch norm, running mean"]
)
def test_no_step_waits_for_the_gpu(make, record, monkeypatch, name):
    real = loop.take_step

    def strict(*given):
        torch.cuda.set_sync_debug_mode("error")
        try:
            return real(*given)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(loop, "take_step", strict)
    assert record(make(name, ONE_BY_ONE)).session.exit_code == 0


def test_a_gpu_and_the_cpu_agree(make, record, monkeypatch):
    """The same preset and seed; the first epoch's figures differ by rounding alone."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    here, there = make("noise"), make("noise")
    there.change_meta(device="cpu")
    tests = [record(folder).of(EpochFinished)[0].test_loss for folder in (here, there)]
    assert tests[0] == pytest.approx(tests[1], rel=1e-5)


def test_a_batch_too_large_for_the_memory_is_named(make, record):
    torch.cuda.empty_cache()
    held = torch.cuda.memory_reserved()  # by the libraries, for the tests before
    torch.cuda.set_per_process_memory_fraction(
        (held + ROOM) / torch.cuda.get_device_properties(0).total_memory
    )
    try:
        recorder = record(make("vit"))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert recorder.of(RunStarted)
    assert recorder.session.exit_code == 4
    assert "train.batch_size=128" in recorder.events[-1].reason


def test_nvml_measures_the_gpu_that_trains():
    from aetui.devices.available import choose_device
    from aetui.devices.machine import Machine

    machine = Machine()
    machine.watch_gpu(choose_device("cuda").uuid or "")
    sample: MachineSampled = machine.sample()
    assert sample.gpu_name
    assert sample.gpu_memory_total_bytes
    assert sample.gpu_watts is None or 0 < sample.gpu_watts < 5000


@pytest.mark.parametrize("kind", ["replicated", "shared out"])
def test_a_rank_of_nccl_learns_what_a_process_alone_does(kind):
    with one_rank.line_to_itself("cpu:gloo,cuda:nccl"):
        alone, rank = (
            one_rank.replica("cuda"),
            one_rank.replica("cuda", "train.activation_checkpointing=true"),
        )
        if kind == "replicated":
            rank.parallel = replicated(rank.model, rank.device)
        else:
            share_out(rank)
        assert one_rank.train(rank, 5) == pytest.approx(one_rank.train(alone, 5), rel=1e-4)
        if rank.whole:
            put_together(rank)
        torch.testing.assert_close(rank.judged.state_dict(), alone.judged.state_dict(), rtol=1e-3, atol=1e-5)
