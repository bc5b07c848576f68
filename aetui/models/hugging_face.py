"""Weights of Hugging Face's ViTMAEForPreTraining under the names of facebookresearch/mae.

| aetui | transformers 5 | its files on the hub |
|---|---|---|
| `cls_token` | `vit.embeddings.cls_token` | the same |
| `pos_embed` | `vit.embeddings.position_embeddings` | the same |
| `patch_embed.proj` | `vit.embeddings.patch_embeddings.projection` | the same |
| `norm` | `vit.layernorm` | the same |
| `mask_token`, `decoder_…` | `decoder.mask_token`, `decoder.decoder_…` | the same |
| `blocks.N` | `vit.layers.N` | `vit.encoder.layer.N` |
| `decoder_blocks.N` | `decoder.decoder_layers.N` | the same |
| in a block: `norm1`, `norm2` | `layernorm_before`, `layernorm_after` | the same |
| `attn.qkv`, joined | `attention.q_proj`, `k_proj`, `v_proj` | `attention.attention.query`, `key`, `value` |
| `attn.proj` | `attention.o_proj` | `attention.output.dense` |
| `mlp.fc1`, `mlp.fc2` | `mlp.fc1`, `mlp.fc2` | `intermediate.dense`, `output.dense` |

Files written by transformers 5 have the hub's names, but `decoder.decoder_encoder.layer.N` for
`decoder_blocks.N`.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from aetui.errors import AetuiError
from aetui.files import read_bounded
from aetui.shapes.sizes import MAX_NUMBER, quote

RENAMED = [
    (r"^vit\.embeddings\.cls_token$", "cls_token"),
    (r"^vit\.embeddings\.position_embeddings$", "pos_embed"),
    (r"^vit\.embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^vit\.(layers|encoder\.layer)\.", "blocks."),
    (r"^decoder\.decoder_(layers|encoder\.layer)\.", "decoder_blocks."),
    (r"^vit\.layernorm\.", "norm."),
    (r"^decoder\.", ""),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"\.attention\.(q_proj|attention\.query)\.", ".attn.q."),
    (r"\.attention\.(k_proj|attention\.key)\.", ".attn.k."),
    (r"\.attention\.(v_proj|attention\.value)\.", ".attn.v."),
    (r"\.attention\.(o_proj|output\.dense)\.", ".attn.proj."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
]
"""Pattern and replacement, applied in this order: the attention's `output.dense` before the MLP's."""
LARGEST_CONFIG = 1_000_000
"""Bytes of a config.json; a longer one is something else."""
ENCODER_ALONE = "embeddings."
"""How names begin in files of the encoder alone, which lack the `vit.` of all others."""


def is_hugging_face(state_dict: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of a ViTMAEForPreTraining, or of a ViTMAEModel, its encoder alone."""
    return any(name.startswith(("vit.", ENCODER_ALONE)) for name in state_dict)


def from_hugging_face(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a ViTMAEForPreTraining as `VitMae` and facebookresearch/mae name them.

    Takes the module's own `state_dict()` and the files on the hub; the table at the head of this file is
    the mapping. Query, key and value are joined along their outputs, (D, D) three times into (3 D, D). A
    name that is not in the table keeps what is left of it. Raises AetuiError where two become one.
    """
    alone = any(name.startswith(ENCODER_ALONE) for name in state_dict)
    prefix = "vit." if alone else ""
    renamed: dict[str, Tensor] = {}
    for name, tensor in state_dict.items():
        _add(renamed, _rename(prefix + name), tensor)
    for query in [name for name in renamed if ".attn.q." in name]:
        thirds = [query.replace(".attn.q.", f".attn.{letter}.") for letter in "qkv"]
        if all(third in renamed for third in thirds) and _are_alike(*(renamed[third] for third in thirds)):
            joined = torch.cat([renamed.pop(third) for third in thirds])
            _add(renamed, query.replace(".attn.q.", ".attn.qkv."), joined)
    return renamed


def _add(renamed: dict[str, Tensor], name: str, tensor: Tensor) -> None:
    """Raises AetuiError where another name has become the same."""
    if name in renamed:
        raise AetuiError(
            f"the checkpoint holds weights twice: two of its names mean {quote(name)}",
            "save those of one model",
        )
    renamed[name] = tensor


def _are_alike(*tensors: Tensor) -> bool:
    return len({(tensor.shape, tensor.dtype) for tensor in tensors}) == 1


def heads_in_config(config: Path) -> dict[str, int]:
    """The heads, by key of [model.vit], in the config.json beside a ViTMAE's weights; empty for any other."""
    try:
        config_json = json.loads(read_bounded(config, LARGEST_CONFIG, linked=True))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(config_json, dict) or config_json.get("model_type") != "vit_mae":
        return {}
    names = {"heads": "num_attention_heads", "decoder_heads": "decoder_num_attention_heads"}
    found = {key: config_json.get(name) for key, name in names.items()}
    return {key: heads for key, heads in found.items() if type(heads) is int and 0 < heads <= MAX_NUMBER}


def _rename(name: str) -> str:
    for pattern, replacement in RENAMED:
        name = re.sub(pattern, replacement, name)
    return name
