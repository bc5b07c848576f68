"""Weights from files of torch and safetensors; no code in them is run."""

import contextlib
import os
import re
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors.torch import load_file
from torch import Tensor

from aetui.errors import AetuiError
from aetui.files import open_file
from aetui.models.weights import weights_in
from aetui.runs.checkpoint_index import check_size, check_whole


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file, or in a run's checkpoint, which must be as it was written. Raises AetuiError."""
    try:
        check_size(path)
        check_whole(path)
        with open_file(path, linked=True) as file:  # not a pipe, which would be waited for
            if path.suffix == ".safetensors":
                return weights_in(load_file(path))
            refuse_bomb(file)
            return weights_in(torch.load(file, map_location="cpu", weights_only=True))
    except IsADirectoryError:
        inside = next(
            (file for file in ("model.safetensors", "pytorch_model.bin") if (path / file).is_file()), ""
        )
        hint = f"name the file in it{f': {path / inside}' if inside else ''}"
        raise AetuiError(f"{path} is a folder", hint) from None
    except OSError as error:
        raise AetuiError(f"{path} cannot be read: {error.strerror or error}") from None
    except AetuiError:
        raise
    except Exception as error:  # what torch raises at damaged files is without bounds
        raise AetuiError(f"{path} {why_refused(error)}", "torch.save and safetensors are read") from None


def why_refused(error: Exception) -> str:
    """Why a file is not loaded, without torch's advice to load it unsafely."""
    named = re.search(r"GLOBAL ([\w.]+)", str(error))
    if named:
        return f"holds {named[1]}, which is no tensor: it could run code and is never loaded"
    return "is not a file of weights, or it is damaged"


def refuse_bomb(file: BinaryIO) -> None:
    """Raises ValueError for an archive that unpacks to more than its size: torch.save compresses nothing."""
    no_archive = (zipfile.BadZipFile, struct.error, NotImplementedError, EOFError)  # torch says what it is
    with contextlib.suppress(*no_archive), zipfile.ZipFile(file) as archive:
        if sum(item.file_size for item in archive.infolist()) > os.fstat(file.fileno()).st_size:
            raise ValueError("not a checkpoint: it would unpack to more than its size")
    file.seek(0)
