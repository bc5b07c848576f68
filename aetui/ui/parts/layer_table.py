"""The layers of a preset with the sizes between them."""

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aetui.config.chains import trace_model
from aetui.config.masked import vit_shape
from aetui.config.preset import Preset
from aetui.shapes.chain import TracedLayer
from aetui.shapes.patches import patch_grid, visible_patches
from aetui.shapes.sizes import format_size, parse_size
from aetui.shapes.vit import VitMaeShape, VitSize
from aetui.text import format_count, plural, safe_text


@dataclass(frozen=True)
class Part:
    """A part of a vision transformer: what comes out of it as tokens x width, and what it costs an image."""

    name: str
    tokens: int
    width: int
    parameters: int
    macs: int


def layer_table(preset: Preset) -> RenderableType:
    """The `size_table` of a preset, and its mask."""
    table = size_table(preset)
    if preset.model.kind == "classifier":
        return Group(table, Text(), Text("The classifier takes the encoder, and sees all patches."))
    return Group(table, Text(), Text(mask_sentence(preset))) if preset.mask else table


def size_table(preset: Preset) -> Table:
    """Layers with output size and parameters, the latent code between encoder and decoder.

    A vision transformer is shown by its parts, whose sizes are tokens x width, with their
    multiply-accumulates for one image.
    """
    return _vit_table(preset) if preset.model.vit is not None else _chain_table(preset)


def mask_sentence(preset: Preset) -> str:
    """What a masked autoencoder is not shown: "75 % of 64 patches of 4x4 hidden"."""
    mask = preset.mask
    assert mask is not None
    rows, columns = patch_grid(parse_size(preset.image_size), mask.patch)
    patches = rows * columns
    hidden = (patches - visible_patches(patches, mask.ratio)) / patches
    return f"{100 * hidden:.3g} % of {patches:,} patches of {mask.patch}x{mask.patch} hidden"


def encoder_parts(shape: VitMaeShape) -> tuple[Part, ...]:
    """From the image to the latent code; the class token counts as embedding.

    With `decoder_parts` that is all of `VitMaeShape.parameters` and `macs`.
    """
    width, seen = shape.encoder.width, shape.visible + 1
    weights = shape.patch_numbers * width
    embedding = Part(
        "patch embedding",
        shape.patches + 1,
        width,
        weights + 2 * width,
        shape.patches * weights,
    )
    return (embedding, _blocks(shape.encoder, seen), Part("norm", seen, width, 2 * width, 0))


def decoder_parts(shape: VitMaeShape) -> tuple[Part, ...]:
    """From the latent code to the pixels of every patch; the mask token counts as embedding."""
    width, seen, restored = shape.decoder.width, shape.visible + 1, shape.patches + 1
    bridge, prediction = shape.encoder.width * width, width * shape.patch_numbers
    numbers = shape.patch_numbers
    return (
        Part("decoder embedding", restored, width, bridge + 2 * width, seen * bridge),
        _blocks(shape.decoder, restored),
        Part("norm", restored, width, 2 * width, 0),
        Part("prediction", shape.patches, numbers, prediction + numbers, restored * prediction),
    )


def _blocks(size: VitSize, tokens: int) -> Part:
    name = f"{plural(size.depth, 'block')}, {plural(size.heads, 'head')}"
    parameters, macs = size.depth * size.block_parameters, size.depth * size.block_macs(tokens)
    return Part(name, tokens, size.width, parameters, macs)


def _chain_table(preset: Preset) -> Table:
    encoder, decoder = trace_model(preset)
    table = _grid("layer", "size", "params")
    table.add_row(Text("image", "italic"), Text(safe_text(preset.image_size)), "")
    _add_rows(table, encoder)
    table.add_row(
        Text("latent code", "italic"), Text(format_size(encoder[-1].output), "bold"), Text("──", "dim")
    )
    _add_rows(table, decoder)
    return table


def _vit_table(preset: Preset) -> Table:
    shape = vit_shape(preset)
    table = _grid("layer", "size", "params", "MACs")
    table.add_row(Text("image", "italic"), Text(safe_text(preset.image_size)), "", "")
    _add_parts(table, encoder_parts(shape))
    latent = f"{shape.visible + 1}x{shape.encoder.width}"
    table.add_row(Text("latent code", "italic"), Text(latent, "bold"), *[Text("──", "dim")] * 2)
    _add_parts(table, decoder_parts(shape))
    return table


def _grid(*heads: str) -> Table:
    """Two columns of text, the others of numbers."""
    table = Table.grid(padding=(0, 2))
    for index in range(len(heads)):
        table.add_column(no_wrap=True, justify="left" if index < 2 else "right")
    table.add_row(*(Text(head, "dim") for head in heads))
    return table


def _add_rows(table: Table, chain: tuple[TracedLayer, ...]) -> None:
    """A row a layer; activations stand beside the layer before them."""
    for traced in chain:
        count = format_count(traced.parameters) if traced.parameters else ""
        table.add_row(Text(safe_text(traced.layer.text)), format_size(traced.output), count)


def _add_parts(table: Table, parts: tuple[Part, ...]) -> None:
    for part in parts:
        macs = format_count(part.macs) if part.macs else ""
        table.add_row(part.name, f"{part.tokens}x{part.width}", format_count(part.parameters), macs)
