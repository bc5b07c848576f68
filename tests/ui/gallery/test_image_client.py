"""The screens' end of the process that reads the images."""

import asyncio
import json
from pathlib import Path

import psutil
import pytest

from aetui.config.preset import Preset
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.ui.gallery import image_client as client_module
from aetui.ui.gallery.image_client import ImageClient

FACTS = '{"title": "t", "classes": ["a"], "train": 9, "test": 9, "size": [1, 1, 2], "warnings": []}'
PAGE = """
request = json.loads(line)
first, count = request["first"], request["count"]
pixels = base64.b64encode(bytes(range(2 * first, 2 * (first + count)))).decode()
tell({"total": 9, "indices": list(range(first, first + count)), "labels": [0] * count, "pixels": pixels})
"""


@pytest.fixture
def preset() -> Preset:
    return read_preset(find_preset("digits-mlp"))


@pytest.fixture
def scripted(preset, tmp_path, monkeypatch):
    """A client whose process is a script of ours: what it does at first, then with each line."""

    def make(begin: str = f"print('{FACTS}', flush=True)", each: str = PAGE) -> ImageClient:
        code = (
            "import base64, json, os, sys, time\n"
            "def tell(answer): print(json.dumps(answer), flush=True)\n"
            f"{begin}\nfor line in sys.stdin:\n    " + each.strip().replace("\n", "\n    ")
        )
        (tmp_path / "scripted_server.py").write_text(code)
        monkeypatch.setattr(client_module, "MODULE", "scripted_server")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return ImageClient(preset, tmp_path)

    return make


async def test_images_of_generated_digits_from_the_real_process(preset, tmp_path):
    samples = ImageClient(preset, tmp_path)
    facts = await samples.open()
    assert (facts.title, facts.train, facts.test, facts.size) == (
        "generated digits",
        10_000,
        2_000,
        (1, 28, 28),
    )
    page = await samples.page("test", 7, 3, 5)
    assert page.total == 200
    assert page.labels == (7,) * 5
    assert page.indices == tuple(sorted(page.indices))
    assert page.pixels.shape == (5, 28, 28, 1)
    assert page.pixels.dtype == "uint8"
    assert page.pixels.max() > 200
    whole = await samples.page("test", None, page.indices[0], 1)
    assert (whole.pixels[0] == page.pixels[0]).all()
    assert len(psutil.Process().children()) == 1
    await samples.close()
    assert not psutil.Process().children()
    assert list(tmp_path.iterdir()) == []


async def test_a_set_that_is_not_here(tmp_path):
    samples = ImageClient(read_preset(find_preset("mnist-conv")), tmp_path)
    with pytest.raises(AetuiError, match=r"MNIST is not in .*aetui data get mnist"):
        await samples.open()
    assert not psutil.Process().children()


def test_what_a_folders_process_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    preset = read_preset(find_preset("folder-conv"))
    data = preset.data.model_copy(update={"path": "~/mine", "size": "3x16x24", "test_share": 0.25})
    asked = ImageClient(preset.model_copy(update={"data": data}), Path("/data"))._asked
    assert json.loads(json.dumps(asked)) == {
        "name": "folder",
        "data_dir": "/data",
        "size": [3, 16, 24],
        "folder": str(tmp_path / "mine"),
        "test_share": 0.25,
    }


async def test_what_is_waited_for_is_told(scripted):
    samples = scripted(f"tell({{'activity': 'reading 1 of 2'}})\ntell({{'activity': '2'}})\nprint('{FACTS}')")
    activities: list[str] = []
    await samples.open(activities.append)
    await samples.close()
    assert activities == ["reading 1 of 2", "2"]


async def test_a_question_that_is_cancelled_does_not_mix_up_the_answers(scripted, tmp_path, monkeypatch):
    samples = scripted(each="while not os.path.exists('go'): time.sleep(0.01)\n" + PAGE)
    monkeypatch.chdir(tmp_path)
    await samples.open()
    for first in (1, 2):
        given_up = asyncio.create_task(samples.page("test", None, first, 1))
        while samples._unread < first:
            await asyncio.sleep(0)
        given_up.cancel()
    (tmp_path / "go").touch()
    page = await samples.page("test", None, 3, 1)
    assert page.indices == (3,)
    assert page.pixels.tolist() == [[[[6], [7]]]]
    await samples.close()


async def test_questions_at_the_same_time_each_get_their_answer(scripted):
    samples = scripted()
    pages = await asyncio.gather(*(samples.page("test", None, first, 1) for first in range(5)))
    assert [page.indices for page in pages] == [(0,), (1,), (2,), (3,), (4,)]
    await samples.close()


@pytest.mark.parametrize(
    ("begin", "each"),
    [
        ("raise ValueError('no luck')", "pass"),
        (f"print('{FACTS}', flush=True)", "raise ValueError('no luck')"),
        (f"print('{FACTS}', flush=True); raise ValueError('no luck')", "pass"),
    ],
)
async def test_a_process_that_dies_leaves_its_last_words(scripted, begin, each):
    samples = scripted(begin, each)
    with pytest.raises(AetuiError, match=r"has ended: ValueError: no luck$"):
        await samples.page("test", None, 0, 1)
    assert not psutil.Process().children()


async def test_a_process_that_is_killed_is_followed_by_a_new_one(scripted):
    samples = scripted()
    await samples.page("test", None, 0, 1)
    (child,) = psutil.Process().children()
    child.kill()
    with pytest.raises(AetuiError, match="has ended: it left no word"):
        await samples.page("test", None, 1, 1)
    assert (await samples.page("test", None, 2, 1)).indices == (2,)
    await samples.close()


async def test_a_silent_process_is_given_up(scripted, monkeypatch):
    monkeypatch.setattr(client_module, "SILENT_SECONDS", 0.2)
    samples = scripted("sys.stdin.read()")
    with pytest.raises(AetuiError, match="has said nothing"):
        await samples.open()
    assert not psutil.Process().children()


async def test_closing_while_a_question_waits(scripted):
    samples = scripted("sys.stdin.read()")
    waiting = asyncio.create_task(samples.open())
    while samples._process is None:
        await asyncio.sleep(0)
    await samples.close()
    with pytest.raises(AetuiError):
        await waiting
    assert not psutil.Process().children()


async def test_a_process_that_cannot_be_started(scripted, monkeypatch, tmp_path):
    samples = scripted()
    monkeypatch.setattr(client_module.sys, "executable", str(tmp_path / "gone"))
    with pytest.raises(AetuiError, match="cannot be started: No such file"):
        await samples.open()
