"""The encoder and decoder of a preset in the layer language: read, followed, and what is wrong with them."""

from collections.abc import Iterator
from typing import Any

from aetui.config.model import MOST_LAYERS
from aetui.config.preset import Preset
from aetui.config.problems import Finding
from aetui.errors import UsageError
from aetui.shapes.chain import TracedLayer, trace
from aetui.shapes.language import parse_layer
from aetui.shapes.layers import Layer
from aetui.shapes.mirror import mirror
from aetui.shapes.sizes import Size, format_size, parse_size


def encoder_layers(preset: Preset) -> tuple[Layer, ...]:
    """The encoder of a checked preset; a vision transformer has none of this kind."""
    return tuple(map(parse_layer, preset.model.encoder or ()))


def decoder_layers(preset: Preset) -> tuple[Layer, ...]:
    """The decoder of a checked preset; `mirror` is written out."""
    if preset.model.decoder == "mirror":
        return mirror(parse_size(preset.image_size), encoder_layers(preset))
    return tuple(map(parse_layer, preset.model.decoder or ()))


def trace_model(preset: Preset) -> tuple[tuple[TracedLayer, ...], tuple[TracedLayer, ...]]:
    """The encoder and the decoder of a checked preset of layers, with sizes and parameters."""
    encoder = trace(parse_size(preset.image_size), encoder_layers(preset))
    return encoder, trace(encoder[-1].output, decoder_layers(preset))


def unreadable_layers(table: dict[str, Any]) -> list[Finding]:
    """The layers that are not in the language, of a preset that does not fit the schema either."""
    model = table.get("model")
    found: list[Finding] = []
    for part in ("encoder", "decoder"):
        lines = model.get(part) if isinstance(model, dict) else None
        if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
            found += _parsed(f"model.{part}", lines[:MOST_LAYERS])[1]
    return found


def chain_mistakes(preset: Preset) -> Iterator[Finding]:
    """Layers that cannot be read or do not fit, and a decoder that does not return to the image's size."""
    image = parse_size(preset.image_size)
    latent: Size | None = None
    encoder, unread = _parsed("model.encoder", preset.model.encoder or [])
    yield from unread
    if not unread:
        traced, misfit = _traced("model.encoder", image, encoder)
        yield from misfit
        latent = traced[-1].output if traced else None
    if preset.model.decoder == "mirror":
        if latent is not None:
            yield from _mirror_mistakes(image, encoder)
        return
    decoder, unread = _parsed("model.decoder", list(preset.model.decoder or []))
    yield from unread
    if unread or latent is None:
        return
    traced, misfit = _traced("model.decoder", latent, decoder)
    yield from misfit
    if traced and traced[-1].output != image:
        yield (
            "model.decoder",
            f"it returns {format_size(traced[-1].output)}, the images are {format_size(image)}",
        )


def _mirror_mistakes(image: Size, encoder: tuple[Layer, ...]) -> list[Finding]:
    try:
        mirror(image, encoder)
    except UsageError as error:
        return [("model.decoder", error.sentence)]
    return []


def _parsed(key: str, lines: list[str]) -> tuple[tuple[Layer, ...], list[Finding]]:
    layers: list[Layer] = []
    found: list[Finding] = []
    for index, line in enumerate(lines):
        try:
            layers.append(parse_layer(line))
        except UsageError as error:
            found.append((f"{key}.{index}", error.sentence))
    return tuple(layers), found


def _traced(key: str, size: Size, layers: tuple[Layer, ...]) -> tuple[tuple[TracedLayer, ...], list[Finding]]:
    try:
        return trace(size, layers), []
    except UsageError as error:
        index = getattr(error, "index", None)
        return (), [(key if index is None else f"{key}.{index}", error.sentence)]
