"""The decoder that undoes an encoder's sizes.

The encoder is cut into blocks: a layer that changes sizes or has weights, and the activations, normalisations
and dropouts behind it. The decoder walks the blocks backwards. It undoes the block's layer, then repeats what
stood behind the block *before*, to whose size it has just returned:

    conv 16 k3 s2 p1, relu, conv 64 k7   on 1x13x13   becomes   convt 16 k7, relu, convt 1 k3 s2 p1

So activations stand between the decoder's layers, none before its first weights and none at its end: the last
layer is linear. Only an activation that opens the encoder closes the decoder. Whoever wants a sigmoid at the
end writes the decoder out, beginning with what `mirror` returns.
"""

from collections.abc import Sequence

from aetui.shapes.chain import TracedLayer, at_layer, trace
from aetui.shapes.errors import ShapeError
from aetui.shapes.layers import Conv, ConvTranspose, Layer, Linear
from aetui.shapes.mirror_layer import MIRRORS
from aetui.shapes.normalizations import BatchNorm, Dropout, GroupNorm, InstanceNorm, LayerNorm
from aetui.shapes.sizes import Size

NEVER_LAST = Dropout | BatchNorm | GroupNorm | InstanceNorm | LayerNorm
"""What opens an encoder and closes no decoder."""


def mirror(size: Size, encoder: Sequence[Layer]) -> tuple[Layer, ...]:
    """The decoder from the encoder's output back to exactly `size`.

    Convolutions become transposed ones with the output padding that is needed, and the other way round;
    pooling becomes an upsampling where it divides the size, else a transposed convolution; linear and flatten
    become linear and unflatten. Raises `ShapeError` naming layer and axis when a layer does not fit or has no
    mirror.
    """
    rows = trace(size, encoder)
    decoder: list[Layer] = []
    learns = False  # whether the decoder has weights yet; before, nothing stands in it
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        if type(row.layer) not in MIRRORS:
            continue
        try:
            undone = MIRRORS[type(row.layer)](row)
        except ShapeError as error:
            raise at_layer(error, index, row.layer, row.input) from None
        decoder += [] if undone is None else [undone]
        learns = learns or isinstance(undone, ConvTranspose | Conv | Linear)
        decoder += _between(rows, index) if learns else []
    assert not decoder or trace(rows[-1].output, decoder)[-1].output == size
    return tuple(decoder)


def _between(rows: Sequence[TracedLayer], index: int) -> list[Layer]:
    """What stood behind the block before that of the row at this index."""
    last = next((n for n in range(index, 0, -1) if type(rows[n - 1].layer) in MIRRORS), 0)
    between = [row.layer for row in rows[last:index]]
    if last == 0:
        return [layer for layer in between if not isinstance(layer, NEVER_LAST)]
    return between
