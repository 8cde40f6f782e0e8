"""Makes random probabilities for the tokens of some texts, and the entities that transformers finds.

    pip install transformers torch numpy
    python cases.py DIR      # the directory of all-MiniLM-L6-v2; writes cases.json beside this file

Only the tokenizer of the model is used: the probabilities are random, so that every rule has
something to decide. A token is [start, end, word, probabilities]; an entity is [label, start, end,
score]. No label is left out for "none", `O` for the others, as the pipeline does.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import transformers
from transformers import AutoTokenizer
from transformers.pipelines.token_classification import (
    AggregationStrategy,
    TokenClassificationPipeline,
)

TEXTS = [
    "My name is Sylvain and I work at Hugging Face in Brooklyn.",
    "Alex met New York New York",
    "Antidisestablishmentarianism unsettles Wolfeschlegelsteinhausenbergerdorff, doesn't it?",
    "我爱北京天安门",
    "张三在北京大学学习 Transformers 和 PyTorch。",
    "Zürich, Köln & São Paulo: 3.14% (of 1,000)!",
    "the 🤗 team 😀😀 met in Paris🇫🇷",
    "unbelievable",
    "O",
    "  two   spaces\tand\na line  ",
]
TYPES = ("PER", "ORG", "LOC")
LABELS = ["O", *(f"{letter}-{kind}" for kind in TYPES for letter in "BI")]


def main() -> None:
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
    draw = np.random.default_rng(20260411)
    # Without a model: what it would compute is drawn.
    pipeline = object.__new__(TokenClassificationPipeline)
    pipeline.tokenizer = tokenizer
    pipeline.model = SimpleNamespace(config=SimpleNamespace(id2label=dict(enumerate(LABELS))))
    cases = [case(pipeline, text, sharpness, draw) for text in TEXTS for sharpness in (1.0, 4.0)]
    versions = {"transformers": transformers.__version__, "numpy": np.__version__}
    contents = {"versions": versions, "labels": LABELS, "cases": cases}
    path = Path(__file__).with_name("cases.json")
    path.write_text(json.dumps(contents, ensure_ascii=False) + "\n", encoding="utf-8")


def case(pipeline, text: str, sharpness: float, draw: np.random.Generator) -> dict:
    encoding = pipeline.tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True)
    logits = draw.normal(size=(len(encoding["input_ids"]), len(LABELS))) * sharpness
    scores = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    scores = scores.round(5).astype(np.float32)
    special = np.array(encoding["special_tokens_mask"])
    offsets = encoding["offset_mapping"]

    def entities(strategy: AggregationStrategy) -> list:
        tokens = pipeline.gather_pre_entities(
            text, np.array(encoding["input_ids"]), scores, offsets, special, strategy
        )
        found = pipeline.aggregate(tokens, strategy)
        names = [entity.get("entity_group", entity.get("entity")) for entity in found]
        keep_outside = strategy == AggregationStrategy.NONE
        return [
            [name, entity["start"], entity["end"], float(entity["score"])]
            for name, entity in zip(names, found)
            if keep_outside or name != "O"
        ]

    words = encoding.word_ids()
    tokens = [
        [*offsets[row], words[row], [round(float(score), 5) for score in scores[row]]]
        for row in range(len(special))
        if not special[row]
    ]
    found = {strategy.value: entities(strategy) for strategy in AggregationStrategy}
    return {"text": text, "tokens": tokens, "entities": found}


if __name__ == "__main__":
    main()
