"""aetui: train autoencoders with PyTorch and watch them in the terminal."""

import sys

from aetui.torch_import import TorchFinder

__version__ = "0.1.0"

sys.meta_path.insert(0, TorchFinder())
