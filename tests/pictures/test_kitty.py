import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from aetui.pictures import kitty

RANDOM = np.random.default_rng(0)


def commands(text: str) -> list[tuple[dict[str, str], str]]:
    """Keys and payload of every escape sequence; the text holds nothing else."""
    assert re.fullmatch(r"(\x1b_G[^\x1b]*\x1b\\)+", text)
    found = re.findall(r"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\", text)
    return [(dict(key.split("=") for key in keys.split(",")), payload) for keys, payload in found]


@pytest.mark.parametrize("shape", [(1, 1, 1), (28, 28, 1), (32, 32, 3), (200, 300, 3)])
def test_the_payload_is_the_picture(shape):
    pixels = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    sent = commands(kitty.transmit(pixels, 7))
    first, *others = sent
    assert first[0] == {"a": "t", "f": "100", "t": "d", "i": "7", "q": "2", "m": "1" if others else "0"}
    assert all(set(keys) == {"m", "q"} and keys["q"] == "2" for keys, _ in others)
    assert [keys["m"] for keys, _ in sent] == ["1"] * (len(sent) - 1) + ["0"]
    assert all(len(payload) == 4096 for _, payload in sent[:-1])
    assert 0 < len(sent[-1][1]) <= 4096
    png = base64.b64decode("".join(payload for _, payload in sent), validate=True)
    with Image.open(io.BytesIO(png)) as image:
        assert np.array_equal(np.asarray(image).reshape(shape), pixels)


def test_large_pictures_come_in_chunks():
    assert len(commands(kitty.transmit(RANDOM.integers(0, 256, (200, 300, 3), dtype=np.uint8), 1))) > 10


def test_a_place_leaves_the_cursor_and_asks_for_no_answer():
    [(keys, payload)] = commands(kitty.place(7, 20, 10))
    assert keys == {"a": "p", "i": "7", "p": "1", "c": "20", "r": "10", "C": "1", "q": "2"}
    assert payload == ""


def test_deleting_frees_the_memory():
    assert commands(kitty.delete(7)) == [({"a": "d", "d": "I", "i": "7", "q": "2"}, "")]
