"""Weights are found in what trainers write, and what is taken off or left out is said."""

import argparse
from collections import OrderedDict

import pytest
import torch
from tiny_vits import SHAPES, hugging_face, small
from torch import nn
from torch.optim.swa_utils import AveragedModel

from aetui.errors import AetuiError
from aetui.models.published import weights_in
from aetui.models.weights import load_weights


class LightningModule(nn.Module):
    """As people write them: the model beside a loss with weights, and a running mean of it."""

    def __init__(self, model, name="model"):
        super().__init__()
        setattr(self, name, model)
        self.loss = nn.Linear(1, 1)
        self.ema_model = AveragedModel(model)


def prefixed(model, prefix):
    return {f"{prefix}{name}": tensor for name, tensor in model.state_dict().items()}


def check_same(found, model):
    """Every weight has the model's value, and it can be loaded."""
    expected = model.state_dict()
    assert found.tensors.keys() == expected.keys()
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in expected.items())
    assert load_weights(small(seed=9), found.tensors) == ()


@pytest.mark.parametrize(
    ("wrap", "said"),
    [
        (lambda model: nn.DataParallel(model).state_dict(), ["'module.' is taken off"]),
        (lambda model: torch.compile(model).state_dict(), ["'_orig_mod.' is taken off"]),
        (
            lambda model: {"model": nn.DataParallel(torch.compile(model)).state_dict(), "epoch": 3},
            ["'_orig_mod.' is taken off", "'module.' is taken off"],
        ),
        (
            lambda model: {"state_dict": LightningModule(model).state_dict(), "hyper_parameters": {}},
            ["'model.' is taken off", "without it are left out: 'loss.weight', 'loss.bias' and"],
        ),
        (lambda model: {"model_state_dict": prefixed(model, "net.")}, ["'net.' is taken off"]),
        (lambda model: {"module": prefixed(model, "model.encoder.")}, ["'model.encoder.' is taken off"]),
        (
            lambda model: {"model": model.state_dict(), "model_ema": small(seed=3).state_dict()},
            ["'model_ema', a running mean of the weights, is left out"],
        ),
        (lambda model: {"state_dict_ema": model.state_dict()}, []),
        (
            lambda model: AveragedModel(model).state_dict(),
            ["the running mean of 0 steps", "'module.' is taken off"],
        ),
        (
            lambda model: OrderedDict(model=model.state_dict(), args=argparse.Namespace(lr=1e-3), scaler={}),
            [],
        ),
    ],
)
def test_weights_in_what_trainers_write(wrap, said):
    model = small(seed=4)
    found = weights_in(wrap(model))
    check_same(found, model)
    for words in said:
        assert any(words in note for note in found.notes), found.notes
    assert len(found.notes) >= len(said)


def test_a_wrapper_within_the_names():
    model = small(seed=4)
    state = {name.replace("blocks.0.", "blocks.0._orig_mod."): t for name, t in model.state_dict().items()}
    check_same(weights_in(state), model)


@pytest.mark.parametrize(
    "head",
    [
        {"head.weight": torch.zeros(10, 16), "head.bias": torch.zeros(10)},
        {"head.0.running_mean": torch.zeros(16), "head.1.weight": torch.zeros(10, 16)},
    ],
    ids=["fine-tuned", "linear probe"],
)
def test_a_head_is_left_out(head):
    model = small(seed=4)
    encoder = {n: t for n, t in model.state_dict().items() if not n.startswith(("decoder_", "mask_token"))}
    found = weights_in({"model": encoder | head})
    assert found.tensors.keys() == encoder.keys()
    assert found.notes == (f"the file is of a fine-tuned encoder; left out: {', '.join(map(repr, head))}",)


def test_global_pool_is_named_and_the_norm_begins_anew():
    """facebookresearch/mae's models_vit.py deletes the encoder's `norm` and adds `fc_norm` behind pooling."""
    model = small(seed=4)
    encoder = {n: t for n, t in model.state_dict().items() if not n.startswith(("decoder_", "mask_token"))}
    width = len(encoder["norm.weight"])
    pooled = {n: t for n, t in encoder.items() if not n.startswith("norm.")}
    pooled |= {"fc_norm.weight": torch.full((width,), 2.0), "fc_norm.bias": torch.full((width,), 3.0)}
    found = weights_in({"model": pooled})
    assert found.tensors.keys() == encoder.keys()
    assert found.tensors["norm.weight"].tolist() == [1.0] * width
    assert found.tensors["norm.bias"].tolist() == [0.0] * width
    assert "global_pool, without the encoder's last norm" in found.notes[-1]


def test_the_same_name_with_and_without_a_wrapper_is_refused():
    state = small().state_dict()
    with pytest.raises(AetuiError, match="holds weights twice, with and without module"):
        weights_in({**state, "module.cls_token": state["cls_token"] + 1})


@pytest.mark.parametrize("prefix", ["encoder.", ""])
def test_the_form_of_beit_is_refused_by_name(prefix):
    state = {
        f"{prefix}patch_embed.proj.weight": torch.zeros(8, 3, 4, 4),
        f"{prefix}blocks.0.attn.q_bias": torch.zeros(8),
        f"{prefix}blocks.0.attn.v_bias": torch.zeros(8),
        "encoder_to_decoder.weight": torch.zeros(4, 8),
    }
    with pytest.raises(AetuiError, match="pengzhiliang/MAE-pytorch"):
        weights_in({"model": state})


def test_hugging_faces_names_behind_a_wrapper():
    theirs = hugging_face(SHAPES[0])
    found = weights_in({"state_dict": prefixed(theirs, "model.")})
    plain = weights_in(theirs.state_dict())
    assert found.tensors.keys() == plain.tensors.keys()
    assert all(torch.equal(tensor, plain.tensors[name]) for name, tensor in found.tensors.items())
    assert found.notes == ("'model.' is taken off the names",)


@pytest.mark.parametrize(
    ("name", "like"),
    [("vit.encoder.layer.0.norm1.weight", "vit.layernorm.weight"), ("norm.weight", "vit.layernorm.weight")],
)
def test_two_names_of_hugging_face_that_mean_one_weight(name, like):
    state = hugging_face(SHAPES[0]).state_dict()
    with pytest.raises(AetuiError, match="holds weights twice: two of its names mean"):
        weights_in({**state, name: state[like]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weight: weight.to("meta"), "without content"),
        (lambda weight: weight.to_sparse_csr(), "sparse"),
        (lambda weight: torch.quantize_per_tensor(weight, 0.1, 0, torch.quint8), "quantized"),
        (lambda weight: weight.to(torch.complex64), "complex64, not real numbers"),
        (lambda weight: weight > 0, "bool, not real numbers"),
        (lambda weight: torch.zeros(1).expand(10**6, 10**6), "repeat a few numbers"),
        (lambda weight: torch.zeros([1] * 50_000), "50,000 axes"),
    ],
)
@pytest.mark.timeout(20)
def test_tensors_that_are_no_plain_numbers_are_refused(change, said):
    state = small().state_dict()
    state["blocks.0.attn.qkv.weight"] = change(state["blocks.0.attn.qkv.weight"])
    with pytest.raises(AetuiError, match=rf"blocks\.0\.attn\.qkv\.weight.*{said}"):
        weights_in(state)


@pytest.mark.timeout(20)
def test_names_without_end_over_the_same_numbers():
    numbers = torch.zeros(10**6)
    with pytest.raises(AetuiError, match="over and over"):
        weights_in({f"w{n}": numbers.view(1000, 1000) for n in range(10**5)})


def test_tied_weights_are_taken():
    state = small().state_dict()
    state["head.weight"] = state["patch_embed.proj.weight"]
    assert "norm.weight" in weights_in(state).tensors


@pytest.mark.timeout(20)
@pytest.mark.parametrize("counter", [torch.zeros(1).expand(10**12), torch.tensor(float("nan"))])
def test_a_counter_that_counts_nothing(counter):
    """It claims 10^12 numbers, whose sum takes hours."""
    with pytest.raises(AetuiError, match="n_averaged"):
        load_weights(small(), weights_in({**small().state_dict(), "n_averaged": counter}).tensors)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float16, torch.float64])
def test_numbers_of_every_width_are_looked_at(monkeypatch, dtype):
    monkeypatch.setattr("aetui.models.published.FINITE_AT_ONCE", 1000)
    state = small().state_dict()
    weight = state["patch_embed.proj.weight"].clone()
    weight.view(-1)[-1] = torch.nan
    assert not weights_in(state).notes
    state["patch_embed.proj.weight"] = weight.to(dtype)
    assert weights_in(state).notes == ("not all numbers are finite in 'patch_embed.proj.weight'",)


def test_numbers_that_are_not_finite_are_said():
    state = small().state_dict()
    state["norm.weight"][3] = float("nan")
    assert weights_in(state).notes == ("not all numbers are finite in 'norm.weight'",)
