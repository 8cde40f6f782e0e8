"""Makes cases for the metrics, and what scikit-learn, seqeval and scipy compute for them.

    pip install scikit-learn seqeval scipy
    python cases.py           # writes cases.json beside this file

The answers to questions have no such library: they are computed here from the definitions, by
other means than the Rust code has (regular expressions, Counter, difflib).

A sequence of tags is one string, the tags parted by spaces; entities are `TYPE:START-END`, END not
included; a score is [precision, recall, F1, support].
"""

import difflib
import itertools
import json
import platform
import random
import re
import string
import warnings
from collections import Counter
from pathlib import Path

import scipy
import seqeval.metrics as entity_metrics
import sklearn
from scipy.stats import pearsonr, spearmanr
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB1, IOB2, IOBES, Tokens
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

SCHEMES = {"iob1": IOB1, "iob2": IOB2, "bioes": IOBES}
LETTERS = {"iob1": "BI", "iob2": "BI", "bioes": "BIES", "lenient": "BIES"}
AVERAGES = ("micro", "macro", "weighted")


def main() -> None:
    warnings.simplefilter("ignore")  # 0 / 0 is 0, and is meant
    draw = random.Random(20190405)
    cases = {
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "seqeval": "1.2.2",
            "scipy": scipy.__version__,
        },
        "classes": [class_case(*case) for case in class_inputs(draw)],
        "entities": [case for reading in LETTERS for case in entity_cases(reading, draw)],
        "entity_scores": [score_case(*case) for case in score_inputs(draw)],
        "answers": [answer_case(*case) for case in answer_inputs(draw)],
        "correlations": [correlation_case(*case) for case in correlation_inputs(draw)],
    }
    # One case a line, so that a change shows as one.
    sections = (
        f'"{name}": [\n' + ",\n".join(map(compact, part)) + "\n]"
        if isinstance(part, list)
        else f'"{name}": {compact(part)}'
        for name, part in cases.items()
    )
    text = "{\n" + ",\n".join(sections) + "\n}\n"
    (Path(__file__).parent / "cases.json").write_text(text, encoding="utf-8")


def compact(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# Classes.


def class_inputs(draw):
    yield [0], [0]
    yield [0], [1]
    yield [0, 0, 0, 0], [1, 1, 1, 1]
    yield [0] * 19 + [1], [0] * 20
    yield [0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]
    for count, classes in itertools.product((2, 7, 30), (2, 3, 6)):
        for skewed in (False, True):
            weights = [3**-c if skewed else 1 for c in range(classes)]
            gold = draw.choices(range(classes), weights, k=count)
            predicted = [
                y if draw.random() < 0.6 else draw.randrange(classes) for y in gold
            ]
            yield gold, predicted


def class_case(gold, predicted):
    labels = sorted({*gold, *predicted})
    per_class = precision_recall_fscore_support(
        gold, predicted, labels=labels, zero_division=0
    )
    case = {
        "gold": gold,
        "predicted": predicted,
        "accuracy": accuracy_score(gold, predicted),
        "per_class": dict(zip(labels, map(score, zip(*per_class, strict=True)), strict=True)),
    }
    for average in AVERAGES:
        case[average] = score(
            precision_recall_fscore_support(gold, predicted, average=average, zero_division=0),
            len(gold),
        )
    # scikit-learn takes two classes there: the others become the rest.
    positive = [[int(y == 1) for y in side] for side in (gold, predicted)]
    case["binary_1"] = score(
        precision_recall_fscore_support(*positive, average="binary", zero_division=0),
        sum(positive[0]),
    )
    return case


def score(values, support=None):
    precision, recall, f1, given = values
    return [float(precision), float(recall), float(f1), int(given if support is None else support)]


# Entities.


def entity_cases(reading, draw):
    letters = LETTERS[reading]
    tags = ["O"] + [f"{letter}-{kind}" for letter in letters for kind in "AB"]
    longest = 3 if len(letters) == 2 else 2
    for length in range(longest + 1):
        yield from (entity_case(reading, list(s)) for s in itertools.product(tags, repeat=length))
    for _ in range(60):
        yield entity_case(reading, draw.choices(tags, k=draw.randint(longest + 1, 10)))
    bare = ["O"] + list(letters) + [f"{letter}-A-b" for letter in letters]
    for _ in range(10):
        yield entity_case(reading, draw.choices(bare, k=5))
    yield entity_case(reading, ["B-地点", "I-地点", "O", "I-人名"])


def entity_case(reading, tags):
    return [reading, " ".join(tags), " ".join(spans(reading, tags))]


def spans(reading, tags):
    if reading == "lenient":
        return [f"{kind}:{start}-{end + 1}" for kind, start, end in get_entities(tags)]
    return [f"{e.tag}:{e.start}-{e.end}" for e in Tokens(tags, SCHEMES[reading]).entities]


def score_inputs(draw):
    for reading in LETTERS:
        letters = LETTERS[reading]
        tags = ["O"] * 2 + [f"{letter}-{kind}" for letter in letters for kind in ("A", "B", "C")]
        made = 0
        while made < 12:
            gold = [draw.choices(tags, k=draw.randint(1, 9)) for _ in range(draw.randint(1, 5))]
            predicted = [
                [tag if draw.random() < 0.8 else draw.choice(tags) for tag in sequence]
                for sequence in gold
            ]
            # seqeval gives NaN where there is no entity at all.
            if any(spans(reading, sequence) for sequence in gold + predicted):
                made += 1
                yield reading, gold, predicted


def score_case(reading, gold, predicted):
    strict = {} if reading == "lenient" else {"mode": "strict", "scheme": SCHEMES[reading]}
    report = entity_metrics.classification_report(
        gold, predicted, output_dict=True, zero_division=0, **strict
    )
    rows = {name: score(row.values()) for name, row in report.items()}
    averages = {average: rows.pop(f"{average} avg") for average in AVERAGES}
    joined = {
        "gold": [" ".join(sequence) for sequence in gold],
        "predicted": [" ".join(sequence) for sequence in predicted],
    }
    return {"reading": reading, **joined, "per_type": rows, **averages}


# Answers.

CMRC_PUNCTUATION = "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』"


def answer_inputs(draw):
    yield "squad", ["Denver Broncos", "The Broncos"], "broncos."
    yield "squad", ["Carolina"], "North Carolina"
    yield "squad", ["the cat sat on the mat"], "a mat, the cat -- and the mat!"
    yield "squad", ["A"], "an"
    yield "squad", ["The", "dog"], ""
    yield "squad", [], ""
    yield "squad", [], "the"
    yield "squad", [], "something"
    yield "squad", ["something"], ""
    yield "squad", ["the—end", "athe thea"], "end"
    yield "squad", ["over_the_top"], "over top"
    yield "squad", ["U.S.A. \x1f\u3000 1,000"], "usa 1000"
    yield "squad", ["ΟΔΟΣ İ ß"], "οδος i̇ SS"
    yield "squad", ["东京。"], "东京"
    yield "cmrc", ["北京"], "北京市。"
    yield "cmrc", ["《红楼梦》", "红楼"], "红楼梦"
    yield "cmrc", ["1985年，GNU 发布"], "gnu 发布 1985年"
    yield "cmrc", ["上海交通大学"], "上海大学"
    yield "cmrc", ["- -"], " 　"
    yield "cmrc", ["北京"], ""
    yield "cmrc", ["", "北京"], "。"
    yield "cmrc", ["GPT-2 模型"], "gpt2模型"
    words = ["the", "a", "An", "cat", "Cat's", "dog,", "dog", "x-y", "...", "10", "É", " "]
    signs = list("北京上海的，。《》ab ") + ["Rust ", " 3.5 "]
    for _ in range(60):
        answers = [" ".join(draw.choices(words, k=draw.randint(0, 7))) for _ in range(4)]
        yield "squad", answers[1 : draw.randint(1, 4)], answers[0]
        answers = ["".join(draw.choices(signs, k=draw.randint(1, 9))) for _ in range(4)]
        yield "cmrc", answers[1 : draw.randint(2, 4)], answers[0]


def answer_case(rules, gold, predicted):
    normal, pieces, common = {
        "squad": (squad_normal, lambda text: squad_normal(text).split(), common_words),
        "cmrc": (cmrc_normal, cmrc_pieces, common_run),
    }[rules]
    right = [y for y in gold if rules == "cmrc" or normal(y)] or [""]
    exact, f1 = 0.0, 0.0
    for answer in right:
        exact = max(exact, float(normal(answer) == normal(predicted)))
        a, b = pieces(answer), pieces(predicted)
        if not a or not b:
            f1 = max(f1, float(a == b))
        elif same := common(a, b):
            precision, recall = same / len(b), same / len(a)
            f1 = max(f1, 2 * precision * recall / (precision + recall))
    return {"rules": rules, "gold": gold, "predicted": predicted, "exact": exact, "f1": f1}


def squad_normal(text):
    text = re.sub("[" + re.escape(string.punctuation) + "]", "", text.lower())
    return " ".join(re.sub(r"\b(?:an?|the)\b", " ", text).split())


def cmrc_normal(text):
    return re.sub("[" + re.escape(CMRC_PUNCTUATION) + "]", "", text.lower().strip())


def cmrc_pieces(text):
    return re.findall(r"[\u4e00-\u9fa5]|[^\s\u4e00-\u9fa5]+", cmrc_normal(text))


def common_words(a, b):
    return (Counter(a) & Counter(b)).total()


def common_run(a, b):
    return difflib.SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size


# Correlations.


def correlation_inputs(draw):
    yield [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]
    yield [1.0, 2.0], [5.0, -5.0]
    yield [0.0, -0.0, 1.0], [3.0, 4.0, 5.0]
    yield [1.0, 1.0, 2.0, 2.0], [1.0, 2.0, 1.0, 2.0]
    yield [1e300, 2e300, -1e300, 5e299], [1e-300, 2e-300, 3e-300, -1e-300]
    yield [1e9 + k for k in (0.0, 1.0, 2.0, 4.0)], [3.0, 1.0, 4.0, 1.0]
    for count in (3, 5, 10, 25):
        for _ in range(4):
            x = [round(draw.gauss(0, 1), 4) for _ in range(count)]
            yield x, [round(a + draw.gauss(0, 1), 4) for a in x]
            ties = [draw.randint(0, 5) / 5 for _ in range(count - 1)] + [2.0]
            yield ties, [round(a + draw.randint(-1, 1), 4) for a in ties[:-1]] + [4.0]


def correlation_case(x, y):
    pearson, spearman = pearsonr(x, y).statistic, spearmanr(x, y).statistic
    return {"x": x, "y": y, "pearson": float(pearson), "spearman": float(spearman)}


if __name__ == "__main__":
    main()
