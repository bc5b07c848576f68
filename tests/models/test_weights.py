"""Weights that mae and Hugging Face publish are loaded; others are refused with names and shapes."""

import pytest
import torch
from safetensors.torch import load_file
from tiny_vits import SHAPES, hugging_face, small

from aetui.errors import AetuiError
from aetui.models.hugging_face import from_hugging_face
from aetui.models.published import weights_in
from aetui.models.vit_mae import VitMae
from aetui.models.weights import load_weights
from aetui.shapes.vit import VitMaeShape, VitSize

torch.set_num_threads(1)

NAMES = """
cls_token 1x1x16
pos_embed 1x17x16
patch_embed.proj.weight 16x3x2x2
patch_embed.proj.bias 16
blocks.0.norm1.weight 16
blocks.0.norm1.bias 16
blocks.0.attn.qkv.weight 48x16
blocks.0.attn.qkv.bias 48
blocks.0.attn.proj.weight 16x16
blocks.0.attn.proj.bias 16
blocks.0.norm2.weight 16
blocks.0.norm2.bias 16
blocks.0.mlp.fc1.weight 64x16
blocks.0.mlp.fc1.bias 64
blocks.0.mlp.fc2.weight 16x64
blocks.0.mlp.fc2.bias 16
norm.weight 16
norm.bias 16
decoder_embed.weight 8x16
decoder_embed.bias 8
mask_token 1x1x8
decoder_pos_embed 1x17x8
decoder_blocks.0.norm1.weight 8
decoder_blocks.0.norm1.bias 8
decoder_blocks.0.attn.qkv.weight 24x8
decoder_blocks.0.attn.qkv.bias 24
decoder_blocks.0.attn.proj.weight 8x8
decoder_blocks.0.attn.proj.bias 8
decoder_blocks.0.norm2.weight 8
decoder_blocks.0.norm2.bias 8
decoder_blocks.0.mlp.fc1.weight 32x8
decoder_blocks.0.mlp.fc1.bias 32
decoder_blocks.0.mlp.fc2.weight 8x32
decoder_blocks.0.mlp.fc2.bias 8
decoder_norm.weight 8
decoder_norm.bias 8
decoder_pred.weight 12x8
decoder_pred.bias 12
"""
"""The state dict of mae's `MaskedAutoencoderViT` with image 8, patch 2, one block of 16 and one of 8."""


def test_names_and_shapes_are_those_of_facebookresearch_mae():
    written = {name: "x".join(map(str, tensor.shape)) for name, tensor in small().state_dict().items()}
    assert written == dict(line.split() for line in NAMES.split("\n") if line)


def test_a_published_checkpoint_loads_with_and_without_its_decoder():
    torch.manual_seed(0)
    source, whole, encoder_only = small(), small(), small()
    published = source.state_dict()
    assert load_weights(whole, weights_in({"model": published}).tensors) == ()
    assert all(torch.equal(tensor, published[name]) for name, tensor in whole.state_dict().items())

    before = {name: tensor.clone() for name, tensor in encoder_only.state_dict().items()}
    decoder = {name for name in published if name.startswith(("decoder_", "mask_token"))}
    encoder = {name: tensor for name, tensor in published.items() if name not in decoder}
    assert set(load_weights(encoder_only, weights_in({"model": encoder}).tensors)) == decoder
    for name, tensor in encoder_only.state_dict().items():
        assert torch.equal(tensor, (before if name in decoder else published)[name])


def test_files_of_hugging_face_load(tmp_path):
    """Those on the hub have the names of transformers 4; those of transformers 5 differ in the decoder."""
    theirs = hugging_face(SHAPES[0])
    theirs.save_pretrained(tmp_path)
    saved = load_file(tmp_path / "model.safetensors")
    assert "vit.encoder.layer.1.attention.attention.query.weight" in saved
    hub = {name.replace("decoder_encoder.layer", "decoder_layers"): tensor for name, tensor in saved.items()}
    expected = from_hugging_face(theirs.state_dict())
    for weights in (weights_in(saved).tensors, weights_in(hub).tensors):
        assert weights.keys() == expected.keys()
        assert all(torch.equal(tensor, expected[name]) for name, tensor in weights.items())


def test_an_encoder_alone_of_hugging_face_loads(tmp_path):
    """ViTMAEModel's own files lack the `vit.` in front of every name."""
    theirs = hugging_face(SHAPES[0])
    theirs.vit.save_pretrained(tmp_path)
    weights = weights_in(load_file(tmp_path / "model.safetensors")).tensors
    expected = from_hugging_face(theirs.state_dict())
    assert weights.keys() == {name for name in expected if not name.startswith(("decoder_", "mask_token"))}
    assert all(torch.equal(tensor, expected[name]) for name, tensor in weights.items())


def test_weights_of_another_size_are_refused_with_names_and_shapes():
    model = small()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    other = VitMae(VitMaeShape((3, 8, 8), 2, VitSize(20, 1, 2), VitSize(8, 1, 2))).state_dict()
    with pytest.raises(AetuiError) as refused:
        load_weights(model, other)
    assert refused.value.message == (
        "the weights are of another model: 'cls_token': checkpoint 1x1x20, model 1x1x16; "
        "'pos_embed': checkpoint 1x17x20, model 1x17x16; "
        "'patch_embed.proj.weight': checkpoint 20x3x2x2, model 16x3x2x2; "
        "'patch_embed.proj.bias': checkpoint 20, model 16; "
        "'blocks.0.norm1.weight': checkpoint 20, model 16; and 14 more"
    )
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_missing_and_unknown_names_are_refused():
    state = small().state_dict()
    del state["decoder_pred.bias"]
    state["head.weight"] = torch.zeros(10, 16)
    with pytest.raises(AetuiError) as refused:
        load_weights(small(), state)
    assert refused.value.message.endswith(
        "'decoder_pred.bias': checkpoint none, model 12; 'head.weight': checkpoint 10x16, model none"
    )


def test_whole_numbers_are_refused():
    """Of quantized weights the scale is elsewhere."""
    state = small().state_dict()
    state["norm.weight"] = torch.full_like(state["norm.weight"], 127, dtype=torch.int8)
    with pytest.raises(AetuiError, match=r"'norm\.weight' are int8, in a scale"):
        load_weights(small(), state)


@pytest.mark.parametrize("junk", [{}, [1, 2], "text", {"model": {}}, {"epoch": 3}, {1: torch.zeros(1)}])
def test_what_is_not_weights_is_refused(junk):
    with pytest.raises(AetuiError, match="the checkpoint holds no weights"):
        weights_in(junk)
