"""What an autoencoder may learn: squared or absolute errors, or the cross-entropy of its pixels."""

import json

import pytest
import torch
from torch import nn

from aetui.cli import main
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data.batches import epoch_order
from aetui.runs.events import EpochFinished, RunStarted
from aetui.training.model_kinds import build_model
from aetui.training.objective import Objective

TORCHS = {
    "mse": nn.MSELoss(),
    "l1": nn.L1Loss(),
    "bce": lambda made, clean: nn.BCELoss(reduction="sum")(made, clean) / len(clean),
}
UNITS = {"mse": "MSE per pixel", "l1": "absolute error per pixel", "bce": "BCE in nats an image"}


@pytest.mark.parametrize("kind", TORCHS)
def test_a_run_equals_a_plain_loop(make_run, record, small_data, kind):
    """Loss of the test and of every epoch's training, and the mean squared error beside it."""
    recorder = record(make_run(f"train.loss={kind}", "train.epochs=2"))
    assert recorder.of(RunStarted)[0].loss == UNITS[kind]
    model = build_model(read_preset(find_preset("digits-mlp")))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    train, test = small_data.train.images / 255, small_data.test.images / 255
    for epoch in recorder.of(EpochFinished):
        losses, squares = [], []
        for batch in epoch_order(0, epoch.epoch, len(train)).split(64) if epoch.epoch else ():
            made = model(train[batch])
            loss = TORCHS[kind](made, train[batch])
            losses += [loss.item()] * len(batch)
            squares += [nn.MSELoss()(made, train[batch]).item()] * len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            tested = {name: loss(model(test), test).item() for name, loss in TORCHS.items()}
        assert epoch.test_loss == pytest.approx(tested[kind], rel=1e-4)
        beside = None if kind == "mse" else pytest.approx(tested["mse"], rel=1e-4)
        assert epoch.test_pixels == beside
        if losses:
            assert epoch.train_loss == pytest.approx(sum(losses) / len(losses), rel=1e-4)
            assert epoch.train_pixels == (
                None if kind == "mse" else pytest.approx(sum(squares) / len(squares), rel=1e-4)
            )


@pytest.mark.parametrize("kind", ["l1", "bce"])
def test_a_batch_in_parts_is_the_same_batch(small_data, kind):
    objective = Objective(torch.device("cpu"), seed=0, measure=kind)
    model = build_model(read_preset(find_preset("digits-mlp")))
    examples = objective.examples(model, small_data.train.images[:64], None, 0)
    whole = objective.loss(model, *examples)
    parts = [objective.loss(model, *part) for part in zip(*(e.split(16) for e in examples), strict=True)]
    assert torch.stack([part.trained for part in parts]).mean().item() == pytest.approx(whole.trained.item())
    assert torch.stack([part.pixels for part in parts]).mean().item() == pytest.approx(whole.pixels.item())


class Broken(nn.Module):
    def forward(self, images):
        return images * float("nan")


@pytest.mark.parametrize("kind", TORCHS)
def test_a_loss_that_is_no_number_is_told_as_such(small_data, kind):
    objective = Objective(torch.device("cpu"), seed=0, measure=kind)
    images = torch.rand(3, 1, 28, 28)
    assert objective.loss(Broken(), images, images).trained.isnan()
    tested = objective.test(Broken(), small_data.test, 0, 0)
    assert (tested.errors if tested.losses is None else tested.losses).isnan().all()


def test_a_run_that_is_stopped_goes_on_with_the_same_figures(make_run, record):
    """The sum of the squared errors within an epoch is kept too."""

    def stop_within(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            session.control.request("stop")

    changes = ("train.loss=bce", "train.epochs=3")
    straight = record(make_run(*changes)).of(EpochFinished)
    folder = make_run(*changes)
    record(folder, stop_within)
    later = record(folder).of(EpochFinished)
    assert later
    for epoch in later:
        same = straight[epoch.epoch]
        assert (epoch.train_loss, epoch.train_pixels) == (same.train_loss, same.train_pixels)
        assert (epoch.test_loss, epoch.test_similarity) == (same.test_loss, same.test_similarity)


def test_it_is_told_with_its_unit(make_run, record, capsys):
    folder = make_run("train.loss=bce", "train.epochs=1")
    last = record(folder).of(EpochFinished)[-1]
    assert main(["show", str(folder.path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["loss"] == "BCE in nats an image, averaged over images"
    told = report["epochs"][-1]
    assert told["psnr"] == pytest.approx(-10 * torch.tensor(last.test_pixels).log10().item(), rel=1e-5)
    assert told["ssim"] == last.test_similarity
    assert main(["show", str(folder.path)]) == 0
    heads = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch"))
    assert heads.split("  ")[0] == "epoch"
    assert "pixel MSE  PSNR, dB  SSIM" in heads


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("digits-mlp", ["train.loss=mae"], "train.loss: 'mae' is not one of 'mse', 'l1' or 'bce'"),
        ("shapes-vit-mae", ["train.loss=l1"], "a mae learns the squared error of hidden pixels"),
        ("digits-conv", ["train.loss=bce", "model.decoder=mirror"], 'the decoder must end in "sigmoid"'),
    ],
)
def test_what_cannot_be_learned_is_refused(preset, changes, message):
    with pytest.raises(PresetError) as caught:
        read_preset(find_preset(preset), changes)
    assert message in str(caught.value)
