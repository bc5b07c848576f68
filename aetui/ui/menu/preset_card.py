"""A preset explained before it is started."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aetui.config.counting import parameter_count
from aetui.config.preset import OWN_IMAGES, Preset
from aetui.config.train import AugmentSection, TrainSection
from aetui.data.catalogue import SETS, Source
from aetui.data.finding import Form, find
from aetui.text import format_bytes, format_count, plural, safe_text
from aetui.ui.menu.preset_list import Offered, is_folder
from aetui.ui.parts.earlier_runs import Pace
from aetui.ui.parts.layer_table import mask_sentence, size_table
from aetui.ui.parts.preset_cost import memory_words, time_words

Hosts = Mapping[str, str | None]
"""By data set: the host that answered when asked, or None where none did; missing while it is being asked."""


def preset_card(offered: Offered, data_dir: Path, hosts: Hosts, pace: Pace | None = None) -> RenderableType:
    """What the preset shows, its data and where they are, its recipe and cost, its layers with sizes.

    `pace` is that of an earlier run of it.
    """
    if offered.preset is None:
        mistakes = [Text(safe_text(line), "red") for line in offered.mistakes.splitlines()]
        return Group(Text("This preset has mistakes:", "bold"), *mistakes)
    preset = offered.preset
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    for name, value in [*_facts(preset, data_dir, hosts), ("time", Text(time_words(preset, pace)))]:
        facts.add_row(name, value)
    sentence = Text(safe_text(offered.listed.description), "bold")
    return Group(sentence, Text(), facts, Text(), size_table(preset))


def _facts(preset: Preset, data_dir: Path, hosts: Hosts) -> list[tuple[str, Text]]:
    count = parameter_count(preset)
    facts = [("data", _data(preset, data_dir, hosts)), ("recipe", Text(_recipe(preset.train)))]
    if preset.mask:
        seen = "classifier, sees all patches" if preset.model.kind == "classifier" else mask_sentence(preset)
        facts.append(("mask", Text(seen)))
    if preset.noise:
        facts.append(("noise", Text(f"Gaussian, standard deviation {preset.noise.std:g} of the pixel range")))
    if varied := _augmentation(preset.augment):
        facts.append(("images", Text(varied)))
    return [*facts, ("parameters", Text(format_count(count))), ("memory", Text(memory_words(preset, count)))]


def _recipe(train: TrainSection) -> str:
    parts = [plural(train.epochs, "epoch"), f"batch {train.batch_size}"]
    parts += ["AdamW" if train.optimizer == "adamw" else "Adam"]
    parts += [f"learning rate {train.peak_learning_rate:g}"]
    if train.loss != "mse":
        parts += [f"loss {train.loss}"]
    if train.schedule != "constant":
        parts += [train.schedule]
    if train.patience:
        parts += [f"until no better for {plural(train.patience, 'epoch')}"]
    if train.warmup_epochs:
        parts += [f"warm-up {train.warmup_epochs:g} {'epoch' if train.warmup_epochs == 1 else 'epochs'}"]
    return ", ".join(parts)


def _augmentation(augment: AugmentSection) -> str:
    parts = ["mirrored at random"] if augment.flip else []
    if augment.crop_scale < 1:
        parts += [f"random crops of {100 * augment.crop_scale:g} % of the area and more"]
    return ", ".join(parts)


def _data(preset: Preset, data_dir: Path, hosts: Hosts) -> Text:
    name = preset.data.name
    if name in OWN_IMAGES:
        path = preset.data.path
        there = is_folder(path)
        state = ("here", "green") if there else ("no such folder; Enter asks for yours", "yellow")
        return Text.assemble(safe_text(f"images in {path}, {preset.data.size}: "), state)
    source = SETS[name]
    if not source.archives:
        return Text.assemble(
            f"{source.title}, {preset.image_size}: ", ("here, generated in a moment", "green")
        )
    if found := find(source, data_dir):
        here = "here" if found.form in (Form.IDX, Form.PYTHON) else f"here, {found.form}"
        return Text.assemble(f"{source.title}, {preset.image_size}: ", (here, "green"))
    return Text.assemble(f"{source.title}, {preset.image_size}\n", _download(source, hosts))


def _download(source: Source, hosts: Hosts) -> tuple[str, str]:
    size = format_bytes(source.download_bytes)
    if source.name not in hosts:
        return f"to download, {size} from {source.hosts[0]} (asking …)", "yellow"
    if host := hosts[source.name]:
        return f"to download, {size} from {host}", "yellow"
    offer = f"start it all the same to train on generated {source.twin}, or to see where to put the files"
    return f"{' and '.join(source.hosts)} cannot be reached now; {offer}", "red"
