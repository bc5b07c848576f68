"""The process that trains for the app: `python -m aetui.training RUN_FOLDER DATA_FOLDER COMMANDS_FROM`."""

import sys
from pathlib import Path

from aetui.errors import AetuiError
from aetui.runs.folder import RunFolder
from aetui.training.supervisor import supervise

if __name__ == "__main__":
    run, data_dir, commands_from = sys.argv[1:]
    try:
        sys.exit(supervise(RunFolder(Path(run)), data_dir=Path(data_dir), commands_from=int(commands_from)))
    except AetuiError as error:
        sys.exit(error.sentence)
