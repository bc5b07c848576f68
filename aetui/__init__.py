"""aetui: train autoencoders with PyTorch and watch them in the terminal."""

__version__ = "0.1.0"
