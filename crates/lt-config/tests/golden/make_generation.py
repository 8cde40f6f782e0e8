"""Writes `generation.json`: what transformers generates with, for files of a directory.

    pip install torch transformers
    python make_generation.py

`defaults`: what it takes for what no file says. `cases`: the files of a directory, and the
`generation_config` of a model that is loaded from it.
"""

import json
import tempfile
from pathlib import Path

import transformers
from transformers import AutoModelForCausalLM, GenerationConfig, GPT2Config, GPT2LMHeadModel

SMALL = {"vocab_size": 8, "n_positions": 4, "n_embd": 2, "n_layer": 1, "n_head": 1}

CASES = (
    {
        "generation_config.json": {
            "max_length": 30,
            "max_new_tokens": 7,
            "min_length": 3,
            "min_new_tokens": 2,
            "do_sample": True,
            "num_beams": 4,
            "num_return_sequences": 2,
            "early_stopping": "never",
            "length_penalty": 0.5,
            "temperature": 0.6,
            "top_k": 20,
            "top_p": 0.95,
            "min_p": 0.05,
            "repetition_penalty": 1.1,
            "no_repeat_ngram_size": 3,
            "bad_words_ids": [[1, 2], [3]],
            "suppress_tokens": [4, 5],
            "begin_suppress_tokens": [6],
            "forced_bos_token_id": 1,
            "forced_eos_token_id": [2, 3],
            "bos_token_id": 4,
            "eos_token_id": [5, 6],
            "pad_token_id": 7,
            "decoder_start_token_id": 0,
        },
        "config.json": {"eos_token_id": 1, "top_k": 7},
    },
    {"generation_config.json": {"eos_token_id": 3, "early_stopping": True}, "config.json": {"pad_token_id": 1}},
    # What transformers 4 wrote into the configuration.
    {
        "config.json": {
            "bos_token_id": 1,
            "eos_token_id": 2,
            "max_length": 62,
            "num_beams": 4,
            "early_stopping": True,
            "length_penalty": 2.0,
            "no_repeat_ngram_size": 3,
            "forced_eos_token_id": 2,
            "forced_bos_token_id": 0,
            "max_new_tokens": 9,
            "top_k": None,
        }
    },
    # Of the defaults of a family nothing is taken: GPT-2's end is 50256.
    {"config.json": {"task_specific_params": {"text-generation": {"do_sample": True}}}},
)


def read(files: dict) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        GPT2LMHeadModel(GPT2Config(**SMALL)).save_pretrained(folder)
        for old in ("generation_config.json", "config.json"):
            Path(folder, old).unlink()
        for name, said in files.items():
            Path(folder, name).write_text(json.dumps(said))
        return AutoModelForCausalLM.from_pretrained(folder).generation_config.to_dict()


def main() -> None:
    cases = []
    for case in CASES:
        files = {name: dict(said) for name, said in case.items()}
        files["config.json"] = {"model_type": "gpt2", **SMALL, **files["config.json"]}
        cases.append({"files": files, "read": read(files)})
    golden = {
        "transformers": transformers.__version__,
        "defaults": GenerationConfig._get_default_generation_params(),
        "cases": cases,
    }
    text = json.dumps(golden, indent=1, sort_keys=True) + "\n"
    Path(__file__).with_name("generation.json").write_text(text)


if __name__ == "__main__":
    main()
