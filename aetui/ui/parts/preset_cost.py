"""What training a preset will take: memory and time."""

from aetui.config.chains import trace_model
from aetui.config.masked import vit_shape
from aetui.config.preset import Preset
from aetui.shapes.chain import activation_bytes
from aetui.shapes.vit import VitMaeShape
from aetui.text import format_bytes, format_duration, plural, safe_text
from aetui.ui.parts.earlier_runs import Pace

BYTES_PER_PARAMETER = 16
"""float32: the weight, its gradient and Adam's two moments."""
KEPT_PER_BLOCK = 16
"""Numbers that a block keeps for its backward pass, as multiples of its width, for every token: what comes
in (1), the first norm (1), queries, keys and values (3), attention (1), the sum (1), the second norm (1), the
MLP's hidden layer before and behind its GELU (4 + 4)."""

KEPT_COMPUTED_TWICE = 2
"""The same where blocks are computed once more for it: what comes in (1), and one block's 16 for about 16."""


def time_words(preset: Preset, pace: Pace | None) -> str:
    """How long the preset will train, by the `pace` of an earlier run of its model."""
    if pace is None:
        return "known after the first epoch"
    each, device = format_duration(pace.seconds_per_epoch), safe_text(pace.device_name)
    whole = format_duration(pace.seconds_per_epoch * preset.train.epochs)
    epochs = plural(preset.train.epochs, "epoch")
    return f"an epoch took {each} here ({device}): about {whole} for {epochs}"


def memory_words(preset: Preset, count: int) -> str:
    """An estimate for training in float32: weights, gradients, moments, and a batch's activations.

    Of layers those are counted twice, forward and backward; of a vision transformer by `numbers_kept`. Of
    several processes it is for each, with the whole model.
    """
    settings = preset.train
    processes = settings.processes if isinstance(settings.processes, int) else 1
    images = -(-settings.batch_size // (settings.accumulate * processes))
    if preset.model.vit is not None:
        kept = KEPT_COMPUTED_TWICE if settings.activation_checkpointing else KEPT_PER_BLOCK
        batch = 4 * images * numbers_kept(vit_shape(preset), kept)
    else:
        batch = 2 * sum(activation_bytes(chain, images) for chain in trace_model(preset))
    each = f" for each of {processes} processes" if processes > 1 else ""
    return f"about {format_bytes(count * BYTES_PER_PARAMETER + batch)}{each} besides PyTorch and the images"


def numbers_kept(shape: VitMaeShape, a_block: int = KEPT_PER_BLOCK) -> int:
    """Numbers kept of one image: so many x tokens x width x depth, of the encoder and of the decoder."""
    parts = ((shape.encoder, shape.visible + 1), (shape.decoder, shape.patches + 1))
    return a_block * sum(tokens * size.width * size.depth for size, tokens in parts)
