"""The process that hands images to the gallery, since the screens never load torch.

`python -P -m aetui.data.image_server ASKED`, where ASKED is a JSON object: `name` and `data_dir`, `size` as
[C, H, W], and for the set named `folder` also `folder` and `test_share`. Nothing is downloaded.

Each line out is a JSON object. While the set is read: `{"activity": sentence}`. Then once
`{"title", "classes", "train", "test", "size", "warnings"}`, the two sets as numbers of images, or
`{"error": sentence}` and the end. After that one line for each line in: see `Request` and `answer`.
"""

import contextlib
import json
import os
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aetui.errors import AetuiError

if TYPE_CHECKING:
    from aetui.data.images import DataSet

MOST_IMAGES = 400
MOST_BYTES = 32 << 20
"""Of the pixels in one answer; where not even one image fits, there is one."""
REPORT_SECONDS = 0.5

Send = Callable[[Mapping[str, Any]], None]


class Request(BaseModel):
    """A page of images requested: those of one label, or of any, from the `first` of them on."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    split: Literal["train", "test"]
    label: int | None = Field(ge=0, lt=2**31)
    first: int = Field(ge=0, lt=2**31)
    count: int = Field(ge=1, le=MOST_IMAGES)


def serve(asked: Mapping[str, Any], requests: Iterable[str | bytes], send: Send) -> None:
    """Read the set that is asked for, send what it is, and answer the requests, one line each."""
    try:
        data, warnings = _load(asked, send)
    except AetuiError as error:
        send({"error": error.sentence})
        return
    except OSError as error:
        send({"error": f"{error.filename or asked['name']} cannot be read: {error.strerror or error}."})
        return
    send(
        {
            "title": data.title,
            "classes": data.classes,
            "train": len(data.train),
            "test": len(data.test),
            "size": tuple(data.train.images.shape[1:]),
            "warnings": warnings,
        }
    )
    for line in requests:
        try:
            send(answer(data, Request.model_validate_json(line)))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            send({"error": f"This request cannot be answered: {where and where + ': '}{first['msg']}."})


def answer(data: "DataSet", request: Request) -> dict[str, Any]:
    """`total`: how many images have the label; of the page `indices` in the set, `labels` and `pixels`.

    The pixels are uint8 (N, H, W, C) in base64. There may be fewer images than asked for: at the end of the
    set, and where they would be more than MOST_BYTES.
    """
    import torch

    chosen = data.train if request.split == "train" else data.test
    if request.label is None:
        matching = torch.arange(len(chosen))
    else:
        matching = (chosen.labels == request.label).nonzero().flatten()
    count = min(request.count, max(1, MOST_BYTES // chosen.images[0].nbytes))
    picked = matching[request.first : request.first + count]
    pixels = chosen.images[picked].permute(0, 2, 3, 1).contiguous()
    return {
        "total": len(matching),
        "indices": picked.tolist(),
        "labels": chosen.labels[picked].tolist(),
        "pixels": b64encode(pixels.numpy().tobytes()).decode(),
    }


def _load(asked: Mapping[str, Any], send: Send) -> tuple["DataSet", list[str]]:
    """The set and what it warns of. Raises AetuiError and OSError."""
    from aetui.data.files import Decoding
    from aetui.data.load import load

    warnings: list[str] = []
    reported_at = 0.0

    def on_progress(progress: object) -> None:
        nonlocal reported_at
        assert isinstance(progress, Decoding), "nothing is downloaded"
        if time.monotonic() - reported_at > REPORT_SECONDS:
            reported_at = time.monotonic()
            send({"activity": progress.sentence})

    data = load(
        asked["name"],
        Path(asked["data_dir"]),
        folder=Path(asked["folder"]) if asked.get("folder") else None,
        size=tuple(asked["size"]),
        test_share=asked.get("test_share", 0.1),
        download=False,
        on_progress=on_progress,
        on_warning=warnings.append,
        cancelled=lambda: False,
    )
    return data, warnings


@contextlib.contextmanager
def _lines_out() -> Iterator[Send]:
    """Standard output for the answers alone; what libraries print there goes to standard error."""
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)

        def send(answer: Mapping[str, Any]) -> None:
            out.write(json.dumps(answer).encode() + b"\n")
            out.flush()

        yield send


def main() -> None:
    """Serve until standard input ends or nobody reads the answers."""
    with contextlib.suppress(BrokenPipeError), _lines_out() as send:
        import torch

        torch.set_num_threads(1)
        serve(json.loads(sys.argv[1]), sys.stdin.buffer, send)


if __name__ == "__main__":
    main()
