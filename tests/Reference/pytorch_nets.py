"""Nets in our shorthand and as PyTorch modules with state_dicts as people have them: numbered, named, with blocks. Shared by make_states_golden.py and pytorch_roundtrip.py."""
import torch
from torch import nn


class Steps(nn.Module):
    """From steps x features, as data lie, to features x steps, as Conv1d wants them."""

    def forward(self, x):
        return x.transpose(1, 2)


class LastChannel(nn.Module):
    """From height x width x channels, as data lie, to planes."""

    def forward(self, x):
        return x.permute(0, 3, 1, 2)


class LeNet(nn.Module):
    """Names in the order of the alphabet, which is that of the layers; a safetensors file that some writer has sorted."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3), nn.Conv2d(3, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(3)
        self.fc1, self.fc2 = nn.Linear(4 * 3 * 3, 6), nn.Linear(6, 4)

    def forward(self, x):
        x = torch.relu(self.bn(self.conv1(x[:, None])))
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc2(torch.tanh(self.fc1(x.flatten(1))))


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.norm, self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.second(torch.relu(self.norm(self.first(x))))


class Residual(nn.Module):
    """Blocks whose convolutions have equal shapes but for a bias."""

    def __init__(self):
        super().__init__()
        self.stem, self.blocks, self.head = nn.Conv2d(3, 4, 3), nn.Sequential(Block(4), Block(4)), nn.Linear(4, 5)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x.permute(0, 3, 1, 2))).mean((2, 3)))


class Recurrent(nn.Module):
    """One module of two layers, which are two of ours."""

    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.GRU(3, 5, num_layers=2, batch_first=True), nn.Linear(5, 4)

    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])


class Encoder(nn.Module):
    """A parameter for the positions, PyTorch's own encoder layers, a norm and a head."""

    def __init__(self):
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, 6, 8) * 0.1)
        layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0, activation=lambda x: nn.functional.gelu(x, approximate="tanh"), batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.norm(self.encoder(x + self.positions)).mean(1))


def nets():
    """Name, shorthand, shape of a sample as data have it, classes, module."""
    yield "dense", "12-9-7:relu-4", (12,), 4, nn.Sequential(nn.Linear(12, 9), nn.Tanh(), nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 4))
    yield "wide", "8-8-8-8-8-8-8-8-8-8-8-8-8", (8,), 8, nn.Sequential(*[m for _ in range(11) for m in (nn.Linear(8, 8), nn.Tanh())], nn.Linear(8, 8))
    yield "named", "8x8-conv3x3x3-batchnorm-relu-conv3x3x4:same:relu-pool2-6-4", (8, 8), 4, LeNet()
    yield "colour", "6x5x3-conv3x3x4:relu-conv3x3x4:same-batchnorm-silu-globalavg-5", (6, 5, 3), 5, nn.Sequential(
        LastChannel(), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))
    yield "pixels", "3x4x2-6-3", (3, 4, 2), 3, nn.Sequential(LastChannel(), nn.Flatten(), nn.Linear(24, 6), nn.Tanh(), nn.Linear(6, 3))
    yield "steps", "9x3-conv3x4:same:relu-pool2-conv3x5:relu-6-4", (9, 3), 4, nn.Sequential(
        Steps(), nn.Conv1d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(4, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(10, 6), nn.Tanh(), nn.Linear(6, 4))
    yield "residual", "5x6x3-conv3x3x4:identity-residual(conv3x3x4:same:nobias-batchnorm-relu-conv3x3x4:same)-residual(conv3x3x4:same:nobias-batchnorm-relu-conv3x3x4:same)-globalavg-5", (5, 6, 3), 5, Residual()
    yield "recurrent", "7x3-gru5:sequence-gru5-4", (7, 3), 4, Recurrent()
    yield "encoder", "6x8-positions-attn2:block-mlp12:block-attn2:block-mlp12:block-layernorm-globalavg-3", (6, 8), 3, Encoder()


def randomise(module, seed):
    """Random weights and statistics, so that nothing is 0 or 1 by habit."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.dtype.is_floating_point:
                value.uniform_(0.5, 1.5) if name.endswith("running_var") else value.normal_(0, 0.4)
    return module.eval()
