"""Weights as people have them: without what a trainer put around them, named as facebookresearch/mae does."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from aetui.errors import AetuiError
from aetui.models.hugging_face import from_hugging_face, is_hugging_face
from aetui.shapes.sizes import quote

INSIDE = ("model", "state_dict", "model_state_dict", "module", "net")
"""Where trainers put the state dict: facebookresearch/mae, Lightning, tutorials, DeepSpeed."""
AVERAGED = re.compile(r"(^|[._])(ema|averaged)([._]|$)", re.IGNORECASE)
"""Names of a running mean of the weights, which many trainers keep beside them."""
WRAPPERS = re.compile(r"(?<![^.])(module|_orig_mod)\.")
"""What DataParallel and torch.compile put before names, also within them."""
ANCHORS = ("vit.embeddings.cls_token", "patch_embed.proj.weight", "embeddings.cls_token")
"""How one name of every vision transformer ends; what stands before it is a wrapper's."""
HEAD = ("head.", "fc_norm.", "classifier.")
"""How the names begin that fine-tuning adds."""
MOST_TIED = 4
"""How many times the numbers in a file its tensors may hold together."""
MOST_AXES = 64
"""Of a tensor: with more PyTorch refuses to compute, or takes the square of their number in time."""
FINITE_AT_ONCE = 2**24
"""Numbers that are looked at together: narrow types are widened for it."""
COUNTER = "n_averaged"
"""How many steps a `torch.optim.swa_utils.AveragedModel` is the mean of."""


class Published(NamedTuple):
    """The weights of a masked autoencoder, and what to know of them, as sentences."""

    tensors: dict[str, Tensor]
    notes: tuple[str, ...] = ()


def weights_in(checkpoint: object) -> Published:
    """The weights in what a checkpoint file holds, under the names of facebookresearch/mae.

    A checkpoint is a state dict, or a dict with one inside as trainers write it. Raises `AetuiError` for
    anything else, and for weights that compute something else than our model.
    """
    notes: list[str] = []
    tensors = _without_wrappers(_state_dict(checkpoint, notes), notes)
    if any(name.endswith("attn.q_bias") for name in tensors):
        raise AetuiError(
            "these weights have BEiT's form (attn.q_bias), as pengzhiliang/MAE-pytorch and BEiT write them: "
            "their encoder has no class token or has other positions, so it would compute something else",
            "facebookresearch/mae's and Hugging Face's ViTMAE can be imported",
        )
    if is_hugging_face(tensors):
        tensors = from_hugging_face(tensors)
    tensors = _without_head(tensors, notes)
    if broken := [name for name, tensor in tensors.items() if not _all_finite(tensor)]:
        notes.append(f"not all numbers are finite in {_some(broken)}")
    return Published(tensors, tuple(notes))


def _all_finite(tensor: Tensor) -> bool:
    return all(part.float().isfinite().all() for part in torch.split(tensor.flatten(), FINITE_AT_ONCE))


def _state_dict(checkpoint: object, notes: list[str]) -> dict[str, Tensor]:
    if isinstance(checkpoint, Mapping):
        averaged = {key: None for key in checkpoint if isinstance(key, str) and AVERAGED.search(key)}
        inside = [key for key in (*INSIDE, *averaged) if isinstance(checkpoint.get(key), Mapping)]
        beside = [key for key in inside[1:] if key in averaged]
        notes += [f"{quote(key)}, a running mean of the weights, is left out" for key in beside]
        checkpoint = checkpoint[inside[0]] if inside else checkpoint
    if not isinstance(checkpoint, Mapping) or not checkpoint:
        raise AetuiError("the checkpoint holds no weights", "it must be a state dict: names and tensors")
    for name, value in checkpoint.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise AetuiError(
                f"the checkpoint holds no weights: {quote(str(name))} is a {type(value).__name__}",
                "it must be a state dict: names and tensors",
            )
        if wrong := _wrong(value):
            raise AetuiError(
                f"the weights {quote(name)} cannot be taken: {wrong}", "save them as plain tensors of numbers"
            )
    _check_own_numbers(list(checkpoint.values()))
    return dict(checkpoint)


def _check_own_numbers(tensors: list[Tensor]) -> None:
    """Raises AetuiError for names without end over the same few numbers; some weights may well be tied."""
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors) > MOST_TIED * sum(storages.values()):
        raise AetuiError("the checkpoint holds the same weights over and over", "save those of one model")


def _wrong(tensor: Tensor) -> str:
    """What keeps a tensor from being copied into a model; "" for plain numbers."""
    if tensor.dim() > MOST_AXES:
        return f"they have {tensor.dim():,} axes"
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type == "meta":
        return "they are sparse, quantized, or without content"
    if tensor.is_complex() or tensor.dtype == torch.bool:
        return f"they are {str(tensor.dtype).removeprefix('torch.')}, not real numbers"
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        return "they repeat a few numbers over and over"
    return ""


def _without_wrappers(tensors: dict[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    if COUNTER in tensors and tensors[COUNTER].numel() == 1 and tensors[COUNTER].isfinite():
        notes.append(f"the weights are the running mean of {int(tensors.pop(COUNTER)):,} steps")
    if wrappers := sorted({found for name in tensors for found in WRAPPERS.findall(name)}):
        notes += [f"{quote(f'{wrapper}.')} is taken off the names" for wrapper in wrappers]
        bare = {WRAPPERS.sub("", name): tensor for name, tensor in tensors.items()}
        if len(bare) < len(tensors):
            raise AetuiError(
                f"the checkpoint holds weights twice, with and without {' or '.join(wrappers)}",
                "save those of one model",
            )
        tensors = bare
    prefix = _prefix(tensors)
    if not prefix:
        return tensors
    notes.append(f"{quote(prefix)} is taken off the names")
    outside = [name for name in tensors if not name.startswith(prefix)]
    if outside:
        notes.append(f"names without it are left out: {_some(outside)}")
    return {name.removeprefix(prefix): tensors[name] for name in tensors if name.startswith(prefix)}


def _prefix(names: Mapping[str, Tensor]) -> str:
    """What stands before the names of the vision transformer; of several, not that of a running mean."""
    for anchor in ANCHORS:
        found = [name.removesuffix(anchor) for name in names if f".{name}".endswith(f".{anchor}")]
        if found:
            return min(found, key=lambda prefix: (AVERAGED.search(prefix) is not None, len(prefix)))
    return ""


def _without_head(tensors: dict[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    """Without what fine-tuning added. With `global_pool` it also took the encoder's last norm away."""
    added = [name for name in tensors if name.startswith(HEAD)]
    if not added:
        return tensors
    notes.append(f"the file is of a fine-tuned encoder; left out: {_some(added)}")
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(HEAD)}
    if "fc_norm.weight" in tensors and "norm.weight" not in tensors:
        scale = tensors["fc_norm.weight"]
        kept |= {"norm.weight": torch.ones_like(scale), "norm.bias": torch.zeros_like(scale)}
        notes.append(
            "it was fine-tuned with global_pool, without the encoder's last norm, which begins at 1 and 0"
        )
    return kept


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 2:,} more" if len(names) > 2 else ""
    return ", ".join(map(quote, names[:2])) + more
