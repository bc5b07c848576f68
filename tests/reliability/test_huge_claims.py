"""A file of a kilobyte that claims to hold gigabytes is refused before they are taken."""

import argparse
import json
import pathlib
import pickle
import struct
import zipfile
from collections import Counter

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


def archive_of(path, pickled: bytes):
    """As torch.save lays it out."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("data.pkl", pickled), ("version", "3\n"), ("byteorder", "little")):
            archive.writestr(f"archive/{name}", content)
    return path


LONG = f"pathlib {'a' * 100_000}Path"
TUPLES = b"".join(b"h%ch%c\x86q%c" % (depth, depth, depth + 1) for depth in range(60))
MODULUS = 2**61 - 1
"""Multiples of it have the same hash."""


def number(value: int) -> bytes:
    encoded = pickle.encode_long(value)
    return b"\x8a" + bytes([len(encoded)]) + encoded


ALIKE = b"".join(number(many * MODULUS) + b"N" for many in range(1, 1000))
PICKLES = {
    "a key of 2^60 parts": b"\x80\x02N\x85q\x00" + TUPLES + b"}h<K\x01s.",
    "a key of two parts": b"\x80\x02}K\x01K\x02\x86K\x03s.",
    "numbers whose hashes are alike": b"\x80\x02}(" + ALIKE + b"u.",
    "a list that is made a set again and again": b"\x80\x02]q\x00("
    + b"K\x01" * 2000
    + b"ecbuiltins\nset\nh\x00\x85R.",
    "a dictionary that has grown since": b"\x80\x02}q\x00\x85q\x01h\x00("
    + b"".join(b"M%c%cN" % (n % 256, n // 256) for n in range(2000))
    + b"uccollections\nCounter\nh\x01R.",
    "an encoding of quadratic time": b"\x80\x02c_codecs\nencode\nU\x01aU\x08punycode\x86R.",
    "the same behind text": b"\x80\x02X\x01\x00\x00\x00aq\x00" + TUPLES + b"}h<K\x01s.",
}


@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_that_costs_more_than_its_size(tmp_path, kind):
    path = archive_of(tmp_path / "epoch_0001_step_00000001.pt", PICKLES[kind])
    with pytest.raises(ValueError, match="would grow without bounds"):
        read_checkpoint(path)
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)


@pytest.mark.parametrize(
    "name",
    ["builtins bytearray", "torch FloatStorage", "torch._tensor _rebuild_from_type_v2", "os system", LONG],
)
def test_a_call_that_no_weights_need(tmp_path, name):
    """3 GB, where it takes a number for a size."""
    called = b"\x80\x02c" + name.replace(" ", "\n").encode() + b"\n\x8a\x05\x00^\xd0\xb2\x00\x85R."
    path = archive_of(tmp_path / "epoch_0001_step_00000001.pt", called)
    short = name if name != LONG else f"{LONG[:100]}…"
    said = f"holds {short.replace(' ', '.').removeprefix('builtins.')}, which is no tensor"
    with pytest.raises(ValueError, match=f"not a checkpoint: it {said}"):
        read_checkpoint(path)
    with pytest.raises(AetuiError, match=said):
        read_weights(path)


STORAGE = b"X\x07\x00\x00\x00storagectorch\n%s\nX%s%sX\x03\x00\x00\x00cpu%stQ."


def storage(kind: bytes, key: bytes, count: bytes) -> bytes:
    return b"(" + STORAGE % (kind, struct.pack("<I", len(key)), key, count)


@pytest.mark.parametrize(
    "pickled",
    [
        b"N0N.",
        b"Np123456789012345678901234567890\n.",
        b"h\x07.",
        b"e.",
        b"N",
        b"c\xc3\xa4\nb\n.",
        storage(b"FloatStorage", b"0", number(10**9)),
        storage(b"FloatStorage", b"0", b"N"),
        storage(b"FloatStorage", b"abC", b"K\x01"),
        storage(b"FloatStorage", b"0\x001", b"K\x01"),
        storage(b"float32", b"0", b"K\x01"),
        b"N\x85Q.",
        b"ctorch._utils\n_rebuild_parameter\n(N\x89NtR.",
        b"ctorch._utils\n_rebuild_parameter_with_state\n(N\x89N}tR.",
    ],
)
def test_a_pickle_that_torch_save_never_writes(tmp_path, pickled):
    path = archive_of(tmp_path / "epoch_0001_step_00000001.pt", b"\x80\x02" + pickled)
    with pytest.raises(ValueError, match="not a checkpoint: "):
        read_checkpoint(path)
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)


def test_a_tensor_is_given_no_size(tmp_path):
    """As PyTorch once unpickled them: an empty one grows to what its state tells."""
    whole = tmp_path / "whole.pt"
    torch.save({"w": torch.zeros(1)}, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "weights.pt", "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename.endswith("data.pkl"):
                data = data[:-2] + b"NK\x00" + number(10**9) + b"\x85K\x01\x85tbs."
                data = data.replace(b"tbs", b"t" + b"b" + b"s").replace(b"NK", b"(NK")
            target.writestr(item.filename, data)
    with pytest.raises(AetuiError, match="which is no tensor"):
        read_weights(tmp_path / "weights.pt")


def test_the_deepest_model_of_a_preset_is_read(tmp_path):
    """2,000 blocks with an optimizer: its pickle has 10 MB."""
    state = {f"blocks.{n}.attn.qkv.weight": torch.zeros(1) for n in range(24_000)}
    moments = {n: {name: torch.zeros(1) for name in ("step", "exp_avg", "exp_avg_sq")} for n in range(12_000)}
    path = tmp_path / "weights.pt"
    torch.save({"model": state, "optimizer": {"state": moments}}, path)
    assert len(read_weights(path).tensors) == 24_000


def test_many_keys_of_one_place(tmp_path):
    """Numbers whose hashes differ and whose places in the table do not."""
    keys = b"".join(number(many << 21) + b"N" for many in range(1, 1000))
    path = archive_of(tmp_path / "weights.pt", b"\x80\x02}(" + keys + b"u.")
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)


def test_the_format_before_1_6_is_named_with_what_helps(tmp_path):
    path = tmp_path / "old.pt"
    torch.save({"w": torch.zeros(3)}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(AetuiError, match=r"is in PyTorch's format before 1\.6") as refused:
        read_weights(path)
    code = refused.value.hint.partition(": ")[2].replace("old.pt", str(path)).replace("new.pt", str(path))
    exec(code, {"torch": torch})
    assert read_weights(path).tensors["w"].tolist() == [0, 0, 0]


def test_what_trainers_write_is_read(tmp_path):
    """An optimizer's state, sets, counters, paths, sizes, types, large numbers."""
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    beside = {
        "optimizer": optimizer.state_dict(),
        "sets": {1, "two"},
        "counts": Counter("letters"),
        "bytes": b"raw",
        "args": argparse.Namespace(lr=1e-3, out=pathlib.PurePosixPath("runs")),
        "torch": [
            torch.Size([2, 3]),
            torch.bfloat16,
            torch.device("cpu"),
            torch.ones(2).half(),
            model[0].weight,
        ],
        "random": 2**127 + 1,
        3: [True, 0.5, None, ("a", 1)],
    }
    path = tmp_path / "weights.pt"
    torch.save({"model": model.state_dict(), **beside}, path)
    read = read_weights(path).tensors
    assert all(torch.equal(read[key], value) for key, value in model.state_dict().items())


def test_a_pickle_of_many_megabytes(tmp_path):
    path = archive_of(tmp_path / "weights.pt", b"\x80\x02]q\x00(" + b"N" * 17_000_000 + b"e.")
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)


def with_member(path, name: str, flags: int = 0, version: int = 20):
    """The archive at `path` with one more member, the directory of which says these things of it."""
    with zipfile.ZipFile(path, "a") as archive:
        item = zipfile.ZipInfo(name)
        archive.writestr(item, b"N.")
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 6 : entry + 10] = struct.pack("<HH", version, flags)
    path.write_bytes(data)
    return path


def test_an_archive_that_cannot_be_looked_into_is_refused(tmp_path):
    """torch does not read the member that Python refuses, and then carries the others out."""
    costly = PICKLES["a key of 2^60 parts"]
    odd = [
        with_member(archive_of(tmp_path / "locked.pt", costly), "archive/other.pkl", flags=1),
        with_member(archive_of(tmp_path / "newer.pt", costly), "archive/other", version=99),
    ]
    upper = tmp_path / "upper.pt"
    with zipfile.ZipFile(upper, "w") as archive:
        archive.writestr("archive/DATA.PKL", costly)
        archive.writestr("archive/version", "3\n")
    for path in (*odd, upper):
        with pytest.raises(ValueError, match="not a checkpoint"):
            read_checkpoint(path)


def test_a_text_that_is_copied_again_and_again(tmp_path):
    text = b"X" + struct.pack("<I", 1_000_000) + b"a" * 1_000_000 + b"q\x00"
    once = b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"
    path = archive_of(tmp_path / "weights.pt", b"\x80\x02](" + text + once * 100 + b"e.")
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)
    with pytest.raises(ValueError, match="would grow without bounds"):
        read_checkpoint(path)
