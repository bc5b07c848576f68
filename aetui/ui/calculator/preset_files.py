"""From a preset to a chain of the shape calculator, and from a chain to a new preset file."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from math import prod
from pathlib import Path

from aetui.config.chains import decoder_layers, encoder_layers, trace_model
from aetui.config.checks import find_mistakes
from aetui.config.model import MOST_LAYERS, ModelSection
from aetui.config.preset import IMAGE_SIZES, DataName, DataSection, Preset
from aetui.config.shipped import preset_text
from aetui.errors import UsageError
from aetui.files import write_whole
from aetui.shapes.chain import TracedLayer
from aetui.shapes.layers import Conv, ConvTranspose, Layer, Sigmoid
from aetui.shapes.mirror import mirror
from aetui.shapes.sizes import Size, format_size
from aetui.text import for_shell
from aetui.ui.calculator.editable_chain import Chain, chain_line, read_line

GENERATED: tuple[DataName, ...] = ("digits", "shapes")
"""The data sets that need no download, for the sizes they have."""
LARGEST_IMAGE = 4096


@dataclass(frozen=True)
class Written:
    """A preset file and what is still to be added to it, "" when it trains as it is.

    It is not `new` where an earlier file holds the same preset.
    """

    path: Path
    to_add: str
    new: bool

    @property
    def sentence(self) -> str:
        """What the file is called, what it needs and how to start it."""
        needs = f"First {self.to_add}. " if self.to_add else ""
        start = f"{needs}Start it from the menu or with:\naetui --preset {for_shell(self.path.name)}"
        return f"{self.path.name}\n{start}"


def line_of_preset(preset: Preset) -> str:
    """The calculator's line of a preset's model: encoder and decoder, one after the other.

    "" for a vision transformer, which is no chain of layers.
    """
    if preset.model.vit is not None:
        return ""
    return chain_line(preset.image_size, (*encoder_layers(preset), *decoder_layers(preset)))


def halves_of_line(line: str) -> tuple[str, str]:
    """The encoder and the decoder of a model in the calculator's line, each separated by commas.

    Raises UsageError for a chain that is no model of images.
    """
    chain = read_line(line)
    return tuple(", ".join(_texts(half)) for half in _halves(_image_size(chain), chain.traced))  # type: ignore[return-value]


def write_preset(chain: Chain, folder: Path) -> Written:
    """Write the chain as a preset under a name that is not taken in `folder`, unless it stands there already.

    A chain that returns to its input size is cut behind its narrowest size; any other is an encoder, and gets
    the mirrored decoder with a sigmoid at its end, since pixels lie in [0, 1]. Raises UsageError for a chain
    that cannot be trained on images, OSError where the file cannot be written.
    """
    preset = _preset(chain)
    kind = "conv" if any(isinstance(row.layer, Conv | ConvTranspose) for row in chain.traced) else "mlp"
    path, text = _place(folder, f"my-{preset.data.name}-{kind}", preset)
    if text:
        try:
            write_whole(path, text)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    data = preset.data
    to_add = f"put images into {data.path}/ beside it, or set data.path" if data.name == "folder" else ""
    return Written(path, to_add, bool(text))


def _preset(chain: Chain) -> Preset:
    size = _image_size(chain)
    encoder, decoder = _halves(size, chain.traced)
    if max(len(encoder), len(decoder)) > MOST_LAYERS:
        raise UsageError("the model is too long for a preset", f"at most {MOST_LAYERS} layers on each side")
    model = ModelSection(encoder=_texts(encoder), decoder=_texts(decoder))
    preset = Preset(data=_data(size), model=model)
    if mistakes := find_mistakes(preset):
        raise UsageError(": ".join(mistakes[0]))
    if not any(row.parameters for half in trace_model(preset) for row in half):
        raise UsageError("the model has nothing to learn", "add a conv or a linear layer")
    return preset


def _image_size(chain: Chain) -> Size:
    size = chain.rows[0].output
    if chain.problem or size is None:
        raise UsageError("this chain cannot be trained yet", "mend the red row first")
    if not chain.traced:
        raise UsageError("there is no layer to train", "add one, for example conv 16 k3 s2 p1")
    if len(size) != 3 or size[0] not in (1, 3) or max(size) > LARGEST_IMAGE:
        raise UsageError(
            f"a preset trains on images, and {format_size(size)} is none",
            f"begin with 1 or 3 channels x height x width up to {LARGEST_IMAGE}, for example 1x28x28",
        )
    return size


def _halves(size: Size, rows: Sequence[TracedLayer]) -> tuple[list[Layer], list[Layer]]:
    layers = [row.layer for row in rows]
    narrowest = min(reversed(range(len(rows))), key=lambda index: prod(rows[index].output))
    if rows[-1].output == size and prod(rows[narrowest].output) < prod(size):
        return layers[: narrowest + 1], layers[narrowest + 1 :]
    decoder = list(mirror(size, layers))
    if not decoder or not isinstance(decoder[-1], Sigmoid):
        decoder.append(Sigmoid())
    return layers, decoder


def _data(size: Size) -> DataSection:
    for name in GENERATED:
        if IMAGE_SIZES[name] == format_size(size):
            return DataSection(name=name)
    return DataSection(name="folder", path="images", size=format_size(size))


def _texts(layers: Sequence[Layer]) -> list[str]:
    return [layer.text for layer in layers]


def _place(folder: Path, stem: str, preset: Preset) -> tuple[Path, bytes]:
    """A new, empty file and what belongs into it; the file that holds the preset already and nothing.

    Whoever creates a file first has its name.
    """
    image, latent = preset.image_size, format_size(trace_model(preset)[0][-1].output)
    sentence = f"From the shape calculator: {image} -> {latent} -> {image}."
    for number in count(1):
        path = folder / f"{stem}-{number}.toml"
        text = preset_text(preset.model_copy(update={"name": path.stem}), sentence).encode()
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            if _holds(path, text):
                return path, b""
            continue
        return path, text
    raise AssertionError("numbers do not end")


def _holds(path: Path, text: bytes) -> bool:
    with suppress(OSError):
        return path.is_file() and path.stat().st_size == len(text) and path.read_bytes() == text
    return False
