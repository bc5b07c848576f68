"""A file of a kilobyte that claims to hold gigabytes is refused before they are taken."""

import json
import struct
import zipfile

import pytest
import torch

from aetui.errors import AetuiError
from aetui.training.checkpoint_file import read_checkpoint
from aetui.training.weights_file import read_weights


def test_a_safetensors_header_of_10_gigabytes(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", 10_000_000_000) + bytes(1000))
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)


def test_a_safetensors_tensor_of_10_gigabytes(tmp_path):
    path = tmp_path / "model.safetensors"
    claim = {"w": {"dtype": "F32", "shape": [2_500_000_000], "data_offsets": [0, 10_000_000_000]}}
    header = json.dumps(claim).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(1000))
    with pytest.raises(AetuiError, match=r"ends too early: 1\.09 kB are here"):
        read_weights(path)


def test_a_checkpoint_whose_tensor_is_larger_than_its_bytes(tmp_path):
    whole, path = tmp_path / "whole.pt", tmp_path / "epoch_0001_step_00000001.pt"
    torch.save({"format": 1, "model": {"w": torch.zeros(1000)}}, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            target.writestr(item.filename, data[:40] if "/data/" in item.filename else data)
    with pytest.raises(ValueError, match="not a checkpoint"):
        read_checkpoint(path)


def test_a_checkpoint_that_unpacks_to_more_than_its_size(tmp_path):
    whole, path = tmp_path / "whole.pt", tmp_path / "epoch_0001_step_00000001.pt"
    torch.save({"format": 1, "model": {"w": torch.zeros(1_000_000)}}, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            target.writestr(item.filename, source.read(item))
    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match="unpack to more than its size"):
        read_checkpoint(path)
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)
