"""How large the model of a preset is."""

from aetui.config.chains import trace_model
from aetui.config.masked import vit_shape
from aetui.config.preset import Preset


def parameter_count(preset: Preset) -> int:
    """Trainable numbers of a checked preset's encoder and decoder."""
    if preset.model.vit is not None:
        return vit_shape(preset).parameters
    return sum(traced.parameters for chain in trace_model(preset) for traced in chain)
