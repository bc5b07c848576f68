"""The images of a data set for the screens, from a process of their own: no screen loads torch."""

import asyncio
import base64
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from aetui.config.preset import Preset
from aetui.errors import AetuiError
from aetui.shapes.sizes import parse_size
from aetui.text import safe_text

if TYPE_CHECKING:
    from aetui.pictures.pixels import Images

Split = Literal["train", "test"]

MODULE = "aetui.data.image_server"
SILENT_SECONDS = 60.0
"""How long the process may take for a line."""
LINE_BYTES = 1 << 28
"""Longer than any answer."""


@dataclass(frozen=True)
class DataFacts:
    """What a data set is."""

    title: str
    classes: tuple[str, ...]
    train: int
    """Images."""
    test: int
    """Images."""
    size: tuple[int, int, int]
    """Channels, height, width."""
    warnings: tuple[str, ...]
    """One sentence each, for example which files could not be read."""


@dataclass(frozen=True, eq=False)
class Page:
    """Images that follow each other in a set, or among those with one label."""

    total: int
    """How many there are to page through."""
    indices: tuple[int, ...]
    """In the set."""
    labels: tuple[int, ...]
    """Into the classes."""
    pixels: "Images"
    """(N, H, W, C); fewer than asked for at the end, and where they are very large."""


class ImageClient:
    """The images of a preset's data set. One question at a time: the others wait.

    Where the process cannot be had, ends or says nothing for SILENT_SECONDS, a question raises AetuiError;
    the next one starts a new process.
    """

    def __init__(self, preset: Preset, data_dir: Path) -> None:
        self._asked = _asked(preset, data_dir)
        self._process: asyncio.subprocess.Process | None = None
        self._errors: IO[bytes] | None = None
        self._facts: DataFacts | None = None
        self._lock = asyncio.Lock()
        self._unread = 0
        """Answers that are still to come: to the question that waits, and to those that were given up."""

    async def open(self, on_activity: Callable[[str], None] = lambda activity: None) -> DataFacts:
        """Start the process, if that was not done, and wait for the set.

        Raises AetuiError where the set is not here or cannot be read. `on_activity` is called with what is
        waited for.
        """
        async with self._alone():
            return await self._open(on_activity)

    async def page(self, split: Split, label: int | None, first: int, count: int) -> Page:
        """Up to `count` images with this label, or with any, from the `first` of them on.

        Raises AetuiError. A question that is cancelled leaves the process ready for the next.
        """
        async with self._alone():
            facts = await self._open(lambda activity: None)
            answer = await self._ask({"split": split, "label": label, "first": first, "count": count})
            return _page(answer, facts)

    async def close(self) -> None:
        """End the process; a question that waits raises AetuiError."""
        self._kill()
        async with self._lock:
            await self._end()

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One question at a time; one that fails ends the process."""
        async with self._lock:
            try:
                yield
            except AetuiError:
                await self._end()
                raise
            except (
                KeyError,
                TypeError,
                ValueError,
            ) as error:  # not JSON, a line without end, fields that lack
                await self._end()
                reason = safe_text(f"{type(error).__name__}: {error}")[:300]
                raise AetuiError(f"The process that reads the data gave no answer: {reason}") from None

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _end(self) -> None:
        self._kill()
        if self._process is not None:
            await self._process.communicate()
        if self._errors is not None:
            self._errors.close()
        self._process, self._errors, self._facts, self._unread = None, None, None, 0

    async def _open(self, on_activity: Callable[[str], None]) -> DataFacts:
        if self._process is None:
            self._process = await self._start()
        while self._facts is None:
            line = await self._receive()
            if "activity" in line:
                on_activity(line["activity"])
            else:
                self._facts = _facts(line)
        return self._facts

    async def _start(self) -> asyncio.subprocess.Process:
        try:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", MODULE, json.dumps(self._asked)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,
                limit=LINE_BYTES,
            )
        except OSError as error:
            raise AetuiError(f"The process that reads the data cannot be started: {error.strerror}") from None

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to this request, after those that nobody waits for any more."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._unread += 1
        with contextlib.suppress(ConnectionError):  # a process that ended: its last words are read
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            await self._process.stdin.drain()
        while True:
            answer = await self._receive()
            self._unread -= 1
            if not self._unread:
                return _checked(answer)

    async def _receive(self) -> dict[str, Any]:
        """The next line of the process."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise AetuiError(
                f"The process that reads the data has said nothing for {SILENT_SECONDS:.0f} s.",
                "Is the machine or its disk very busy? Try again.",
            ) from None
        if not line.endswith(b"\n"):
            raise AetuiError(f"The process that reads the data has ended: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        assert self._errors is not None
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return safe_text(next((line for line in reversed(lines) if line.strip()), "it left no word")[:300])


def _asked(preset: Preset, data_dir: Path) -> dict[str, Any]:
    """What the process needs to find the same images as the training of this preset."""
    data = preset.data
    asked: dict[str, Any] = {
        "name": data.name,
        "data_dir": str(data_dir),
        "size": parse_size(preset.image_size),
    }
    if data.path:
        asked |= {"folder": str(Path(data.path).expanduser()), "test_share": data.test_share}
    return asked


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise AetuiError(answer["error"])
    return answer


def _facts(answer: dict[str, Any]) -> DataFacts:
    facts = _checked(answer)
    channels, height, width = facts["size"]
    return DataFacts(
        facts["title"],
        tuple(facts["classes"]),
        facts["train"],
        facts["test"],
        (channels, height, width),
        tuple(facts["warnings"]),
    )


def _page(answer: dict[str, Any], facts: DataFacts) -> Page:
    import numpy as np

    channels, height, width = facts.size
    pixels = np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8)
    shape = (len(answer["indices"]), height, width, channels)
    return Page(answer["total"], tuple(answer["indices"]), tuple(answer["labels"]), pixels.reshape(shape))
