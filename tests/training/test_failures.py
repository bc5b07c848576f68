"""A GPU that fails is told in one sentence with what to do; the messages are CUDA's and PyTorch's own."""

import pytest
import torch

from aetui.training.failures import failure_of

TAIL = "\nCUDA kernel errors might be asynchronously reported at some other API call."
FULL = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB of which "
    "1.19 GiB is free. Process 3811 has 70.21 GiB memory in use. Including non-PyTorch memory, this "
    "process has 7.70 GiB memory in use. Of the allocated memory 6.90 GiB is allocated by PyTorch, and "
    "311.00 MiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try "
    "setting PYTORCH_ALLOC_CONF="
)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("CUDA-capable device(s) is/are busy or unavailable", "another process has the GPU for itself"),
        ("no kernel image is available for execution on the device", "do not fit"),
        ("the provided PTX was compiled with an unsupported toolchain.", "do not fit"),
        ("CUDA driver version is insufficient for CUDA runtime version", "do not fit"),
        ("system has unsupported display driver / cuda driver combination", "do not fit"),
        ("unspecified launch failure", "the GPU failed"),
        ("uncorrectable ECC error encountered", "the GPU failed"),
        ("an illegal memory access was encountered", "the GPU failed"),
        ("the launch timed out and was terminated", "the GPU failed"),
        ("no CUDA-capable device is detected", "the GPU failed"),
        ("unknown error", "the GPU failed"),
    ],
)
def test_what_cuda_says_is_told_with_what_to_do(make_run, message, said):
    folder = make_run()
    state, code, sentence = failure_of(RuntimeError(f"CUDA error: {message}{TAIL}"), folder)
    assert (state, code) == ("failed", 1)
    assert said in sentence
    assert message in sentence
    assert f"`aetui resume {folder.called} --device cpu` goes on without it" in sentence
    assert "\n" not in sentence
    assert message in folder.log.read_text()


def test_who_has_a_gpus_memory_is_named(make_run):
    state, code, sentence = failure_of(torch.OutOfMemoryError(FULL), make_run("train.batch_size=512"))
    assert (state, code) == ("out_of_memory", 4)
    assert "Others hold 70.21 GiB: wait for them, or take another GPU" in sentence
    assert "PYTORCH_ALLOC_CONF" not in sentence
    assert "train.batch_size=256" in sentence


def test_a_gpu_that_is_this_runs_alone_has_no_others(make_run):
    alone = FULL.replace("Process 3811 has 70.21 GiB memory in use. ", "")
    assert "Others" not in failure_of(torch.OutOfMemoryError(alone), make_run())[2]


def test_what_an_apple_gpu_lacks_is_told_with_two_ways_out(make_run):
    message = (
        "The operator 'aten::grid_sampler_3d' is not currently implemented for the MPS device. If you want "
        "this op to be considered for addition please comment on the issue."
    )
    folder = make_run()
    assert failure_of(NotImplementedError(message), folder)[2] == (
        "PyTorch has no aten::grid_sampler_3d on Apple GPUs; "
        f"`PYTORCH_ENABLE_MPS_FALLBACK=1 aetui resume {folder.called}` computes that on the CPU, "
        f"`aetui resume {folder.called} --device cpu` goes on without it"
    )
