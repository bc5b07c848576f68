"""Training: session, loop, evaluation, previews, checkpoints."""
