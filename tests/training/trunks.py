"""What runs that others leave are made of."""

TRUNK = ("train.epochs=4", "train.keep_checkpoints=10", "noise.std=0.2")
"""Of 4 steps an epoch."""
