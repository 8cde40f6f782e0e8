"""Writes `transformers.json`: what transformers takes for a key that is absent, and for old spellings.

    pip install torch transformers
    python make.py

`defaults`: for each `model_type` the whole configuration of `Config()`, as transformers writes it,
and how many parameters its encoder has without a pooler. `spellings`: what a file may say, and the
configuration that transformers makes of it.
"""

import json
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModel

FAMILIES = (
    "bert",
    "roberta",
    "xlm-roberta",
    "camembert",
    "distilbert",
    "electra",
    "albert",
    "mpnet",
    "modernbert",
)
# The others have no pooler that could be left out.
POOLED = ("bert", "roberta", "xlm-roberta", "camembert", "albert", "mpnet")

SPELLINGS = (
    {"model_type": "distilbert", "hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2},
    {"model_type": "bert", "num_labels": 3},
    {"model_type": "electra", "num_labels": 2, "id2label": {"1": "yes", "0": "no"}},
    {"model_type": "roberta", "id2label": {"0": "same", "1": "same", "2": "other"}},
    {"model_type": "albert", "num_labels": 1, "problem_type": "regression"},
    {"model_type": "modernbert", "num_hidden_layers": 5, "global_attn_every_n_layers": 2},
    {"model_type": "modernbert", "global_rope_theta": 80000.0, "local_rope_theta": 5000.0},
    {
        "model_type": "modernbert",
        "num_hidden_layers": 2,
        "layer_types": ["sliding_attention", "full_attention"],
        "global_attn_every_n_layers": 1,
        "global_rope_theta": 3.0,
        "local_rope_theta": 4.0,
        "rope_parameters": {"full_attention": {"rope_theta": 5.0}},
    },
    {"model_type": "modernbert", "sliding_window": 32},
    # As answerdotai/ModernBERT-base was published by transformers 4.
    {
        "architectures": ["ModernBertForMaskedLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 50281,
        "classifier_activation": "gelu",
        "classifier_bias": False,
        "classifier_dropout": 0.0,
        "classifier_pooling": "mean",
        "cls_token_id": 50281,
        "decoder_bias": True,
        "deterministic_flash_attn": False,
        "embedding_dropout": 0.0,
        "eos_token_id": 50282,
        "global_attn_every_n_layers": 3,
        "global_rope_theta": 160000.0,
        "gradient_checkpointing": False,
        "hidden_activation": "gelu",
        "hidden_size": 768,
        "initializer_cutoff_factor": 2.0,
        "initializer_range": 0.02,
        "intermediate_size": 1152,
        "layer_norm_eps": 1e-05,
        "local_attention": 128,
        "local_rope_theta": 10000.0,
        "max_position_embeddings": 8192,
        "mlp_bias": False,
        "mlp_dropout": 0.0,
        "model_type": "modernbert",
        "norm_bias": False,
        "norm_eps": 1e-05,
        "num_attention_heads": 12,
        "num_hidden_layers": 22,
        "pad_token_id": 50283,
        "position_embedding_type": "absolute",
        "sep_token_id": 50282,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "transformers_version": "4.47.0.dev0",
        "vocab_size": 50368,
    },
)


def config_of(said: dict):
    # A configuration changes what it is given.
    said = json.loads(json.dumps(said))
    return AutoConfig.for_model(said.pop("model_type"), **said)


def default(family: str) -> dict:
    config = config_of({"model_type": family})
    with torch.device("meta"):
        if family in POOLED:
            model = AutoModel.from_config(config, add_pooling_layer=False)
        else:
            model = AutoModel.from_config(config)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return {"parameters": parameters, "config": config_of({"model_type": family}).to_dict()}


def main() -> None:
    golden = {
        "transformers": transformers.__version__,
        "defaults": {family: default(family) for family in FAMILIES},
        "spellings": [{"said": said, "config": config_of(said).to_dict()} for said in SPELLINGS],
    }
    text = json.dumps(golden, indent=1, sort_keys=True) + "\n"
    Path(__file__).with_name("transformers.json").write_text(text)


if __name__ == "__main__":
    main()
