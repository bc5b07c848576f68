"""The process that hands images to the gallery."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from aetui.data import image_server as server_module
from aetui.data import load as load_module
from aetui.data.image_server import MOST_IMAGES, serve
from aetui.data.images import DataSet, ImageSet

DIGITS = {"name": "digits", "size": [1, 28, 28]}


@pytest.fixture
def six(monkeypatch: pytest.MonkeyPatch) -> DataSet:
    """Six train and two test images of 2x3 pixels in three channels, served whatever is asked for."""
    images = torch.arange(8 * 3 * 2 * 3, dtype=torch.uint8).view(8, 3, 2, 3)
    labels = torch.tensor([0, 1, 0, 2, 0, 1, 2, 2])
    data = DataSet("six", ImageSet(images[:6], labels[:6]), ImageSet(images[6:], labels[6:]), ("a", "b", "c"))
    monkeypatch.setattr(load_module, "load", lambda *arguments, **options: data)
    return data


def answers_to(asked: dict[str, object], *requests: object, data_dir: Path = Path("nowhere")) -> list[dict]:
    lines = [request if isinstance(request, str) else json.dumps(request) for request in requests]
    answers: list[dict] = []
    serve({"data_dir": str(data_dir), **asked}, lines, answers.append)
    return answers


def page(split: str, label: int | None, first: int, count: int) -> dict[str, object]:
    return {"split": split, "label": label, "first": first, "count": count}


def test_what_the_set_is_comes_first(six):
    (facts,) = answers_to(DIGITS)
    assert json.loads(json.dumps(facts)) == {
        "title": "six",
        "classes": ["a", "b", "c"],
        "train": 6,
        "test": 2,
        "size": [3, 2, 3],
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("request_", "total", "indices"),
    [
        (page("train", None, 0, 400), 6, [0, 1, 2, 3, 4, 5]),
        (page("train", None, 2, 2), 6, [2, 3]),
        (page("train", 0, 1, 2), 3, [2, 4]),
        (page("test", 2, 0, 9), 2, [0, 1]),
        (page("train", 9, 0, 9), 0, []),
        (page("train", None, 6, 9), 6, []),
    ],
)
def test_a_page_of_images(six, request_, total, indices):
    _, answer = answers_to(DIGITS, request_)
    chosen = six.train if request_["split"] == "train" else six.test
    assert (answer["total"], answer["indices"]) == (total, indices)
    assert answer["labels"] == [int(chosen.labels[index]) for index in indices]
    channels_last = chosen.images[indices].permute(0, 2, 3, 1)
    assert base64.b64decode(answer["pixels"]) == channels_last.contiguous().numpy().tobytes()


def test_one_answer_is_bounded(six, monkeypatch):
    monkeypatch.setattr(server_module, "MOST_BYTES", 2 * 18)
    assert answers_to(DIGITS, page("train", None, 0, 6))[1]["indices"] == [0, 1]
    monkeypatch.setattr(server_module, "MOST_BYTES", 1)
    assert answers_to(DIGITS, page("train", None, 0, 6))[1]["indices"] == [0]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "no json",
        "[" * 5000,
        "null",
        {},
        page("valid", None, 0, 1),
        page("train", -1, 0, 1),
        page("train", 10**30, 0, 1),
        page("train", None, -1, 1),
        page("train", None, 10**30, 1),
        page("train", None, 0, 0),
        page("train", None, 0, MOST_IMAGES + 1),
        page("train", None, 0, "1"),
        {**page("train", None, 0, 1), "more": 1},
    ],
)
def test_a_malformed_request_is_answered_and_the_next_one_too(six, wrong):
    _, error, answer = answers_to(DIGITS, wrong, page("train", None, 0, 1))
    assert error["error"].startswith("This request cannot be answered: ")
    assert answer["indices"] == [0]


def test_a_set_that_is_not_here_is_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr(load_module, "fetch", lambda *arguments, **options: pytest.fail("fetched"))
    (answer,) = answers_to({"name": "mnist", "size": [1, 28, 28]}, data_dir=tmp_path)
    hint = f"Fetch it with: aetui data get mnist --data {tmp_path}"
    assert answer == {"error": f"MNIST is not in {tmp_path}. {hint}"}


def test_a_folder_of_images(tmp_path):
    for name in ("train", "test"):
        (tmp_path / "mine" / name / "[bold]").mkdir(parents=True)
        for number in range(3):
            Image.new("L", (4, 4), 10 * number).save(tmp_path / "mine" / name / "[bold]" / f"{number}.png")
    (tmp_path / "mine" / "train" / "broken.png").write_bytes(b"no picture")
    asked = {"name": "folder", "folder": str(tmp_path / "mine"), "size": [1, 4, 4], "test_share": 0.1}
    *reading, facts, answer = answers_to(asked, page("train", 0, 0, 9), data_dir=tmp_path / "data")
    assert reading == [{"activity": "reading images: 0 of 7"}]
    assert (facts["title"], facts["classes"], facts["train"]) == ("mine", ("[bold]",), 3)
    assert facts["warnings"] == ["1 of 7 image files could not be read: train/broken.png."]
    assert base64.b64decode(answer["pixels"]) == b"".join(bytes([10 * n]) * 16 for n in range(3))


def test_a_folder_that_is_not_there(tmp_path):
    asked = {"name": "folder", "folder": str(tmp_path / "gone"), "size": [1, 4, 4], "test_share": 0.1}
    (answer,) = answers_to(asked, data_dir=tmp_path)
    assert "gone is not there" in answer["error"]


def test_the_process_keeps_its_output_clean_and_ends_with_its_input():
    """What libraries print, also past Python, goes to standard error."""
    code = (
        "import os, sys, aetui.data.load as load\n"
        "from aetui.data.image_server import main\n"
        "whole = load.load\n"
        "def loud(*a, **o): print('Python prints'); os.write(1, b'native\\n'); return whole(*a, **o)\n"
        "load.load = loud\n"
        "main()\n"
    )
    asked = json.dumps({**DIGITS, "data_dir": "nowhere"})
    done = subprocess.run(
        [sys.executable, "-c", code, asked],
        input=json.dumps(page("test", None, 0, 2)) + "\nrubbish\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    facts, answer, error = map(json.loads, done.stdout.splitlines())
    assert (facts["title"], facts["train"], facts["test"]) == ("generated digits", 10_000, 2_000)
    assert len(base64.b64decode(answer["pixels"])) == 2 * 28 * 28
    assert "error" in error
    assert "native" in done.stderr
    assert "Python prints" in done.stderr


def test_the_process_ends_when_nobody_reads_its_answers():
    asked = json.dumps({**DIGITS, "data_dir": "nowhere"})
    with subprocess.Popen(
        [sys.executable, "-m", "aetui.data.image_server", asked],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""
