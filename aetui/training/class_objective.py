"""What a classifier learns: the classes of the images; the cross-entropy, averaged over images."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms import v2

from aetui.data.augmentation import erase
from aetui.data.batches import derived_seed, to_unit_range
from aetui.data.images import ImageSet
from aetui.data.parts import Part, whole
from aetui.training.objective import Objective, StepLoss, Tested

ALIKE = 8
"""Images of a batch that share what RandAugment draws: torchvision draws once for all that it is given."""


@dataclass(frozen=True)
class ClassObjective(Objective):
    """The model gives scores (B, classes) of images, before the softmax."""

    needs_labels: ClassVar[bool] = True
    needs_whole_batches: ClassVar[bool] = True  # their images are mixed

    classes: int = 0
    """How many there are, where images are mixed."""
    smoothing: float = 0.0
    """Part of the target that is spread over all classes, in training alone."""
    mixup: float = 0.0
    """Alpha of torchvision's `MixUp`, 0 for none."""
    cutmix: float = 0.0
    """Alpha of torchvision's `CutMix`, 0 for none."""
    magnitude: int = 0
    """Of torchvision's `RandAugment`, 0 for none."""
    erasing: float = 0.0
    """Probability that a box of an image is filled with noise."""

    def examples(
        self, model: nn.Module, pixels: Tensor, labels: Tensor | None, step: int, part: Part | None = None
    ) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) and their labels (B,), or the classes' parts (B, classes) of mixed ones."""
        assert labels is not None, "`needs_labels` asks for them"
        images, labels = self._varied(pixels, labels.to(self.device, non_blocking=True), step)
        return (part.cut(images), part.cut(labels)) if part else (images, labels)

    def _varied(self, pixels: Tensor, labels: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """A whole batch, whose images may be mixed with each other."""
        images = self.augmented(pixels, step, whole(pixels))
        if self.magnitude:
            with self._drawing("operations", step):
                operations = v2.RandAugment(num_ops=2, magnitude=self.magnitude)
                images = torch.cat([operations(some) for some in torch.split(images, ALIKE)])
        if self.erasing:
            images = erase(images, self.generator("erase", step), self.erasing)
        kinds = [kind(alpha=alpha, num_classes=self.classes) for kind, alpha in self._mixing() if alpha]
        if not kinds:
            return images, labels
        with self._drawing("mix", step):
            mixed: tuple[Tensor, Tensor] = kinds[int(torch.randint(len(kinds), ()))](images, labels)
        return mixed

    @contextlib.contextmanager
    def _drawing(self, *occasion: object) -> Iterator[None]:
        """Give torchvision, which draws from torch's own generator on the CPU, that of this occasion."""
        with torch.random.fork_rng([]):
            torch.default_generator.manual_seed(derived_seed(self.seed, *occasion))
            yield

    def _mixing(self) -> tuple[tuple[type[v2.MixUp | v2.CutMix], float], ...]:
        return (v2.MixUp, self.mixup), (v2.CutMix, self.cutmix)

    def loss(self, model: nn.Module, *examples: Tensor) -> StepLoss:
        images, labels = examples
        loss = F.cross_entropy(self.run(model, images), labels, label_smoothing=self.smoothing)
        return StepLoss(loss, loss)

    def test(self, model: nn.Module, batch: ImageSet, number: int, first: int) -> Tested:
        """Test batch `number`, whose first image has the index `first`."""
        images, labels = to_unit_range(batch.images, self.device), batch.labels.to(self.device)
        scores = self.run(model, images)
        errors = F.cross_entropy(scores, labels, reduction="none")
        return Tested(errors, {"original": images}, predicted=scores.argmax(1))
