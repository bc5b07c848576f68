"""What a person says of a run: another name, a note, tags, a star; a file of its own in the run's folder."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from aetui.errors import AetuiError
from aetui.files import read_bounded, write_whole
from aetui.runs.fields import ShortWords
from aetui.runs.folder import RunFolder

LABELS_FILE = "labels.json"
LARGEST_BYTES = 100_000
MOST_TAGS = 50


class Labels(BaseModel):
    """Of a run; nothing that its training knows of."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: ShortWords = ""
    """Shown in the place of the preset's."""
    note: ShortWords = ""
    tags: Annotated[tuple[ShortWords, ...], FailFast(), Field(max_length=MOST_TAGS)] = ()
    starred: bool = False
    archived: bool = False
    """Left out of lists where nobody asks for it."""


UNLABELLED = Labels()


def read_labels(folder: RunFolder) -> Labels:
    """What was said; nothing where there is no such file, or one that is damaged."""
    try:
        return Labels.model_validate_json(read_bounded(folder.path / LABELS_FILE, LARGEST_BYTES))
    except (OSError, ValidationError):
        return UNLABELLED


def change_labels(folder: RunFolder, **fields: object) -> Labels:
    """Say something else of a run. Raises AetuiError where that cannot be written."""
    labels = Labels.model_validate(read_labels(folder).model_dump() | fields)
    path = folder.path / LABELS_FILE
    if folder.path.is_symlink():
        raise AetuiError(f"{folder.path} is a link", "label the run where it lies")
    try:
        write_whole(path, labels.model_dump_json(indent=1, exclude_defaults=True).encode())
    except OSError as error:
        raise AetuiError(f"{error.filename or path} cannot be written: {error.strerror}") from None
    return labels
