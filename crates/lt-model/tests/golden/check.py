"""Reads the golden files back with a BERT written from the formulas, in numpy and f64.

    pip install numpy
    python check.py

For every case, each tensor of `golden.safetensors` must be as far from this BERT as
`golden.json` says it is from PyTorch's own f64 run. So the files, the weights and the meaning of
each switch are checked against something that shares no code with PyTorch.
"""

import json
import math
from pathlib import Path

import numpy as np
from check_modernbert import modernbert

HERE = Path(__file__).parent
DTYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8"}
erf = np.vectorize(math.erf, otypes=[np.float64])
ACTIVATIONS = {
    "gelu": lambda x: x / 2 * (1 + erf(x / math.sqrt(2))),
    "gelu_new": lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x * sigmoid(x),
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "tanh": np.tanh,
}
# What DistilBERT calls what BERT has: settings, then names of tensors.
SETTINGS = [
    ("hidden_act", "activation"),
    ("num_attention_heads", "n_heads"),
    ("num_hidden_layers", "n_layers"),
]
DISTILBERT = [
    ("distilbert.", ""),
    ("transformer.layer", "encoder.layer"),
    ("attention.q_lin", "attention.self.query"),
    ("attention.k_lin", "attention.self.key"),
    ("attention.v_lin", "attention.self.value"),
    ("attention.out_lin", "attention.output.dense"),
    ("sa_layer_norm", "attention.output.LayerNorm"),
    ("ffn.lin1", "intermediate.dense"),
    ("ffn.lin2", "output.dense"),
    ("output_layer_norm", "output.LayerNorm"),
    ("vocab_transform", "cls.predictions.transform.dense"),
    ("vocab_layer_norm", "cls.predictions.transform.LayerNorm"),
    ("vocab_projector", "cls.predictions.decoder"),
]
# What MPNet and ALBERT call what BERT has; groups of layers are numbered on.
MPNET = [
    ("mpnet.", ""),
    ("attention.attn.q.", "attention.self.query."),
    ("attention.attn.k.", "attention.self.key."),
    ("attention.attn.v.", "attention.self.value."),
    ("attention.attn.o.", "attention.output.dense."),
    ("attention.LayerNorm", "attention.output.LayerNorm"),
]
ALBERT = [
    ("albert.", ""),
    ("encoder.embedding_hidden_mapping_in", "embeddings_project"),
    ("attention.query", "attention.self.query"),
    ("attention.key", "attention.self.key"),
    ("attention.value", "attention.self.value"),
    ("attention.dense", "attention.output.dense"),
    ("attention.LayerNorm", "attention.output.LayerNorm"),
    ("ffn_output", "output.dense"),
    ("ffn.", "intermediate.dense."),
    ("full_layer_layer_norm", "output.LayerNorm"),
    ("pooler.", "pooler.dense."),
    ("predictions.dense", "cls.predictions.transform.dense"),
    ("predictions.LayerNorm", "cls.predictions.transform.LayerNorm"),
]
OTHER_NAMES = {"distilbert": DISTILBERT, "mpnet": MPNET, "albert": ALBERT}
ACTIVATIONS["gelu_pytorch_tanh"] = ACTIVATIONS["gelu_new"]
ACTIVATIONS["swish"] = ACTIVATIONS["silu"]


def sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2


def main() -> None:
    for path in sorted(HERE.glob("*/golden.json")):
        weights, config = read_checkpoint(path.parent)
        golden, expected = json.loads(path.read_text()), read(path.with_suffix(".safetensors"))
        ids = golden["input_ids"]
        segments = golden["token_type_ids"] or [[0] * len(sequence) for sequence in ids]
        # transformers turns by sines in f32, in its f64 run too: that one is not exact either.
        encoder, slack = (modernbert, 1e-5) if config["model_type"] == "modernbert" else (bert, 1e-12)
        runs = [encoder(weights, config, *pair) for pair in zip(ids, segments)]
        worst = 0.0
        for name, reference in expected.items():
            exact = np.concatenate([run[name] for run in runs])
            assert exact.shape == reference.shape, (path, name)
            error = np.abs(reference - exact).max() / np.abs(exact).max()
            own = golden["own_error"][name]
            assert abs(error - own) <= 1e-3 * own + slack, (path, name, error, own)
            worst = max(worst, error)
        largest = max(run["largest score"] for run in runs)
        peak = np.mean([run["mean peak"] for run in runs if run["mean peak"] < 1])
        print(f"{path.parent.name:28} {len(expected):2} tensors, worst own error {worst:.1e}, "
              f"largest score {largest:6.1f}, mean of rows' largest probability {peak:.2f}")
        check_padded(path.parent)


def check_padded(directory: Path) -> None:
    """The padded batch holds the ragged one's sequences, and nearly its numbers."""
    path = directory / "padded.json"
    if not path.exists():
        return
    padded = json.loads(path.read_text())
    golden = json.loads((directory / "golden.json").read_text())
    mask = np.array(padded["attention_mask"], dtype=bool)
    for key in ("input_ids", "token_type_ids"):
        assert np.array_equal(np.array(padded[key])[mask], np.concatenate(golden[key])), (path, key)
    outputs, alone = read(directory / "padded.safetensors"), read(directory / "golden.safetensors")
    for name, tensor in outputs.items():
        tensor = tensor.reshape(alone[name].shape)  # scores of texts: [b, n] or one after another
        assert np.abs(tensor - alone[name]).max() <= 1e-5 * np.abs(tensor).max(), (path, name)


# The files.


def read(path: Path) -> dict[str, np.ndarray]:
    """A safetensors file: the length of a JSON header, the header, the numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        begin, end = (start + offset for offset in entry["data_offsets"])
        numbers = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":  # the upper half of an f32
            numbers = (numbers.astype("<u4") << 16).view("<f4")
        tensors[name] = numbers.reshape(entry["shape"]).astype(np.float64)
    return tensors


def read_checkpoint(directory: Path) -> tuple[dict[str, np.ndarray], dict]:
    """Weights under today's names without the prefix, and the configuration with its defaults."""
    config = {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "tie_word_embeddings": True}
    config |= json.loads((directory / "config.json").read_text())
    for bert, distilbert in SETTINGS:
        config[bert] = config.get(distilbert, config.get(bert))
    weights = {}
    for file in directory.glob("model*.safetensors"):
        for name, tensor in read(file).items():
            for theirs, berts in OTHER_NAMES.get(config["model_type"], []):
                name = name.replace(theirs, berts)
            if name.startswith(("predictions.bias", "predictions.decoder")):  # ALBERT
                name = f"cls.{name}"
            name = name.removeprefix("bert.").removeprefix("roberta.")
            name = name.removeprefix("electra.")
            name = name.replace("generator_predictions", "cls.predictions.transform")
            name = name.replace("generator_lm_head", "cls.predictions.decoder")
            name = name.replace("lm_head.dense", "cls.predictions.transform.dense")
            name = name.replace("lm_head.layer_norm", "cls.predictions.transform.LayerNorm")
            name = name.replace("lm_head.", "cls.predictions.")
            name = name.replace("LayerNorm.gamma", "LayerNorm.weight")
            weights[name.replace("LayerNorm.beta", "LayerNorm.bias")] = tensor
    if config["model_type"] == "modernbert":
        return weights, config
    # A stored decoder wins; what is not stored is tied.
    decoder = "cls.predictions.decoder"
    weights.setdefault(f"{decoder}.weight", weights["embeddings.word_embeddings.weight"])
    weights.setdefault(f"{decoder}.bias", weights.get("cls.predictions.bias"))
    return weights, config


# The formulas.


def positions(config, ids) -> list[int]:
    """0, 1, 2, …; for RoBERTa from behind the padding token, which is itself not counted."""
    if "roberta" not in config["model_type"] and config["model_type"] != "mpnet":
        return list(range(len(ids)))
    pad, counted = 1 if config["model_type"] == "mpnet" else config["pad_token_id"], 0
    numbers = []
    for token in ids:
        counted += token != pad
        numbers.append(pad + counted if token != pad else pad)
    return numbers


def layer_names(config) -> list[str]:
    """The layer that runs as the first, the second and so on."""
    if config["model_type"] != "albert":
        return [f"encoder.layer.{n}" for n in range(config["num_hidden_layers"])]
    runs, groups = config["num_hidden_layers"], config["num_hidden_groups"]
    return [
        f"encoder.albert_layer_groups.{run * groups // runs}.albert_layers.{layer}"
        for run in range(runs)
        for layer in range(config["inner_group_num"])
    ]


def bucket(distance: int) -> int:
    """T5's buckets: 32, half for keys behind the query; 8 of each half hold one distance."""
    side, n = (16, distance) if distance > 0 else (0, -distance)
    if n < 8:
        return side + n
    # ln(n / 8) / ln(128 / 8) · 8, by whole numbers: n⁸ ≥ 8⁸ · 16ᵇ.
    far = sum(n**8 >= 8**8 * 16**b for b in range(1, 8))
    return side + 8 + far


def bert(weights, config, ids, segments) -> dict[str, np.ndarray]:
    act, heads = ACTIVATIONS[config["hidden_act"]], config["num_attention_heads"]
    layers = layer_names(config)
    record = {"largest score": 0.0, "mean peak": 0.0}

    def linear(name, x):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(name, x):
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + config["layer_norm_eps"])
        name += ".LayerNorm"
        return centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attention(name, x):
        q, k, v = (
            linear(f"{name}.{part}", x).reshape(len(x), heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        if "encoder.relative_attention_bias.weight" in weights:
            places = range(len(x))
            buckets = np.array([[bucket(key - query) for key in places] for query in places])
            table = weights["encoder.relative_attention_bias.weight"]
            scores += table[buckets].transpose(2, 0, 1)
        record["largest score"] = max(record["largest score"], np.abs(scores).max())
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        record["mean peak"] += p.max(-1).mean() / len(layers)
        return p, (p @ v).transpose(1, 0, 2).reshape(len(x), -1)

    def table(name):
        return weights[f"embeddings.{name}_embeddings.weight"]

    x = table("word")[ids] + table("position")[positions(config, ids)]
    if "embeddings.token_type_embeddings.weight" in weights:
        x += table("token_type")[segments]
    x = norm("embeddings", x)
    if "embeddings_project.weight" in weights:
        x = linear("embeddings_project", x)
    record["hidden_states.0"] = x
    for n, layer in enumerate(layers):
        p, mixed = attention(f"{layer}.attention.self", x)
        record[f"attentions.{n}"] = p.flatten()
        attended = f"{layer}.attention.output"
        x = norm(attended, x + linear(f"{attended}.dense", mixed))
        inner = act(linear(f"{layer}.intermediate.dense", x))
        x = norm(f"{layer}.output", x + linear(f"{layer}.output.dense", inner))
        record[f"hidden_states.{n + 1}"] = x
    head = config.get("architectures", ["BertModel"])[0].split("For")[-1]
    pooled = np.tanh(linear("pooler.dense", x[:1])) if "pooler.dense.weight" in weights else None
    if head == "SequenceClassification":
        if "pre_classifier.weight" in weights:
            record["logits"] = linear("classifier", np.maximum(linear("pre_classifier", x[0]), 0))
        elif "classifier.dense.weight" in weights:
            act = ACTIVATIONS["gelu" if config["model_type"] == "electra" else "tanh"]
            record["logits"] = linear("classifier.out_proj", act(linear("classifier.dense", x[0])))
        else:
            record["logits"] = linear("classifier", pooled[0])
    elif head == "TokenClassification":
        record["logits"] = linear("classifier", x)
    elif head == "PreTraining":  # ELECTRA's discriminator
        inner = act(linear("discriminator_predictions.dense", x))
        record["logits"] = linear("discriminator_predictions.dense_prediction", inner)[:, 0]
    elif head == "QuestionAnswering":
        record["start_logits"], record["end_logits"] = linear("qa_outputs", x).T
    elif pooled is not None:
        record["pooler_output"] = pooled
    if weights["cls.predictions.decoder.bias"] is not None:
        head = "cls.predictions.transform"
        fixed = config["model_type"] in ("roberta", "xlm-roberta", "electra", "mpnet")
        act = ACTIVATIONS["gelu"] if fixed else act
        x = norm(head, act(linear(f"{head}.dense", x)))
        record["logits"] = linear("cls.predictions.decoder", x)
    return record


if __name__ == "__main__":
    main()
