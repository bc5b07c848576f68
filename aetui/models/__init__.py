"""Layers as PyTorch modules."""
