"""`python -m aetui` is the same program."""

import sys

from aetui.cli import main

if __name__ == "__main__":
    sys.exit(main())
