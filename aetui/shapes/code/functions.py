"""What functions of torch and methods of tensors do to a batch, as layers."""

import ast
import re

from aetui.shapes.code.arguments import layer_of
from aetui.shapes.code.values import Value
from aetui.shapes.errors import LanguageError
from aetui.shapes.layers import WINDOWED, Declared, Flatten, Layer, Linear, Unflatten

CLASS_OF = {
    "leaky_relu": "LeakyReLU", "relu": "ReLU", "relu6": "ReLU6", "elu": "ELU", "selu": "SELU", "gelu": "GELU",
    "silu": "SiLU", "mish": "Mish", "hardswish": "Hardswish", "softplus": "Softplus", "tanh": "Tanh",
    "sigmoid": "Sigmoid", "softmax": "Softmax", "log_softmax": "LogSoftmax", "dropout": "Dropout",
    "dropout2d": "Dropout2d", "interpolate": "Upsample", "upsample": "Upsample",
    "pixel_shuffle": "PixelShuffle", "pixel_unshuffle": "PixelUnshuffle",
}  # fmt: skip
"""Functions of torch, torch.nn.functional and of tensors, and the class that does the same."""
POOLING = re.compile(r"(adaptive_)?(max|avg)_pool([123])d")
PADS = {
    "constant": "ZeroPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}
WITHOUT_EFFECT = (
    "contiguous", "clone", "detach", "float", "double", "half", "to", "cuda", "cpu", "type", "requires_grad_",
    "eval", "train", "apply", "bfloat16",
)  # fmt: skip
"""Methods that change no size and no layer."""
JOINING = ("cat", "concat", "stack", "hstack", "vstack", "add", "mul", "matmul", "bmm")
JOINS = "joins two ways of the data, which is not followed"
NOT_ARGUMENTS = ("training", "_stacklevel", "dtype")
"""Of functions; a class has none of them."""


def class_of(function: str) -> str:
    """The class of torch.nn that does what this function does; "" for one that is not known."""
    if pooling := POOLING.fullmatch(function):
        adaptive, kind, axes = pooling.groups()
        return f"{'Adaptive' if adaptive else ''}{kind.capitalize()}Pool{axes}d"
    return CLASS_OF.get(function, "")


def function_layer(call: ast.Call, function: str) -> Layer:
    """The layer of a function call whose arguments behind the data are these. Raises `LanguageError`."""
    if function != "pad":
        return layer_of(call, class_of(function))
    given = dict(zip(("pad", "mode", "value"), call.args, strict=False))
    given |= {keyword.arg or "": keyword.value for keyword in call.keywords}
    ends = given.get("pad")
    mode = ast.literal_eval(given.get("mode", ast.Constant("constant")))
    if not isinstance(ends, ast.Tuple | ast.List) or mode not in PADS:
        raise LanguageError("padding that is not written out is not followed")
    padded = ast.Call(call.func, [ends], [])
    return layer_of(padded, f"{PADS[mode]}{len(ends.elts) // 2}d")


def reshaped(sizes: list[Value], before: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers of `view` or `reshape` to these sizes, the batch first. Raises `LanguageError`."""
    if len(sizes) < 2:
        raise LanguageError("the samples of a batch are mixed", "keep the batch: x.view(x.size(0), -1)")
    kept = sizes[1:]
    if sizes[0] == -1 and not all(isinstance(size, int) and size > 0 for size in kept):
        raise LanguageError("which samples are together afterwards cannot be told")
    if len(kept) == 1:
        features = kept[0] if isinstance(kept[0], int) and kept[0] > 0 else None
        return (Flatten(declared=Declared(features)),)
    if not all(isinstance(size, int) and size > 0 for size in kept):
        raise LanguageError("the size is not written out", "write x.view(-1, 32, 7, 7)")
    made = Unflatten(tuple(kept))
    return (made,) if _is_flat(before) else (Flatten(), made)


def _is_flat(layers: tuple[Layer, ...]) -> bool:
    """Whether features come out of these layers: nothing but elementwise ones behind a linear or flatten."""
    for layer in reversed(layers):
        if isinstance(layer, Linear | Flatten):
            return True
        if isinstance(layer, (*WINDOWED, Unflatten)):
            return False
    return True
