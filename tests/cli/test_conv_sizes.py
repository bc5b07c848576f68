"""`aetui conv`: sizes as people write them, and ones that cannot be meant."""

import pytest


@pytest.mark.parametrize(
    ("size", "layer", "said", "first_row"),
    [
        ("(1, 3, 32, 32)", "nn.Conv2d(3, 8, 3)", "1 is taken for the batch", "3x32x32"),
        ("64x3x32x32", "nn.Conv2d(3, 8, 3)", "64 is taken for the batch", "3x32x32"),
        ("torch.Size([64, 16, 50])", "nn.Conv1d(16, 8, 3)", "64 is taken for the batch", "16x50"),
        ("3,32,32", "conv 8 k3", "", "3x32x32"),
        ("[3, 32, 32]", "conv 8 k3", "", "3x32x32"),
        ("1x16x32x32", "nn.Conv3d(1, 8, 3)", "", "1x16x32x32"),
        ("16x32x32x32", "conv 8 k3", "", "16x32x32x32"),
    ],
)
def test_sizes_as_people_write_them(conv, size, layer, said, first_row):
    code, out, err = conv(size, layer)
    assert code == 0
    assert first_row in out.splitlines()[1].split()
    assert said in err


@pytest.mark.parametrize(
    ("size", "layer", "hint"),
    [
        ("28x28x1", "conv 16 k3", "1x28x28"),
        ("32x32x3", "nn.Conv2d(3, 8, 3)", "3x32x32"),
        ("64x48x3", "maxpool k4", "3x64x48"),
    ],
)
def test_channels_that_stand_last_are_named(conv, size, layer, hint):
    code, out, err = conv(size, layer)
    assert (code, out) == (2, "")
    assert f"{size} has its channels last" in err
    assert f"PyTorch has them first: {hint}" in err


@pytest.mark.parametrize(
    ("size", "target", "taken"),
    [
        ("1x30x25", "240x200", "240x200 is taken for 1x240x200"),
        ("256x12x12", "24", "24 is taken for 256x24x24"),
        ("12x12", "8x24x24", "12x12 is taken for 8x12x12"),
        ("12", "8x24x24", "12 is taken for 8x12x12"),
        ("4x100", "200", "200 is taken for 4x200"),
    ],
)
def test_channels_may_be_left_out_on_one_side(conv, size, target, taken):
    code, out, err = conv(size, "--to", target, "--transposed")
    assert code == 0
    assert taken in err
    assert "convt" in out
