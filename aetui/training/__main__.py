"""The process that trains for the app.

`python -m aetui.training RUN_FOLDER DATA_FOLDER COMMANDS_FROM [repair]`
"""

import sys
from pathlib import Path

from aetui.errors import AetuiError
from aetui.runs.folder import RunFolder
from aetui.training.supervisor import supervise

if __name__ == "__main__":
    run, data_dir, commands_from, *repair = sys.argv[1:]
    folder, offset = RunFolder(Path(run)), int(commands_from)
    try:
        sys.exit(supervise(folder, data_dir=Path(data_dir), commands_from=offset, repair=bool(repair)))
    except AetuiError as error:
        sys.exit(error.sentence)
    except OSError as error:
        sys.exit(f"{error.filename or folder.path} cannot be read or written: {error.strerror}")
