"""The losses of EdgeConnect's generators."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.models.losses import Losses, Terms
from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.nn.perceptual import FeatureNetwork, content_distance, style_distance
from internal_gan.shapes import Masks, Pictures

# In the cross entropy, since most pixels have no edge.
EDGE_WEIGHT = 3.0

# A stage's ``weight``, of a term.
Weight = Callable[[str], float]


@dataclass(frozen=True)
class Batch:
    """A batch of crops.

    Attributes:
        image: smooth where unknown.
        edges: 0 where unknown.
        unknown: 1 where the photo is excluded from training.
        hole: 1 in the random hole and where unknown.
        start: see :func:`internal_gan.models.edgeconnect.training.practice_start`.
        guide: see :meth:`internal_gan.models.edgeconnect.model.EdgeConnect.guide`; 0 if the batch
            was drawn without it.
    """

    image: Pictures
    edges: Masks
    unknown: Masks
    hole: Masks
    start: Pictures
    guide: Masks


def edge_loss(
    weight: Weight,
    loss: AdversarialLoss,
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    hole: Masks,
    *,
    match_logits: bool,
) -> Losses:
    """The edge network's loss: adversarial, the distance between the discriminator's features, and
    the cross entropy of the drawn and the true edges inside the hole.

    Args:
        real, fake: true and drawn edges, each with the gray image, (N, 2, h, w).
        hole: 1 where edges had to be drawn.
        match_logits: whether feature matching includes the discriminator's logits.
    """
    terms = Terms()
    logits, features = discriminator(fake)
    terms.add("generator", loss.generator(logits), weight("edge_adversarial"))
    with torch.no_grad():
        real_logits, wanted = discriminator(real)
    if match_logits:
        features, wanted = [*features, logits], [*wanted, real_logits]
    terms.add("matching", content_distance(features, wanted), weight("edge_matching"))
    if counts := weight("edge_entropy"):
        drawn, true = fake[:, :1].clamp(1e-4, 1 - 1e-4), real[:, :1]
        entropy = -EDGE_WEIGHT * true * drawn.log() - (1 - true) * (1 - drawn).log()
        mean = (entropy * hole).sum() / hole.sum().clamp_min(1)
        terms.add("entropy", mean, counts)
    return terms.losses


@dataclass(eq=False)
class CompletionLoss:
    """The completion's loss: adversarial, L1 divided by the hole's share of the image, and the
    distances between the feature network's maps (content) and between their Gram matrices (style).

    Args:
        features: the network of the content and style losses; None leaves them out.
        judge_composite: whether the filling's known pixels are the true ones. The adversarial loss
            then counts only patches that touch the hole: the others are equal in the real and the
            filled image, and would only pull the discriminator to chance.
        style_inside: whether the style loss sees only the hole, with everything else black.
    """

    weight: Weight
    loss: AdversarialLoss
    features: FeatureNetwork | None
    judge_composite: bool
    style_inside: bool

    def __call__(
        self, discriminator: PatchDiscriminator, batch: Batch, filled: Pictures, edges: Masks
    ) -> Losses:
        """The loss of a batch with its filling and the edges that guided it."""
        weight, terms = self.weight, Terms()
        # The edge network must not change its edges to please this discriminator.
        logits, _ = discriminator(torch.cat([filled, edges.detach()], dim=1))
        made = batch.hole - batch.unknown
        share = made.mean().clamp_min(1e-3)
        judged = discriminator.touched(made) if self.judge_composite else None
        terms.add("generator", self.loss.generator(logits, judged), weight("adversarial"))
        terms.add("l1", F.l1_loss(filled.float(), batch.image) / share, weight("l1"))
        if self.features is not None:
            with torch.no_grad():
                wanted = self.features(batch.image)
            found = self.features(filled)
            terms.add("content", content_distance(found[0], wanted[0]), weight("content"))
            if self.style_inside:
                with torch.no_grad():
                    wanted = self.features(torch.where(batch.hole > 0, batch.image, -1))
                found = self.features(torch.where(batch.hole > 0, filled, -1))
            terms.add("style", style_distance(found[1], wanted[1]), weight("style"))
        return terms.losses
