"""How `aetui conv` prints a chain: a table, JSON, PyTorch code, or lines for a preset."""

import json
from collections.abc import Iterator, Sequence
from math import prod

from aetui.cli.table import print_table
from aetui.shapes.chain import TracedLayer, activation_bytes, trace
from aetui.shapes.layer_base import count
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import Size, format_size
from aetui.text import format_bytes, format_count

FLOAT32 = 4
"""Bytes."""

Row = tuple[str, str, str, str, str, str, str]


def print_chain(form: str | None, size: Size, encoder: Sequence[Layer], mirrored: bool, batch: int) -> None:
    """Print the chain in the form asked for, with its mirror behind it if `mirrored`.

    `form` is "json", "torch", "preset", or None for the table. Raises `ShapeError` before anything is
    printed.
    """
    decoder = None
    if mirrored:
        from aetui.shapes.mirror import mirror

        decoder = mirror(size, encoder)
    rows = trace(size, (*encoder, *(decoder or ())))
    if form == "json":
        _print_json(rows, None if decoder is None else len(encoder))
    elif form == "torch":
        _print_torch(size, encoder, rows[len(encoder) - 1].output, decoder)
    elif form == "preset":
        _print_preset(encoder, decoder)
    else:
        _print_table(rows, len(encoder), batch)


def _print_json(rows: Sequence[TracedLayer], encoder_layers: int | None) -> None:
    layers = [
        {
            "layer": row.layer.text,
            "torch": str(row.layer.torch(row.input)),
            "output": row.output,
            "parameters": row.parameters,
            "macs": row.macs,
            "receptive_field": row.receptive_field,
            "unused": row.unused,
        }
        for row in rows
    ]
    mirrored = {} if encoder_layers is None else {"encoder_layers": encoder_layers}
    totals = {
        "total_parameters": sum(row.parameters for row in rows),
        "total_macs": sum(row.macs for row in rows),
    }
    print(json.dumps({"input": rows[0].input, "layers": layers, **mirrored, **totals}, indent=1))


def _print_torch(
    size: Size, encoder: Sequence[Layer], encoded: Size, decoder: Sequence[Layer] | None
) -> None:
    from aetui.shapes.pytorch import PYTORCH_IMPORT, pytorch_code

    if decoder is None:
        code = pytorch_code(size, encoder)
    else:
        code = pytorch_code(size, encoder, "encoder") + pytorch_code(encoded, decoder, "decoder")
    print(f"{PYTORCH_IMPORT}{code}", end="")


def _print_preset(encoder: Sequence[Layer], decoder: Sequence[Layer] | None) -> None:
    for name, layers in (("encoder", encoder), ("decoder", decoder)):
        if layers is not None:
            lines = "".join(f'  "{layer.text}",\n' for layer in layers)
            print(f"{name} = [\n{lines}]")


def _print_table(rows: Sequence[TracedLayer], encoder_layers: int, batch: int) -> None:
    memory = "memory" if batch == 1 else f"memory x{batch}"
    heads = ("layer", "output", "parameters", "MACs", "receptive field", "unused", memory)
    lines = list(_lines(rows, encoder_layers, batch))
    shown = [n for n, head in enumerate(heads) if head != "unused" or any(line[n] for line in lines)]
    print_table([heads[n] for n in shown], [[line[n] for n in shown] for line in lines], "no layers")


def _lines(rows: Sequence[TracedLayer], encoder_layers: int, batch: int) -> Iterator[Row]:
    size = rows[0].input
    axes = f"input, {count(size[0], 'channel', 'channels')}, {count(len(size) - 1, 'axis', 'axes')}"
    yield axes, format_size(size), "", "", "", "", _memory(size, batch)
    for index, row in enumerate(rows):
        if index == encoder_layers:
            yield "mirror", "", "", "", "", "", ""
        yield (
            row.layer.text,
            format_size(row.output),
            format_count(row.parameters),
            format_count(row.macs),
            format_size(row.receptive_field),
            format_size(row.unused) if any(row.unused) else "",
            _memory(row.output, batch),
        )
    parameters, macs = sum(row.parameters for row in rows), sum(row.macs for row in rows)
    memory = format_bytes(activation_bytes(rows, batch, FLOAT32))
    yield "total", "", format_count(parameters), format_count(macs), "", "", memory


def _memory(size: Size, batch: int) -> str:
    return format_bytes(prod(size) * batch * FLOAT32)
