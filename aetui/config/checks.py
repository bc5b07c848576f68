"""What a schema cannot see: whether a preset's layers, sizes and data fit together."""

from collections.abc import Iterator
from typing import Any

from aetui.config.preset import MOST_LAYERS, Preset
from aetui.errors import UsageError
from aetui.shapes.chain import TracedLayer, trace
from aetui.shapes.language import parse_layer
from aetui.shapes.layers import Layer
from aetui.shapes.mirror import mirror
from aetui.shapes.sizes import Size, format_size, parse_size

Finding = tuple[str, str]
"""A dotted key and what is wrong with it."""


def find_mistakes(preset: Preset) -> list[Finding]:
    """Every mistake between the keys of a preset whose types and ranges are right."""
    if found := list(_data_mistakes(preset)):
        return found
    return list(_model_mistakes(preset))


def unreadable_layers(table: dict[str, Any]) -> list[Finding]:
    """The layers that are not in the language, of a preset that does not fit the schema either."""
    model = table.get("model")
    found: list[Finding] = []
    for part in ("encoder", "decoder"):
        lines = model.get(part) if isinstance(model, dict) else None
        if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
            found += _parsed(f"model.{part}", lines[:MOST_LAYERS])[1]
    return found


def encoder_layers(preset: Preset) -> tuple[Layer, ...]:
    """The encoder of a checked preset."""
    return tuple(map(parse_layer, preset.model.encoder))


def decoder_layers(preset: Preset) -> tuple[Layer, ...]:
    """The decoder of a checked preset; `mirror` is written out."""
    if isinstance(preset.model.decoder, list):
        return tuple(map(parse_layer, preset.model.decoder))
    return mirror(parse_size(preset.image_size), encoder_layers(preset))


def trace_model(preset: Preset) -> tuple[tuple[TracedLayer, ...], tuple[TracedLayer, ...]]:
    """The encoder and the decoder of a checked preset, layer by layer with sizes and parameters."""
    encoder = trace(parse_size(preset.image_size), encoder_layers(preset))
    return encoder, trace(encoder[-1].output, decoder_layers(preset))


def _data_mistakes(preset: Preset) -> Iterator[Finding]:
    data = preset.data
    if data.name != "folder":
        for key in ("path", "size"):
            if getattr(data, key):
                yield f"data.{key}", f'only data.name = "folder" has a {key}; {data.name} has its own'
        return
    if not data.path:
        yield "data.path", 'missing: name the folder of images, for example path = "~/images"'
    if not data.size:
        yield "data.size", 'missing: channels x height x width, for example size = "3x64x64"'
        return
    try:
        size = parse_size(data.size)
    except UsageError as error:
        yield "data.size", error.sentence
        return
    if len(size) != 3 or size[0] not in (1, 3) or max(size) > 4096:
        yield "data.size", f"{data.size} is not 1 or 3 channels x height x width up to 4096, such as 3x64x64"


def _model_mistakes(preset: Preset) -> Iterator[Finding]:
    image = parse_size(preset.image_size)
    latent: Size | None = None
    encoder, unread = _parsed("model.encoder", preset.model.encoder)
    yield from unread
    if not unread:
        traced, misfit = _traced("model.encoder", image, encoder)
        yield from misfit
        latent = traced[-1].output if traced else None
    if preset.model.decoder == "mirror":
        if latent is not None:
            yield from _mirror_mistakes(image, encoder)
        return
    decoder, unread = _parsed("model.decoder", list(preset.model.decoder))
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
