"""Files of weights are read without running what is in them; what is none says what it is instead."""

import argparse
import collections
import io
import json
import pathlib
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from aetui.errors import AetuiError
from aetui.training.weights_file import read_weights

WEIGHTS = {"a.weight": torch.arange(500.0).reshape(5, 100), "b": torch.zeros(100, dtype=torch.int64)}


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def arrays():
    buffer = io.BytesIO()
    np.savez(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "args",
    [
        argparse.Namespace(lr=1.5e-4, blr=None, norm_pix_loss=True, output_dir="./output_dir", gpu=0),
        argparse.Namespace(output_dir=pathlib.PosixPath("out"), nested=argparse.Namespace(a=(1, 2))),
        pathlib.PurePosixPath("a") / "b",
        collections.OrderedDict(epoch=3),
        collections.Counter([4, 5]),
        {"hyper_parameters": {"lr": 1e-3}, "epoch": 5},
    ],
    ids=lambda args: type(args).__name__,
)
def test_what_trainers_save_beside_the_weights(tmp_path, args):
    """As facebookresearch/mae's util/misc.py saves: model, optimizer, epoch, scaler, args."""
    checkpoint = {"model": WEIGHTS, "optimizer": {"state": {}}, "scaler": {}, "args": args}
    (tmp_path / "w.pth").write_bytes(saved(checkpoint))
    found = read_weights(tmp_path / "w.pth").tensors
    assert found.keys() == WEIGHTS.keys()
    assert all(torch.equal(found[name], WEIGHTS[name]) for name in WEIGHTS)


def test_paths_of_python_3_13(tmp_path):
    """There a path's class is in `pathlib._local`."""
    data = io.BytesIO(saved({"model": WEIGHTS, "args": pathlib.PurePosixPath("a")}))
    with zipfile.ZipFile(data) as here, zipfile.ZipFile(tmp_path / "w.pth", "w") as there:
        for name in here.namelist():
            content = here.read(name).replace(b"cpathlib\n", b"cpathlib._local\n")
            assert b"pathlib" not in content or b"pathlib._local" in content
            there.writestr(name, content)
    assert read_weights(tmp_path / "w.pth").tensors.keys() == WEIGHTS.keys()


class Bomb:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return pathlib.Path.touch, (self.file,)


@pytest.mark.parametrize("wrap", [argparse.Namespace, dict, lambda **held: [argparse.Namespace(a=held)]])
def test_code_within_what_is_harmless_is_not_run(tmp_path, wrap):
    target = tmp_path / "made"
    (tmp_path / "w.pt").write_bytes(saved({"model": WEIGHTS, "args": wrap(x=Bomb(target))}))
    with pytest.raises(AetuiError, match=r"holds \w+, which is no tensor: it could run code"):
        read_weights(tmp_path / "w.pt")
    assert not target.exists()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 447692365\n"
HALF = torch.zeros(10_000, dtype=torch.float16)
LARGE = saved({"w": torch.zeros(30_000), "h": HALF, "v": torch.zeros(5_000)})
TENSORS = save({"w": torch.zeros(10_000)})


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "is empty", "fetch it again"),
        (b"<!DOCTYPE html>\n<html><head>", "is a web page", "/resolve/"),
        (b"\n  <html lang=en>", "is a web page", "/resolve/"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is a web page", ""),
        (LFS, "is a Git LFS pointer: the file itself, 448 MB, was not fetched", "git lfs pull"),
        (LARGE[:60_000], "ends too early: 60.0 kB are here, and its tensors alone take 160 kB", "wget -c"),
        (LARGE[:-1], "ends too early: ", "wget -c"),
        (b"PK\x03\x04", "ends too early: 4 B are here", "wget -c"),
        (TENSORS[:1000], "ends too early: 1.00 kB are here, and its tensors alone take 40.1 kB", "wget -c"),
        (b"\x1f\x8b\x08\x00rest", "is a gzip archive", "unpack it"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file", "PyTorch"),
        (arrays(), "is an archive of NumPy arrays", "PyTorch"),
        (zipped(**{"weights/model.pth": b"1"}), "is a zip archive without weights", "unpack it"),
        (b'{"error": "Invalid credentials"}', "is text, not weights", ""),
        ("naïve Grüße\n".encode() * 200, "is text, not weights", ""),
        (b"\x00\x01\x02\x03" * 50, "is not a file of weights, or it is damaged", ""),
        (saved(nn.Sequential(nn.Linear(2, 2))), "holds a whole model", "torch.save(model.state_dict()"),
        (saved(collections.deque([1])), "holds collections.deque, which is no tensor", "torch.save(model.st"),
    ],
    ids=lambda said: "" if isinstance(said, bytes) else said,  # an archive has its time in it
)
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_what_is_no_weights_says_what_it_is(tmp_path, content, message, hint, ending):
    path = tmp_path / f"w.{ending}"
    path.write_bytes(content)
    with pytest.raises(AetuiError) as refused:
        read_weights(path)
    assert f"{path} {message}" in refused.value.message
    assert hint in refused.value.hint
    assert "weights_only" not in refused.value.sentence


HEADER = LARGE[: LARGE.index(b"\x80\x02")]


@pytest.mark.parametrize(
    "content",
    [
        LFS.replace(b"447692365", b"9" * 900),
        *(
            len(text).to_bytes(8, "little") + text
            for text in (b'{"a":{"data_offsets":[0,1e999]}}', b'{"a":{"data_offsets":[0,%s]}}' % (b"9" * 400))
        ),
        HEADER + b"\x80\x02\x8e" + (2**62).to_bytes(8, "little"),  # BINBYTES8 of 4 EB
        HEADER + b"\x80\x02ctorch\nDoubleStorage\n\x8a\xff" + b"\x7f" * 255 + b"Q" * 9,  # LONG1 of 2,040 bits
        HEADER + b"\x80\x02h\xff" + b"Q" * 1000,
    ],
)
def test_absurd_claims_are_a_sentence(tmp_path, content):
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(AetuiError):
        read_weights(tmp_path / "w.pt")


def test_safetensors_are_known_by_what_they_hold(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(save(WEIGHTS))
    assert read_weights(tmp_path / "pytorch_model.bin").tensors.keys() == WEIGHTS.keys()


def test_a_header_that_is_odd_is_no_answer_about_its_length(tmp_path):
    for header in ({"a": 3}, {"a": {"data_offsets": "x"}}, {}, {"__metadata__": {}}):
        text = json.dumps(header).encode()
        (tmp_path / "w.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)
        with pytest.raises(AetuiError):
            read_weights(tmp_path / "w.safetensors")
