"""Colour profiles (ICC.1:2001-04): pictures in another one, and Adobe RGB's."""

import io
import struct
from dataclasses import replace

import torch
from PIL import Image, ImageCms
from torch import Tensor

from internal_gan.images.colours import in_floats, to_uint8
from internal_gan.images.files.metadata import profile_space, rgb_profile
from internal_gan.images.photo import Photo

# Levels by which two profiles of the same colours may differ, as those of sRGB do.
SAME = 2
_D50 = (0.9642, 1.0, 0.8249)  # the white of profiles, in XYZ
# Red, green and blue of Adobe RGB (1998) in XYZ, adapted to that white.
_ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_GAMMA = 563 / 256  # of Adobe RGB


def converted(image: Image.Image, source: bytes | None, target: bytes | None) -> Image.Image:
    """An RGB picture of one colour profile in another, None: sRGB; as it is if one is damaged."""
    mode = "L" if source is not None and profile_space(source) == "L" else "RGB"
    source = source if mode == "L" else rgb_profile(source)
    target = rgb_profile(target)
    if source == target:
        return image
    srgb = ImageCms.createProfile("sRGB")
    own, wanted = (srgb if one is None else io.BytesIO(one) for one in (source, target))
    try:
        made = ImageCms.profileToProfile(image.convert(mode), own, wanted, outputMode="RGB")
    except ImageCms.PyCMSError:
        return image
    return made or image


def in_profile(photo: Photo, profile: bytes | None) -> Photo:
    """A photo in another colour profile, None: sRGB; itself if its colours are the same in it. A
    picture in memory without a profile is taken to be in that one already."""
    if photo.icc_profile == profile or (photo.icc_profile is None and photo.path is None):
        return photo

    def change(colours: Tensor) -> Tensor:
        """What is finer than 8 bits stays."""
        levels = to_uint8(in_floats(colours))
        image = Image.fromarray(levels[0].permute(1, 2, 0).contiguous().numpy())
        made = torch.frombuffer(
            bytearray(converted(image, photo.icc_profile, profile).tobytes()), dtype=torch.uint8
        ).view(*levels.shape[2:], 3)
        new = made.permute(2, 0, 1)[None].contiguous()
        if (new.int() - levels.int()).abs().max() <= SAME:
            return colours
        if not colours.is_floating_point():
            return new
        return (in_floats(new) + colours - in_floats(levels)).clamp_(-1.0, 1.0)

    colours = change(photo.colours)
    if colours is photo.colours:
        return photo
    raw = None if photo.raw is None else change(photo.raw)
    return replace(photo, colours=colours, raw=raw, icc_profile=profile)


def adobe_rgb() -> bytes:
    """The profile of Adobe RGB (1998), which cameras name without giving it."""
    text = b"Adobe RGB (1998) compatible\0"
    name = b"desc" + struct.pack(">4xI", len(text)) + text + bytes(78)
    curve = b"curv" + struct.pack(">4xIH2x", 1, round(256 * _GAMMA))
    tags = {b"desc": name, b"cprt": b"text\0\0\0\0no copyright\0", b"wtpt": _xyz(_D50)}
    for letter, colour in zip("rgb", _ADOBE, strict=True):
        tags |= {f"{letter}XYZ".encode(): _xyz(colour), f"{letter}TRC".encode(): curve}
    table = struct.pack(">I", len(tags))
    data = b""
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, 132 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    kind = b"\x02\x40\0\0", b"mntr", b"RGB ", b"XYZ ", b"acsp", _xyz(_D50)[8:]
    header = struct.pack(">8x4s4s4s4s12x4s28x12s48x", *kind)
    return struct.pack(">I", 128 + len(table + data)) + header[4:] + table + data


def _xyz(numbers: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * one) for one in numbers))
