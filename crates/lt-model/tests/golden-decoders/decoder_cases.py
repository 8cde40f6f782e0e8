"""The golden cases: one tiny decoder each, and what is peculiar about its files.

A case is a configuration, the lengths of its sequences, and a few edits: to the settings and to
the names in the saved files. `make_decoders.py` turns each into a directory.
"""

from dataclasses import dataclass, field
from typing import Callable

import torch

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Case:
    name: str
    architecture: str  # the class of transformers
    config: dict  # what differs from the defaults of the family's configuration
    lengths: list[int]
    files: list[Callable[[Tensors], Tensors]] = field(default_factory=list)  # edits names
    dtype: torch.dtype = torch.float32  # of the stored weights
    shard_bytes: int | None = None
    settings: Callable[[dict], dict] = lambda stored: stored  # edits config.json
    attentions: bool = True  # whether the probabilities are kept in the golden file
    pads: bool = False  # whether texts end with padding tokens, as one sequence alone may
    generates: bool = True  # whether a causal language model writes
    beams: dict = field(default_factory=dict)  # settings of beam search that differ


def gpt2(vocab, width, heads, layers, positions, **more) -> dict:
    return {
        "vocab_size": vocab,
        "n_embd": width,
        "n_head": heads,
        "n_layer": layers,
        "n_positions": positions,
        "bos_token_id": None,
        "eos_token_id": None,
    } | more


def llama(vocab, hidden, heads, shared, inter, layers, **more) -> dict:
    return {
        "vocab_size": vocab,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
        "intermediate_size": inter,
        "num_hidden_layers": layers,
        "max_position_embeddings": 64,
        "bos_token_id": None,
        "eos_token_id": None,
    } | more


def rope(kind: str, theta: float = 10000.0, **more) -> dict:
    return {"rope_type": kind, "rope_theta": theta} | more


# Edits to the settings.


def as_of_transformers_4(stored: dict) -> dict:
    """θ outside, and how positions are stretched by its older name; rules for the layers."""
    parameters = stored.pop("rope_parameters")
    full = parameters.get("full_attention", parameters)
    stored["rope_theta"] = full.pop("rope_theta")
    if "sliding_attention" in parameters:
        stored["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
        first_full = stored["layer_types"].index("full_attention")
        stored["sliding_window_pattern"] = first_full + 1
    kind = full.pop("rope_type")
    # Of two kinds of layer transformers 5.23 reads the newer name of the two alone.
    name = "rope_type" if "sliding_attention" in parameters else "type"
    stored["rope_scaling"] = None if kind == "default" else {name: kind} | full
    stored.pop("layer_types", None)
    return stored


def only_sizes(stored: dict) -> dict:
    """What is left has no default."""
    kept = {"model_type", "architectures", *llama(0, 0, 0, 0, 0, 0)} - {"bos_token_id", "eos_token_id"}
    return {key: value for key, value in stored.items() if key in kept}


# Edits to the names in the files.


def gpt2_as_published(tensors: Tensors) -> Tensors:
    """No prefix, and the causal mask of each layer as a buffer."""
    bare = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    layers = {name.split(".")[1] for name in bare if name.startswith("h.")}
    for layer in layers:
        bare[f"h.{layer}.attn.bias"] = torch.ones(8, 8).tril()[None, None]
        bare[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    return bare


def tied_copy(tensors: Tensors) -> Tensors:
    """The tied matrix stored twice, with equal values."""
    [table] = [name for name in tensors if name.endswith(("embed_tokens.weight", "wte.weight"))]
    return tensors | {"lm_head.weight": tensors[table].clone()}


def angles(tensors: Tensors) -> Tensors:
    """The buffer of each layer that transformers stored until version 4.31."""
    layers = {name.split(".")[2] for name in tensors if name.startswith("model.layers.")}
    buffers = {f"model.layers.{n}.self_attn.rotary_emb.inv_freq": torch.ones(2) for n in layers}
    return tensors | buffers


LABELS = {"id2label": {0: "bad", 1: "so-so", 2: "good"}}

CASES = [
    # GPT-2: a table of positions, fused and transposed matrices.
    Case("gpt2", "GPT2Model", gpt2(41, 12, 3, 3, 16), [1, 2, 16, 7]),
    Case(
        "gpt2-inner-7-relu-by-layer",
        "GPT2LMHeadModel",
        gpt2(43, 15, 5, 3, 48, n_inner=7, activation_function="relu", scale_attn_by_inverse_layer_idx=True),
        [18, 1, 5],
    ),
    Case(
        "gpt2-unscaled-untied",
        "GPT2LMHeadModel",
        gpt2(40, 8, 1, 2, 40, activation_function="gelu", scale_attn_weights=False, tie_word_embeddings=False,
             layer_norm_epsilon=0.1),
        [1, 11, 3],
        beams={"early_stopping": True, "length_penalty": 2.0},
    ),
    Case(
        "gpt2-as-published",
        "GPT2LMHeadModel",
        gpt2(44, 12, 2, 2, 40, reorder_and_upcast_attn=True),
        [9, 1, 2],
        files=[gpt2_as_published],
    ),
    Case(
        "gpt2-f16-copy",
        "GPT2LMHeadModel",
        gpt2(42, 14, 7, 2, 40, activation_function="gelu_pytorch_tanh"),
        [12, 1, 6],
        dtype=torch.float16,
        files=[tied_copy],
    ),
    Case("gpt2-bf16-shards", "GPT2LMHeadModel", gpt2(42, 12, 3, 3, 40), [5, 1], dtype=torch.bfloat16,
         shard_bytes=5000, generates=False),
    Case("gpt2-sequences", "GPT2ForSequenceClassification", gpt2(39, 12, 3, 2, 16, pad_token_id=5, **LABELS),
         [1, 9, 16, 4, 1], pads=True),
    Case("gpt2-tokens-bf16", "GPT2ForTokenClassification", gpt2(39, 12, 4, 2, 16, num_labels=5), [16, 1, 6],
         dtype=torch.bfloat16),
    # Llama: rotary positions, grouped heads, gated feed-forward layers.
    Case("llama", "LlamaModel", llama(41, 12, 3, 1, 19, 3, rms_norm_eps=0.01), [1, 2, 16, 7]),
    Case(
        "llama-wide-heads-biases",
        "LlamaForCausalLM",
        llama(43, 15, 3, 3, 7, 2, head_dim=8, attention_bias=True, mlp_bias=True, hidden_act="gelu"),
        [18, 1, 5],
    ),
    Case(
        "llama-kv-2-of-6-tied",
        "LlamaForCausalLM",
        llama(47, 24, 6, 2, 31, 2, tie_word_embeddings=True, rope_parameters=rope("default", 100.0)),
        [4, 1, 21],
        beams={"early_stopping": "never", "length_penalty": 0.5},
    ),
    Case(
        "llama-linear",
        "LlamaForCausalLM",
        llama(41, 12, 3, 1, 19, 2, rope_parameters=rope("linear", 500.0, factor=2.5)),
        [33, 1, 8],
        settings=as_of_transformers_4,
    ),
    Case(
        "llama-dynamic",
        "LlamaForCausalLM",
        llama(41, 16, 2, 2, 9, 2, max_position_embeddings=16, rope_parameters=rope("dynamic", 50.0, factor=2.0)),
        [40, 1, 16, 17, 9],
        generates=False,  # a cache keeps keys that were turned by the angles of a shorter text
    ),
    Case(
        "llama-llama3",
        "LlamaForCausalLM",
        llama(45, 32, 2, 1, 11, 2, rope_parameters=rope(
            "llama3", 300.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=32)),
        [60, 1, 32],
    ),
    Case(
        "llama-yarn",
        "LlamaForCausalLM",
        llama(45, 32, 2, 1, 11, 2, rope_parameters=rope(
            "yarn", 300.0, factor=4.0, beta_fast=4.0, original_max_position_embeddings=32)),
        [50, 1, 32],
        settings=as_of_transformers_4,
    ),
    Case(
        "llama-yarn-mscale",
        "LlamaModel",
        llama(45, 24, 2, 2, 11, 1, rope_parameters=rope(
            "yarn", 300.0, factor=3.0, beta_fast=3.0, beta_slow=0.5, mscale=1.5, mscale_all_dim=0.5,
            truncate=False, original_max_position_embeddings=20)),
        [50, 1, 7],
    ),
    Case(
        "llama-yarn-attention-factor",
        "LlamaModel",
        llama(45, 24, 2, 2, 11, 1, rope_parameters=rope(
            "yarn", factor=3.0, attention_factor=0.75, original_max_position_embeddings=20)),
        [30, 1],
    ),
    # transformers turns whole heads all the same.
    Case(
        "llama-partial-is-passed-over",
        "LlamaModel",
        llama(41, 16, 2, 1, 9, 1, rope_parameters=rope("default", 30.0, partial_rotary_factor=0.5)),
        [20, 1],
    ),
    Case(
        "llama-long",
        "LlamaModel",
        llama(41, 8, 2, 1, 9, 1, head_dim=8, max_position_embeddings=2048, rope_parameters=rope("default", 1e6)),
        [1, 1500, 600],
        attentions=False,
    ),
    Case(
        "llama-bf16-shards",
        "LlamaForCausalLM",
        llama(48, 12, 3, 3, 19, 3),
        [4, 16, 1],
        dtype=torch.bfloat16,
        shard_bytes=4000,
        generates=False,
    ),
    Case(
        "llama-only-sizes-old-buffers",
        "LlamaForCausalLM",
        llama(46, 12, 3, 3, 19, 2),
        [2, 16, 1],
        files=[angles],
        settings=only_sizes,
        generates=False,
    ),
    Case("llama-sequences", "LlamaForSequenceClassification", llama(39, 12, 3, 1, 9, 2, pad_token_id=5, **LABELS),
         [1, 9, 16, 4, 1], pads=True),
    Case("llama-sequences-no-padding-token", "LlamaForSequenceClassification",
         llama(39, 12, 3, 3, 9, 1, num_labels=1), [9, 1, 4]),
    Case("llama-tokens-f16", "LlamaForTokenClassification", llama(39, 12, 2, 2, 9, 2, num_labels=4), [16, 1, 6],
         dtype=torch.float16),
    # Mistral: a window in all layers, or in none.
    Case(
        "mistral",
        "MistralForCausalLM",
        llama(41, 12, 3, 1, 19, 3, sliding_window=5, rope_parameters=rope("default", 100.0)),
        [1, 5, 6, 20],
    ),
    Case(
        "mistral-no-window-wide-heads",
        "MistralModel",
        llama(41, 10, 4, 2, 19, 2, sliding_window=None, head_dim=6),
        [20, 1, 3],
        settings=as_of_transformers_4,
    ),
    Case("mistral-window-1-sequences", "MistralForSequenceClassification",
         llama(39, 12, 3, 1, 9, 2, pad_token_id=0, sliding_window=1, **LABELS), [1, 9, 3], pads=True,
         dtype=torch.float16),
    # Qwen 2: biases of queries, keys and values; a window in the upper layers.
    Case(
        "qwen2-windows-from-layer-1",
        "Qwen2ForCausalLM",
        llama(43, 12, 3, 1, 19, 3, use_sliding_window=True, sliding_window=4, max_window_layers=1,
              rope_parameters=rope("default", 100.0)),
        [1, 4, 5, 19],
        settings=as_of_transformers_4,
        beams={"length_penalty": -1.0},
    ),
    Case("qwen2-tied-bf16", "Qwen2ForCausalLM",
         llama(44, 16, 4, 2, 13, 2, tie_word_embeddings=True, sliding_window=4), [12, 1], dtype=torch.bfloat16),
    Case("qwen2-tokens", "Qwen2ForTokenClassification", llama(39, 12, 3, 3, 9, 2, num_labels=4), [16, 1, 6]),
    # Qwen 3: queries and keys normalised in each head.
    Case("qwen3", "Qwen3ForCausalLM", llama(43, 10, 3, 1, 19, 2, head_dim=6), [17, 1, 5]),
    Case(
        "qwen3-biases-named-windows",
        "Qwen3Model",
        llama(43, 12, 4, 2, 19, 3, head_dim=4, attention_bias=True, use_sliding_window=True, sliding_window=3,
              layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
        [12, 1, 4],
    ),
    Case("qwen3-sequences", "Qwen3ForSequenceClassification",
         llama(39, 12, 3, 1, 9, 2, head_dim=4, pad_token_id=5, **LABELS), [1, 9, 4], pads=True),
    # Gemma 3: four norms a layer with a gain of 1 more, scaled embeddings, windows that turn faster.
    Case(
        "gemma3",
        "Gemma3ForCausalLM",
        llama(47, 12, 3, 1, 19, 4, head_dim=4, sliding_window=4, pad_token_id=0, query_pre_attn_scalar=10,
              layer_types=["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
              rope_parameters={"full_attention": rope("default", 1000.0),
                               "sliding_attention": rope("default", 10.0)}),
        [1, 4, 5, 19],
    ),
    Case(
        "gemma3-capped-untied-biases",
        "Gemma3ForCausalLM",
        # transformers applies no cap to scores.
        llama(45, 16, 2, 2, 13, 2, head_dim=6, sliding_window=3, pad_token_id=None, query_pre_attn_scalar=24,
              attention_bias=True, tie_word_embeddings=False, final_logit_softcapping=3.0,
              attn_logit_softcapping=0.5, hidden_activation="gelu", rms_norm_eps=0.01,
              layer_types=["full_attention", "sliding_attention"]),
        [11, 1, 3],
        beams={"early_stopping": True},
    ),
    Case(
        "gemma3-linear-f16",
        "Gemma3TextModel",
        llama(41, 12, 2, 1, 9, 3, head_dim=8, sliding_window=6, query_pre_attn_scalar=8, pad_token_id=0,
              layer_types=["sliding_attention", "full_attention", "sliding_attention"],
              rope_parameters={"full_attention": rope("linear", 100.0, factor=4.0),
                               "sliding_attention": rope("default", 20.0)}),
        [20, 1, 6],
        dtype=torch.float16,
        settings=as_of_transformers_4,
    ),
    Case("gemma3-sequences", "Gemma3TextForSequenceClassification",
         llama(39, 12, 3, 1, 9, 2, head_dim=4, sliding_window=3, pad_token_id=5, **LABELS), [1, 9, 4], pads=True),
]
