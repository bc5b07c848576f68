"""What a value read from a run's folder may be. Such a folder may come from anybody."""

from typing import Annotated

from pydantic import AfterValidator, Field

LONGEST_WORDS = 4000


def _plain(name: str) -> str:
    if name in ("", ".", "..") or any(char in name for char in "/\\\0") or len(name) > 255:
        raise ValueError("not a plain file name")
    return name


FileName = Annotated[str, AfterValidator(_plain)]
"""Of a file in a folder of the run that is known: it leads nowhere else."""

CheckpointName = Annotated[str, Field(pattern=r"^epoch_\d{4,9}_step_\d{8,15}\.pt$")]
"""Of a file in `checkpoints/`."""

Words = Annotated[str, AfterValidator(lambda words: words[:LONGEST_WORDS])]
"""For people; cut off where nobody would read on."""

Count = Annotated[int, Field(ge=0, le=10**15)]
Positive = Annotated[int, Field(ge=1, le=10**15)]
Epoch = Annotated[int, Field(ge=0, le=10**9)]
