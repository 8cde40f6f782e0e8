"""A ModernBERT written from the formulas, in numpy and f64, for `check.py`."""

import math

import numpy as np

erf = np.vectorize(math.erf, otypes=[np.float64])
ACTIVATIONS = {
    "gelu": lambda x: x / 2 * (1 + erf(x / math.sqrt(2))),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


def kinds(config) -> list[str]:
    """What each layer sees, as transformers 5 writes it or by the rule of transformers 4."""
    every = config.get("global_attn_every_n_layers", 3)
    by_rule = ["sliding_attention" if n % every else "full_attention"
               for n in range(config["num_hidden_layers"])]
    return config.get("layer_types", by_rule)


def theta(config, kind: str) -> float:
    name = {"full_attention": "global_rope_theta", "sliding_attention": "local_rope_theta"}[kind]
    return config[name] if name in config else config["rope_parameters"][kind]["rope_theta"]


def rotated(x, theta: float):
    """Columns i and i + k/2 of a head, turned by position / θ^(2i/k); angles rounded to f32."""
    half = x.shape[-1] // 2
    speeds = 1 / np.float32(theta) ** (np.arange(0, 2 * half, 2, dtype=np.float32) / (2 * half))
    angles = np.arange(x.shape[1], dtype=np.float32)[:, None] * speeds.astype(np.float32)
    angles = angles.astype(np.float64)
    cos, sin = np.cos(angles), np.sin(angles)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def modernbert(weights, config, ids, _segments) -> dict[str, np.ndarray]:
    weights = {name.removeprefix("model."): tensor for name, tensor in weights.items()}
    heads = config["num_attention_heads"]
    record = {"largest score": 0.0, "mean peak": 0.0}

    def linear(name, x):
        return x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0)

    def norm(name, x):
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + config["norm_eps"])
        return centred / scale * weights[f"{name}.weight"] + weights.get(f"{name}.bias", 0)

    def attention(name, x, kind):
        # [t, 3, h, k] → 3 times [h, t, k]
        q, k, v = linear(f"{name}.Wqkv", x).reshape(len(x), 3, heads, -1).transpose(1, 2, 0, 3)
        q, k = rotated(q, theta(config, kind)), rotated(k, theta(config, kind))
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        record["largest score"] = max(record["largest score"], np.abs(scores).max())
        if kind == "sliding_attention":
            place = np.arange(len(x))
            hidden = np.abs(place[:, None] - place) > config["local_attention"] // 2
            scores = np.where(hidden, -np.inf, scores)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        record["mean peak"] += p.max(-1).mean() / config["num_hidden_layers"]
        return p, linear(f"{name}.Wo", (p @ v).transpose(1, 0, 2).reshape(len(x), -1))

    act = ACTIVATIONS[config["hidden_activation"]]
    x = norm("embeddings.norm", weights["embeddings.tok_embeddings.weight"][ids])
    for n, kind in enumerate(kinds(config)):
        record[f"hidden_states.{n}"] = x
        p, attended = attention(f"layers.{n}.attn", norm(f"layers.{n}.attn_norm", x) if n else x, kind)
        record[f"attentions.{n}"] = p.flatten()
        x = x + attended
        gate, up = np.split(linear(f"layers.{n}.mlp.Wi", norm(f"layers.{n}.mlp_norm", x)), 2, axis=-1)
        x = x + linear(f"layers.{n}.mlp.Wo", act(gate) * up)
    x = norm("final_norm", x)
    record[f"hidden_states.{config['num_hidden_layers']}"] = x

    def transform(x):
        dense = linear("head.dense", x)
        return norm("head.norm", ACTIVATIONS[config["classifier_activation"]](dense))

    head = config["architectures"][0].removeprefix("ModernBert")
    if head == "ForMaskedLM":
        weights.setdefault("decoder.weight", weights["embeddings.tok_embeddings.weight"])
        record["logits"] = linear("decoder", transform(x))
    elif head == "ForSequenceClassification":
        text = x.mean(0) if config["classifier_pooling"] == "mean" else x[0]
        record["logits"] = linear("classifier", transform(text))
    elif head == "ForTokenClassification":
        record["logits"] = linear("classifier", transform(x))
    elif head == "ForQuestionAnswering":
        record["start_logits"], record["end_logits"] = linear("classifier", transform(x)).T
    return record
