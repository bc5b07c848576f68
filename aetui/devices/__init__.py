"""What the machine is doing: GPU, processor, memory."""
