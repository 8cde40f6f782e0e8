"""Makes cases for the tasks on texts, and what transformers and sentence-transformers answer.

    pip install torch transformers sentence-transformers
    python cases.py           # writes cases.json beside this file

The models are the tiny random checkpoints of lt-model's golden files; the vocabulary is written
here (`pieces`), and so is what their config.json says about labels. Texts are drawn from it, some
longer than the models take.
"""

import json
import platform
import random
import tempfile
from pathlib import Path

import sentence_transformers
import torch
import transformers
from sentence_transformers import CrossEncoder
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    BertTokenizer,
    pipeline,
)

HERE = Path(__file__).parent
CHECKPOINTS = HERE / "../../../lt-model/tests/golden"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
NLI = {"0": "contradiction", "1": "neutral", "2": "entailment"}
NLI_OTHERWISE = {"0": "ENTAILMENT", "1": "NEUTRAL", "2": "CONTRADICTION"}
NLI_TWO = {"0": "neutral", "1": "Entails", "2": "contradiction"}


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    draw = random.Random(20190909)
    cases = {
        "classify": [
            classify(draw, "sequences-3-labels", {}),
            classify(draw, "sequences-3-labels", {"problem_type": "multi_label_classification"}),
            classify(draw, "sequences-3-labels", {"problem_type": "regression"}),
            classify(draw, "sequences-regression", {}),
            classify(draw, "sequences-regression", {"problem_type": "regression"}),
            classify(draw, "distilbert-sequences", {}),
            classify(draw, "electra-sequences-wide", {}),
        ],
        "zero_shot": [
            zero_shot(draw, NLI, "This example is {}.", False),
            zero_shot(draw, NLI, "This example is {}.", True),
            zero_shot(draw, NLI_OTHERWISE, "这个例子是关于{}的。", False),
            zero_shot(draw, NLI_OTHERWISE, "这个例子是关于{}的。", True),
            zero_shot(draw, NLI_TWO, "{}", False),
        ],
        "rerank": [
            rerank(draw, "sequences-regression", None),
            rerank(draw, "sequences-regression", "torch.nn.modules.activation.Sigmoid"),
            rerank(draw, "sequences-regression", "torch.nn.modules.linear.Identity"),
        ],
        "fill_mask": [
            fill_mask(draw, "mlm-tied", None),
            fill_mask(draw, "mlm-untied", None),
            fill_mask(draw, "mlm-tied", ["w27", "w31", "很", "这"]),
        ],
        "prompt": [prompt(draw, "mlm-tied"), prompt(draw, "mlm-bf16-shards")],
    }
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "sentence-transformers": sentence_transformers.__version__,
    }
    text = json.dumps({"versions": versions} | cases, indent=1, ensure_ascii=False)
    (HERE / "cases.json").write_text(text + "\n", encoding="utf-8")


def pieces(size: int) -> list[str]:
    words = "this example is it was . 这 个 例 子 是 关 于 的 。 很 ##s".split()
    numbered = [f"w{number}" for number in range(5 + len(words), size)]
    return SPECIAL + words + numbered


def settings(name: str) -> dict:
    return json.loads((CHECKPOINTS / name / "config.json").read_text())


def tokenizer(vocabulary: list[str], config: dict) -> BertTokenizer:
    return BertTokenizer(
        vocab={piece: number for number, piece in enumerate(vocabulary)},
        model_max_length=config["max_position_embeddings"],
    )


def text_of(draw: random.Random, vocabulary: list[str], shortest: int, longest: int) -> str:
    words = [piece for piece in vocabulary if piece not in SPECIAL and "##" not in piece]
    return " ".join(draw.choice(words) for _ in range(draw.randint(shortest, longest)))


def texts_and_pairs(draw: random.Random, vocabulary: list[str]) -> list[list[str]]:
    singles = [[text_of(draw, vocabulary, 0, 30)] for _ in range(6)]
    pairs = [[text_of(draw, vocabulary, 1, 16) for _ in range(2)] for _ in range(6)]
    return singles + pairs


def sequence_model(name: str, config: dict):
    model = AutoModelForSequenceClassification.from_pretrained(CHECKPOINTS / name).eval()
    for key, value in config.items():
        if key == "id2label":
            model.config.id2label = {int(number): label for number, label in value.items()}
            model.config.label2id = {label: int(number) for number, label in value.items()}
        else:
            setattr(model.config, key, value)
    return model


def classify(draw: random.Random, name: str, config: dict) -> dict:
    whole = settings(name)
    vocabulary = pieces(whole["vocab_size"])
    words = tokenizer(vocabulary, whole)
    if "Distil" in whole["architectures"][0]:
        words.model_input_names = ["input_ids", "attention_mask"]
    model = sequence_model(name, config)
    pipe = pipeline("text-classification", model=model, tokenizer=words, top_k=None)
    answers = []
    for texts in texts_and_pairs(draw, vocabulary):
        given = {"text": texts[0]} | ({"text_pair": texts[1]} if len(texts) == 2 else {})
        whole_length = len(words(**given)["input_ids"])
        cut = len(words(**given, truncation=True)["input_ids"])
        scores = pipe(given, truncation=True)
        answers.append({"texts": texts, "truncated": whole_length - cut, "scores": scores})
    return {"checkpoint": name, "pieces": " ".join(vocabulary), "config": config, "answers": answers}


def zero_shot(draw: random.Random, labels: dict, template: str, multi_label: bool) -> dict:
    name = "sequences-3-labels"
    whole = settings(name)
    vocabulary = pieces(whole["vocab_size"])
    model = sequence_model(name, {"id2label": labels})
    words = tokenizer(vocabulary, whole)
    pipe = pipeline("zero-shot-classification", model=model, tokenizer=words)
    answers = []
    # Of one candidate transformers asks what speaks against it, and takes the label with the id 0
    # for that, whatever its name is. Here the name counts.
    for count in (1, 2, 3, 4) if labels["0"].lower() != "neutral" else (2, 3):
        candidates = draw.sample(["w30", "w31", "w32 w33", "这", "w40"], count)
        text = text_of(draw, vocabulary, 1, 20)
        answer = pipe(
            text, candidates, hypothesis_template=template, multi_label=multi_label
        )
        scores = [
            {"label": label, "score": score}
            for label, score in zip(answer["labels"], answer["scores"])
        ]
        answers.append({"text": text, "candidates": candidates, "scores": scores})
    return {
        "checkpoint": name,
        "pieces": " ".join(vocabulary),
        "config": {"id2label": labels},
        "template": template,
        "multi_label": multi_label,
        "answers": answers,
    }


def rerank(draw: random.Random, name: str, activation: str | None) -> dict:
    whole = settings(name)
    vocabulary = pieces(whole["vocab_size"])
    config = {"sentence_transformers": {"activation_fn": activation}} if activation else {}
    with tempfile.TemporaryDirectory() as directory:
        sequence_model(name, config).save_pretrained(directory)
        tokenizer(vocabulary, whole).save_pretrained(directory)
        encoder = CrossEncoder(directory, device="cpu")
    answers = []
    for _ in range(3):
        query = text_of(draw, vocabulary, 1, 6)
        documents = [text_of(draw, vocabulary, 0, 20) for _ in range(5)]
        documents.append(documents[0])  # a tie
        # One at a time: in a batch, padding changes the last bits, and ties with them.
        ranked = encoder.rank(query, documents, batch_size=1)
        ranked = [{"index": it["corpus_id"], "score": float(it["score"])} for it in ranked]
        answers.append({"query": query, "documents": documents, "ranked": ranked})
    return {"checkpoint": name, "pieces": " ".join(vocabulary), "config": config, "answers": answers}


def masked_model(name: str):
    # Otherwise it would compute in 16 bits where the file has 16 bits.
    return AutoModelForMaskedLM.from_pretrained(CHECKPOINTS / name, dtype=torch.float32).eval()


def masked(draw: random.Random, vocabulary: list[str]) -> str:
    parts = text_of(draw, vocabulary, 3, 10).split()
    for place in draw.sample(range(len(parts)), draw.randint(1, 3)):
        parts[place] = "[MASK]"
    return " ".join(parts)


def fill_mask(draw: random.Random, name: str, targets: list[str] | None) -> dict:
    whole = settings(name)
    vocabulary = pieces(whole["vocab_size"])
    words = tokenizer(vocabulary, whole)
    model = masked_model(name)
    pipe = pipeline("fill-mask", model=model, tokenizer=words)
    answers = []
    for _ in range(5):
        text = masked(draw, vocabulary)
        masks = pipe(text, top_k=4, targets=targets)
        masks = masks if isinstance(masks[0], list) else [masks]
        guesses = [[{"id": it["token"], "score": it["score"]} for it in mask] for mask in masks]
        answers.append({"text": text, "masks": guesses})
    return {"checkpoint": name, "pieces": " ".join(vocabulary), "targets": targets, "answers": answers}


def prompt(draw: random.Random, name: str) -> dict:
    """Softmax over the logits of the labels' words, added up for each label."""
    whole = settings(name)
    vocabulary = pieces(whole["vocab_size"])
    words = tokenizer(vocabulary, whole)
    model = masked_model(name)
    verbalizer = {"good": ["w30", "w31"], "bad": ["w32"], "so-so": ["很", "w33", "w34"]}
    answers = []
    for _ in range(5):
        text = text_of(draw, vocabulary, 0, 7)
        tokens = words(f"{text} it was [MASK].", return_tensors="pt")
        place = tokens["input_ids"][0].tolist().index(words.mask_token_id)
        with torch.no_grad():
            logits = model(**tokens).logits[0, place].double()
        label_words = [[vocabulary.index(word) for word in ids] for ids in verbalizer.values()]
        every = sum(label_words, [])
        probabilities = dict(zip(every, torch.softmax(logits[every], 0).tolist()))
        scores = [
            {"label": label, "score": sum(probabilities[word] for word in ids)}
            for label, ids in zip(verbalizer, label_words)
        ]
        answers.append({"text": text, "scores": sorted(scores, key=lambda it: -it["score"])})
    return {
        "checkpoint": name,
        "pieces": " ".join(vocabulary),
        "template": "{text} it was [MASK].",
        "verbalizer": [[label, ids] for label, ids in verbalizer.items()],
        "answers": answers,
    }


if __name__ == "__main__":
    main()
