"""The layers of a preset with the sizes between them."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from aetui.config.checks import trace_model
from aetui.config.preset import Preset
from aetui.shapes.chain import TracedLayer
from aetui.shapes.sizes import format_size
from aetui.text import format_count, safe_text


def layer_table(preset: Preset) -> RenderableType:
    """Layer, output size and parameters, the encoder above the latent code, the decoder below."""
    encoder, decoder = trace_model(preset)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_row(*(Text(head, "dim") for head in ("layer", "size", "parameters")))
    table.add_row(Text("image", "italic"), Text(safe_text(preset.image_size)), "")
    _add_rows(table, encoder)
    table.add_row(
        Text("latent code", "italic"), Text(format_size(encoder[-1].output), "bold"), Text("──", "dim")
    )
    _add_rows(table, decoder)
    return table


def parameter_count(preset: Preset) -> int:
    """Trainable numbers of the whole model."""
    return sum(traced.parameters for chain in trace_model(preset) for traced in chain)


def _add_rows(table: Table, chain: tuple[TracedLayer, ...]) -> None:
    """A row a layer; activations stand beside the layer before them."""
    for traced in chain:
        count = format_count(traced.parameters) if traced.parameters else ""
        table.add_row(Text(safe_text(traced.layer.text)), format_size(traced.output), count)
