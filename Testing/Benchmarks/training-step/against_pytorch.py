#!/usr/bin/env python3
"""Training step against PyTorch eager: the same network, batch size and threads, alternating in one run.

usage: python against_pytorch.py CACHE --program build/ci/benchmarks/sulcusTrainingStepBenchmark [--rounds 5] [--threads 2]

Run it with an interpreter that has torch. The peer is the residual U-Net of the cache's plan in torch.nn modules, Dice +
cross-entropy, gradient clipping and AdamW in fp32, on a fixed batch. Prints medians over rounds and their ratios.
"""
import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, groups):
        super().__init__()
        padding = [k // 2 for k in kernel]
        self.first = nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False)
        self.first_norm = nn.GroupNorm(groups or outputs, outputs)
        self.second = nn.Conv3d(outputs, outputs, kernel, 1, padding, bias=False)
        self.second_norm = nn.GroupNorm(groups or outputs, outputs)
        self.shortcut = nn.Conv3d(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()
        self.pool = nn.AvgPool3d(stride, stride, ceil_mode=True, count_include_pad=False) if max(stride) > 1 else nn.Identity()
        self.activation = nn.LeakyReLU(0.01, inplace=True)

    def forward(self, value):
        inner = self.second_norm(self.second(self.activation(self.first_norm(self.first(value)))))
        return self.activation(inner + self.shortcut(self.pool(value)))


class Network(nn.Module):
    def __init__(self, plan):
        super().__init__()
        widths, kernels, strides, groups = plan["widths"], plan["kernels"], plan["strides"], plan["norm_groups"]
        sizes = [plan["input_channels"]] + widths
        self.down = nn.ModuleList(Block(sizes[i], widths[i], kernels[i], strides[i], groups) for i in range(len(widths)))
        levels = range(len(widths) - 1, 0, -1)
        self.up = nn.ModuleList(nn.ConvTranspose3d(widths[i], widths[i - 1], strides[i], strides[i], bias=False) for i in levels)
        self.merge = nn.ModuleList(Block(2 * widths[i - 1], widths[i - 1], kernels[i - 1], [1, 1, 1], groups) for i in levels)
        self.head = nn.Conv3d(widths[0], plan["classes"], 1)

    def forward(self, value):
        skips = []
        for block in self.down:
            value = block(value)
            skips.append(value)
        for up, merge, skip in zip(self.up, self.merge, reversed(skips[:-1])):
            value = up(value)[:, :, : skip.shape[2], : skip.shape[3], : skip.shape[4]]
            value = merge(torch.cat([value, skip], 1))
        return self.head(value)


def dice_cross_entropy(logits, label):
    probability = logits.softmax(1)[:, 1:]
    truth = functional.one_hot(label, logits.shape[1]).movedim(-1, 1)[:, 1:].float()
    overlap = 2 * (probability * truth).sum((2, 3, 4)) + 1e-5
    return functional.cross_entropy(logits, label) + 1 - (overlap / (probability.sum((2, 3, 4)) + truth.sum((2, 3, 4)) + 1e-5)).mean()


class Peer:
    def __init__(self, plan):
        torch.manual_seed(1)
        self.network = Network(plan["network"])
        self.optimizer = torch.optim.AdamW(self.network.parameters(), 1e-3)
        shape = [plan["batch_size"], *plan["patch_size"]]
        self.image = torch.randn(shape[0], plan["network"]["input_channels"], *shape[1:])
        self.label = torch.randint(plan["network"]["classes"], shape)

    def step(self):
        self.optimizer.zero_grad()
        loss = dice_cross_entropy(self.network(self.image), self.label)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 12)
        self.optimizer.step()

    def milliseconds(self, steps=8):
        self.step()
        times = []
        for _ in range(steps):
            started = time.perf_counter()
            self.step()
            times.append(1e3 * (time.perf_counter() - started))
        return statistics.median(times)


def ours(program, cache, threads):
    """Milliseconds of a step on a fixed batch, by precision."""
    lines = subprocess.run([program, cache, "1", str(threads)], check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split("\t")[0]: float(line.split("\t")[2]) for line in lines[1:]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache")
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    peer = Peer(json.loads((Path(arguments.cache) / "plan.json").read_text()))
    table = {"pytorch": []}
    for _ in range(arguments.rounds):
        table["pytorch"].append(peer.milliseconds())
        for precision, milliseconds in ours(arguments.program, arguments.cache, arguments.threads).items():
            table.setdefault(precision, []).append(milliseconds)
    reference = statistics.median(table.pop("pytorch"))
    print(f"PyTorch {torch.__version__} eager fp32, {arguments.threads} threads: {reference:.1f} ms\n")
    print("| Sulcus | ms | ratio | goal | |\n|---|---|---|---|---|")
    for precision, goal in (("fp32", 0.9), ("bf16", 0.5)):
        if precision in table:
            median = statistics.median(table[precision])
            print(f"| {precision} | {median:.1f} | {median / reference:.2f} | {goal} | {'met' if median / reference <= goal else 'missed'} |")


if __name__ == "__main__":
    main()
