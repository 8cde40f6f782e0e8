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
    "gpt2",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma3_text",
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
    {"model_type": "gpt2", "hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2, "n_inner": 7},
    {"model_type": "gpt2", "n_ctx": 1024, "pad_token_id": 3, "bos_token_id": None, "eos_token_id": [4, 5]},
    {"model_type": "llama", "hidden_size": 96, "num_attention_heads": 6},
    {"model_type": "llama", "num_key_value_heads": None, "head_dim": None, "rope_theta": 5e5},
    {"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 2.5}},
    {"model_type": "llama", "rope_theta": 3.0, "rope_parameters": {"rope_theta": 5.0}},
    {
        "model_type": "llama",
        "rope_scaling": {"rope_type": "dynamic", "type": "linear", "factor": 2.0, "rope_theta": 7.0},
        "rope_parameters": {"rope_type": "linear", "factor": 9.0},
    },
    {"model_type": "llama", "rope_scaling": {}, "rope_parameters": {"rope_type": "linear", "factor": 9.0}},
    {
        "model_type": "llama",
        "max_position_embeddings": 131072,
        "rope_theta": 500000.0,
        "rope_scaling": {
            "factor": 32.0,
            "high_freq_factor": 4.0,
            "low_freq_factor": 1.0,
            "original_max_position_embeddings": 8192,
            "rope_type": "llama3",
        },
    },
    {
        "model_type": "llama",
        "rope_scaling": {
            "factor": 8.0,
            "high_freq_factor": 4.0,
            "low_freq_factor": 1.0,
            "rope_type": "llama3",
        },
    },
    {"model_type": "mistral"},
    {"model_type": "mistral", "sliding_window": None, "num_attention_heads": 16},
    {"model_type": "mistral", "sliding_window": 7, "head_dim": 128, "hidden_size": 5120},
    {"model_type": "qwen2", "use_sliding_window": True, "num_hidden_layers": 30, "sliding_window": 8},
    {"model_type": "qwen2", "use_sliding_window": True, "max_window_layers": 2, "num_hidden_layers": 4},
    {"model_type": "qwen2", "use_sliding_window": True, "sliding_window": None, "num_hidden_layers": 30},
    {"model_type": "qwen2", "use_sliding_window": False, "sliding_window": 131072, "max_window_layers": 0},
    {"model_type": "qwen2", "num_key_value_heads": None, "num_attention_heads": 16, "head_dim": 12},
    {
        "model_type": "qwen2",
        "rope_theta": 1e6,
        "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768},
    },
    {
        "model_type": "qwen3",
        "rope_parameters": {
            "rope_type": "yarn",
            "rope_theta": 1e6,
            "factor": 2.5,
            "attention_factor": 1.25,
            "beta_fast": 24.0,
            "beta_slow": 2.0,
            "mscale": 0.5,
            "mscale_all_dim": 0.75,
            "truncate": False,
            "original_max_position_embeddings": 100,
        },
    },
    {
        "model_type": "qwen3",
        "use_sliding_window": True,
        "num_hidden_layers": 2,
        "layer_types": ["sliding_attention", "full_attention"],
        "max_window_layers": 0,
        "attention_bias": True,
    },
    {"model_type": "gemma3_text", "sliding_window_pattern": 2, "num_hidden_layers": 5},
    {"model_type": "gemma3_text", "rope_theta": 5e5, "rope_local_base_freq": 5e3},
    {
        "model_type": "gemma3_text",
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "rope_local_base_freq": 10000,
        "rope_theta": 1000000,
        "final_logit_softcapping": 30.0,
        "attn_logit_softcapping": 50.0,
    },
    {
        "model_type": "gemma3_text",
        "rope_theta": 3.0,
        "rope_local_base_freq": 4.0,
        "rope_parameters": {"sliding_attention": {"rope_theta": 5.0, "rope_type": "dynamic", "factor": 2.0}},
    },
    # As Qwen/Qwen2.5-0.5B-Instruct was published by transformers 4.
    {
        "architectures": ["Qwen2ForCausalLM"],
        "attention_dropout": 0.0,
        "bos_token_id": 151643,
        "eos_token_id": 151645,
        "hidden_act": "silu",
        "hidden_size": 896,
        "initializer_range": 0.02,
        "intermediate_size": 4864,
        "max_position_embeddings": 32768,
        "max_window_layers": 21,
        "model_type": "qwen2",
        "num_attention_heads": 14,
        "num_hidden_layers": 24,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-06,
        "rope_theta": 1000000.0,
        "sliding_window": 32768,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.43.1",
        "use_cache": True,
        "use_sliding_window": False,
        "vocab_size": 151936,
    },
    # As openai-community/gpt2 was published.
    {
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "attn_pdrop": 0.1,
        "bos_token_id": 50256,
        "embd_pdrop": 0.1,
        "eos_token_id": 50256,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-05,
        "model_type": "gpt2",
        "n_ctx": 1024,
        "n_embd": 768,
        "n_head": 12,
        "n_layer": 12,
        "n_positions": 1024,
        "resid_pdrop": 0.1,
        "summary_activation": None,
        "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True,
        "summary_type": "cls_index",
        "summary_use_proj": True,
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
        "vocab_size": 50257,
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
