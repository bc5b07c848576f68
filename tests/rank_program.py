"""`aetui` on a few generated digits, for what torchrun starts: `rank_program.py IMAGES COMMAND …`."""

import sys

from aetui.cli import main
from aetui.data.generated import digits
from aetui.training import data

if __name__ == "__main__":
    few = digits(train=int(sys.argv[1]), test=70)
    data.load = lambda *_, **__: few
    sys.exit(main(sys.argv[2:]))
