"""The process that trains for the app: `python -m aetui.training RUN_FOLDER COMMANDS_FROM`."""

import sys
from pathlib import Path

from aetui.errors import AetuiError
from aetui.runs.folder import RunFolder
from aetui.training.supervisor import supervise

if __name__ == "__main__":
    try:
        sys.exit(supervise(RunFolder(Path(sys.argv[1])), commands_from=int(sys.argv[2])))
    except AetuiError as error:
        sys.exit(error.sentence)
