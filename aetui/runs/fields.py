"""What a value read from a run's folder may be. Such a folder may come from anybody."""

import math
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

LONGEST_WORDS, SHORT = 4000, 200
MOST_SECONDS = 1e10
"""Three centuries, in a run's log."""
MOST_THREADS = 100_000
"""Of the CPU, that a run may be told to compute with."""
MOST_MISTAKES = 1000
"""pydantic names all of them or none, and a million take gigabytes."""


def first_mistake(error: ValidationError) -> ErrorDetails | None:
    """Where and what the first is; None where there are too many to be named."""
    return error.errors()[0] if error.error_count() <= MOST_MISTAKES else None


def _plain(name: str) -> str:
    if name in ("", ".", "..") or any(char in name for char in "/\\\0") or len(name.encode()) > 255:
        raise ValueError("not a plain file name")
    return name


FileName = Annotated[str, AfterValidator(_plain)]
"""Of a file in a folder of the run that is known: it leads nowhere else."""

CHECKPOINT_NAME = r"epoch_\d{4,9}_step_\d{8,15}\.pt"
CheckpointName = Annotated[str, Field(pattern=f"^{CHECKPOINT_NAME}$")]
"""Of a file in `checkpoints/`."""


def as_words(value: object) -> object:
    """Text cut off where nobody would read on, and escaped where UTF-8 cannot say it; others unchanged."""
    if not isinstance(value, str):
        return value
    return value[:LONGEST_WORDS].encode(errors="backslashreplace").decode()


def _in_short(value: object) -> object:
    return as_words(value[:SHORT] if isinstance(value, str) else value)


ShortWords = Annotated[str, BeforeValidator(_in_short)]
"""For people, in a line."""

Words = Annotated[str, BeforeValidator(as_words)]
"""For people."""

Count = Annotated[int, Field(ge=0, le=10**15)]
Positive = Annotated[int, Field(ge=1, le=10**15)]


def _of_a_run(seconds: float) -> float:
    if math.isfinite(seconds) and abs(seconds) > MOST_SECONDS:
        raise ValueError("seconds of no run")
    return seconds


Seconds = Annotated[float, AfterValidator(_of_a_run)]
"""For charts over time; a number that is none is told as such."""
Epoch = Annotated[int, Field(ge=0, le=10**9)]
