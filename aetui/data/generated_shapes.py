"""Coloured shapes on varied backgrounds, drawn from signed distances.

A shape is a function of pixel positions x and y (N, P), in units of the shape's radius, y downwards. It gives
the signed distance to its outline, negative inside. Box, crescent, star and heart: Inigo Quilez, 2D distance
functions, https://iquilezles.org/articles/distfunctions2d/.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

SIZE = 32


def _circle(x: Tensor, y: Tensor) -> Tensor:
    return _length(x, y) - 0.9


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return (_length(x, y) - 0.72).abs() - 0.24


def _crescent(x: Tensor, y: Tensor) -> Tensor:
    """A disc of radius 1 without another disc; beyond the tips, the distance to the tip."""
    y = y.abs()
    offset, radius = 0.46, 0.78
    tip_x = (1 - radius**2 + offset**2) / (2 * offset)
    tip_y = (1 - tip_x**2) ** 0.5
    arcs = torch.maximum(_length(x, y) - 1, radius - _length(x - offset, y))
    beyond = x * tip_y - y * tip_x > offset * (tip_y - y).clamp_min(0)
    return torch.where(beyond, _length(x - tip_x, y - tip_y), arcs)


def _square(x: Tensor, y: Tensor) -> Tensor:
    return _box(x, y, 0.8, 0.8)


def _cross(x: Tensor, y: Tensor) -> Tensor:
    return torch.minimum(_box(x, y, 1.0, 0.32), _box(x, y, 0.32, 1.0))


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    """Equilateral, point up: three half planes, sharp corners."""
    y = y - 0.2
    return torch.maximum(y - 0.55, 0.75**0.5 * x.abs() - 0.5 * y - 0.55)


def _star(x: Tensor, y: Tensor) -> Tensor:
    """Five points: fold the plane twice, then the distance to one edge."""
    cos, sin, inner = (
        0.809016994375,
        0.587785252292,
        0.48,
    )  # cos and sin of 36 degrees; inner radius by outer radius
    x, y = x.abs(), -y
    for side in (1, -1):
        fold = 2 * (side * cos * x - sin * y).clamp_min(0)
        x, y = x - fold * side * cos, y + fold * sin
    x, y = x.abs(), y - 1
    edge_x, edge_y = inner * sin, inner * cos - 1
    along = ((x * edge_x + y * edge_y) / (edge_x**2 + edge_y**2)).clamp(0, 1)
    return _length(x - edge_x * along, y - edge_y * along) * (y * edge_x - x * edge_y).sign()


def _heart(x: Tensor, y: Tensor) -> Tensor:
    x, y = x.abs() / 1.75, (0.92 - y) / 1.75
    lobe = _length(x - 0.25, y - 0.75) - 2**0.5 / 4
    fold = 0.5 * (x + y).clamp_min(0)
    point = torch.minimum(_length(x, y - 1), _length(x - fold, y - fold)) * (x - y).sign()
    return 1.75 * torch.where(x + y > 1, lobe, point)


def _flower(x: Tensor, y: Tensor) -> Tensor:
    """Six petals around a disc with a hole."""
    petals = _length(x, y.abs() - 0.6)
    for side in (0.3, -0.3):
        petals = torch.minimum(petals, _length(x.abs() - 0.52, y - side))
    middle = _length(x, y)
    return torch.maximum(torch.minimum(petals - 0.37, middle - 0.6), 0.2 - middle)


def _arrow(x: Tensor, y: Tensor) -> Tensor:
    """Pointing up: a triangle on a shaft."""
    head = torch.maximum(y - 0.05, 0.5**0.5 * (x.abs() - y - 0.95))
    return torch.minimum(head, _box(x, y - 0.45, 0.3, 0.5))


def _length(x: Tensor, y: Tensor) -> Tensor:
    return (x * x + y * y).sqrt()


def _box(x: Tensor, y: Tensor, half_width: float, half_height: float) -> Tensor:
    dx, dy = x.abs() - half_width, y.abs() - half_height
    return _length(dx.clamp_min(0), dy.clamp_min(0)) + torch.maximum(dx, dy).clamp_max(0)


def _plain(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    return torch.zeros_like(x)


def _gradient(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    return (0.5 + x / SIZE).clamp(0, 1)


def _glow(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    """A gradient around a point near the middle."""
    return (_length(x - period / 2, y) / (0.75 * SIZE)).clamp(0, 1)


def _stripes(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    return (0.5 + _wave(x / period) * period / 4).clamp(0, 1)


def _checks(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    one, other = _stripes(x, y, period), _stripes(y, x, period)
    return one + other - 2 * one * other


def _clouds(x: Tensor, y: Tensor, period: Tensor) -> Tensor:
    """Soft noise: waves in four directions with periods that never meet again within the image."""
    period = period + 8
    waves = _wave(x / period) + _wave((0.8 * x + 0.6 * y) / (0.73 * period) + 0.3)
    waves = waves + _wave((0.6 * y - 0.8 * x) / (1.31 * period) + 0.6) + _wave(y / (0.9 * period) + 0.1)
    level = (0.5 + waves / 5).clamp(0, 1)
    return level * level * (3 - 2 * level)


def _wave(phase: Tensor) -> Tensor:
    """A triangle wave of period 1 between -1 and 1."""
    return 4 * (phase - (phase + 0.5).floor()).abs() - 1


Shape = Callable[[Tensor, Tensor], Tensor]
Background = Callable[[Tensor, Tensor, Tensor], Tensor]
SHAPES: dict[str, Shape] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
    "heart": _heart,
    "crescent": _crescent,
    "flower": _flower,
    "arrow": _arrow,
}
BACKGROUNDS: tuple[Background, ...] = (_plain, _gradient, _glow, _stripes, _checks, _clouds)
CLASSES = tuple(SHAPES)


def draw(labels: Tensor, generator: Generator) -> Tensor:
    """Images (N, 3, 32, 32), uint8, of the shapes `CLASSES[labels]`, labels (N,), int64."""
    count = labels.shape[0]
    dark = torch.randint(2, (count, 1), generator=generator)
    hue = torch.rand(count, 1, generator=generator)
    image = _background(hue, dark, generator)
    distance, height = _distances(labels, generator)
    shadow = 0.28 * (1 - distance / 3).clamp(0, 1)
    image = image * (1 - shadow)[:, None]
    colour = _shape_colour(hue, dark, generator)
    outline = _outline(colour, generator)
    width = _uniform(generator, count, -1.2, 1.4).clamp_min(0)  # nearly half have no outline
    image = _paint(image, outline[:, :, None], distance)
    image = _paint(image, colour[:, :, None] * (0.95 - 0.2 * height)[:, None], distance + width)
    return (image * 255).round().clamp(0, 255).to(torch.uint8).view(count, 3, SIZE, SIZE)


def _paint(image: Tensor, colour: Tensor, distance: Tensor) -> Tensor:
    """The image (N, 3, P) with `colour` where the distance (N, P), in pixels, is negative."""
    # The edge is one pixel soft.
    cover = (0.5 - distance).clamp(0, 1)[:, None]
    return image + (colour - image) * cover


def _distances(labels: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Signed distances (N, P) to the outlines in pixels, and how far down its shape a pixel is (-1 to 1)."""
    count = labels.shape[0]
    radius = _uniform(generator, count, 7.0, 12.0)
    free = SIZE / 2 - 0.5 - radius
    tilt = 0.35 * torch.randn(count, 1, generator=generator)
    x, y = _turned(tilt, free * _uniform(generator, count, -1, 1), free * _uniform(generator, count, -1, 1))
    x, y = x / radius, y / radius
    distance = torch.empty_like(x)
    for label, shape in enumerate(SHAPES.values()):
        rows = labels == label
        distance[rows] = shape(x[rows], y[rows])
    return distance * radius, y.clamp(-1, 1)


def _background(hue: Tensor, dark: Tensor, generator: Generator) -> Tensor:
    """Images (N, 3, P) in [0, 1]: two related colours, mixed by a pattern in a random direction."""
    count = hue.shape[0]
    kind = torch.randint(len(BACKGROUNDS), (count,), generator=generator)
    period = _uniform(generator, count, 6.0, 16.0)
    shift = _uniform(generator, count, -8, 8)
    x, y = _turned(_uniform(generator, count, 0, 2 * torch.pi), shift, _uniform(generator, count, -8, 8))
    level = torch.empty_like(x)
    for index, pattern in enumerate(BACKGROUNDS):
        rows = kind == index
        level[rows] = pattern(x[rows], y[rows], period[rows])
    one, other = _ground_colour(hue, dark, 0.0, generator), _ground_colour(hue, dark, 0.22, generator)
    return one[:, :, None] + (other - one)[:, :, None] * level[:, None]


def _ground_colour(hue: Tensor, dark: Tensor, lighter: float, generator: Generator) -> Tensor:
    """Colours (N, 3): pale, or dark where `dark` (N, 1) is 1, around the hue (N, 1)."""
    count = hue.shape[0]
    near = hue + 0.06 * torch.randn(count, 1, generator=generator)
    value = _uniform(generator, count, 0.68, 0.8) * (1 - dark) + _uniform(generator, count, 0.1, 0.32) * dark
    saturation = _uniform(generator, count, 0.1, 0.5) + 0.25 * dark
    return _rgb(near, saturation, value + lighter)


def _shape_colour(hue: Tensor, dark: Tensor, generator: Generator) -> Tensor:
    """Colours (N, 3): vivid, away from the background's hue (N, 1), bright where the background is dark."""
    count = hue.shape[0]
    away = hue + _uniform(generator, count, 0.25, 0.75)
    value = _uniform(generator, count, 0.55, 0.9) * (1 - dark) + _uniform(generator, count, 0.85, 1.0) * dark
    return _rgb(away, _uniform(generator, count, 0.65, 1.0), value)


def _outline(colour: Tensor, generator: Generator) -> Tensor:
    """Outline colours (N, 3): nearly white, or a deep shade of the shape's own colour."""
    white = torch.rand(colour.shape[0], 1, generator=generator) < 0.4
    return torch.where(white, 0.75 + 0.25 * colour, 0.35 * colour)


def _rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Colours (N, 3) in [0, 1] of hue (turns), saturation and value, each (N, 1)."""
    turn = hue + torch.tensor([0.0, 2 / 3, 1 / 3])
    pure = ((turn - turn.floor()) * 6 - 3).abs().sub(1).clamp(0, 1)
    return value * (1 - saturation * (1 - pure))


def _turned(angle: Tensor, centre_x: Tensor, centre_y: Tensor) -> tuple[Tensor, Tensor]:
    """Positions x and y (N, P) of all pixels in axes turned by `angle` (N, 1) around a centre.

    The centre's coordinates, (N, 1) each, count pixels from the image's middle.
    """
    position = torch.arange(SIZE) - (SIZE - 1) / 2
    y, x = (axis.reshape(1, -1) for axis in torch.meshgrid(position, position, indexing="ij"))
    x, y = x - centre_x, y - centre_y
    cos, sin = angle.cos(), angle.sin()
    return x * cos + y * sin, y * cos - x * sin


def _uniform(generator: Generator, count: int, low: float, high: float) -> Tensor:
    return torch.rand(count, 1, generator=generator) * (high - low) + low
