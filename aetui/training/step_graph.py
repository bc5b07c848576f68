"""A training step as one CUDA graph, which a GPU is given as a whole.

The step of a small model is dozens of kernels of a few microseconds, and the GPU waits for Python to launch
each. Captured once, they are launched together, the same kernels on the same numbers: losses are equal bit
for bit. https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs

What changes from step to step lies in tensors that stay where they are: the examples and the learning rate.
Random numbers are drawn with the examples, before the graph, since a graph would repeat a seed that comes
from Python; only a layer that drops out draws within, from PyTorch's own generator, which graphs move on.
"""

import contextlib
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch

from aetui.runs.events import Emit, Warned
from aetui.training.objective import Examples, StepLoss
from aetui.training.steps import learn
from aetui.training.training import Training

WARM_UP_STEPS = 3
"""Taken one by one before the capture, since libraries and Adam make what they need at first; as many as in
`torch.cuda.make_graphed_callables`."""


class Graph(Protocol):
    """What of `torch.cuda.CUDAGraph` is used."""

    def replay(self) -> None: ...

    def reset(self) -> None: ...


@dataclass(frozen=True)
class _Captured:
    """A graph, and the tensors that it reads and writes."""

    graph: Graph
    given: Examples
    losses: StepLoss

    def replay(self, examples: Examples) -> StepLoss:
        pairs = zip(self.given, examples, strict=True)
        for held, new in {id(held): (held, new) for held, new in pairs}.values():
            held.copy_(new)
        self.graph.replay()
        return self.losses


class StepGraph:
    """Stands in for `learn`: whole batches by a graph from the fourth on, smaller ones kernel by kernel.

    The graph holds what the preset says, and the model and its optimizer as they lie in memory. Where one of
    them, or the part that is masked, becomes another, another graph is needed.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._captured: _Captured | None = None
        self._steps = 0
        self.refused = False
        """Whether the steps could not be captured; they are taken one by one then."""

    def __call__(self, training: Training, examples: Examples) -> StepLoss:
        whole = len(examples[0]) == training.preset.train.batch_size
        self._steps += whole
        if not whole or self.refused or self._steps <= WARM_UP_STEPS:
            return learn(training, examples)
        self._captured = self._captured or self._capture(training, examples)
        return self._captured.replay(examples) if self._captured else learn(training, examples)

    def drop(self) -> None:
        """Give the graph's memory back."""
        if self._captured:
            self._captured.graph.reset()
            self._captured = None

    def _capture(self, training: Training, examples: Examples) -> _Captured | None:
        """None, and said, where a step waits for the GPU or has no memory left for a graph's own."""
        try:
            copies = {id(tensor): tensor.clone() for tensor in examples}
            given = tuple(copies[id(tensor)] for tensor in examples)
            with _capturable(training.optimizer):
                graph, losses = recorded(partial(learn, training, given))
        except RuntimeError as error:
            what = str(_first_cause(error)).partition("\n")[0]
            self._emit(Warned(f"steps are taken one by one, they cannot be captured in a CUDA graph: {what}"))
            self.refused = True
            return None
        return _Captured(graph, given, losses)


def recorded(work: Callable[[], StepLoss]) -> tuple[Graph, StepLoss]:
    """A graph that does the work, and what that will return: nothing is computed yet.

    The stream is that of the steps before, which is not the default one: `configure_torch`.
    """
    gc.collect()  # no older graph is freed while this one is captured
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):
            losses = work()
    except RuntimeError:
        generator = torch.cuda.default_generators[torch.cuda.current_device()]
        generator.graphsafe_set_state(generator.clone_state())  # else torch 2.10 takes it for captured still
        raise
    return graph, losses


def _first_cause(error: BaseException) -> BaseException:
    """The end of a capture that failed raises an error of its own."""
    return _first_cause(error.__context__) if error.__context__ else error


@contextlib.contextmanager
def _capturable(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Tell the optimizer that it is captured; the steps that are not it would warn of that."""
    for group in optimizer.param_groups:
        group["capturable"] = True
    try:
        yield
    finally:
        for group in optimizer.param_groups:
            group["capturable"] = False
