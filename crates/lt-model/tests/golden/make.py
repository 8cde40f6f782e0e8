"""Makes tiny random checkpoints and what PyTorch computes with them.

    pip install torch transformers
    python make.py            # all cases, or: python make.py CASE…
    python check.py           # reads the files back with a BERT written in numpy

Every case of `cases.py` becomes a directory: a Hugging Face checkpoint, `golden.json` with the
inputs, and `golden.safetensors` with the outputs (`README.md` has the layout). `VERSIONS.txt`
says what made the committed files. Weights and inputs depend on the case's name alone; outputs
may differ in the last bits on another machine.
"""

import json
import platform
import shutil
import sys
import zlib
from pathlib import Path

import torch
import transformers
from cases import CASES, Case
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
WITHOUT_POOLER = ("DistilBert", "Electra", "ModernBert")
# Stored names that no parameter of the loaded class has, and that must do no harm.
LEFTOVERS = (
    "position_ids",
    "pooler.dense.weight",
    "pooler.dense.bias",
    "seq_relationship.weight",
    "seq_relationship.bias",
    "pooler.weight",
    "pooler.bias",
    "sop_classifier.classifier.weight",
    "sop_classifier.classifier.bias",
)


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        if len(sys.argv) > 1 and case.name not in sys.argv[1:]:
            continue
        torch.manual_seed(zlib.crc32(case.name.encode()))
        directory = HERE / case.name
        shutil.rmtree(directory, ignore_errors=True)
        write_checkpoint(case, directory)
        ids, segments = draw_inputs(case)
        write_golden(case, directory, ids, segments)
        if case.padded:
            write_padded(case, directory, ids, segments)
    (HERE / "VERSIONS.txt").write_text(
        f"python {platform.python_version()}\n"
        f"torch {torch.__version__}\n"
        f"transformers {transformers.__version__}\n"
    )


# The checkpoint.


@torch.no_grad()
def write_checkpoint(case: Case, directory: Path) -> None:
    config = getattr(transformers, f"{case.family}Config")(**case.config)
    if case.head:
        model = getattr(transformers, f"{case.family}For{case.head}")(config)
    else:
        bare = getattr(transformers, f"{case.family}Model")
        pooler = {} if case.family in WITHOUT_POOLER else {"add_pooling_layer": case.pooler}
        model = bare(config, **pooler)
    parameters = dict(model.named_parameters())
    randomise(parameters)
    case.weights(parameters)
    model.to(case.dtype).save_pretrained(
        directory, **{"max_shard_size": case.shard_bytes} if case.shard_bytes else {}
    )
    if case.files:
        tensors = load_file(directory / "model.safetensors")
        for edit in case.files:
            tensors = edit(tensors)
        save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})

    stored = json.loads((directory / "config.json").read_text())
    stored = case.settings(stored)
    if not case.architectures:
        del stored["architectures"]
    if case.config_keys:
        stored = {key: stored[key] for key in case.config_keys}
    (directory / "config.json").write_text(json.dumps(stored, indent=2) + "\n")


def randomise(parameters: dict[str, torch.Tensor]) -> None:
    """Numbers large enough that no part of the network could be left out unnoticed."""
    for name, parameter in parameters.items():
        if name.endswith("norm.weight") or name.endswith("LayerNorm.weight"):
            parameter.normal_(1.0, 0.4)
        elif "embeddings" in name:
            parameter.normal_(0.0, 0.6)
        elif name.endswith("bias"):
            parameter.normal_(0.0, 0.3)
        else:
            parameter.normal_(0.0, 0.4)
    # The first four hidden units of each feed-forward layer see the ends of the activation
    # function; they count little, so that they do not drown the others.
    for name, parameter in parameters.items():
        if name.endswith(("intermediate.dense.bias", "ffn.lin1.bias", "ffn.bias")):
            parameter[:4] = torch.tensor([100.0, -100.0, 12.0, -12.0])
            output = name.replace("intermediate.dense.bias", "output.dense.weight")
            output = output.replace("lin1.bias", "lin2.weight")
            output = output.replace("ffn.bias", "ffn_output.weight")
            parameters[output][:, :4] *= 0.02


# The inputs.


def draw_inputs(case: Case) -> tuple[list[list[int]], list[list[int]] | None]:
    """Random ids and segments; the padding id stands inside sequences too, as any other token."""
    vocab, pad = case.config["vocab_size"], case.config.get("pad_token_id", 0)
    types = case.config.get("type_vocab_size", 2)
    ids = [torch.randint(vocab, (length,)).tolist() for length in case.lengths]
    for sequence in ids:
        if len(sequence) > 2:
            sequence[0], sequence[1], sequence[2] = vocab - 1, pad, 0
    if not case.segments:
        return ids, None
    return ids, [torch.randint(types, (length,)).tolist() for length in case.lengths]


# The outputs.


def load(directory: Path) -> torch.nn.Module:
    """The checkpoint as transformers itself reads it, computing in f32."""
    [name] = json.loads((directory / "config.json").read_text()).get("architectures", ["BertModel"])
    architecture = getattr(transformers, name)
    names = [name for file in directory.glob("model*.safetensors") for name in load_file(file)]
    options = {"dtype": torch.float32, "attn_implementation": "eager", "output_loading_info": True}
    if name.endswith("Model") and name.removesuffix("Model") not in WITHOUT_POOLER:
        options["add_pooling_layer"] = any("pooler" in name for name in names)
    model, report = architecture.from_pretrained(directory, **options)
    assert not report["missing_keys"] and not report["mismatched_keys"], report
    assert all(name.endswith(LEFTOVERS) for name in report["unexpected_keys"]), report
    return model.eval()


@torch.no_grad()
def write_golden(case: Case, directory: Path, ids, segments) -> None:
    def run(model) -> dict[str, torch.Tensor]:
        """Each sequence alone; then laid end to end."""
        parts: dict[str, list[torch.Tensor]] = {}
        for number, sequence in enumerate(ids):
            given = {} if segments is None else {"token_type_ids": torch.tensor([segments[number]])}
            output = model(
                torch.tensor([sequence]),
                **given,
                output_hidden_states=True,
                output_attentions=True,
            )
            for name, tensor in named_outputs(output).items():
                if name.startswith("attentions."):
                    tensor = tensor.flatten()
                parts.setdefault(name, []).append(tensor)
        return {
            name: torch.cat(tensors)
            for name, tensors in parts.items()
            if case.attentions or not name.startswith("attentions.")
        }

    write_outputs(directory, "golden", run, {"input_ids": ids, "token_type_ids": segments})


@torch.no_grad()
def write_padded(case: Case, directory: Path, ids, segments) -> None:
    """The same sequences as a rectangle with a mask, its padding filled with any ids at all."""
    longest, vocab = max(case.lengths), case.config["vocab_size"]
    mask = [[1] * length + [0] * (longest - length) for length in case.lengths]
    ids = [row + torch.randint(vocab, (longest - len(row),)).tolist() for row in ids]
    segments = [row + [1] * (longest - len(row)) for row in segments]

    def run(model) -> dict[str, torch.Tensor]:
        """One batch; what stands at real positions, laid end to end."""
        output = model(
            torch.tensor(ids),
            token_type_ids=torch.tensor(segments),
            attention_mask=torch.tensor(mask),
            output_hidden_states=True,
        )
        result = {}
        for name, rows in named_outputs(output, batch=True).items():
            per_token = rows.shape[:2] == torch.Size([len(mask), longest])
            result[name] = rows[torch.tensor(mask, dtype=torch.bool)] if per_token else rows
        return result

    inputs = {"input_ids": ids, "token_type_ids": segments, "attention_mask": mask}
    write_outputs(directory, "padded", run, inputs)


def named_outputs(output, batch: bool = False) -> dict[str, torch.Tensor]:
    """What the model returned under the names of the golden file; one sequence, or a batch."""
    named = {f"hidden_states.{n}": rows for n, rows in enumerate(output.hidden_states)}
    named |= {f"attentions.{n}": p for n, p in enumerate(output.get("attentions") or ())}
    heads = [name for name in ("logits", "start_logits", "end_logits") if name in output]
    named |= {name: output[name] for name in heads}
    if not heads:
        assert torch.equal(output.hidden_states[-1], output.last_hidden_state)
    if not batch:
        named = {name: tensor[0] for name, tensor in named.items()}
    if output.get("pooler_output") is not None:
        named["pooler_output"] = output.pooler_output  # always [b, d]
    return named


def write_outputs(directory: Path, name: str, run, inputs: dict) -> None:
    """What `run` gives in f32, and how far that is from f64 with the same weights."""
    model = load(directory)
    outputs = run(model)
    exact = run(model.double())
    own_error = {
        key: ((outputs[key].double() - exact[key]).abs().max() / exact[key].abs().max()).item()
        for key in outputs
    }
    assert all(tensor.isfinite().all() for tensor in outputs.values())
    outputs = {key: tensor.contiguous() for key, tensor in outputs.items()}
    save_file(outputs, directory / f"{name}.safetensors")
    write_json(directory / f"{name}.json", inputs | {"own_error": own_error})


def write_json(path: Path, fields: dict) -> None:
    """JSON with one sequence a line."""

    def lines(value) -> str:
        if isinstance(value, list):
            return "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"
        return json.dumps(value, indent=4).replace("\n}", "\n  }")

    body = ",\n".join(f"  {json.dumps(key)}: {lines(value)}" for key, value in fields.items())
    path.write_text("{\n" + body + "\n}\n")


if __name__ == "__main__":
    main()
