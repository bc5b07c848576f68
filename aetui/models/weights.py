"""Published weights into a masked autoencoder, or a refusal that names what differs."""

from collections.abc import Mapping

from torch import Tensor

from aetui.errors import AetuiError
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.shapes.sizes import format_size, quote

MOST_NAMED = 5
"""How many differing names an error lists."""
DECODER = ("decoder_", "mask_token")
"""How the names of a ViT masked autoencoder's decoder begin."""


def load_weights(model: MaskedAutoencoder, state_dict: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Copy the weights into the model; returns the names that kept their own, none or the whole decoder's.

    Only the decoder may be missing, and only as a whole: the checkpoints that facebookresearch/mae
    publishes for fine-tuning hold the encoder alone. Raises `AetuiError` with the first names and both
    shapes when anything else differs, or for whole numbers; the model is unchanged then.
    """
    own = model.state_dict()
    decoder = tuple(name for name in own if name.startswith(DECODER))
    kept = () if any(name in state_dict for name in decoder) else decoder
    names = [name for name in (*own, *(name for name in state_dict if name not in own)) if name not in kept]
    differing = [name for name in names if _shape(own, name) != _shape(state_dict, name)]
    if differing:
        listed = "; ".join(
            f"{quote(name)}: checkpoint {_shape(state_dict, name)}, model {_shape(own, name)}"
            for name in differing[:MOST_NAMED]
        )
        more = f"; and {len(differing) - MOST_NAMED:,} more" if len(differing) > MOST_NAMED else ""
        raise AetuiError(
            f"the weights are of another model: {listed}{more}",
            "use a preset with the checkpoint's image, patch and sizes",
        )
    for name, tensor in state_dict.items():
        if own[name].is_floating_point() and not tensor.is_floating_point():
            raise AetuiError(
                f"the weights {quote(name)} are {str(tensor.dtype).removeprefix('torch.')}, in a scale that "
                "only who made them knows",
                "import the weights that they were quantized from",
            )
    model.load_state_dict({**own, **state_dict})
    return kept


def _shape(weights: Mapping[str, Tensor], name: str) -> str:
    if name not in weights:
        return "none"
    return format_size(tuple(weights[name].shape)) or "one number"
