"""How He et al. fine-tune: layers with rates of their own, skipped blocks, smoothed and mixed labels."""

import pytest
import torch
from small_vit import SMALL_VIT
from torch.nn import functional as F
from torchvision.ops import StochasticDepth
from torchvision.transforms import v2

from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.config.train import TrainSection
from aetui.data.batches import derived_seed
from aetui.data.generated import shapes
from aetui.runs.events import EpochFinished, StepsTrained
from aetui.training import data as training_data
from aetui.training.class_objective import ClassObjective
from aetui.training.model_kinds import make_model, make_objective
from aetui.training.optimizer import RATE_SHARE, checked_state, make_optimizer

CPU = torch.device("cpu")
SMALL = shapes(train=200, test=70)
CLASSIFIER = ("model.kind=classifier", *SMALL_VIT)


def preset(*changes, name="shapes-vit-mae"):
    return read_preset(find_preset(name), [*CLASSIFIER, *changes])


def model(*changes):
    return make_model(preset(*changes), len(SMALL.classes), begun=True)


def test_each_layer_learns_by_that_factor_slower_than_the_next():
    """The numbers of mae's `param_groups_lrd`: patches and class token 0, block i is i + 1, the head last."""
    made = model("model.vit.depth=3")
    settings = TrainSection(learning_rate=1e-3, optimizer="adamw", weight_decay=0.05)
    groups = make_optimizer(made, settings, 0.75).param_groups
    names = {id(weight): name for name, weight in made.named_parameters()}
    found = {
        names[id(weight)]: (group[RATE_SHARE], group["weight_decay"])
        for group in groups
        for weight in group["params"]
    }
    assert found.keys() == dict(made.named_parameters()).keys()
    assert found["encoder.cls_token"] == (0.75**4, 0.0), "it does not decay, as in mae"
    assert found["encoder.patch_embed.proj.weight"] == (0.75**4, 0.05)
    for block in range(3):
        assert found[f"encoder.blocks.{block}.attn.qkv.weight"] == (0.75 ** (3 - block), 0.05)
        assert found[f"encoder.blocks.{block}.norm1.weight"] == (0.75 ** (3 - block), 0.0)
    assert found["head.weight"] == (1.0, 0.05)
    assert found["encoder.norm.weight"] == found["norm.bias"] == (1.0, 0.0)


def test_the_rate_that_is_told_is_the_heads(make_run, record, monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: SMALL)
    changes = (*CLASSIFIER, "finetune.layer_decay=0.5", "train.schedule=constant", "train.warmup_epochs=0")
    changes += ("train.learning_rate=1e-3",)
    steps = record(make_run(*changes, "train.epochs=1", preset="shapes-vit-mae")).of(StepsTrained)
    assert {step.learning_rate for step in steps} == {1e-3}


def test_the_last_block_is_skipped_most_and_only_in_training():
    made = model("model.vit.depth=3", "finetune.drop_path=0.4")
    rates = [block.drop_path.p for block in made.encoder.blocks]
    assert rates == pytest.approx([0.0, 0.2, 0.4])
    assert all(isinstance(block.drop_path, StochasticDepth) for block in made.encoder.blocks)
    images = SMALL.train.images[:8].float() / 255
    plain = model("model.vit.depth=3")
    plain.load_state_dict(made.state_dict())
    with torch.inference_mode():
        assert torch.equal(made.eval().features(images), plain.eval().features(images))
        torch.manual_seed(0)
        assert not torch.equal(made.train().features(images), plain.features(images))


def test_labels_are_smoothed_as_in_torch_and_only_in_training():
    objective = make_objective(preset("finetune.label_smoothing=0.1"), CPU, False, len(SMALL.classes))
    made = model().eval()
    images, labels = objective.examples(made, SMALL.train.images[:16], SMALL.train.labels[:16], 0)
    scores = made(images)
    spread = 0.9 * F.one_hot(labels, len(SMALL.classes)) + 0.1 / len(SMALL.classes)
    expected = -(spread * scores.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(objective.loss(made, images, labels).trained, expected)


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_mixed_images_carry_their_parts_of_the_labels(kind):
    """Images of one value each, so that the parts can be read off them."""
    values = torch.arange(8) * 30
    pixels = values.to(torch.uint8)[:, None, None, None].expand(8, 3, 32, 32)
    objective = ClassObjective(CPU, 0, classes=8, **{kind: 1.0})
    images, parts = objective.examples(None, pixels, torch.arange(8), 5)
    assert parts.shape == (8, 8)
    torch.testing.assert_close(parts.sum(1), torch.ones(8))
    torch.testing.assert_close(images.mean((1, 2, 3)), parts @ (values / 255), rtol=0, atol=1e-5)
    again, _ = objective.examples(None, pixels, torch.arange(8), 5)
    other, _ = objective.examples(None, pixels, torch.arange(8), 6)
    assert torch.equal(images, again), "a function of the seed and the step"
    assert not torch.equal(images, other)


def test_eight_images_share_an_operation():
    """Those of torchvision's RandAugment, whose numbers the seed and the step decide."""
    objective = ClassObjective(CPU, 0, magnitude=9)
    same = SMALL.train.images[:1].expand(32, -1, -1, -1)
    labels = torch.arange(32) % 10
    images, given = objective.examples(None, same, labels, 3)
    assert torch.equal(given, labels)
    groups = images.view(4, 8, 3, 32, 32)
    assert torch.equal(groups, groups[:, :1].expand_as(groups))
    assert len({group[0].sum().item() for group in groups}) == 4
    torch.manual_seed(derived_seed(0, "operations", 3))
    torch.testing.assert_close(images[:8], v2.RandAugment(2, 9)(same[:8].float() / 255))
    assert torch.equal(objective.examples(None, same, labels, 3)[0], images)
    assert not torch.equal(objective.examples(None, same, labels, 4)[0], images)


def test_erasing_draws_anew_in_every_step():
    objective = ClassObjective(CPU, 0, erasing=1.0)
    drawn = [objective.examples(None, SMALL.train.images[:8], torch.arange(8), n)[0] for n in (0, 0, 1)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_mixing_leaves_the_random_state():
    state = torch.get_rng_state()
    objective = ClassObjective(CPU, 0, classes=10, mixup=0.8, cutmix=1.0, magnitude=9, erasing=0.5)
    drawn = [objective.examples(None, SMALL.train.images[:8], SMALL.train.labels[:8], n)[0] for n in range(6)]
    assert torch.equal(torch.get_rng_state(), state)
    assert len({images[0].sum().item() for images in drawn}) == 6


def test_the_whole_recipe_trains(make_run, record, monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: SMALL)
    recipe = ("layer_decay=0.75", "drop_path=0.1", "label_smoothing=0.1", "mixup=0.8", "cutmix=1.0")
    recipe += ("rand_augment=9", "erasing=0.25", "pool=mean")
    changes = (*CLASSIFIER, *(f"finetune.{key}" for key in recipe), "data.validation_share=0.1")
    recorder = record(make_run(*changes, "train.accumulate=2", preset="shapes-vit-mae"))
    assert recorder.session.exit_code == 0
    assert recorder.of(EpochFinished)[-1].test_accuracy is not None


@pytest.mark.parametrize("key", ["layer_decay=0.75", "drop_path=0.1", "pool=mean"])
def test_layers_have_no_blocks_of_a_transformer(key):
    with pytest.raises(PresetError, match=rf"finetune\.{key.partition('=')[0]}: only a vision transformer"):
        read_preset(find_preset("shapes-conv-mae"), ["model.kind=classifier", f"finetune.{key}"])


def test_the_state_of_an_older_optimizer_is_taken_by_its_weights():
    """It had two groups, the class token first among the weights that decay, and no shares of the rate."""
    made = model("model.vit.depth=2")
    settings = TrainSection(learning_rate=1e-3, optimizer="adamw", weight_decay=0.05)
    weights = list(made.parameters())
    older = torch.optim.AdamW(
        [
            {"params": [weight for weight in weights if weight.ndim > 1]},
            {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
        ]
    )
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    older.step()
    optimizer = make_optimizer(made, settings)
    optimizer.load_state_dict(checked_state(optimizer, older.state_dict()))
    for weight in weights:
        assert torch.equal(optimizer.state[weight]["exp_avg"], older.state[weight]["exp_avg"])
