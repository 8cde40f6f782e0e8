"""The golden cases: one tiny encoder each, and what is peculiar about its files.

A case is a configuration, the lengths of its sequences, and a few edits: to the weights before
they are saved, and to the names in the saved files. `make.py` turns each into a directory.
"""

from dataclasses import dataclass, field
from typing import Callable

import torch

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Case:
    name: str
    config: dict  # what differs from the defaults of the family's configuration
    lengths: list[int]
    family: str = "Bert"  # what the names of its classes begin with
    head: str | None = None  # "MaskedLM" makes it a BertForMaskedLM; none, the bare BertModel
    pooler: bool = True  # of the bare model
    segments: bool = True  # whether token_type_ids are given
    weights: Callable[[Tensors], None] = lambda tensors: None  # edits values in place
    files: list[Callable[[Tensors], Tensors]] = field(default_factory=list)  # edits names
    dtype: torch.dtype = torch.float32  # of the stored weights
    shard_bytes: int | None = None
    settings: Callable[[dict], dict] = lambda stored: stored  # edits config.json
    config_keys: list[str] | None = None  # the only keys left in config.json
    architectures: bool = True  # whether config.json names the class
    attentions: bool = True  # whether the probabilities are kept in the golden file
    padded: bool = False  # whether there is a golden file for a padded batch as well


def bert(vocab, hidden, heads, inter, layers, positions, **more) -> dict:
    return {
        "vocab_size": vocab,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "intermediate_size": inter,
        "num_hidden_layers": layers,
        "max_position_embeddings": positions,
    } | more


def distilbert(vocab, dim, heads, inter, layers, positions, **more) -> dict:
    return {
        "vocab_size": vocab,
        "dim": dim,
        "n_heads": heads,
        "hidden_dim": inter,
        "n_layers": layers,
        "max_position_embeddings": positions,
    } | more


def modernbert(vocab, hidden, heads, inter, layers, window, **more) -> dict:
    return {
        "vocab_size": vocab,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "intermediate_size": inter,
        "num_hidden_layers": layers,
        "local_attention": window,
        "max_position_embeddings": 64,
        "pad_token_id": 7,
        "bos_token_id": None,
        "eos_token_id": None,
        "cls_token_id": None,
        "sep_token_id": None,
    } | more


# Edits to the settings.


def modernbert_as_of_transformers_4(stored: dict) -> dict:
    """A rule for the layers, and a θ by name for either kind."""
    thetas = {kind: rope["rope_theta"] for kind, rope in stored.pop("rope_parameters").items()}
    first_full = stored.pop("layer_types").index("full_attention", 1)
    return stored | {
        "global_attn_every_n_layers": first_full,
        "global_rope_theta": thetas["full_attention"],
        "local_rope_theta": thetas["sliding_attention"],
    }


# Edits to the weights.


def large_scores(tensors: Tensors) -> None:
    """Queries and keys so long that scores reach ±1000: softmax saturates."""
    for name, tensor in tensors.items():
        if name.endswith(("self.query.weight", "self.key.weight")):
            tensor *= 8.0


def small_embeddings(tensors: Tensors) -> None:
    """Sums so small that their variance does not drown even a layer norm's epsilon of 1e-5."""
    for name, tensor in tensors.items():
        if name.endswith("_embeddings.weight"):
            tensor *= 0.02


def large_activations(tensors: Tensors) -> None:
    """Hidden states around ±1000; queries and keys so small that attention stays moderate."""
    for name, tensor in tensors.items():
        if "LayerNorm" in name:
            tensor *= 500.0
        if name.endswith(("self.query.weight", "self.key.weight")):
            tensor /= 500.0


def untie(tensors: Tensors) -> None:
    """A decoder bias of its own, as transformers 5 trains it: `predictions.bias` is then unused."""
    tensors["cls.predictions.bias"] += 3.0


# Edits to the names in the files.


def roberta_decoder_copies(tensors: Tensors) -> Tensors:
    """Tied tensors of a RoBERTa stored twice, with equal values."""
    return tensors | {
        "lm_head.decoder.weight": tensors["roberta.embeddings.word_embeddings.weight"].clone(),
        "lm_head.decoder.bias": tensors["lm_head.bias"].clone(),
    }


def prefixed(tensors: Tensors) -> Tensors:
    """The bare model's tensors as they stand in a checkpoint of a model with a head."""
    return {f"bert.{name}": tensor for name, tensor in tensors.items()}


def gamma_beta(tensors: Tensors) -> Tensors:
    """The spelling of TensorFlow, in which the first checkpoints were published."""
    return {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in tensors.items()
    }


def position_ids(tensors: Tensors) -> Tensors:
    """The buffer 0, 1, 2, … that transformers stored until version 4.31, as 64-bit integers."""
    table = next(name for name in tensors if name.endswith("position_embeddings.weight"))
    buffer = table.replace("position_embeddings.weight", "position_ids")
    return tensors | {buffer: torch.arange(len(tensors[table]))[None]}


def decoder_copies(tensors: Tensors) -> Tensors:
    """Tied tensors stored twice, with equal values."""
    return tensors | {
        "cls.predictions.decoder.weight": tensors["bert.embeddings.word_embeddings.weight"].clone(),
        "cls.predictions.decoder.bias": tensors["cls.predictions.bias"].clone(),
    }


def different_decoder(tensors: Tensors) -> Tensors:
    """A stored decoder that differs from the table that the configuration ties it to."""
    table = tensors["bert.embeddings.word_embeddings.weight"]
    return tensors | {"cls.predictions.decoder.weight": 0.5 * table.flip(0)}


def different_bias(tensors: Tensors) -> Tensors:
    """The tied bias stored under both of its names, with different values."""
    return tensors | {"cls.predictions.decoder.bias": tensors["cls.predictions.bias"] + 3.0}


def decoder_bias_only(tensors: Tensors) -> Tensors:
    """The tied bias stored under its other name."""
    return {
        name.replace("cls.predictions.bias", "cls.predictions.decoder.bias"): tensor
        for name, tensor in tensors.items()
    }


def projector_copy(tensors: Tensors) -> Tensors:
    """The tied decoder of a DistilBERT stored twice."""
    table = tensors["distilbert.embeddings.word_embeddings.weight"]
    return tensors | {"vocab_projector.weight": table.clone()}


def pretraining_leftovers(tensors: Tensors) -> Tensors:
    """What bert-base-uncased carries beyond its masked-LM head."""
    hidden = tensors["bert.embeddings.word_embeddings.weight"].shape[1]
    return tensors | {
        "bert.pooler.dense.weight": torch.randn(hidden, hidden),
        "bert.pooler.dense.bias": torch.randn(hidden),
        "cls.seq_relationship.weight": torch.randn(2, hidden),
        "cls.seq_relationship.bias": torch.randn(2),
    }


def albert_pretraining_leftovers(tensors: Tensors) -> Tensors:
    """What albert-base-v2 carries beyond its masked-LM head, and its tied tensors twice."""
    hidden = len(tensors["albert.encoder.embedding_hidden_mapping_in.bias"])
    return tensors | {
        "albert.pooler.weight": torch.randn(hidden, hidden),
        "albert.pooler.bias": torch.randn(hidden),
        "sop_classifier.classifier.weight": torch.randn(2, hidden),
        "sop_classifier.classifier.bias": torch.randn(2),
        "predictions.decoder.weight": tensors["albert.embeddings.word_embeddings.weight"].clone(),
        "predictions.decoder.bias": tensors["predictions.bias"].clone(),
    }


CASES = [
    # Sizes and activations.
    Case("heads-3x4-gelu", bert(41, 12, 3, 19, 3, 16), [1, 2, 16, 7, 3], padded=True),
    Case(
        "heads-5x7-gelu-new",
        bert(43, 35, 5, 17, 2, 18, hidden_act="gelu_new"),
        [18, 1, 5, 2],
    ),
    Case(
        "one-head-gelu-tanh-one-type",
        bert(53, 13, 1, 29, 2, 20, hidden_act="gelu_pytorch_tanh", type_vocab_size=1),
        [3, 20, 1, 8],
        segments=False,
    ),
    Case(
        "head-width-1-relu-eps-1e-5",
        bert(47, 12, 12, 5, 2, 17, hidden_act="relu", layer_norm_eps=1e-5),
        [2, 17, 1, 9],
        weights=small_embeddings,
    ),
    Case(
        "three-types-silu",
        bert(59, 20, 4, 33, 1, 21, hidden_act="silu", type_vocab_size=3),
        [21, 4, 1, 2],
    ),
    Case(
        "no-segments-swish",
        bert(40, 18, 2, 7, 2, 19, hidden_act="swish"),
        [1, 19, 6, 2],
        segments=False,
    ),
    Case(
        "tanh-eps-0.1",
        bert(45, 12, 2, 31, 3, 16, hidden_act="tanh", layer_norm_eps=0.1),
        [16, 1, 2, 7],
    ),
    Case(
        "quick-gelu-pad-7",
        bert(50, 21, 3, 25, 2, 18, hidden_act="quick_gelu", pad_token_id=7),
        [5, 18, 2, 1],
        padded=True,
    ),
    Case("long-200", bert(60, 12, 3, 13, 2, 200), [1, 200, 64, 129], attentions=False),
    Case(
        "scores-1e3",
        bert(44, 16, 2, 11, 2, 22, hidden_act="silu"),
        [22, 1, 9],
        weights=large_scores,
    ),
    Case(
        "activations-1e3",
        bert(44, 16, 4, 23, 2, 16, hidden_act="gelu_new"),
        [16, 1, 9],
        weights=large_activations,
    ),
    # How the files are written.
    Case("f16", bert(42, 15, 3, 27, 2, 16), [16, 1, 5], dtype=torch.float16),
    Case(
        "bf16-prefixed",
        bert(42, 14, 2, 27, 2, 16, hidden_act="gelu_new"),
        [16, 1, 5],
        files=[prefixed],
        dtype=torch.bfloat16,
    ),
    Case("shards", bert(48, 12, 3, 19, 3, 16), [4, 16, 1], shard_bytes=6000),
    Case("gamma-beta-bare", bert(41, 12, 3, 19, 2, 16), [1, 16, 6], files=[gamma_beta]),
    Case(
        "position-ids-no-pooler",
        bert(41, 12, 2, 19, 2, 16),
        [16, 3, 1],
        pooler=False,
        files=[position_ids],
    ),
    Case(
        "config-minimal",
        bert(46, 12, 3, 19, 2, 16),
        [2, 16, 1],
        weights=small_embeddings,
        files=[prefixed],
        architectures=False,
        config_keys=["model_type", *bert(0, 0, 0, 0, 0, 0)],
    ),
    # The masked-LM head.
    Case(
        "mlm-tied",
        bert(51, 12, 3, 19, 2, 16, hidden_act="relu"),
        [16, 1, 2, 5],
        head="MaskedLM",
        padded=True,
    ),
    Case(
        "mlm-tied-copies",
        bert(51, 14, 2, 19, 1, 16),
        [7, 16, 1],
        head="MaskedLM",
        files=[decoder_copies],
    ),
    Case(
        "mlm-decoder-bias-only",
        bert(51, 12, 2, 19, 1, 16),
        [7, 16, 1],
        head="MaskedLM",
        files=[decoder_bias_only],
    ),
    Case(
        "mlm-bias-differs",
        bert(51, 12, 3, 19, 1, 16),
        [7, 16, 1],
        head="MaskedLM",
        files=[different_bias],
    ),
    Case(
        "mlm-f16-copies",
        bert(51, 12, 2, 19, 1, 16, hidden_act="silu"),
        [7, 16, 1],
        head="MaskedLM",
        files=[decoder_copies],
        dtype=torch.float16,
    ),
    Case(
        "mlm-bf16-shards",
        bert(51, 14, 2, 19, 2, 16),
        [7, 16, 1],
        head="MaskedLM",
        dtype=torch.bfloat16,
        shard_bytes=3000,
    ),
    Case(
        "mlm-copy-differs",
        bert(51, 12, 3, 19, 1, 16),
        [7, 16, 1],
        head="MaskedLM",
        files=[different_decoder],
    ),
    Case(
        "mlm-untied",
        bert(51, 12, 3, 19, 1, 16, tie_word_embeddings=False),
        [7, 16, 1],
        head="MaskedLM",
        weights=untie,
    ),
    Case(
        "mlm-bert-base-names",
        bert(51, 12, 3, 19, 2, 16, hidden_act="gelu_new"),
        [7, 16, 1],
        head="MaskedLM",
        files=[pretraining_leftovers, position_ids, gamma_beta],
    ),
    # Heads that tell things apart.
    Case(
        "sequences-3-labels",
        bert(49, 12, 3, 19, 2, 16, id2label={0: "bad", 1: "so-so", 2: "good"}),
        [16, 1, 2, 7],
        head="SequenceClassification",
        padded=True,
    ),
    Case(
        "sequences-regression",
        bert(49, 10, 2, 21, 1, 16, hidden_act="gelu_new", num_labels=1),
        [3, 16, 1],
        head="SequenceClassification",
        files=[position_ids],
    ),
    Case(
        "tokens-7-labels-f16",
        bert(49, 15, 5, 19, 2, 16, num_labels=7),
        [16, 1, 6],
        head="TokenClassification",
        dtype=torch.float16,
        padded=True,
    ),
    Case(
        "questions",
        bert(49, 12, 4, 23, 2, 17),
        [17, 5, 1],
        head="QuestionAnswering",
        files=[gamma_beta],
    ),
    # RoBERTa: positions begin behind the padding token.
    Case(
        "roberta",
        bert(52, 12, 3, 19, 3, 20, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5),
        [1, 18, 7, 2],
        family="Roberta",
        segments=False,
        weights=small_embeddings,
        files=[position_ids],
    ),
    Case(
        "roberta-pad-5-two-types",
        bert(52, 10, 5, 23, 2, 20, pad_token_id=5, hidden_act="gelu_new"),
        [14, 3, 1],
        family="Roberta",
        pooler=False,
    ),
    Case(
        "roberta-words",
        bert(57, 12, 2, 19, 2, 20, type_vocab_size=1, pad_token_id=1, hidden_act="relu"),
        [18, 1, 6],
        family="Roberta",
        head="MaskedLM",
        segments=False,
        files=[roberta_decoder_copies],
    ),
    Case(
        "roberta-sequences",
        bert(51, 12, 4, 17, 2, 20, type_vocab_size=1, pad_token_id=1, num_labels=3),
        [18, 2, 1],
        family="Roberta",
        head="SequenceClassification",
        segments=False,
    ),
    Case(
        "xlm-roberta-tokens-bf16",
        bert(51, 14, 2, 17, 2, 20, type_vocab_size=1, pad_token_id=1, num_labels=5),
        [18, 2, 1],
        family="XLMRoberta",
        head="TokenClassification",
        segments=False,
        dtype=torch.bfloat16,
        shard_bytes=3000,
    ),
    Case(
        "xlm-roberta-questions",
        bert(51, 12, 3, 17, 1, 20, type_vocab_size=1, pad_token_id=1),
        [6, 18, 1],
        family="XLMRoberta",
        head="QuestionAnswering",
        segments=False,
    ),
    # DistilBERT: names of its own, no segments, no pooler.
    Case(
        "distilbert",
        distilbert(53, 12, 3, 19, 3, 18),
        [18, 1, 5, 2],
        family="DistilBert",
        segments=False,
    ),
    Case(
        "distilbert-words-f16",
        distilbert(53, 14, 2, 21, 2, 18, activation="relu"),
        [7, 18, 1],
        family="DistilBert",
        head="MaskedLM",
        segments=False,
        files=[projector_copy],
        dtype=torch.float16,
    ),
    Case(
        "distilbert-sequences",
        distilbert(53, 12, 4, 17, 1, 18, num_labels=5),
        [18, 2, 1],
        family="DistilBert",
        head="SequenceClassification",
        segments=False,
    ),
    Case(
        "distilbert-tokens",
        distilbert(53, 12, 6, 17, 2, 18, num_labels=3),
        [3, 18, 1],
        family="DistilBert",
        head="TokenClassification",
        segments=False,
        files=[position_ids],
    ),
    Case(
        "distilbert-questions",
        distilbert(53, 10, 5, 17, 2, 18),
        [18, 4, 1],
        family="DistilBert",
        head="QuestionAnswering",
        segments=False,
    ),
    # ELECTRA: tables narrower than the layers, or as wide; no pooler.
    Case(
        "electra-narrow",
        bert(47, 12, 3, 19, 3, 16, embedding_size=5),
        [16, 1, 7, 2],
        family="Electra",
    ),
    Case(
        "electra-words",
        bert(47, 12, 4, 19, 2, 16, embedding_size=7, hidden_act="relu"),
        [7, 16, 1],
        family="Electra",
        head="MaskedLM",
    ),
    Case(
        "electra-sequences-wide",
        bert(47, 12, 2, 17, 2, 16, embedding_size=12, num_labels=3),
        [16, 2, 1],
        family="Electra",
        head="SequenceClassification",
        files=[position_ids],
    ),
    Case(
        "electra-tokens-f16",
        bert(47, 14, 2, 17, 1, 16, embedding_size=3, num_labels=4),
        [3, 16, 1],
        family="Electra",
        head="TokenClassification",
        dtype=torch.float16,
    ),
    Case(
        "electra-replaced",
        bert(47, 12, 4, 19, 2, 16, embedding_size=5, hidden_act="gelu_new"),
        [16, 4, 1],
        family="Electra",
        head="PreTraining",
    ),
    Case(
        "electra-questions",
        bert(47, 10, 5, 17, 2, 16, embedding_size=6),
        [16, 4, 1],
        family="Electra",
        head="QuestionAnswering",
        segments=False,
    ),
    # ALBERT: few layers run many times, on widened tables.
    Case(
        "albert",
        bert(46, 12, 3, 19, 4, 16, embedding_size=5),
        [16, 1, 7, 2],
        family="Albert",
        padded=True,
    ),
    Case(
        "albert-groups",
        bert(46, 12, 4, 17, 5, 16, embedding_size=7, hidden_act="gelu")
        | {"num_hidden_groups": 2, "inner_group_num": 2, "pad_token_id": 3},
        [7, 16, 1],
        family="Albert",
        pooler=False,
        files=[position_ids],
    ),
    Case(
        "albert-words",
        bert(46, 12, 2, 19, 3, 16, embedding_size=5, hidden_act="relu"),
        [7, 16, 1],
        family="Albert",
        head="MaskedLM",
        files=[albert_pretraining_leftovers],
    ),
    Case(
        "albert-sequences-wide",
        bert(46, 12, 6, 17, 2, 16, embedding_size=12, num_labels=3),
        [16, 2, 1],
        family="Albert",
        head="SequenceClassification",
    ),
    Case(
        "albert-tokens-f16",
        bert(46, 14, 2, 17, 2, 16, embedding_size=3, num_labels=4),
        [3, 16, 1],
        family="Albert",
        head="TokenClassification",
        dtype=torch.float16,
    ),
    Case(
        "albert-questions",
        bert(46, 10, 5, 17, 3, 16, embedding_size=6, num_hidden_groups=3),
        [16, 4, 1],
        family="Albert",
        head="QuestionAnswering",
        segments=False,
    ),
    # MPNet: a number for each distance.
    Case(
        "mpnet",
        bert(48, 12, 3, 19, 3, 20, layer_norm_eps=1e-5),
        [18, 1, 7, 2],
        family="MPNet",
        segments=False,
        weights=small_embeddings,
    ),
    Case(
        "mpnet-beyond-the-last-bucket",
        bert(48, 10, 5, 17, 2, 172, pad_token_id=5, relative_attention_num_buckets=40),
        [1, 170, 33],
        family="MPNet",
        segments=False,
        pooler=False,
        attentions=False,
    ),
    Case(
        "mpnet-words",
        bert(48, 12, 2, 19, 2, 20, hidden_act="relu"),
        [7, 18, 1],
        family="MPNet",
        head="MaskedLM",
        segments=False,
        files=[position_ids],
    ),
    Case(
        "mpnet-sequences",
        bert(48, 12, 4, 17, 1, 20, num_labels=5),
        [18, 2, 1],
        family="MPNet",
        head="SequenceClassification",
        segments=False,
    ),
    Case(
        "mpnet-tokens-bf16",
        bert(48, 14, 2, 17, 2, 20, num_labels=4),
        [3, 18, 1],
        family="MPNet",
        head="TokenClassification",
        segments=False,
        dtype=torch.bfloat16,
        shard_bytes=3000,
    ),
    Case(
        "mpnet-questions",
        bert(48, 10, 1, 17, 2, 20),
        [18, 4, 1],
        family="MPNet",
        head="QuestionAnswering",
        segments=False,
    ),
    # ModernBERT: a window that is smaller than the text, as large, and larger.
    Case(
        "modernbert",
        modernbert(55, 12, 3, 19, 5, 6),
        [1, 3, 4, 7, 20],
        family="ModernBert",
        segments=False,
    ),
    Case(
        "modernbert-biases",
        modernbert(55, 16, 2, 11, 4, 5, hidden_activation="silu", norm_eps=1e-3)
        | {"norm_bias": True, "attention_bias": True, "mlp_bias": True},
        [9, 1, 2, 30],
        family="ModernBert",
        segments=False,
        settings=modernbert_as_of_transformers_4,
    ),
    Case(
        "modernbert-long",
        modernbert(55, 12, 2, 13, 3, 128),
        [1, 200, 64, 129],
        family="ModernBert",
        segments=False,
        attentions=False,
    ),
    Case(
        "modernbert-words",
        modernbert(55, 12, 2, 19, 2, 4, classifier_bias=True, classifier_activation="relu"),
        [7, 18, 1],
        family="ModernBert",
        head="MaskedLM",
        segments=False,
    ),
    Case(
        "modernbert-words-untied",
        modernbert(55, 12, 6, 19, 2, 4, tie_word_embeddings=False, decoder_bias=False),
        [7, 18, 1],
        family="ModernBert",
        head="MaskedLM",
        segments=False,
    ),
    Case(
        "modernbert-sequences-mean",
        modernbert(55, 12, 3, 17, 2, 8, num_labels=3, classifier_pooling="mean"),
        [18, 2, 1],
        family="ModernBert",
        head="SequenceClassification",
        segments=False,
    ),
    Case(
        "modernbert-sequences-f16",
        modernbert(55, 12, 1, 17, 2, 8, num_labels=5, norm_bias=True),
        [18, 2, 1],
        family="ModernBert",
        head="SequenceClassification",
        segments=False,
        dtype=torch.float16,
    ),
    Case(
        "modernbert-tokens-bf16",
        modernbert(55, 12, 3, 17, 2, 8, num_labels=4),
        [3, 18, 1],
        family="ModernBert",
        head="TokenClassification",
        segments=False,
        dtype=torch.bfloat16,
        shard_bytes=3000,
    ),
    Case(
        "modernbert-questions",
        modernbert(55, 12, 2, 17, 2, 2),
        [18, 4, 1],
        family="ModernBert",
        head="QuestionAnswering",
        segments=False,
    ),
]
