"""Data sets as uint8 tensors, and where they come from."""
