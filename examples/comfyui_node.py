"""Nodes for ComfyUI: fill, extend, vary and tile an image with its own pixels, without training.

Put this file into ComfyUI's folder custom_nodes, and install internal-gan into the Python that runs
ComfyUI. The nodes are under "internal-gan". They compute on the CPU, each image of a batch by
itself. With seed 0, an image is filled, extended or tiled in the way that fits best.
"""

import torch

import internal_gan

SEED = ("INT", {"default": 0, "min": 0, "max": 2**63 - 1})
MARGIN = ("INT", {"default": 0, "min": 0, "max": 8192})


def drawn(task, images, masks=None, **options):
    """A batch (N, H, W, 3) in [0, 1] of what a function of internal_gan makes of each image.

    Args:
        images: (N, H, W, C) in [0, 1], as ComfyUI's IMAGE.
        masks: each (N or 1, H, W) in [0, 1], as ComfyUI's MASK, by the function's names.
    """
    found = []
    for number, image in enumerate(images):
        each = {name: mask[number % len(mask)] for name, mask in (masks or {}).items()}
        made = task(image.movedim(-1, 0).clamp(0, 1), output_type="pt", **each, **options)
        found.append(made.movedim(1, -1))
    return torch.cat(found)


class Node:
    """What all nodes have in common."""

    CATEGORY = "internal-gan"
    FUNCTION = "draw"
    RETURN_TYPES = ("IMAGE",)


class Fill(Node):
    """Fill what is white in the mask; no pixel is taken from what is white in avoid."""

    @classmethod
    def INPUT_TYPES(cls):
        needed = {"image": ("IMAGE",), "mask": ("MASK",), "seed": SEED}
        return {"required": needed, "optional": {"avoid": ("MASK",)}}

    def draw(self, image, mask, seed, avoid=None):
        masks = {"mask": mask} if avoid is None else {"mask": mask, "avoid": avoid}
        return (drawn(internal_gan.fill, image, masks, seed=seed),)


class Extend(Node):
    """Add canvas; the mask is white where it is new."""

    RETURN_TYPES = ("IMAGE", "MASK")

    @classmethod
    def INPUT_TYPES(cls):
        sides = dict.fromkeys(("top", "right", "bottom", "left"), MARGIN)
        return {"required": {"image": ("IMAGE",), **sides, "seed": SEED}}

    def draw(self, image, top, right, bottom, left, seed):
        margins = [top, right, bottom, left]
        made = drawn(internal_gan.extend, image, margins=margins, seed=seed)
        new = torch.ones(made.shape[:3])
        new[:, top : top + image.shape[1], left : left + image.shape[2]] = 0
        return made, new


class Vary(Node):
    """Draw variations of the image; start scale 0 varies everything, higher keeps its layout."""

    @classmethod
    def INPUT_TYPES(cls):
        count = ("INT", {"default": 1, "min": 1, "max": 64})
        scale = ("INT", {"default": 1, "min": 0, "max": 4})
        needed = {"image": ("IMAGE",), "count": count, "start_scale": scale, "seed": SEED}
        return {"required": needed}

    def draw(self, image, count, start_scale, seed):
        options = {"count": count, "start_scale": start_scale, "seed": seed}
        return (drawn(internal_gan.sample, image, **options),)


class MakeTileable(Node):
    """Make the image repeat without a seam."""

    @classmethod
    def INPUT_TYPES(cls):
        axes = (["both", "x", "y"],)
        return {"required": {"image": ("IMAGE",), "axes": axes, "seed": SEED}}

    def draw(self, image, axes, seed):
        return (drawn(internal_gan.make_tileable, image, axes=axes, seed=seed),)


NODE_CLASS_MAPPINGS = {f"InternalGan{node.__name__}": node for node in Node.__subclasses__()}
NODE_DISPLAY_NAME_MAPPINGS = {
    "InternalGanFill": "Fill with own pixels",
    "InternalGanExtend": "Extend with own pixels",
    "InternalGanVary": "Vary from own pixels",
    "InternalGanMakeTileable": "Make tileable",
}
