"""What a classifier learns: the classes of the images; the cross-entropy, averaged over images."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from aetui.data.batches import to_unit_range
from aetui.data.images import ImageSet
from aetui.training.objective import Objective, StepLoss, Tested


@dataclass(frozen=True)
class ClassObjective(Objective):
    """The model gives scores (B, classes) of images, before the softmax."""

    needs_labels: ClassVar[bool] = True

    def examples(
        self, model: nn.Module, pixels: Tensor, labels: Tensor | None, step: int
    ) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) and their labels (B,)."""
        assert labels is not None, "`needs_labels` asks for them"
        return self.augmented(pixels, step), labels.to(self.device, non_blocking=True)

    def loss(self, model: nn.Module, *examples: Tensor) -> StepLoss:
        images, labels = examples
        loss = F.cross_entropy(self.run(model, images), labels)
        return StepLoss(loss, loss)

    def test(self, model: nn.Module, batch: ImageSet, number: int, first: int) -> Tested:
        """Test batch `number`, whose first image has the index `first`."""
        images, labels = to_unit_range(batch.images, self.device), batch.labels.to(self.device)
        scores = self.run(model, images)
        errors = F.cross_entropy(scores, labels, reduction="none")
        return Tested(errors, {"original": images}, predicted=scores.argmax(1))
