"""The keys of the shape calculator, and which of them a narrow footer leaves to the help."""

from dataclasses import replace

from textual.binding import ActiveBinding, Binding, BindingType

SPARE = ("app.leave", "leave", "take", "undo")
SHORT = {"Receptive field": "Rec. field"}

KEYS: list[BindingType] = [
    Binding("slash", "type", "Type", id="calculator.type", key_display="/", tooltip="type a size and layers"),
    Binding("ctrl+z", "undo", "Undo", id="calculator.undo", tooltip="take the last change back"),
    Binding("i", "inverse", "Inverse", id="calculator.inverse", tooltip="options that lead to a size"),
    Binding("t", "take", "Take", id="calculator.take", tooltip="take the model of the preset in the menu"),
    Binding(
        "f",
        "field",
        "Receptive field",
        id="calculator.field",
        tooltip="the receptive field on an image, or the windows",
    ),
    Binding("u", "use", "Use", id="calculator.use", tooltip="use as a preset: write it to a new file here"),
    Binding("escape", "back", "Back", id="calculator.back", tooltip="back; the chain stays"),
]


def shortened(active: ActiveBinding) -> ActiveBinding:
    """As a narrow footer shows it."""
    binding = active.binding
    name = SHORT.get(binding.description, binding.description)
    return active._replace(
        binding=replace(binding, description=name, show=binding.show and binding.action not in SPARE)
    )
