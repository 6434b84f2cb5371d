"""What a user would pick instead: the two-stage and the scan-grid generator in PyTorch, timed.

The same layer sizes as `dlss_tf.models.two_stage` (transposed convolutions, inner trainer in the training step), plain
convolutions with ReLU, channels-last memory, fused Adam. It computes slightly less than ours (no weight normalisation,
no running means, no replay), so being level with it already means being ahead. Needs PyTorch and NumPy alone. Mode
scan-grid is `dlss_tf.models.scan_grid` at width 1 on a scan of 103 x 103 samples, factor 5, its Wiener filters by FFT.

    python benchmarks/torch_peer.py --mode train --width 1.0 --size 512 --batch 1 --threads 2 [--compile]

Prints one JSON line: seconds of each counted run, peak memory, and the machine's matrix-product rate.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import torch
import torch.nn.functional as F
from timing import GEMM_SIDE, peak_gib, timed  # beside this script
from torch import nn


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.ReLU())


def up(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, 1), nn.ReLU())


class Residual(nn.Module):
    """Three convolutions with an identity skip around the three."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(*[conv(channels, channels) for _ in range(3)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class Peer(nn.Module):
    """[b, 1, N, N] -> [b, 1, N, N]; with `train` also the inner trainer's [b, 1, N/2, N/2]."""

    def __init__(self, width: float):
        super().__init__()
        c32, *f = (max(8, round(count * width)) for count in (32, 64, 128, 256, 512, 768))
        self.inner = nn.Sequential(
            conv(1, f[0], 5),
            *[conv(a, b, 3, 2) for a, b in zip(f, f[1:])],
            *[Residual(f[4]) for _ in range(6)],
            *[up(b, a) for a, b in zip(f[3::-1], f[:0:-1])],
        )
        self.trainer = nn.Sequential(conv(f[0], f[0]), nn.Conv2d(f[0], 1, 3, 1, 1))
        self.entry = nn.Sequential(conv(1, c32, 5), conv(c32, f[0], 3, 2))
        self.outer = nn.Sequential(
            *[Residual(f[0]) for _ in range(3)], up(f[0], c32), conv(c32, c32), nn.Conv2d(c32, 1, 3, 1, 1)
        )

    def forward(self, x: torch.Tensor, train: bool = False) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        inner = self.inner(F.interpolate(x, scale_factor=0.5, mode="bilinear"))
        outputs = self.outer(self.entry(x) + inner)
        return (outputs, self.trainer(inner)) if train else outputs


class Plain(nn.Module):
    """Two convolutions with an identity skip around them."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(conv(channels, channels), nn.Conv2d(channels, channels, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def filtered(scan: torch.Tensor, size: int, strengths: tuple[float, ...]) -> list[torch.Tensor]:
    """Scan [1, 1, n, m] through Wiener filters in Hann windows a quarter of their size apart."""
    step, (n, m) = size // 4, scan.shape[2:]
    padded = F.pad(scan, (size - step, size, size - step, size), mode="reflect")
    hann = torch.hann_window(size)
    window = hann[:, None] * hann
    windows = padded[0, 0].unfold(0, size, step).unfold(1, size, step)
    mean = (windows * window).sum((2, 3), keepdim=True) / window.sum()
    spectrum = torch.fft.rfft2((windows - mean) * window)
    power = spectrum.abs() ** 2 + 1e-12
    fine = torch.maximum(torch.fft.fftfreq(size).abs()[:, None], torch.fft.rfftfreq(size)) > 0.3
    ratio = torch.exp(torch.log(power)[..., fine].mean(-1) + 0.5772)[..., None, None] / power
    images = []
    for strength in strengths:
        kept = torch.fft.irfft2(spectrum * F.relu(1 - strength * ratio), (size, size)) + mean * window
        columns = (kept * window).flatten(2).flatten(0, 1).T[None]
        sides = tuple(step * (count + 3) for count in windows.shape[:2])
        image = F.fold(columns, sides, size, stride=step)
        images.append(image[:, :, size - step :, size - step :][:, :, :n, :m] / 2.25)
    return images


class ScanGrid(nn.Module):
    """[1, 1, n, m] -> [1, 1, 5 n, 5 m]."""

    FACTOR, SIDE = 5, 103

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(6, 32, 3, 1, 1)
        self.down = nn.ModuleList(
            [nn.Sequential(*[Plain(count) for _ in range(blocks)]) for count, blocks in ((32, 3), (64, 3), (160, 4))]
        )
        self.halves = nn.ModuleList([nn.Conv2d(32, 64, 2, 2), nn.Conv2d(64, 160, 2, 2)])
        self.doubles = nn.ModuleList([nn.ConvTranspose2d(64, 32, 2, 2), nn.ConvTranspose2d(160, 64, 2, 2)])
        self.up = nn.ModuleList([nn.Sequential(*[Plain(count) for _ in range(3)]) for count in (32, 64)])
        self.head = nn.Conv2d(33, self.FACTOR**2, 3, 1, 1)

    def forward(self, scan: torch.Tensor) -> torch.Tensor:
        views = [image for size in (32, 64) for image in filtered(scan, size, (1.5, 3.0))]
        seen = torch.cat([scan, *views, torch.full_like(scan, self.FACTOR / 10)], 1)
        x = self.down[0](self.first(F.pad(seen, (0, 1, 0, 1), mode="replicate")))
        y = self.down[1](self.halves[0](x))
        z = self.down[2](self.halves[1](y))
        y = self.up[1](self.doubles[1](z) + y)
        x = self.up[0](self.doubles[0](y) + x)[..., : self.SIDE, : self.SIDE]
        mixture = torch.stack(views).mean(0)
        return F.pixel_shuffle(self.head(torch.cat([x, mixture], 1)), self.FACTOR).clamp(-0.1, 1.1)


def step(mode: str, network: nn.Module, run: Callable, x: torch.Tensor) -> Callable[[], None]:
    """One forward pass without gradients, or one training step, on x [b, 1, N, N]."""

    def forward() -> None:
        with torch.no_grad():
            run(x)

    def train() -> None:
        outputs, trained = run(x, True)
        target = F.interpolate(x, scale_factor=0.5)
        loss = 200 * ((outputs - x) ** 2).mean() + 200 * ((trained - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    if mode != "train":
        return forward
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    return train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mode", choices=("train", "forward", "scan-grid"), required=True)
    parser.add_argument("--width", type=float, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = (ScanGrid() if arguments.mode == "scan-grid" else Peer(arguments.width)).to(
        memory_format=torch.channels_last
    )
    run = torch.compile(network) if arguments.compile else network
    side = ScanGrid.SIDE if arguments.mode == "scan-grid" else arguments.size
    x = torch.rand(arguments.batch, 1, side, side)
    seconds = timed(step(arguments.mode, network, run, x), arguments.runs)
    report = {"seconds": seconds, "peak_gib": peak_gib(), "torch": torch.__version__}
    matrix = torch.rand(GEMM_SIDE, GEMM_SIDE)
    report["gemm_gflops"] = 2e-9 * GEMM_SIDE**3 / min(timed(lambda: matrix @ matrix, 3))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
