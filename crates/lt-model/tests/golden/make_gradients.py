"""Makes golden gradients: what PyTorch's autograd finds for checkpoints that are here.

    pip install torch transformers
    python make_gradients.py     # all cases, or: python make_gradients.py CASE…

The loss is a random linear form of what the model gives at some rows, L = Σ r·y. `gradients.json`
has the ids and the rows, `gradients.safetensors` r, named `d_output`, and the gradient of each
parameter by its name in transformers. Computed in f64 with the weights as f32, stored as f32.

No text holds the padding token: transformers keeps the gradient of its vector at zero, which the
models here do not.
"""

import json
import sys
import zlib
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

HERE = Path(__file__).parent
LENGTHS = (6, 1, 4)
ENCODERS = (
    "mlm-tied",
    "mlm-untied",
    "sequences-3-labels",
    "tokens-7-labels-f16",
    "questions",
    "roberta-words",
    "roberta-sequences",
    "distilbert",
    "distilbert-sequences",
    "distilbert-tokens",
    "electra-words",
    "electra-replaced",
    "albert-groups",
    "albert-words",
    "mpnet-words",
    "mpnet-sequences",
    "modernbert-words",
    "modernbert-sequences-mean",
    "modernbert-questions",
)
DECODERS = (
    "gpt2-inner-7-relu-by-layer",
    "gpt2-unscaled-untied",
    "llama-kv-2-of-6-tied",
    "llama-wide-heads-biases",
    "llama-sequences",
    "mistral",
    "qwen2-windows-from-layer-1",
    "qwen3",
    "gemma3",
    "gemma3-capped-untied-biases",
)


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    cases = [HERE / name for name in ENCODERS]
    cases += [HERE.parent / "golden-decoders" / name for name in DECODERS]
    for directory in cases:
        if len(sys.argv) > 1 and directory.name not in sys.argv[1:]:
            continue
        torch.manual_seed(zlib.crc32(directory.name.encode()))
        write_gradients(directory)


def write_gradients(directory: Path) -> None:
    config = json.loads((directory / "config.json").read_text())
    [name] = config["architectures"]
    model = getattr(transformers, name).from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager"
    )
    model = model.double().eval()
    ids, segments = draw_inputs(model.config)
    outputs = []
    for number, sequence in enumerate(ids):
        given = {}
        if segments is not None:
            given["token_type_ids"] = torch.tensor([segments[number]])
        output = model(torch.tensor([sequence]), **given)
        outputs.append(one_output(output, one_score=name == "ElectraForPreTraining"))
    output = torch.cat(outputs)  # [rows, v], or [b, labels] for a head that sorts texts
    # Every other row, and the last: of some texts all tokens, of some none.
    rows = list(range(len(output))) if len(output) == len(ids) else [0, 1, 4, len(output) - 1]
    d_output = torch.randn(len(rows), output.shape[1]).float()
    (output[rows] * d_output.double()).sum().backward()
    gradients = {
        parameter_name: parameter.grad.float().contiguous()
        for parameter_name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    save_file({"d_output": d_output} | gradients, directory / "gradients.safetensors")
    inputs = {"input_ids": ids, "token_type_ids": segments, "rows": rows}
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in inputs.items())
    (directory / "gradients.json").write_text("{\n" + lines + "\n}\n")
    print(directory.name, list(output.shape), len(gradients))


def draw_inputs(config) -> tuple[list[list[int]], list[list[int]] | None]:
    words = [word for word in range(config.vocab_size) if word != config.pad_token_id]
    if config.model_type in ("roberta", "mpnet"):
        words = [word for word in words if word != 1]  # MPNet's positions skip this one
    pick = lambda length: [words[i] for i in torch.randint(len(words), (length,)).tolist()]
    ids = [pick(length) for length in LENGTHS]
    types = getattr(config, "type_vocab_size", 0)
    if not types or config.model_type in ("roberta", "mpnet"):
        return ids, None
    return ids, [torch.randint(types, (length,)).tolist() for length in LENGTHS]


def one_output(output, one_score: bool) -> torch.Tensor:
    """What the model gives for one text, as rows."""
    if "start_logits" in output:
        return torch.stack([output.start_logits[0], output.end_logits[0]], dim=1)
    if "logits" in output:
        if one_score:
            return output.logits[0][:, None]
        return output.logits[0] if output.logits.dim() == 3 else output.logits
    return output.last_hidden_state[0]


if __name__ == "__main__":
    main()
