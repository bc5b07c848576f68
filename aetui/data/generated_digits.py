"""Handwriting-like digits: stroke skeletons, bent by chance and drawn with a round pen.

A skeleton is a few smooth curves through control points. A sample of a curve is a fixed weighted sum of
control points, so one batch mixes digits and writing styles freely.
"""

from functools import cache

import torch
from torch import Generator, Tensor

SIZE = 28
CLASSES = tuple("0123456789")

BOX = 20.0  # pixels: MNIST fits its digits into 20x20 and centres them by mass in 28x28
SEGMENTS = 24  # straight pieces a digit is drawn with
MOST_POINTS = 16  # control points of a style
RENDERED_AT_ONCE = 16  # images: their distances stay in the processor's cache

# Ten digits, four writing styles each. A style is points "x,y" in a box 60 wide and 100 high, y downwards.
# "|" begins a new curve; two curves that share an end make a corner.
STYLES = (
    (
        "36,1 14,12 2,46 10,84 30,99 50,86 59,50 50,14 34,1 22,6",
        "46,8 26,1 8,22 4,62 20,97 42,92 57,64 55,24 38,2",
        "32,0 12,20 10,72 28,99 46,80 48,28 30,0",
        "20,6 2,40 8,84 30,100 54,80 58,36 40,6 18,4 10,14",
    ),
    (
        "30,0 30,50 30,100",
        "31,0 30,50 28,100",
        "10,26 24,12 32,0 | 32,0 32,50 32,100",
        "12,22 32,0 | 32,0 32,50 32,98 | 8,99 30,98 56,99",
    ),
    (
        "5,24 14,6 34,0 53,14 50,38 28,68 2,98 | 2,98 30,97 62,96",
        "6,20 24,1 48,6 54,28 38,62 16,93 4,94 5,80 20,78 40,92 64,92",
        "4,14 22,0 46,6 50,26 34,56 4,96 | 4,96 22,90 42,98 62,92",
        "8,10 30,0 52,12 46,40 20,76 6,98 | 6,98 34,94 58,98",
    ),
    (
        "6,10 26,0 50,10 46,36 20,47 | 20,47 50,54 57,80 34,100 3,88",
        "6,3 30,3 54,2 | 54,2 24,40 | 24,40 52,52 55,84 30,100 4,90",
        "4,14 24,0 48,12 42,38 26,46 20,50 30,50 52,60 54,84 32,100 4,92",
        "8,8 32,0 50,16 38,40 18,46 | 18,46 44,48 56,68 44,94 20,100 2,84",
    ),
    (
        "12,2 8,30 3,54 | 3,54 30,54 60,50 | 50,4 46,50 43,100",
        "46,0 24,34 2,66 | 2,66 32,66 64,64 | 46,0 46,50 45,100",
        "8,0 5,34 18,52 40,50 54,40 | 56,0 52,46 47,100",
        "16,0 4,44 | 4,44 24,50 52,44 | 52,2 48,44 40,100",
    ),
    (
        "14,4 8,44 | 8,44 36,36 57,60 48,90 24,100 2,90 | 14,4 36,4 56,2",
        "56,2 26,3 13,18 18,40 44,54 54,76 36,98 3,94",
        "16,2 12,42 | 12,42 38,44 54,70 36,97 2,96 | 16,2 44,6 60,2",
        "58,2 34,3 14,4 | 14,4 10,42 | 10,42 30,38 52,56 50,84 28,100 4,94",
    ),
    (
        "44,0 18,24 4,62 12,92 32,100 52,86 48,60 28,54 7,72",
        "52,4 30,8 12,34 4,70 20,98 44,94 52,72 38,57 18,62 6,80",
        "26,0 10,36 6,76 22,99 44,96 54,78 42,64 22,70 10,88",
        "36,0 14,30 6,66 14,96 38,98 52,80 46,60 26,58 12,74",
    ),
    (
        "2,4 30,4 58,3 | 58,3 40,44 24,100",
        "2,6 30,5 58,2 | 58,2 38,48 26,100 | 16,52 36,50 58,48",
        "3,20 4,4 | 4,4 30,6 58,1 | 58,1 36,42 30,100",
        "4,8 28,4 54,4 | 54,4 44,50 38,100",
    ),
    (
        "50,14 32,0 10,12 16,34 34,48 54,72 46,94 26,100 6,84 12,62 34,46 50,28 50,14",
        "30,0 10,10 12,36 30,47 48,36 50,12 30,0 | 30,47 8,60 6,88 30,100 54,88 52,60 30,47",
        "52,9 30,1 12,18 22,40 42,58 48,82 28,99 10,84 18,60 40,38 52,9",
        "44,4 22,2 12,22 30,46 50,70 44,96 20,98 8,76 26,52 48,28 44,4",
    ),
    (
        "52,16 32,0 8,12 5,38 24,50 46,38 53,10 | 53,10 52,50 46,100",
        "54,20 34,0 10,10 5,38 26,50 48,38 54,18 | 54,18 56,58 42,92 10,97",
        "50,10 28,1 8,22 10,44 32,48 50,28 52,8 | 52,8 46,56 24,100",
        "50,14 26,0 6,20 14,44 38,42 52,14 | 52,14 48,54 48,100",
    ),
)


def draw(labels: Tensor, generator: Generator) -> Tensor:
    """Images (N, 1, 28, 28), uint8, white on black, of the digits `labels` (N,), int64."""
    count = labels.shape[0]
    radius = _normal(generator, count, 1.34, 0.27).clamp(0.8, 2.0)
    taper = _normal(generator, count, 0.0, 0.2).clamp(-0.4, 0.4)
    along = torch.linspace(-0.5, 0.5, SEGMENTS)
    radii = radius[:, None] * (1 + taper[:, None] * along)
    ends = _place(_bend(_skeletons(labels, generator), generator), radius, generator)
    pieces = zip(torch.split(ends, RENDERED_AT_ONCE), torch.split(radii, RENDERED_AT_ONCE), strict=True)
    return torch.cat([_render(*piece) for piece in pieces])


def _skeletons(labels: Tensor, generator: Generator) -> Tensor:
    """Both ends of every segment (N, SEGMENTS, 2 ends, 2), in box heights; every control point jittered."""
    points, weights = _tables()
    style = torch.randint(points.shape[1], labels.shape, generator=generator)
    points = points[labels, style]
    points = points + 0.025 * torch.randn(points.shape, generator=generator)
    return (weights[labels, style][..., None] * points[:, None, None]).sum(3)


def _bend(points: Tensor, generator: Generator) -> Tensor:
    """Points (N, SEGMENTS, 2, 2) after a smooth elastic distortion, slant, stretch and rotation.

    Elastic distortion of digits: Simard, Steinkraus and Platt, 2003. Here slow sine waves displace the plane.
    """
    count = points.shape[0]
    x, y = points.unbind(3)
    x, y = x + _slow_wave(points, generator), y + _slow_wave(points, generator)
    slant = _normal(generator, count, 0.14, 0.25)[:, None, None]
    stretch = _normal(generator, count, 1.12, 0.2).clamp(0.75, 1.6)[:, None, None]
    angle = _normal(generator, count, 0.0, 0.1)[:, None, None]
    x = x * stretch - slant * y
    return torch.stack((x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()), dim=3)


def _slow_wave(points: Tensor, generator: Generator) -> Tensor:
    """A displacement (N, SEGMENTS, 2) for every point: one sine wave across the plane of each image."""
    count = points.shape[0]
    frequency = 3.5 * torch.randn(count, 1, 1, 2, generator=generator)
    phase = 2 * torch.pi * torch.rand(count, 1, 1, generator=generator)
    amplitude = 0.04 * torch.randn(count, 1, 1, generator=generator)
    return amplitude * ((points * frequency).sum(3) + phase).sin()


def _place(points: Tensor, radius: Tensor, generator: Generator) -> Tensor:
    """Points (N, SEGMENTS, 2, 2) in pixels: scaled into the box, the centre of mass near the middle."""
    count = points.shape[0]
    extent = (points.amax((1, 2)) - points.amin((1, 2))).amax(1)
    box = BOX * (0.9 + 0.14 * torch.rand(count, generator=generator))
    points = points * ((box - 2 * radius) / extent)[:, None, None, None]
    length = (points[:, :, 1] - points[:, :, 0]).square().sum(2, keepdim=True).sqrt()
    centre = (points.mean(2) * length).sum(1) / length.sum(1)
    shift = 0.5 * torch.randn(count, 2, generator=generator)
    return points + ((SIZE - 1) / 2 - centre + shift)[:, None, None]


def _render(ends: Tensor, radii: Tensor) -> Tensor:
    """Images (N, 1, 28, 28) of segments with `ends` (N, SEGMENTS, 2, 2) and pen `radii` (N, SEGMENTS).

    Distances are measured in pen radii, so that thick and thin segments join. While computing, images lie
    along the last axis: long runs of equal work.
    """
    start, end = ends.permute(2, 3, 1, 0)
    along = end - start
    length = along.square().sum(0).sqrt().clamp_min(1e-6)
    ux, uy = along / length
    cx, cy = (start + end) / 2
    width = radii.T
    pixel = torch.arange(float(SIZE))[:, None, None]
    dx, dy = (pixel - cx) / width, (pixel - cy) / width
    # Along the segment from its middle: (28, 28, SEGMENTS, N).
    beyond = (dx * ux)[None, :] + (dy * uy)[:, None]
    beyond.abs_().sub_(length / width / 2).clamp_(min=0).square_()
    across = (dy * ux)[:, None] - (dx * uy)[None, :]
    nearest = across.square_().add_(beyond).amin(2).sqrt_()
    edge: Tensor = 0.5 + (1 - nearest) * radii.mean(1) / 1.3  # the pen's rim is 1.3 pixels soft
    return (edge.clamp(0, 1) * 255).round().to(torch.uint8).permute(2, 0, 1)[:, None].contiguous()


def _normal(generator: Generator, count: int, mean: float, deviation: float) -> Tensor:
    return torch.randn(count, generator=generator) * deviation + mean


@cache
def _tables() -> tuple[Tensor, Tensor]:
    """Control points (10, 4, P, 2) of the styles and their segments' weights (10, 4, SEGMENTS, 2 ends, P)."""
    parsed = [[_parse(style) for style in styles] for styles in STYLES]
    points = torch.stack([torch.stack([points for points, _ in styles]) for styles in parsed])
    weights = torch.stack([torch.stack([weights for _, weights in styles]) for styles in parsed])
    return points, weights


def _parse(style: str) -> tuple[Tensor, Tensor]:
    """The control points (P, 2) of a style and its segments' weights (SEGMENTS, 2 ends, P).

    Curves that name the same point share it. Each curve gets segments by its share of the length.
    """
    curves = [curve.split() for curve in style.split("|")]
    names = list(dict.fromkeys(name for curve in curves for name in curve))
    points = torch.zeros(MOST_POINTS, 2)
    points[: len(names)] = torch.tensor([[float(number) for number in name.split(",")] for name in names])
    indices = [torch.tensor([names.index(name) for name in curve]) for curve in curves]
    lengths = torch.stack([points[index].diff(dim=0).square().sum(1).sqrt().sum() for index in indices])
    until = (lengths.cumsum(0) / lengths.sum() * SEGMENTS).round().long().tolist()
    weights = torch.zeros(SEGMENTS, 2, MOST_POINTS)
    for index, first, last in zip(indices, [0, *until], until, strict=False):
        samples = _spline(len(index), last - first)
        weights[first:last, :, index] = torch.stack((samples[:-1], samples[1:]), dim=1)
    return (points - torch.tensor([30.0, 50.0])) / 100, weights


def _spline(points: int, segments: int) -> Tensor:
    """Weights (segments + 1, points) of the samples of a smooth curve (Catmull and Rom, 1974)."""
    position = torch.linspace(0, points - 1, segments + 1)
    span = position.floor().clamp(max=points - 2)
    t = (position - span)[:, None]
    cubic = (
        torch.cat((-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2), 1)
        / 2
    )
    weights = torch.zeros(segments + 1, points)
    # Beyond both ends the end point stands in for its missing neighbour.
    neighbour = (span[:, None].long() + torch.arange(-1, 3)).clamp(0, points - 1)
    return weights.scatter_add_(1, neighbour, cubic)
