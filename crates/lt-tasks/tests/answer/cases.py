"""Makes questions for a tiny model, and random scores, and the answers that transformers finds.

    pip install "transformers==4.57.*" torch numpy
    python cases.py          # writes cases.json beside this file

transformers 5 has no pipeline for questions any more; 4.57 is the last that has.

"spans": random probabilities through `decode_spans`. A span is [start, end, score], its end not
included.

"answers": the whole pipeline with the tiny checkpoint `questions` of lt-model's golden files. It is
changed in one place: the pipeline adds up the scores of answers with the same text, wherever they
stand, which makes numbers that are no probabilities; here each piece has its highest score.
An answer is [start, end, score].
"""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoModelForQuestionAnswering, BertTokenizerFast
from transformers.pipelines.question_answering import QuestionAnsweringPipeline, decode_spans

CHECKPOINT = Path(__file__).parents[3] / "lt-model/tests/golden/questions"
ENDINGS = [f"##{letter}" for letter in "abcd"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ALL = 500

# Question, context, the most tokens of a window, the overlap, the most tokens of an answer.
QUESTIONS = [
    ("w5", "w6 w7 w8 w9", 16, 8, 15),
    ("w5 w6", "w9 w10 w11 w12 w13 w14 w15", 16, 8, 3),
    ("w20", "w6a w7 w8ab w9", 16, 8, 15),
    ("w20 w21", "w6a w7bcd", 16, 8, 2),
    ("w8", "w30 w31 w32 w33 w34 w35 w36 w37 w38 w39 w40 w6 w7 w8 w9 w10 w11", 16, 4, 15),
    ("w8 w9", " ".join(f"w{n}" for n in range(10, 40)), 12, 2, 4),
]


def main() -> None:
    draw = np.random.default_rng(20260412)
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    sizes = [(1, 1, 1), (5, 3, 5), (12, 8, 15), (30, 10, 4), (64, 1, 15)]
    spans = [span_case(*size, draw) for size in sizes for _ in range(4)]
    with tempfile.TemporaryDirectory() as directory:
        answers = answer_cases(Path(directory))
    contents = {"versions": versions, "vocabulary": vocabulary(), "spans": spans, "answers": answers}
    path = Path(__file__).with_name("cases.json")
    path.write_text(json.dumps(contents) + "\n", encoding="utf-8")


def span_case(tokens: int, top: int, longest: int, draw: np.random.Generator) -> dict:
    def probabilities() -> np.ndarray:
        logits = draw.normal(size=tokens) * 3
        return (np.exp(logits) / np.exp(logits).sum()).round(6).astype(np.float32)

    start, end = probabilities(), probabilities()
    # Pieces past the triangle have the score 0 there, and are asked for only if there are no others.
    pieces = sum(min(longest, tokens - first) for first in range(tokens))
    top = min(top, pieces)
    starts, ends, scores = decode_spans(start, end, top, longest, np.ones(tokens))
    return {
        "start": [round(float(p), 6) for p in start],
        "end": [round(float(p), 6) for p in end],
        "top": top,
        "longest": longest,
        "spans": [[int(s), int(e) + 1, float(p)] for s, e, p in zip(starts, ends, scores)],
    }


def vocabulary() -> list[str]:
    words = [f"w{n}" for n in range(5, 49 - len(ENDINGS))]
    return [*SPECIAL, *words, *ENDINGS]


def answer_cases(directory: Path) -> list[dict]:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(CHECKPOINT / name, directory)
    (directory / "vocab.txt").write_text("\n".join(vocabulary()) + "\n")
    model = AutoModelForQuestionAnswering.from_pretrained(directory).eval()
    tokenizer = BertTokenizerFast(str(directory / "vocab.txt"))
    pipeline = QuestionAnsweringPipeline(model=model, tokenizer=tokenizer)
    pipeline.get_answer = lambda answers, target: None
    return [answer_case(pipeline, *question) for question in QUESTIONS]


def answer_case(pipeline, question, context, limit, overlap, longest) -> dict:
    found = pipeline(
        question=question,
        context=context,
        top_k=ALL,
        handle_impossible_answer=True,
        max_seq_len=limit,
        doc_stride=overlap,
        max_answer_len=longest,
    )
    best = {}
    for answer in found:
        place = (answer["start"], answer["end"])
        # A score of 0 is that of what is no piece: see span_case.
        if answer["score"] > 0:
            best[place] = max(best.get(place, 0.0), answer["score"])
    answers = sorted(([*place, score] for place, score in best.items()), key=lambda it: -it[2])
    return {
        "question": question,
        "context": context,
        "limit": limit,
        "overlap": overlap,
        "longest": longest,
        "answers": answers,
    }


if __name__ == "__main__":
    main()
