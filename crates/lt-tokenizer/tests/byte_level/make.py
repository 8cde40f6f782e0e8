"""Makes a tiny byte-level BPE in the two files of RoBERTa, and what transformers reads with it.

    pip install transformers tokenizers
    python make.py

The pieces are learned from the sentences below, so that nothing here is anybody's vocabulary.
"""

import json
from pathlib import Path

from tokenizers import AddedToken, ByteLevelBPETokenizer
from transformers import GPT2TokenizerFast, RobertaTokenizerFast

HERE = Path(__file__).parent
LEARNED_FROM = [
    "The cat sat on the mat, and the hat sat on the cat.",
    "Where the cat is, there the hat is; where the hat is, there is the mat.",
    "今天天气很好，我们去公园散步。今天的公园很大。",
    "It's 12 o'clock, and they've all seen it: it isn't late.",
]
TEXTS = [
    "The cat sat.",
    " The cat",
    "the  hat\tand\nthe mat ",
    "it's they've ISN'T",
    "今天的天气",
    "a<mask>b <mask> c",
    "<s>the</s><pad>",
    "née 🙂👩‍👩‍👧 \u0301e\u00a0x",
    "",
    "   ",
    "12345 o'clock",
]
PAIRS = [("The cat", "the hat"), ("", "今天"), ("where", " is")]


def main() -> None:
    bpe = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator(LEARNED_FROM, vocab_size=330, min_frequency=2, special_tokens=special)
    bpe.save_model(str(HERE))
    # As transformers 4 makes it, and as the tokenizer.json of roberta-base has it: the space before
    # a masked word belongs to the word.
    mask = AddedToken("<mask>", lstrip=True, special=True, normalized=False)
    files = {
        "vocab": str(HERE / "vocab.json"),
        "merges": str(HERE / "merges.txt"),
        "mask_token": mask,
    }
    roberta = RobertaTokenizerFast(**files)
    # What the vocabulary would have been without RoBERTa's tokens.
    pieces = json.loads((HERE / "vocab.json").read_text())
    pieces = [piece for piece in pieces if piece not in special] + ["<|endoftext|>"]
    pieces = {piece: id for id, piece in enumerate(pieces)}
    merges = (HERE / "merges.txt").read_text().split("\n")[1:-1]
    gpt2 = GPT2TokenizerFast(vocab=pieces, merges=[tuple(merge.split()) for merge in merges])
    golden = {
        "texts": [read(roberta, text) for text in TEXTS],
        "pairs": [read(roberta, *pair) for pair in PAIRS],
        "with a space before": [
            read(RobertaTokenizerFast(**files, add_prefix_space=True), text) for text in TEXTS
        ],
        "gpt2": [read(gpt2, text) for text in [*TEXTS, "the cat<|endoftext|>the hat"]],
    }
    lines = [
        f"{json.dumps(name)}: [\n"
        + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        + "\n]"
        for name, entries in golden.items()
    ]
    (HERE / "golden.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def read(tokenizer, *texts) -> dict:
    encoding = tokenizer(*texts, return_offsets_mapping=True)
    return {"text": texts, "ids": encoding["input_ids"], "offsets": encoding["offset_mapping"]}


if __name__ == "__main__":
    main()
