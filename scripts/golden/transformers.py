#!/usr/bin/env python3
"""Makes src/core/checkpoints/golden: tiny checkpoints of random weights in the layout of the Hugging Face hub, and what they
compute. The forward passes are written here from the architectures' definitions, with PyTorch's tensor operations in float64
and without any of this project's code:

  BERT    Devlin et al. 2018 (arXiv 1810.04805)
  Llama   Touvron et al. 2023 (arXiv 2302.13971), positions stretched as in Llama 3.1
  Qwen2   Qwen Team 2024 (arXiv 2407.10671): biases of queries, keys and values
  Qwen3   Qwen Team 2025 (arXiv 2505.09388): no biases, an RMS norm of each head's queries and keys
  pooling, dense and normalise as in sentence-transformers

  python3 scripts/golden/transformers.py [folder]      (PyTorch 1.13 made the committed files)
"""
import json
import math
import pathlib
import struct
import sys

import torch

VOCABULARY = 40
TEXTS = [[3, 1, 4, 1, 5, 9, 2], [6, 5, 35], [38, 9, 7, 9, 3]]
OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src/core/checkpoints/golden")


def generator(seed):
    made = torch.Generator()
    made.manual_seed(seed)
    return made


# ---- safetensors: 8 bytes of header length, the header, the data -----------------------------------------------------

KINDS = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


def raw(tensor):
    if tensor.dtype == torch.bfloat16:
        # A bfloat16 is the upper half of a float32; numpy has no such type.
        words = tensor.float().contiguous().view(torch.int32).reshape(-1).tolist()
        return b"".join(struct.pack("<H", (word >> 16) & 0xFFFF) for word in words)
    return tensor.contiguous().numpy().tobytes()


def save(path, tensors):
    names = {dtype: name for name, dtype in KINDS.items()}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        part = raw(tensor)
        header[name] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(part)],
        }
        data += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


# ---- attention, norms ------------------------------------------------------------------------------------------------


def softmax_attention(q, k, v, allowed):
    """q, k, v [heads, tokens, size]; allowed [tokens, tokens]."""
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return torch.softmax(scores.masked_fill(~allowed, -math.inf), -1) @ v


def heads_of(x, count):
    tokens = x.shape[0]
    return x.reshape(tokens, count, -1).transpose(0, 1)


def joined(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def layer_norm(x, gain, bias, eps):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + eps) * gain + bias


def rms_norm(x, gain, eps):
    return x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps) * gain


ACTIVATIONS = {
    "gelu": lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: x.clamp(min=0),
    "silu": lambda x: x * torch.sigmoid(x),
}


def frequencies(config, size):
    theta = config.get("rope_theta", 10000.0)
    found = [theta ** (-2 * i / size) for i in range(size // 2)]
    scaling = config.get("rope_scaling")
    if scaling is None:
        return found
    # Llama 3.1: waves that turn less than low_freq_factor times within the old context are slowed down by the factor,
    # those that turn more than high_freq_factor times stay, between them it is a mixture.
    old, low, high, factor = (
        scaling["original_max_position_embeddings"],
        scaling["low_freq_factor"],
        scaling["high_freq_factor"],
        scaling["factor"],
    )
    stretched = []
    for frequency in found:
        wavelength = 2 * math.pi / frequency
        if wavelength > old / low:
            stretched.append(frequency / factor)
        elif wavelength < old / high:
            stretched.append(frequency)
        else:
            smooth = (old / wavelength - low) / (high - low)
            stretched.append((1 - smooth) * frequency / factor + smooth * frequency)
    return stretched


def rotated(x, config):
    """x [heads, tokens, size]: the pair (i, i + size/2) turned by position times frequency."""
    size = x.shape[-1]
    places = torch.arange(x.shape[1], dtype=torch.float64)[:, None]
    angle = places * torch.tensor(frequencies(config, size), dtype=torch.float64)[None]
    first, second = x[..., : size // 2], x[..., size // 2 :]
    cos, sin = torch.cos(angle), torch.sin(angle)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


# ---- the architectures, one text at a time: no padding --------------------------------------------------------------


def bert(w, config, ids):
    eps = config["layer_norm_eps"]
    act = ACTIVATIONS[config["hidden_act"]]
    tokens = len(ids)

    def dense(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(x, name):
        return layer_norm(x, w[name + ".weight"], w[name + ".bias"], eps)

    x = (
        w["embeddings.word_embeddings.weight"][ids]
        + w["embeddings.position_embeddings.weight"][:tokens]
        + w["embeddings.token_type_embeddings.weight"][0]
    )
    x = norm(x, "embeddings.LayerNorm")
    count = config["num_attention_heads"]
    everywhere = torch.ones(tokens, tokens, dtype=torch.bool)
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        q, k, v = (heads_of(dense(x, f"{layer}attention.self.{part}"), count) for part in ("query", "key", "value"))
        mixed = joined(softmax_attention(q, k, v, everywhere))
        x = norm(x + dense(mixed, layer + "attention.output.dense"), layer + "attention.output.LayerNorm")
        inner = act(dense(x, layer + "intermediate.dense"))
        x = norm(x + dense(inner, layer + "output.dense"), layer + "output.LayerNorm")
    return x


def decoder(w, config, ids):
    eps = config["rms_norm_eps"]
    tokens, count, groups = len(ids), config["num_attention_heads"], config["num_key_value_heads"]
    past = torch.tril(torch.ones(tokens, tokens, dtype=torch.bool))

    def linear(x, name):
        y = x @ w[name + ".weight"].T
        return y + w[name + ".bias"] if name + ".bias" in w else y

    x = w["embed_tokens.weight"][ids]
    for i in range(config["num_hidden_layers"]):
        layer = f"layers.{i}."
        h = rms_norm(x, w[layer + "input_layernorm.weight"], eps)
        q = heads_of(linear(h, layer + "self_attn.q_proj"), count)
        k = heads_of(linear(h, layer + "self_attn.k_proj"), groups)
        v = heads_of(linear(h, layer + "self_attn.v_proj"), groups)
        if config["model_type"] == "qwen3":
            q = rms_norm(q, w[layer + "self_attn.q_norm.weight"], eps)
            k = rms_norm(k, w[layer + "self_attn.k_norm.weight"], eps)
        q, k = rotated(q, config), rotated(k, config)
        k, v = (part.repeat_interleave(count // groups, 0) for part in (k, v))
        x = x + linear(joined(softmax_attention(q, k, v, past)), layer + "self_attn.o_proj")
        h = rms_norm(x, w[layer + "post_attention_layernorm.weight"], eps)
        inner = ACTIVATIONS["silu"](linear(h, layer + "mlp.gate_proj")) * linear(h, layer + "mlp.up_proj")
        x = x + linear(inner, layer + "mlp.down_proj")
    return rms_norm(x, w["norm.weight"], eps)


# ---- random weights by the layouts' names ---------------------------------------------------------------------------


def bert_shapes(c):
    width, hidden = c["hidden_size"], c["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings.weight": (c["vocab_size"], width),
        "embeddings.position_embeddings.weight": (c["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (c["type_vocab_size"], width),
    }

    def dense(name, out, into):
        shapes[name + ".weight"], shapes[name + ".bias"] = (out, into), (out,)

    def norm(name):
        shapes[name + ".weight"], shapes[name + ".bias"] = (width,), (width,)

    norm("embeddings.LayerNorm")
    for i in range(c["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        for part in ("query", "key", "value"):
            dense(f"{layer}attention.self.{part}", width, width)
        dense(layer + "attention.output.dense", width, width)
        norm(layer + "attention.output.LayerNorm")
        dense(layer + "intermediate.dense", hidden, width)
        dense(layer + "output.dense", width, hidden)
        norm(layer + "output.LayerNorm")
    return shapes


def decoder_shapes(c):
    width, hidden = c["hidden_size"], c["intermediate_size"]
    size = c.get("head_dim", width // c["num_attention_heads"])
    q, kv = size * c["num_attention_heads"], size * c["num_key_value_heads"]
    shapes = {"embed_tokens.weight": (c["vocab_size"], width)}
    for i in range(c["num_hidden_layers"]):
        layer = f"layers.{i}."
        shapes[layer + "input_layernorm.weight"] = (width,)
        for part, rows in (("q", q), ("k", kv), ("v", kv)):
            shapes[f"{layer}self_attn.{part}_proj.weight"] = (rows, width)
            if c["model_type"] == "qwen2" or c.get("attention_bias"):
                shapes[f"{layer}self_attn.{part}_proj.bias"] = (rows,)
        if c["model_type"] == "qwen3":
            for part in ("q", "k"):
                shapes[f"{layer}self_attn.{part}_norm.weight"] = (size,)
        shapes[layer + "self_attn.o_proj.weight"] = (width, q)
        if c.get("attention_bias"):
            shapes[layer + "self_attn.o_proj.bias"] = (width,)
        shapes[layer + "post_attention_layernorm.weight"] = (width,)
        shapes[layer + "mlp.gate_proj.weight"] = (hidden, width)
        shapes[layer + "mlp.up_proj.weight"] = (hidden, width)
        shapes[layer + "mlp.down_proj.weight"] = (width, hidden)
    shapes["norm.weight"] = (width,)
    return shapes


def random_weights(shapes, seed, dtype):
    made = generator(seed)
    weights = {}
    for name, shape in shapes.items():
        values = torch.randn(shape, generator=made)
        if len(shape) == 2:
            values = values * (0.7 if "embed" in name else 1.2 / math.sqrt(shape[1]))
        else:
            values = 0.2 * values + (1 if "norm" in name.lower() and name.endswith("weight") else 0)
        weights[name] = values.to(KINDS[dtype])
    return weights


# ---- one checkpoint with what it gives -------------------------------------------------------------------------------


def checkpoint(name, config, seed, dtype="F32", prefix="", extra=None, shards=1, rename=None, pooling=None, dense=None, normalise=False, untied=False):
    """extra: tensors a retriever does not need. rename: from today's to the file's names. pooling None: no modules.json."""
    folder = OUT / name
    is_bert = config["model_type"] == "bert"
    weights = random_weights((bert_shapes if is_bert else decoder_shapes)(config), seed, dtype)
    exact = {key: value.double() for key, value in weights.items()}
    stored = {prefix + (rename(key) if rename else key): value for key, value in weights.items()}
    head = None
    if untied:
        stored["lm_head.weight"] = torch.randn(config["vocab_size"], config["hidden_size"], generator=generator(seed + 1)).to(KINDS[dtype])
        head = stored["lm_head.weight"].double()
    elif not is_bert:
        head = exact["embed_tokens.weight"]
    stored.update(extra or {})
    write_json(folder / "config.json", config)
    if shards == 1:
        save(folder / "model.safetensors", stored)
    else:
        names = list(stored)
        parts = [names[i::shards] for i in range(shards)]
        files = [f"model-{i + 1:05d}-of-{shards:05d}.safetensors" for i in range(shards)]
        for file, part in zip(files, parts):
            save(folder / file, {key: stored[key] for key in part})
        index = {key: file for file, part in zip(files, parts) for key in part}
        write_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": index})

    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]

    def module(kind, settings):
        path = f"{len(modules)}_{kind}"
        modules.append({"idx": len(modules), "name": str(len(modules)), "path": path, "type": f"sentence_transformers.models.{kind}"})
        if settings is not None:
            write_json(folder / path / "config.json", settings)
        return path

    layers = []
    if pooling:
        modes = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")
        module("Pooling", {"word_embedding_dimension": config["hidden_size"], **{f"pooling_mode_{mode}": mode == pooling for mode in modes}})
        into = config["hidden_size"]
        for out, bias, activation in dense or []:
            path = module("Dense", {"in_features": into, "out_features": out, "bias": bias, "activation_function": f"torch.nn.modules.{'linear.Identity' if activation == 'Identity' else 'activation.' + activation}"})
            made = generator(seed + 2 + len(layers))
            parts = {"linear.weight": torch.randn(out, into, generator=made) / math.sqrt(into)}
            if bias:
                parts["linear.bias"] = 0.2 * torch.randn(out, generator=made)
            save(folder / path / "model.safetensors", parts)
            layers.append((parts, activation))
            into = out
        if normalise:
            module("Normalize", None)
        write_json(folder / "modules.json", modules)

    golden = {"texts": TEXTS, "states": [], "logits": [], "vectors": []}
    for text in TEXTS:
        states = (bert if is_bert else decoder)(exact, config, text)
        golden["states"].append(states.reshape(-1).tolist())
        if head is not None:
            golden["logits"].append((states @ head.T).reshape(-1).tolist())
        vector = {"mean_tokens": states.mean(0), "cls_token": states[0], "lasttoken": states[-1]}[pooling or "mean_tokens"]
        for parts, activation in layers:
            vector = vector @ parts["linear.weight"].double().T
            if "linear.bias" in parts:
                vector = vector + parts["linear.bias"].double()
            vector = {"Identity": lambda x: x, "Tanh": torch.tanh}[activation](vector)
        golden["vectors"].append(vector.tolist())
    rounded = lambda values: [round(x, 6) for x in values]
    for key in ("states", "logits", "vectors"):
        golden[key] = [rounded(values) for values in golden[key]]
    path = folder / "golden.json"
    path.write_text(json.dumps(golden) + "\n")


BERT = {"model_type": "bert", "architectures": ["BertModel"], "vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24, "max_position_embeddings": 12, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "position_embedding_type": "absolute"}
LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 24, "max_position_embeddings": 64, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True}

OLD_NORMS = lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
zeros = torch.zeros

checkpoint(
    "bert",
    BERT,
    1,
    prefix="bert.",
    rename=OLD_NORMS,
    extra={"bert.pooler.dense.weight": zeros(16, 16), "bert.pooler.dense.bias": zeros(16), "cls.predictions.bias": zeros(VOCABULARY), "bert.embeddings.position_ids": torch.arange(12)[None]},
    pooling="mean_tokens",
    dense=[(8, True, "Tanh"), (6, False, "Identity")],
    normalise=True,
)
checkpoint("bert-gelu-new", {**BERT, "hidden_act": "gelu_new", "layer_norm_eps": 1e-5}, 2, dtype="F16", pooling="cls_token", dense=[(6, False, "Identity")])
checkpoint("bert-relu", {**BERT, "hidden_act": "relu", "type_vocab_size": 1}, 3, prefix="0.auto_model.", dtype="BF16")
checkpoint("llama", {**LLAMA, "attention_bias": True, "rope_theta": 100.0, "rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}, "tie_word_embeddings": False}, 4, dtype="F16", prefix="model.", untied=True)
checkpoint("qwen2", {**LLAMA, "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "rope_theta": 1000000.0, "rms_norm_eps": 1e-6, "use_sliding_window": False}, 5, prefix="model.", shards=2, pooling="lasttoken", normalise=True)
checkpoint("qwen2-untied", {**LLAMA, "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "num_key_value_heads": 1, "tie_word_embeddings": False}, 6, dtype="BF16", prefix="model.", untied=True)
checkpoint("qwen3", {**LLAMA, "model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "head_dim": 8, "attention_bias": False, "rms_norm_eps": 1e-6}, 7, pooling="lasttoken", dense=[(6, True, "Identity")], normalise=True)
