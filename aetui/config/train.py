"""The sections of a preset that say how the model is trained and what is measured meanwhile."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from aetui.config.section import Section

DEFAULT_LEARNING_RATE = 1e-3
BASE_BATCH = 256
"""Images that `base_learning_rate` is meant for: He et al., arXiv 2111.06377, appendix A.1."""
Beta = Annotated[float, Field(ge=0, lt=1)]
Schedule = Literal["constant", "cosine", "one-cycle"]
LossName = Literal["mse", "l1", "bce"]
Rate = Annotated[float, Field(gt=0, le=1e9)]


class AugmentSection(Section):
    """How training images are varied, each time anew; test images never are."""

    flip: bool = False
    """Mirror left and right with probability one half."""
    crop_scale: float = Field(default=1.0, gt=0, le=1)
    """Least share of the image's area that a random crop, resized back, keeps; 1 crops nothing."""


class TrainSection(Section):
    """How it is trained: gradient steps on the loss that the kind of model has."""

    epochs: int = Field(default=10, ge=0, le=100_000)
    """Passes over the training images; 0 tests the model as it is. Schedules other than `constant` are drawn
    over all of them, so another number, given when a run goes on, bends the curve from there: a cosine that
    had come down rises again."""
    patience: int = Field(default=0, ge=0, le=100_000)
    """Training ends when this many epochs in a row were no better than the best before; 0 trains them all."""
    batch_size: int = Field(default=64, ge=1, le=1_000_000)
    """Images a step."""
    loss: LossName = "mse"
    """What an autoencoder makes smaller: the mean squared error per pixel, the mean absolute error per pixel,
    or the binary cross-entropy in nats an image, which takes a pixel for a probability and so wants a decoder
    that ends in a sigmoid. The mean squared error is told beside the other two."""
    optimizer: Literal["adam", "adamw"] = "adam"
    """Kingma & Ba, arXiv 1412.6980; Loshchilov & Hutter, arXiv 1711.05101."""
    learning_rate: Rate | None = None
    """A step's, at the highest point of the schedule; 1e-3 where neither this nor the next is given."""
    base_learning_rate: Rate | None = None
    """The same for 256 images a step: multiplied by `batch_size` / 256 (Goyal et al., arXiv 1706.02677)."""
    betas: tuple[Beta, Beta] = Field(default=(0.9, 0.999), strict=False)
    """Decay of the running means of the gradient and of its square, a step."""
    weight_decay: float = Field(default=0.0, ge=0, le=1e9)
    """`adam` adds it times the weights to the gradient, `adamw` takes it from the weights directly."""
    schedule: Schedule = "constant"
    """The learning rate over all epochs: as it is, down to 0 in half a cosine (Loshchilov & Hutter,
    arXiv 1608.03983), or up and down again (Smith & Topin, arXiv 1708.07120)."""
    warmup_epochs: float = Field(default=0.0, ge=0)
    """Epochs in which a `cosine` learning rate first rises from 0; parts of an epoch are fine."""
    ema: float = Field(default=0.0, ge=0, lt=1)
    """Decay a step of a running mean of the weights (Polyak & Juditsky, doi:10.1137/0330046; 0.999 is usual),
    which is then what is tested, shown, probed, kept and fine-tuned. 0 is off."""
    clip_norm: float = Field(default=0.0, ge=0, le=1e9)
    """Largest norm of all gradients together; longer ones are shortened to it. 0 is off."""
    accumulate: int = Field(default=1, ge=1, le=1_000_000)
    """Parts in which each batch is computed to save memory; the step is taken on the whole batch."""
    compile: bool = False
    """Run the model through `torch.compile`: slow to start, then faster."""
    capture: Literal["auto", True, False] = "auto"
    """Launch each step on an NVIDIA GPU as one CUDA graph: the same numbers, faster where kernels are small,
    and memory of its own. `auto` does where a few timed steps gain; not with `compile`, where that takes
    minutes."""
    repeatable: bool = True
    """Use deterministic algorithms alone on a GPU, so that a resumed run equals a straight one bit for bit;
    false is faster. A CPU's are all repeatable."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Decides the first weights, the order of the images, noise, masks and augmentation."""
    precision: Literal["float32", "bf16"] = "float32"
    """`bf16` runs the model under autocast on GPUs that have it; the weights stay float32."""
    processes: Annotated[int, Field(ge=1, le=1024)] | Literal["gpus"] = 1
    """Processes of this machine that train together, each on its part of every batch; `gpus` is one a GPU.
    On several machines torchrun starts them."""
    shard: bool = False
    """Several processes keep a share each of the weights, gradients and moments of a vision transformer that
    one GPU cannot hold (PyTorch's FSDP2)."""
    activation_checkpointing: bool = False
    """Compute the blocks of a vision transformer twice instead of keeping what they give: less memory, about
    a third more time (Chen et al., arXiv 1604.06174)."""
    keep_checkpoints: int = Field(default=3, ge=1, le=1000)
    """How many of the newest checkpoints are kept, besides the best one."""

    @model_validator(mode="before")
    @classmethod
    def _some_learning_rate(cls, given: Any) -> Any:
        """Write the default learning rate out where no key gives one."""
        if isinstance(given, dict) and not {"learning_rate", "base_learning_rate"} & given.keys():
            return {**given, "learning_rate": DEFAULT_LEARNING_RATE}
        return given

    @property
    def peak_learning_rate(self) -> float:
        """The learning rate of a step at the highest point of the schedule."""
        if self.base_learning_rate is not None:
            return self.base_learning_rate * self.batch_size / BASE_BATCH
        assert self.learning_rate is not None
        return self.learning_rate


class ProbeSection(Section):
    """How well frozen features of the encoder tell the classes apart."""

    every: int = Field(default=0, ge=0, le=100_000)
    """Epochs between measurements of linear probe and k-nearest-neighbour accuracy; 0: on demand only."""
