"""Perplexities by the recipe of transformers' guide "Perplexity of fixed-length models".

    pip install torch transformers
    python cases.py        # writes cases.json

The checkpoints are those of lt-model/tests/golden-decoders.
"""

import json
from pathlib import Path

import torch
import transformers

HERE = Path(__file__).parent
CHECKPOINTS = HERE.parents[2] / "lt-model/tests/golden-decoders"
CASES = [
    ("gpt2-inner-7-relu-by-layer", 12, [(12, 12), (12, 5), (8, 4), (8, 3), (4, 6)]),
    ("llama-kv-2-of-6-tied", 40, [(40, 40), (16, 8), (16, 1), (7, 16)]),
    ("gemma3-capped-untied-biases", 33, [(10, 3), (33, 5)]),
]


def perplexity(model, ids: torch.Tensor, length: int, stride: int) -> float:
    sum_of_losses, count, before = 0.0, 0, 0
    for begin in range(0, ids.size(1), stride):
        end = min(begin + length, ids.size(1))
        targets = ids[:, begin:end].clone()
        targets[:, : -(end - before)] = -100
        with torch.no_grad():
            loss = model(ids[:, begin:end], labels=targets).loss
        tokens = int((targets != -100).sum()) - ids.size(0)
        if tokens > 0:
            sum_of_losses, count = sum_of_losses + float(loss) * tokens, count + tokens
        before = end
        if end == ids.size(1):
            break
    return float(torch.exp(torch.tensor(sum_of_losses / count, dtype=torch.float64)))


def main() -> None:
    transformers.logging.set_verbosity_error()
    cases = []
    for name, tokens, windows in CASES:
        model = transformers.AutoModelForCausalLM.from_pretrained(CHECKPOINTS / name).double().eval()
        generator = torch.Generator().manual_seed(tokens)
        ids = torch.randint(model.config.vocab_size, (1, tokens), generator=generator)
        for length, stride in windows:
            found = perplexity(model, ids, length, stride)
            cases.append({"checkpoint": name, "ids": ids[0].tolist(), "length": length,
                          "stride": stride, "perplexity": found})
    (HERE / "cases.json").write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")


if __name__ == "__main__":
    main()
