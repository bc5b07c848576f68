"""PyTorch code as layers: constructors, model classes, printouts. It is parsed and never run."""
