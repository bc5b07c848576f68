"""Where the numbers of a pixel lie: together in runs of now, and as before in those of older versions."""

import pytest
import torch
from small_vit import SMALL_VIT
from torch import nn

from aetui.data.generated import shapes
from aetui.runs.checkpoint_index import read_index
from aetui.runs.events import EpochFinished, Warned
from aetui.runs.folder import RunFolder
from aetui.training import assembling, preparing
from aetui.training import data as training_data
from aetui.training.checkpoint_file import Checkpoint, read_checkpoint

CONV = (
    "model.encoder=['conv 8 k3 s2 p1', 'relu', 'conv 4 k3 s2 p1']",
    "model.decoder=['convt 8 k3 s2 p1 op1', 'relu', 'convt 1 k3 s2 p1 op1', 'sigmoid']",
)


def newest(folder: RunFolder) -> Checkpoint:
    return read_checkpoint(folder.checkpoints / read_index(folder.checkpoints)[-1].file)


def losses(trained) -> list[float]:
    return [epoch.test_loss for epoch in trained.of(EpochFinished)]


def stop_within_second_epoch(event, session):
    if isinstance(event, EpochFinished) and event.epoch == 1:
        session.control.request("stop")


def test_convolutions_compute_so_and_a_resume_is_equal(make_run, record):
    straight = record(make_run(*CONV, "train.ema=0.5"))
    folder = make_run(*CONV, "train.ema=0.5")
    record(folder, stop_within_second_epoch)
    resumed = record(folder)
    assert losses(resumed) == losses(straight)[-len(losses(resumed)) :]
    assert losses(resumed)[-1] == losses(straight)[-1]
    assert resumed.of(Warned) == []
    checkpoint = newest(folder)
    assert checkpoint.made_on["layout"] == folder.read_meta().computed["layout"] == "channels_last"
    assert checkpoint.made_on["compile"] == "off", "compiled, it would go on with other last digits"
    weight = checkpoint.model["encoder.2.weight"]
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not weight.is_contiguous()


def test_a_run_of_an_older_version_goes_on_as_it_began(make_run, record, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(preparing, "CHANNELS_LAST", {})
        older.setattr(assembling, "numbers_of_a_pixel_together", lambda model, wanted: None)
        straight = record(make_run(*CONV, "train.ema=0.5"))
        folder = make_run(*CONV, "train.ema=0.5")
        record(folder, stop_within_second_epoch)
    resumed = record(folder)
    assert losses(resumed)[-1] == losses(straight)[-1]
    assert resumed.of(Warned) == []
    assert "layout" not in newest(folder).made_on
    assert "layout" not in folder.read_meta().computed


@pytest.mark.parametrize(("preset", "laid_out"), [("shapes-vit-mae", False), ("shapes-conv-mae", True)])
def test_a_vision_transformer_is_left_as_it_is(make_run, record, monkeypatch, preset, laid_out):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: shapes(train=200, test=70))
    folder = make_run(*(SMALL_VIT if "vit" in preset else ()), preset=preset)
    record(folder)
    assert ("layout" in newest(folder).made_on) == laid_out


def test_the_losses_differ_by_rounding_alone(make_run, record, monkeypatch):
    together = losses(record(make_run(*CONV)))
    monkeypatch.setattr(assembling, "numbers_of_a_pixel_together", lambda model, wanted: None)
    apart = losses(record(make_run(*CONV)))
    torch.testing.assert_close(torch.tensor(together), torch.tensor(apart), rtol=1e-4, atol=0.0)


def test_a_state_of_the_usual_layout_fits_a_model_of_the_other():
    model = nn.Conv2d(3, 4, 3)
    assert model.weight.is_contiguous()
    preparing.numbers_of_a_pixel_together(model, wanted=True)
    assert not model.weight.is_contiguous()
    preparing.numbers_of_a_pixel_together(model, wanted=False)
    assert model.weight.is_contiguous()
