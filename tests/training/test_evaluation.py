"""The test after an epoch: its errors, its pictures, and pictures on demand."""

import numpy as np
import pytest
import torch
from torch import nn

from aetui.data.images import ImageSet
from aetui.pictures.sheet import read_sheet
from aetui.runs.events import EpochFinished, PreviewSaved, StepsTrained
from aetui.training import evaluation
from aetui.training.evaluation import evaluate, look
from aetui.training.objective import Objective
from aetui.training.previews import places_of

CPU = torch.device("cpu")


class Half(nn.Module):
    """Returns half of what it is given."""

    def forward(self, images):
        return images / 2


@pytest.fixture
def test_set(monkeypatch):
    monkeypatch.setattr(evaluation, "LARGEST_BATCH", 20)
    generator = torch.Generator().manual_seed(3)
    images = torch.randint(0, 256, (70, 1, 6, 5), dtype=torch.uint8, generator=generator)
    return ImageSet(images, torch.arange(70) % 10)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_errors_and_extremes_over_all_batches(test_set, noise):
    objective = Objective(CPU, seed=1, noise_std=noise)
    tested = evaluate(Half(), test_set, objective, lambda: None)
    assert tested.errors.shape == (70,)
    order = tested.errors.argsort(descending=True).tolist()
    assert tested.worst.indices.tolist() == order[:16]
    assert tested.best.indices.tolist() == order[:-17:-1]
    assert tested.fixed.indices.tolist() == list(range(16))
    for pictures in (tested.fixed, tested.worst, tested.best):
        views = pictures.views
        clean = test_set.images[pictures.indices] / 255
        assert torch.equal(views["original"], clean)
        assert torch.equal(views["reconstruction"], views.get("given", clean) / 2)
        errors = (views["reconstruction"] - clean).square().flatten(1).mean(1)
        torch.testing.assert_close(pictures.errors, errors)
        torch.testing.assert_close(pictures.errors, tested.errors[pictures.indices])
    assert tested.loss == pytest.approx(tested.errors.double().mean().item(), rel=1e-12)


def test_a_look_shows_what_the_test_shows_and_keeps_the_mode(test_set):
    objective = Objective(CPU, seed=1, noise_std=0.3)
    model = Half().train()
    now = look(model, test_set, objective)
    tested = evaluate(model, test_set, objective, lambda: None)
    for name, images in tested.fixed.views.items():
        assert torch.equal(now.views[name], images)
    assert look(Half().train(), test_set, objective).indices.tolist() == list(range(16))
    assert model.train().training


def test_few_pictures_of_large_images():
    large = ImageSet(torch.zeros(3, 3, 1500, 1500, dtype=torch.uint8), torch.zeros(3))
    assert evaluation.most_pictures(large) == 1


def test_places():
    assert places_of(torch.tensor([0.1, 0.5, 0.3])).tolist() == [3, 1, 2]


def test_files_tell_errors_places_and_how_they_moved(make_run, record):
    folder = make_run()
    record(folder)
    worst, best = (read_sheet(folder.previews / f"epoch_0002_{name}.png") for name in ("worst", "best"))
    assert [sample.place for sample in worst.samples] == list(range(1, 17))
    assert [sample.place for sample in best.samples] == list(range(70, 54, -1))
    before = read_sheet(folder.previews / "epoch_0001_worst.png")
    known = {sample.index: sample.place for sample in before.samples}
    moved = [(s.place_before, known[s.index]) for s in worst.samples if s.index in known]
    assert moved
    assert all(reported == was for reported, was in moved)
    fixed = read_sheet(folder.previews / "epoch_0002.png")
    assert list(fixed.views) == ["original", "reconstruction"]
    pixels = [fixed.views[name] / 255 for name in fixed.views]
    errors = np.square(pixels[0] - pixels[1]).mean((1, 2, 3))
    np.testing.assert_allclose(errors, [sample.error for sample in fixed.samples], atol=2e-3)


def test_pictures_on_demand_within_an_epoch_change_nothing(make_run, record):
    def ask(event, session):
        if isinstance(event, StepsTrained | EpochFinished) and event.step in (0, 4):
            session.control.request("preview")

    plain, asked = record(make_run()), record(folder := make_run(), ask)
    extra = [event for event in asked.of(PreviewSaved) if event.file.startswith("step_")]
    assert extra
    assert read_sheet(folder.previews / extra[0].file).views
    losses = [[event.test_loss for event in recorder.of(EpochFinished)] for recorder in (plain, asked)]
    assert losses[0] == losses[1]
