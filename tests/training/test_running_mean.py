"""The running mean of the weights is what is tested and kept; what is trained goes on beside it."""

import pytest
import torch
from torch import nn

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data.batches import epoch_order
from aetui.data.generated import shapes
from aetui.runs.checkpoint_index import read_index
from aetui.runs.events import EpochFinished
from aetui.training import data as training_data
from aetui.training.control import Control
from aetui.training.model_kinds import build_model
from aetui.training.preparing import prepare

DECAY = 0.9


def losses_of(recorder) -> list[float]:
    return [epoch.test_loss for epoch in recorder.of(EpochFinished)]


def kept(folder) -> dict:
    newest = read_index(folder.checkpoints)[-1]
    return torch.load(folder.checkpoints / newest.file, weights_only=True)


def test_a_run_equals_a_plain_loop(make_run, record, small_data):
    folder = make_run(f"train.ema={DECAY}", "train.epochs=2")
    told = losses_of(record(folder))
    model, mean = (build_model(read_preset(find_preset("digits-mlp"))) for _ in range(2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    train, test = small_data.train.images / 255, small_data.test.images / 255
    expected, step = [nn.functional.mse_loss(mean(test), test).item()], 0
    for epoch in (1, 2):
        for batch in epoch_order(0, epoch, len(train)).split(64):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(train[batch]), train[batch]).backward()
            optimizer.step()
            with torch.no_grad():
                for averaged, weight in zip(mean.parameters(), model.parameters(), strict=True):
                    averaged.lerp_(weight, 1 - DECAY if step else 1.0)
            step += 1
        with torch.no_grad():
            expected.append(nn.functional.mse_loss(mean(test), test).item())
    assert told == pytest.approx(expected, rel=1e-4)
    checkpoint = kept(folder)
    for name, value in mean.state_dict().items():
        torch.testing.assert_close(checkpoint["model"][name], value, rtol=1e-3, atol=1e-5)
        assert not torch.equal(checkpoint["model"][name], checkpoint["trained"][name])


@pytest.mark.parametrize("preset", ["digits-mlp", "shapes-conv-mae"])
def test_a_stop_changes_nothing(make_run, record, monkeypatch, preset):
    """Within an epoch; and with batch norm, whose buffers are the model's own."""

    def stop_within(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            session.control.request("stop")

    if preset != "digits-mlp":
        monkeypatch.setattr(training_data, "load", lambda *_, **__: shapes(train=200, test=70))
    changes = (f"train.ema={DECAY}", "train.epochs=3")
    straight = losses_of(record(make_run(*changes, preset=preset)))
    folder = make_run(*changes, preset=preset)
    before = losses_of(record(folder, stop_within))
    assert len(before) == 2
    after = record(folder)
    assert before + losses_of(after) == straight


def test_without_one_nothing_is_written_twice(make_run, record):
    folder = make_run("train.epochs=1")
    record(folder)
    assert kept(folder)["trained"] is None


def test_it_is_what_is_probed_and_looked_at(make_run, record, tmp_path):
    folder = make_run(f"train.ema={DECAY}", "train.epochs=1")
    record(folder)
    preset = read_preset(folder.config)
    training = prepare(folder, preset, tmp_path, Control(), lambda event: None)
    assert training.judged is training.averaged
    checkpoint = kept(folder)
    for name, value in training.judged.state_dict().items():
        assert torch.equal(value, checkpoint["model"][name])
    for name, value in training.model.state_dict().items():
        assert torch.equal(value, checkpoint["trained"][name])
