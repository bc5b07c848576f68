"""A preset explained before it is started."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aetui.config.checks import trace_model
from aetui.config.preset import Preset
from aetui.data.catalogue import SETS, Source, here
from aetui.shapes.chain import activation_bytes
from aetui.text import format_bytes, format_count, plural, safe_text
from aetui.ui.presets_here import Offered
from aetui.ui.widgets.layer_table import layer_table, parameter_count

BYTES_PER_PARAMETER = 16
"""float32: the weight, its gradient and Adam's two moments."""


Hosts = Mapping[str, str | None]
"""By data set: the host that answered when asked, or None where none did; missing while it is being asked."""


def preset_card(offered: Offered, data_dir: Path, hosts: Hosts) -> RenderableType:
    """What the preset shows, its data and where they are, its recipe, its layers with sizes."""
    if offered.preset is None:
        mistakes = [Text(safe_text(line), "red") for line in offered.mistakes.splitlines()]
        return Group(Text("This preset has mistakes:", "bold"), *mistakes)
    preset = offered.preset
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    for name, value in _facts(preset, data_dir, hosts):
        facts.add_row(name, value)
    sentence = Text(safe_text(offered.listed.description), "bold")
    return Group(sentence, Text(), facts, Text(), layer_table(preset))


def _facts(preset: Preset, data_dir: Path, hosts: Hosts) -> list[tuple[str, Text]]:
    train, count = preset.train, parameter_count(preset)
    batches = f"{plural(train.epochs, 'epoch')}, batch {train.batch_size}"
    recipe = f"{batches}, Adam, learning rate {train.learning_rate:g}"
    facts = [("data", _data(preset, data_dir, hosts)), ("recipe", Text(recipe))]
    if preset.noise:
        facts.append(("noise", Text(f"Gaussian, standard deviation {preset.noise.std:g} of the pixel range")))
    return [*facts, ("parameters", Text(format_count(count))), ("memory", Text(_memory(preset, count)))]


def _memory(preset: Preset, count: int) -> str:
    """An estimate for training: weights, gradients, Adam's moments, and a batch's activations once more."""
    batch = sum(activation_bytes(chain, preset.train.batch_size) for chain in trace_model(preset))
    return f"about {format_bytes(count * BYTES_PER_PARAMETER + 2 * batch)} besides PyTorch and the images"


def _data(preset: Preset, data_dir: Path, hosts: Hosts) -> Text:
    name = preset.data.name
    if name == "folder":
        path = Path(preset.data.path).expanduser()
        state = ("here", "green") if path.is_dir() else ("not there: --set data.path=FOLDER", "yellow")
        return Text.assemble(safe_text(f"images in {path}, {preset.data.size}: "), state)
    source = SETS[name]
    if not source.archives:
        return Text.assemble(
            f"{source.title}, {preset.image_size}: ", ("here, generated in a moment", "green")
        )
    if here(source, data_dir):
        return Text.assemble(f"{source.title}, {preset.image_size}: ", ("here", "green"))
    return Text.assemble(f"{source.title}, {preset.image_size}: ", _download(source, hosts))


def _download(source: Source, hosts: Hosts) -> tuple[str, str]:
    size = format_bytes(source.download_bytes)
    if source.name not in hosts:
        return f"to download, {size} from {source.hosts[0]} (asking …)", "yellow"
    if host := hosts[source.name]:
        return f"to download, {size} from {host}", "yellow"
    offer = f"start it all the same to train on generated {source.twin}, or to see where to put the files"
    return f"{' and '.join(source.hosts)} cannot be reached now; {offer}", "red"
