"""What an exception that ended a run is to its owner: a state, an exit code, a sentence with what helps."""

import contextlib
import re
import traceback

from aetui.errors import EXIT_FAILURE, EXIT_OUT_OF_MEMORY, AetuiError
from aetui.files import append_line
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.text import for_shell
from aetui.training.ranks.roll import RankLost

OUT_OF_MEMORY_SIGNS = (
    "DefaultCPUAllocator",
    "enforce fail at inline_container.cc",  # of torch.save into memory
    "CUDA error: out of memory",
    "CUDA driver error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
"""In messages of PyTorch's CPU allocator, and of CUDA and its libraries, which take memory of their own."""
OTHERS = re.compile(r"Process \d+ has ([\d.]+ .iB) memory in use")
"""In what PyTorch says of a GPU whose memory is used up, for every other process on it."""
MISSING = re.compile(r"The operator '([\w:.]+)' is not currently implemented for the MPS device")
NOT_DETERMINISTIC = "does not have a deterministic implementation"
"""In what PyTorch raises then, behind the name of the operation."""
TAKEN = ("busy or unavailable",)
UNFIT = (
    "no kernel image",
    "unsupported toolchain",
    "driver version is insufficient",
    "display driver / cuda",
)
LOST = (
    "launch failure",
    "illegal memory access",
    "illegal instruction",
    "misaligned address",
    "ECC error",
    "hardware",
    "launch timed out",
    "device-side assert",
    "GPU is lost",
    "no CUDA-capable device",
    "unknown error",
)
"""In what CUDA calls its errors (cudaGetErrorString): of a GPU that is somebody else's alone, one that this
PyTorch or driver cannot use, and one that fails within a run, after which the process can use it no more."""

Failure = tuple[str, int, str]
"""State, exit code and sentence."""


def failure_of(error: Exception, folder: RunFolder) -> Failure:
    """Of a run's training thread; the traceback goes into its log where the sentence does not say enough."""
    what = str(error).partition("\n")[0] or type(error).__name__
    if is_out_of_memory(error):
        return states.OUT_OF_MEMORY, EXIT_OUT_OF_MEMORY, out_of_memory(what, folder)
    with contextlib.suppress(OSError):
        append_line(folder.log, "".join(traceback.format_exception(error)))
    return states.FAILED, EXIT_FAILURE, _sentence(error, what, folder)


def failure_of_rank(lost: RankLost, folder: RunFolder) -> Failure:
    """The same of another process that trained this run too."""
    told = lost.failure
    if told.traceback:
        with contextlib.suppress(OSError):
            append_line(folder.log, told.traceback)
    if told.out_of_memory:
        return states.OUT_OF_MEMORY, EXIT_OUT_OF_MEMORY, out_of_memory(told.sentence, folder)
    go_on = f"`aetui resume {folder.called}` goes on from the newest checkpoint"
    return states.INTERRUPTED, EXIT_FAILURE, f"{told.sentence}; {go_on}"


def is_out_of_memory(error: Exception) -> bool:
    """Of a GPU, or of the machine as PyTorch's CPU allocator and Python say it."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(sign in str(error) for sign in OUT_OF_MEMORY_SIGNS)
    )


def out_of_memory(what: str, folder: RunFolder) -> str:
    """What to say of it, and what helps."""
    what = what.partition(" Of the allocated memory")[0]  # next come its parts, and hints for programmers
    if others := OTHERS.findall(what):
        what += f" Others hold {' and '.join(others)}: wait for them, or take another GPU with --device."
    try:
        preset = folder.read_preset()
    except AetuiError:  # somebody changes it just now
        return f"out of memory ({what})"
    half, parts = max(1, preset.train.batch_size // 2), 2 * preset.train.accumulate
    go_on = f"`aetui resume {folder.called} --set train.accumulate={parts}`"
    again = f"`aetui train {for_shell(folder.config)} --set train.batch_size={half}`"
    return f"out of memory ({what}); {go_on} computes each batch in parts, {again} starts with smaller ones"


def _sentence(error: Exception, what: str, folder: RunFolder) -> str:
    resume = f"`aetui resume {folder.called}"
    on_cpu = f"{resume} --device cpu` goes on without it"
    if type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
        return f"torch.compile failed: {what}; go on without it: {resume} --set train.compile=false`"
    if NOT_DETERMINISTIC in what:
        return f"{what.partition(' ')[0]} is not repeatable on a GPU; {resume} --set train.repeatable=false`"
    if missing := MISSING.match(what):
        fallback = f"`PYTORCH_ENABLE_MPS_FALLBACK=1 aetui resume {folder.called}` computes that on the CPU"
        return f"PyTorch has no {missing[1]} on Apple GPUs; {fallback}, {on_cpu}"
    if "CUDA error" in what or "CUDA driver" in what:
        if _has(what, TAKEN):
            return f"another process has the GPU for itself ({what}); `nvidia-smi` says which; {on_cpu}"
        if _has(what, UNFIT):
            return f"this PyTorch and the GPU's driver do not fit ({what}); see `aetui doctor`; {on_cpu}"
        if _has(what, LOST):
            cause = "the system's log, `dmesg`, may say why, as a line with Xid"
            return f"the GPU failed ({what}); {cause}; {resume}` goes on from the last checkpoint, {on_cpu}"
    return f"{type(error).__name__}: {what} (the traceback is in {folder.log})"


def _has(what: str, signs: tuple[str, ...]) -> bool:
    return any(sign in what for sign in signs)
