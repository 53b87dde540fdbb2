"""Runs folders that `lab export` wrote, with PyTorch alone: an independent reading of what stands in them.

Follows modules.json as sentence-transformers does. The models are written here from their definitions (BERT: Devlin et
al. 2018, post-norm; Llama, Qwen2, Qwen3: pre-norm with RMS norms, rotary positions, grouped queries, SwiGLU), with
PyTorch's own layer norm, GELU and softmax. safetensors is parsed here.

    python3 scripts/golden/run_export.py FOLDER... < ids.json > vectors.json

ids.json: a list of lists of token ids, special tokens included. vectors.json: for each folder one list of numbers a text.
Each text is run both alone and in one padded batch; the largest of their differences goes to standard error.
"""

import json
import math
import os
import struct
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

torch.set_grad_enabled(False)
TYPES = {"F32": ("<f4", 4), "F16": ("<f2", 2)}


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file)


def read_safetensors(path):
    """Tensors by name as float32, and the metadata."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        dtype, size = TYPES[entry["dtype"]]
        start, end = entry["data_offsets"]
        assert end - start == size * math.prod(entry["shape"]), name
        values = numpy.frombuffer(data, dtype, (end - start) // size, 8 + length + start)
        tensors[name] = torch.from_numpy(values.astype(numpy.float32)).reshape(entry["shape"])
    return tensors, metadata


class Taken:
    """Tensors by name, which remembers those that nobody asked for."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.left = set(tensors)

    def __call__(self, name):
        self.left.discard(name)
        return self.tensors[name]


def bert(config, get, ids, mask):
    """Hidden states [batch, tokens, width]."""
    assert config["model_type"] == "bert" and config.get("position_embedding_type", "absolute") == "absolute"
    batch, tokens = ids.shape
    width, heads = config["hidden_size"], config["num_attention_heads"]
    size = width // heads
    eps = config["layer_norm_eps"]
    act = {"gelu": functional.gelu, "relu": functional.relu, "gelu_new": gelu_new}[config["hidden_act"]]

    def dense(x, name):
        return functional.linear(x, get(f"{name}.weight"), get(f"{name}.bias"))

    def norm(x, name):
        return functional.layer_norm(x, (width,), get(f"{name}.weight"), get(f"{name}.bias"), eps)

    assert get("embeddings.token_type_embeddings.weight").shape == (config["type_vocab_size"], width)
    x = functional.embedding(ids, get("embeddings.word_embeddings.weight"))
    x = x + get("embeddings.position_embeddings.weight")[:tokens]
    x = x + get("embeddings.token_type_embeddings.weight")[0]
    x = norm(x, "embeddings.LayerNorm")
    hidden = (1 - mask)[:, None, None, :] * torch.finfo(torch.float32).min
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}"
        q, k, v = (
            dense(x, f"{layer}.attention.self.{part}").view(batch, tokens, heads, size).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        shares = functional.softmax(q @ k.transpose(2, 3) / math.sqrt(size) + hidden, -1)
        mixed = (shares @ v).transpose(1, 2).reshape(batch, tokens, width)
        x = norm(x + dense(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        inner = act(dense(x, f"{layer}.intermediate.dense"))
        x = norm(x + dense(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    return x


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def rotary(config, size, tokens):
    frequencies = 1.0 / config["rope_theta"] ** (torch.arange(0, size, 2, dtype=torch.float64) / size)
    scaling = config.get("rope_scaling")
    if scaling:
        assert scaling["rope_type"] == "llama3"
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        wavelengths = 2 * math.pi / frequencies
        context = scaling["original_max_position_embeddings"]
        smooth = ((context / wavelengths - low) / (high - low)).clamp(0, 1)
        frequencies = (1 - smooth) * frequencies / scaling["factor"] + smooth * frequencies
    angles = torch.arange(tokens, dtype=torch.float64)[:, None] * frequencies[None, :]
    angles = torch.cat([angles, angles], 1)
    return angles.cos().float(), angles.sin().float()


def decoder(config, get, ids, mask):
    """Hidden states [batch, tokens, width] after the last norm."""
    kind = config["model_type"]
    assert kind in ("llama", "qwen2", "qwen3") and config["hidden_act"] == "silu"
    batch, tokens = ids.shape
    width, heads, groups = (config[key] for key in ("hidden_size", "num_attention_heads", "num_key_value_heads"))
    size = config.get("head_dim") or width // heads
    eps = config["rms_norm_eps"]
    inner_bias = kind == "qwen2" or config.get("attention_bias", False)
    outer_bias = kind != "qwen2" and config.get("attention_bias", False)
    cos, sin = rotary(config, size, tokens)

    def norm(x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * get(f"{name}.weight")

    def dense(x, name, bias=False):
        return functional.linear(x, get(f"{name}.weight"), get(f"{name}.bias") if bias else None)

    def turned(x):
        first, second = x[..., : size // 2], x[..., size // 2 :]
        return x * cos + torch.cat([-second, first], -1) * sin

    x = functional.embedding(ids, get("model.embed_tokens.weight"))
    future = torch.full((tokens, tokens), float("-inf")).triu(1)
    hidden = future[None, None] + torch.where(mask > 0, 0.0, -1e9)[:, None, None, :]
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        own = f"{layer}.self_attn"
        y = norm(x, f"{layer}.input_layernorm")
        q = dense(y, f"{own}.q_proj", inner_bias).view(batch, tokens, heads, size)
        k = dense(y, f"{own}.k_proj", inner_bias).view(batch, tokens, groups, size)
        v = dense(y, f"{own}.v_proj", inner_bias).view(batch, tokens, groups, size).transpose(1, 2)
        if kind == "qwen3":
            q, k = norm(q, f"{own}.q_norm"), norm(k, f"{own}.k_norm")
        q, k = turned(q.transpose(1, 2)), turned(k.transpose(1, 2))
        k, v = (part.repeat_interleave(heads // groups, 1) for part in (k, v))
        shares = functional.softmax(q @ k.transpose(2, 3) / math.sqrt(size) + hidden, -1)
        mixed = (shares @ v).transpose(1, 2).reshape(batch, tokens, heads * size)
        x = x + dense(mixed, f"{own}.o_proj", outer_bias)
        y = norm(x, f"{layer}.post_attention_layernorm")
        gated = functional.silu(dense(y, f"{layer}.mlp.gate_proj")) * dense(y, f"{layer}.mlp.up_proj")
        x = x + dense(gated, f"{layer}.mlp.down_proj")
    return norm(x, "model.norm")


def pooled(config, states, mask):
    modes = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    assert len(modes) == 1 and config["word_embedding_dimension"] == states.shape[2], config
    if modes == ["pooling_mode_mean_tokens"]:
        return (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    place = {"pooling_mode_cls_token": torch.zeros(len(mask)).long(), "pooling_mode_lasttoken": mask.sum(1).long() - 1}
    return states[torch.arange(len(mask)), place[modes[0]]]


def dense_module(folder):
    config = read_json(folder, "config.json")
    tensors, _ = read_safetensors(os.path.join(folder, "model.safetensors"))
    module = nn.Linear(config["in_features"], config["out_features"], bias=config["bias"])
    module.load_state_dict({name.removeprefix("linear."): value for name, value in tensors.items()})
    act = config["activation_function"]
    assert act.startswith("torch.nn.modules.")
    return module, getattr(nn, act.rsplit(".", 1)[1])()


class Folder:
    def __init__(self, path):
        self.path = path
        self.modules = read_json(path, "modules.json")
        for n, module in enumerate(self.modules):
            assert module["idx"] == n, module
        first = self.modules[0]
        self.get = Taken({})
        weights = os.path.join(path, first["path"], "model.safetensors")
        tensors, metadata = read_safetensors(weights)
        # transformers refuses a file that does not say so.
        assert metadata.get("format") == "pt", metadata
        self.get = Taken(tensors)

    def vectors(self, texts):
        """Vectors of a padded batch [texts, size]."""
        longest = max(len(text) for text in texts)
        ids = torch.zeros(len(texts), longest, dtype=torch.long)
        mask = torch.zeros(len(texts), longest)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = torch.tensor(text)
            mask[row, : len(text)] = 1
        x = None
        for module in self.modules:
            kind = module["type"].removeprefix("sentence_transformers.models.")
            folder = os.path.join(self.path, module["path"])
            if kind == "Transformer":
                config = read_json(folder, "config.json")
                assert longest <= read_json(folder, "sentence_bert_config.json")["max_seq_length"]
                run = bert if config["model_type"] == "bert" else decoder
                x = run(config, self.get, ids, mask)
            elif kind == "StaticEmbedding":
                flat = torch.tensor([token for text in texts for token in text])
                offsets = torch.tensor([0] + [len(text) for text in texts[:-1]]).cumsum(0)
                x = functional.embedding_bag(flat, self.get("embedding.weight"), offsets, mode="mean")
            elif kind == "Pooling":
                x = pooled(read_json(folder, "config.json"), x, mask)
            elif kind == "Dense":
                linear, act = dense_module(folder)
                x = act(linear(x))
            else:
                assert kind == "Normalize", kind
                x = functional.normalize(x, dim=-1)
        assert not self.get.left, f"not used: {sorted(self.get.left)}"
        return x


def main():
    texts = json.load(sys.stdin)
    results = []
    for path in sys.argv[1:]:
        folder = Folder(path)
        together = folder.vectors(texts)
        alone = torch.cat([folder.vectors([text]) for text in texts])
        print(f"{path}: alone and in a batch differ by {(together - alone).abs().max().item():.2e}", file=sys.stderr)
        results.append(alone.double().tolist())
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
