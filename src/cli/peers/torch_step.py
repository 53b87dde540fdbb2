"""The benchmark's step on PyTorch. Arguments: a folder with problem.json and its tensors. Reads a step's number a line and
answers with one JSON line: loss and milliseconds."""

import array
import json
import math
import sys
import time

import torch
from torch.nn import functional as F

folder = sys.argv[1]
with open(folder + "/problem.json") as file:
    problem = json.load(file)


def load(entry):
    kind = "i" if entry["type"] == "int32" else "f"
    values = array.array(kind)
    with open(folder + "/" + entry["file"], "rb") as file:
        values.frombytes(file.read())
    dtype = torch.int32 if kind == "i" else torch.float32
    return torch.frombuffer(values, dtype=dtype).clone().reshape(entry["shape"])


def tower(side):
    return {name: load(entry).requires_grad_() for name, entry in problem[side]["parameters"].items()}


WIDTH, LAYERS, HEADS, BATCH = (problem[key] for key in ("width", "layers", "heads", "batch"))
EPS = problem["rmsEps"]
towers = {side: tower(side) for side in ("query", "document")}
inputs = {
    side: [(load(one["ids"]).long(), load(one["mask"])) for one in problem[side]["inputs"]]
    for side in ("query", "document")
}
adam = problem["adam"]
optimizer = torch.optim.Adam(
    [tensor for side in towers.values() for tensor in side.values()],
    lr=problem["learningRate"],
    betas=(adam["beta1"], adam["beta2"]),
    eps=adam["epsilon"],
)


def rms_norm(x, gain):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS) * gain


def encode(p, ids, mask):
    tokens = mask.shape[1]

    def split(x):
        return x.reshape(BATCH, tokens, HEADS, WIDTH // HEADS).transpose(1, 2)

    x = p["embeddings.word_embeddings.weight"][ids.reshape(BATCH, tokens)] + p["embeddings.position_embeddings.weight"]
    for i in range(LAYERS):
        w = lambda part: p[f"layers.{i}.{part}.weight"]
        y = rms_norm(x, w("norm1"))
        q, k, v = (split(F.linear(y, w(part))) for part in ("query", "key", "value"))
        bias = ((mask - 1) * 1e9).reshape(BATCH, 1, 1, tokens)
        mixed = (q @ k.transpose(-1, -2) * (WIDTH // HEADS) ** -0.5 + bias).softmax(-1) @ v
        x = x + F.linear(mixed.transpose(1, 2).reshape(BATCH, tokens, WIDTH), w("output"))
        x = x + F.linear(F.gelu(F.linear(rms_norm(x, w("norm2")), w("up"))), w("down"))
    x = rms_norm(x, p["norm.weight"])
    at = mask.unsqueeze(-1)
    pooled = (x * at).sum(1) / at.sum(1)
    return pooled * torch.rsqrt(pooled.square().sum(-1, keepdim=True) + 1e-12)


print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    at = int(line) % len(inputs["query"])
    q, d = (encode(towers[side], *inputs[side][at]) for side in ("query", "document"))
    loss = F.cross_entropy(q @ d.T / problem["temperature"], torch.arange(BATCH))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    value = loss.item()
    assert math.isfinite(value)
    print(json.dumps({"loss": value, "ms": (time.perf_counter() - start) * 1000}), flush=True)
