"""The steps of a run, against loops that know nothing of `aetui.training`."""

import json

import pytest
import torch
from small_vit import SMALL_VIT

from aetui.config.reading import read_preset
from aetui.data.batches import derived_seed, epoch_order
from aetui.data.generated import digits, shapes
from aetui.runs.events import EpochFinished, StateChanged
from aetui.training import data as training_data
from aetui.training import preparing
from aetui.training.model_kinds import build_model

WITHOUT_BATCH_NORM = ('model.encoder=["conv 8 k4 s4", "relu"]', 'model.decoder=["convt 3 k4 s4"]')
"""It knows its part of a batch alone."""
SMALL, DIGITS = shapes(train=200, test=70), digits(train=200, test=70)


@pytest.fixture
def small_data(monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: SMALL)


def test_weights_equal_those_of_a_plain_loop(make_run, record):
    """AdamW that spares biases and norms, cosine with warm-up, clipping, unequal parts."""
    changes = ("train.batch_size=64", "train.accumulate=3", "train.epochs=2", "train.warmup_epochs=0.5")
    changes += ("train.learning_rate=1e-3",)
    folder = make_run(
        *changes, *SMALL_VIT, "train.weight_decay=0.3", "train.clip_norm=0.5", preset="shapes-vit-mae"
    )
    record(folder)
    newest = json.loads((folder.checkpoints / "index.json").read_text())[-1]["file"]
    trained = torch.load(folder.checkpoints / newest, weights_only=True)["model"]

    model = build_model(read_preset(folder.config)).train()
    spared = {n: p for n, p in model.named_parameters() if n.endswith("bias") or "norm" in n}
    others = {n: p for n, p in model.named_parameters() if n not in spared}
    groups = [
        {"params": others.values(), "weight_decay": 0.3},
        {"params": spared.values(), "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95))
    rising = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 2))
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 6)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [rising, falling], [2])
    for step, chosen in enumerate(
        batch for epoch in (1, 2) for batch in epoch_order(0, epoch, 200).split(64)
    ):
        loss = torch.zeros(())
        generator = torch.Generator().manual_seed(derived_seed(0, "mask", step))
        noises = torch.rand(len(chosen), 64, generator=generator)
        for part, noise in zip(chosen.chunk(3), noises.chunk(3), strict=True):
            images = SMALL.train.images[part].float() / 255
            loss = loss + model.losses(images, *model(images, noise)).sum() / len(chosen)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        schedule.step()
    for name, value in model.state_dict().items():
        mine, theirs = without_keys(name, trained[name]), without_keys(name, value)
        torch.testing.assert_close(mine, theirs, rtol=0, atol=2e-5, msg=name)


def without_keys(name: str, value: torch.Tensor) -> torch.Tensor:
    """A bias of the keys adds the same to all scores of a query, which softmax takes away again.

    So its gradient is nothing but rounding, and Adam makes steps of any size of it.
    """
    return value.view(3, -1)[[0, 2]] if name.endswith("qkv.bias") else value


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("digits-mlp", ("noise.std=0.5", "augment.crop_scale=0.5")),
        ("shapes-conv-mae", ("augment.flip=true", *WITHOUT_BATCH_NORM)),
        ("shapes-vit-mae", ("augment.crop_scale=0.5", *SMALL_VIT)),
        ("shapes-vit-mae", ("model.vit.norm_pix=true", *SMALL_VIT)),
        ("shapes-vit-mae", ("model.kind=classifier", "augment.flip=true", *SMALL_VIT)),
    ],
    ids=["noise", "masked", "cropped", "norm_pix", "classes"],
)
def test_a_batch_in_parts_has_the_gradients_of_the_whole(make_run, record, monkeypatch, preset, changes):
    """Unequal parts of one step, up to the rounding of float32; other masks or noise would differ by 2e-3.

    Adam's first moment is a part of the gradient.
    """
    monkeypatch.setattr(training_data, "load", lambda name, *_, **__: SMALL if name == "shapes" else DIGITS)
    one_step = (*changes, "train.epochs=1", "train.warmup_epochs=0", "train.batch_size=200")
    moments, losses = [], []
    for parts in (1, 3):
        folder = make_run(*one_step, f"train.accumulate={parts}", preset=preset)
        losses.append(record(folder).of(EpochFinished)[-1].train_loss)
        [newest] = folder.checkpoints.glob("*.pt")
        state = torch.load(newest, weights_only=True)["optimizer"]["state"]
        moments.append(torch.cat([state[number]["exp_avg"].flatten() for number in sorted(state)]))
    assert losses[1] == pytest.approx(losses[0], rel=1e-6)
    whole, summed = moments
    assert (whole - summed).norm() < 3e-6 * whole.norm()


@pytest.mark.parametrize("preset", ["shapes-conv-mae", "digits-conv"])
def test_bf16_is_computed_where_the_device_has_it(make_run, record, preset, monkeypatch):
    """The CPU can, slowly; it is not offered there. The loss differs, but by rounding alone."""
    monkeypatch.setattr(preparing, "_use_bf16", lambda preset, *_: preset.train.precision == "bf16")
    monkeypatch.setattr(training_data, "load", lambda name, *_, **__: SMALL if name == "shapes" else DIGITS)
    exact, rounded = (
        record(make_run("train.epochs=1", f"train.precision={precision}", preset=preset)).of(EpochFinished)[0]
        for precision in ("float32", "bf16")
    )
    assert exact.test_loss != rounded.test_loss
    assert exact.test_loss == pytest.approx(rounded.test_loss, rel=0.02)


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        (("train.batch_size=199",), False),
        (("train.batch_size=50", "train.accumulate=8"), False),
        (("train.batch_size=200", "train.accumulate=200"), False),
        (("train.batch_size=50", "train.accumulate=5"), True),
        (("train.batch_size=198",), True),
    ],
)
def test_batchnorm_of_one_image_is_refused_before_training(make_run, record, changes, good, monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: DIGITS)
    layers = 'model.encoder=["flatten", "batchnorm", "linear 3"]'
    recorder = record(make_run("train.epochs=1", layers, *changes))
    reason = recorder.of(StateChanged)[-1].reason
    assert ("batchnorm cannot learn from one image" in reason) != good
    assert bool(recorder.of(EpochFinished)) == good
