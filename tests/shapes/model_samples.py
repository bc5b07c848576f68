"""Model code as people have it, from the ways in which they write it."""

HEAD = (
    "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
    "from collections import OrderedDict\n"
)

FUNCTIONAL = """
class Autoencoder(nn.Module):
    '''A convolutional one, with functions in forward.'''
    def __init__(self, in_channels=1, latent=32):
        super(Autoencoder, self).__init__()
        self.conv1 = nn.Conv2d(in_channels, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 8, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc = nn.Linear(8 * 7 * 7, latent)
        self.fc2 = nn.Linear(latent, 8*7*7)
        self.t_conv1 = nn.ConvTranspose2d(8, 16, 2, stride=2)
        self.t_conv2 = nn.ConvTranspose2d(16, in_channels, 2, stride=2)
        self.criterion = nn.MSELoss()

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = torch.relu(self.fc(x))
        x = F.relu(self.fc2(x)).view(-1, 8, 7, 7)
        x = F.relu(self.t_conv1(x))
        return torch.sigmoid(self.t_conv2(x))

model = Autoencoder(latent=16)
"""
TWO_CLASSES = """
class Encoder(nn.Module):
    def __init__(self, dims=[784, 256, 64]):
        super().__init__()
        layers = []
        for i in range(len(dims) - 1):
            layers.append(nn.Linear(dims[i], dims[i+1]))
            layers += [nn.ReLU()]
        self.net = nn.Sequential(*layers)
        self.blocks = nn.ModuleList([nn.Linear(64, 64) for _ in range(2)])
    def forward(self, x):
        x = self.net(torch.flatten(x, 1))
        for block in self.blocks:
            x = block(x).tanh()
        return x

class Decoder(nn.Module):
    def __init__(self, out=784):
        super().__init__()
        self.fc = nn.Linear(64, out)
    def forward(self, z):
        batch = z.shape[0]
        return self.fc(z).reshape(batch, 1, 28, 28)

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
    def encode(self, x):
        return self.encoder(x)
    def forward(self, x):
        z = self.encode(x)
        return self.decoder(z), z
model = AE()
"""
BLOCKS = """
def block(in_c, out_c, norm=True):
    layers = [nn.Conv2d(in_c, out_c, 4, 2, 1, bias=not norm)]
    if norm:
        layers.append(nn.BatchNorm2d(out_c))
    layers.append(nn.LeakyReLU(0.2, inplace=True))
    return layers

class Critic(nn.Module):
    def __init__(self, ngf=8, channels=1):
        super().__init__()
        self.main = nn.Sequential(
            *block(channels, ngf, norm=False),
            *block(ngf, ngf * 2),
            nn.Flatten(),
        )
        self.head = nn.Linear(ngf * 2 * 7 ** 2, 1)
    def forward(self, img: torch.Tensor) -> torch.Tensor:
        assert img.ndim == 4
        features = self.main(img)
        return self.head(features).sigmoid()
model = Critic()
"""
INHERITED = """
class ConvBNReLU(nn.Sequential):
    def __init__(self, inp, out, kernel=3, stride=1):
        padding = (kernel - 1) // 2
        super().__init__(
            nn.Conv2d(inp, out, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(out), nn.ReLU6(inplace=True))

class Base(nn.Module):
    width = 12
    def forward(self, x):
        return self.decode(self.encode(x))

class Net(Base):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict([("a", ConvBNReLU(1, 12)), ("b", ConvBNReLU(12, 24, stride=2))]))
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.out = nn.Conv2d(24, 1, 1)
    def encode(self, x):
        return self.features(x)
    def decode(self, h):
        return torch.clamp(self.out(self.up(h)), 0, 1) if False else self.out(self.up(h))
model = Net()
"""
SEQUENTIALS = """
latent = 2 ** 4
encoder = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, latent), nn.Tanh())
decoder = nn.Sequential(nn.Linear(latent, 784), nn.Unflatten(1, (1, 28, 28)))
model = nn.Sequential(encoder, decoder)
"""
RESIZED = """
class Up(torch.nn.Module):
    def __init__(self, **kwargs):
        super().__init__()
        self.convs = nn.ModuleList()
        for a, b in zip([1, 4, 8], [4, 8, 16]):
            self.convs.append(nn.Conv2d(a, b, 3, padding="same"))
        self.shuffle = nn.PixelShuffle(upscale_factor=2)
    def forward(self, x):
        for conv in self.convs:
            x = F.leaky_relu(conv(F.pad(x, (1, 1, 0, 0), mode="reflect")), 0.1)
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = self.shuffle(x)
        x = F.dropout(x, 0.1, training=self.training)
        return F.softmax(F.adaptive_avg_pool2d(x, (9, 5)), dim=1).contiguous()
model = Up()
"""
