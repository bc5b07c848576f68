"""Weights from files of torch and safetensors; no code in them is run."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from aetui.errors import AetuiError
from aetui.models.weights import weights_in
from aetui.runs.checkpoint_index import check_whole


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file, or in a run's checkpoint, which must be as it was written. Raises AetuiError."""
    try:
        check_whole(path)
        if path.suffix == ".safetensors":
            return weights_in(load_file(path))
        return weights_in(torch.load(path, map_location="cpu", weights_only=True))
    except OSError as error:
        raise AetuiError(f"{path} cannot be read: {error.strerror or error}") from None
    except AetuiError:
        raise
    except Exception as error:  # what torch raises at damaged files is without bounds
        reason = str(error).partition("\n")[0]
        raise AetuiError(
            f"{path} is not a file of weights: {reason}", "torch.save and safetensors are read"
        ) from None
