"""How PyTorch computes in the thread that trains: fast where it is free, repeatable above all.

A resumed run equals a straight one bit for bit only if every step of both uses the same algorithms.
"""

import os
import tempfile

import torch
from torch import nn

from aetui.models.transformer import Block
from aetui.own_folders import compiled_code_folder
from aetui.runs.events import Emit, Warned
from aetui.torch_import import COMPILED_CODE, SAFE_PATH

MOST_GRAPHS = 256
"""Of the code of a block: one a width, size of batch, share of images that skip it, in training and in tests.
What is beyond, PyTorch computes as it is, by whichever came first."""
MOST_THREADS_A_CORE = 8
"""More are slower, and tens of thousands end the process."""


def configure_torch(device: torch.device, threads: int | None) -> int:
    """No denormals, which halve a CPU's speed; the wanted number of CPU threads; the GPU that is meant.

    Returns how many threads PyTorch would take by itself: one a core, or what OMP_NUM_THREADS says.
    """
    torch.set_flush_denormal(True)
    by_itself = torch.get_num_threads()
    if threads:
        torch.set_num_threads(min(threads, MOST_THREADS_A_CORE * (os.cpu_count() or 1)))
    if device.type == "cuda":
        torch.cuda.set_device(device)  # autocast asks the current GPU, not that of the tensors, for bf16
        torch.cuda.set_stream(torch.cuda.Stream())  # type: ignore[no-untyped-call]  # the default one cannot be captured
    return by_itself


def numbers_of_a_pixel_together(model: nn.Module, *, wanted: bool) -> None:
    """Whether the weights of convolutions lie in memory as (out, height, width, in): PyTorch's channels_last.

    Then so does what they compute. On a CPU that is faster (docs/benchmarks.md), with other last digits.
    """
    layout = torch.channels_last if wanted else torch.contiguous_format
    model.to(memory_format=layout)


def settle_algorithms(device: torch.device, emit: Emit, *, repeatable: bool) -> None:
    """Let CUDA use deterministic algorithms alone, or the fastest, and say so.

    For attention the first leaves cuDNN's and makes flash attention's backward deterministic. On a CPU all is
    repeatable as it is.
    """
    if device.type != "cuda":
        return
    torch.backends.cudnn.deterministic = repeatable
    torch.backends.cudnn.benchmark = not repeatable  # chooses by time, today this and tomorrow that
    if repeatable:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else cuBLAS is not repeatable
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a debugging aid that costs time
    else:
        emit(Warned("train.repeatable is false: resumed, this run is not the same bit for bit"))
    torch.use_deterministic_algorithms(repeatable)


def compile_parts(model: nn.Module) -> None:
    """Run the blocks of a transformer, or the whole of another model, through `torch.compile`.

    Blocks that are alike are compiled once: https://docs.pytorch.org/tutorials/recipes/regional_compilation.html.
    Each shape has a graph of its own, so that a resumed run has the same ones.
    """
    import torch._dynamo
    from torch._inductor.runtime.cache_dir_utils import default_cache_dir

    folder = str(compiled_code_folder() or tempfile.mkdtemp(prefix="aetui-compiled-"))
    if os.environ.get(COMPILED_CODE) in (None, default_cache_dir()):  # which PyTorch sets as it is imported
        os.environ[COMPILED_CODE] = folder
    os.environ["TMPDIR"] = tempfile.tempdir = folder  # headers that it has compiled lie there all the same
    os.environ[SAFE_PATH] = "1"
    torch._dynamo.config.recompile_limit = MOST_GRAPHS
    blocks: list[nn.Module] = [part for part in model.modules() if isinstance(part, Block)]
    for part in blocks or [model]:
        part.compile(dynamic=False)


def numeric_settings(device: torch.device, *, bf16: bool, repeatable: bool) -> dict[str, str]:
    """What two runs on the same device must agree on to give the same numbers."""
    precision = {"precision": "bf16" if bf16 else "float32"}
    if device.type != "cuda":
        return precision | {"threads": str(torch.get_num_threads())}
    tf32 = "on" if torch.backends.cudnn.allow_tf32 else "off"
    cudnn = str(torch.backends.cudnn.version())  # type: ignore[no-untyped-call]
    kind = "deterministic" if repeatable else "fastest"
    return precision | {"TF32 in convolutions": tf32, "cuDNN": cudnn, "algorithms": kind}
