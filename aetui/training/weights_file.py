"""Weights from files of torch and safetensors; no code in them is run."""

import argparse
import contextlib
import os
import pathlib
import re
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import load_file

from aetui.errors import AetuiError, OutOfMemory
from aetui.files import open_file
from aetui.models.published import Published, weights_in
from aetui.runs.checkpoint_index import check_size, check_whole
from aetui.training.archives import open_archive
from aetui.training.failures import is_out_of_memory
from aetui.training.not_weights import AGAIN, SAVE_WEIGHTS, Instead, is_safetensors, what_it_is
from aetui.training.pickle_bounds import NoTensorError, no_tensor, refuse_costly

HARMLESS: list[Any] = [
    argparse.Namespace,
    *((kind, f"{module}.{name}") for name, kind in (
        ("PosixPath", pathlib.PurePosixPath), ("WindowsPath", pathlib.PureWindowsPath),
        ("PurePosixPath", pathlib.PurePosixPath), ("PureWindowsPath", pathlib.PureWindowsPath),
    ) for module in ("pathlib", "pathlib._local")),
]  # fmt: skip
"""Classes that trainers save beside the weights, as facebookresearch/mae does its `args`. They hold values
and run nothing. A path's module is another in Python 3.13."""


def read_weights(path: Path) -> Published:
    """The weights in a file, or in a run's checkpoint, which must be as it was written. Raises AetuiError."""
    try:
        check_size(path)
        check_whole(path)
        with open_file(path, linked=True) as file:  # not a pipe, which would be waited for
            return _read(path, file)
    except IsADirectoryError:
        inside = next(
            (file for file in ("model.safetensors", "pytorch_model.bin") if (path / file).is_file()), ""
        )
        hint = f"name the file in it{f': {path / inside}' if inside else ''}"
        raise AetuiError(f"{path} is a folder", hint) from None
    except OSError as error:
        raise AetuiError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise AetuiError(f"{path} is {error}", AGAIN) from None


def _read(path: Path, file: BinaryIO) -> Published:
    if instead := what_it_is(file, os.fstat(file.fileno()).st_size):
        raise AetuiError(f"{path} {instead.what}", instead.hint)
    try:
        if is_safetensors(file):
            return weights_in(load_file(path))
        refuse_bomb(file)
        refuse_costly(file)
        with torch.serialization.safe_globals(HARMLESS):
            return weights_in(torch.load(file, map_location="cpu", weights_only=True))
    except (OSError, AetuiError):
        raise
    except Exception as error:  # what torch raises at damaged files is without bounds
        if is_out_of_memory(error):
            raise OutOfMemory(f"The memory is too small to read {path}", "end other programs") from None
        instead = _instead(file, error)
        raise AetuiError(f"{path} {instead.what}", instead.hint) from None


def _instead(file: BinaryIO, error: Exception) -> Instead:
    if "GLOBAL" not in str(error) and not isinstance(error, NoTensorError):
        return Instead(why_refused(error))
    with contextlib.suppress(Exception):
        file.seek(0)
        names = torch.serialization.get_unsafe_globals_in_checkpoint(file)
        if any(name.startswith("torch.nn.modules.") for name in names):
            return Instead("holds a whole model, and loading that would run code", SAVE_WEIGHTS)
    return Instead(why_refused(error), SAVE_WEIGHTS)


def why_refused(error: Exception) -> str:
    """Why a file is not loaded, without torch's advice to load it unsafely."""
    if isinstance(error, NoTensorError):
        return no_tensor(error.name)
    if named := re.search(r"GLOBAL ([\w.]+)", str(error)):
        return no_tensor(named[1])
    return "is not a file of weights, or it is damaged"


def refuse_bomb(file: BinaryIO) -> None:
    """Raises ValueError for an archive that is compressed, or unpacks to more than its size."""
    no_archive = (zipfile.BadZipFile, struct.error, NotImplementedError, EOFError)  # torch says what it is
    with contextlib.suppress(*no_archive), open_archive(file) as archive:
        items, size = archive.infolist(), os.fstat(file.fileno()).st_size
        if any(item.compress_type for item in items) or sum(item.file_size for item in items) > size:
            raise ValueError("not a checkpoint: it would unpack to more than its size")
    file.seek(0)
