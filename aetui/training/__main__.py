"""The process that trains for the app, and each of several that train one run.

`python -m aetui.training RUN_FOLDER DATA_FOLDER COMMANDS_FROM [repair] [profile] [output-to-log]`
"""

import sys
from pathlib import Path

from aetui.errors import AetuiError
from aetui.runs.folder import RunFolder
from aetui.training.ranks.environment import rank
from aetui.training.ranks.launching import OUTPUT_TO_LOG, wake_with_launcher
from aetui.training.ranks.serving import serve
from aetui.training.supervisor import leave_terminal, supervise

if __name__ == "__main__":
    run, data_dir, commands_from, *flags = sys.argv[1:]
    folder = RunFolder(Path(run))
    if OUTPUT_TO_LOG in flags:
        leave_terminal(folder)
        wake_with_launcher()
    if rank():
        sys.exit(serve())
    try:
        sys.exit(
            supervise(
                folder,
                data_dir=Path(data_dir),
                commands_from=int(commands_from),
                repair="repair" in flags,
                profile="profile" in flags,
            )
        )
    except AetuiError as error:
        sys.exit(error.sentence)
    except OSError as error:
        sys.exit(f"{error.filename or folder.path} cannot be read or written: {error.strerror}")
