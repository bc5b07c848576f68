"""Fine-tuning: the encoder of a masked autoencoder with a linear classifier behind it.

A layer norm over the features that a probe reads, and a linear layer whose weights start small; or, of a
vision transformer, what `main_finetune.py` of facebookresearch/mae has in their place. N images, F features.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn

from aetui.data.batches import derived_seed
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.transformer import layer_norm
from aetui.models.vit_mae import VitMae
from aetui.shapes.vit import Pool

HEAD_STD = 2e-5
"""Of the classifier's first weights, as in mae: at first every class is as likely."""
OF_THE_DECODER = ("decoder", "mask_token")
"""How the names begin that only reconstruction uses."""


class Classifier(nn.Module):
    """Images (N, C, H, W) in [0, 1], nothing hidden, to scores (N, classes); all its weights are trained.

    The encoder is a copy of the autoencoder's, which stays as it is. The from-scratch twin for a comparison
    is the classifier, of the same seed, of an autoencoder that was built and never trained: all that
    differs is what pre-training changed.
    """

    def __init__(
        self, autoencoder: MaskedAutoencoder, classes: int, seed: int, pool: Pool = "features"
    ) -> None:
        super().__init__()
        self.encoder = _without_decoder(autoencoder)
        features = _feature_count(self.encoder)
        self.norm: nn.Module = layer_norm(features)
        if isinstance(self.encoder, VitMae):
            if pool == "mean":
                self.encoder.norm = nn.Identity()
            elif pool == "class":
                self.encoder.reads_class_token, self.norm = True, nn.Identity()
        self.head: nn.Linear = nn.utils.skip_init(  # type: ignore[no-untyped-call]
            nn.Linear, features, classes
        )
        generator = torch.Generator().manual_seed(derived_seed(seed, "head"))
        nn.init.trunc_normal_(self.head.weight, std=HEAD_STD, generator=generator)
        nn.init.zeros_(self.head.bias)
        self.train()

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N, classes), before the softmax, of images (N, C, H, W)."""
        scores: Tensor = self.head(self.norm(self.features(images)))
        return scores

    def features(self, images: Tensor) -> Tensor:
        """What a probe reads of images (N, C, H, W): (N, F)."""
        return self.encoder.features(images)


def _without_decoder(autoencoder: MaskedAutoencoder) -> MaskedAutoencoder:
    """A copy that has features, but no parts that its features leave unused."""
    encoder = deepcopy(autoencoder)
    own = [*encoder.named_children(), *encoder.named_parameters(recurse=False)]
    for name, _ in [*own, *encoder.named_buffers(recurse=False)]:
        if name.startswith(OF_THE_DECODER):
            delattr(encoder, name)
    return encoder


@torch.inference_mode()
def _feature_count(encoder: MaskedAutoencoder) -> int:
    """F, found by one black image."""
    device = next(encoder.parameters()).device
    return encoder.eval().features(torch.zeros(1, *encoder.image, device=device)).shape[1]
