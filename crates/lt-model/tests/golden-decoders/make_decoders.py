"""Makes tiny random decoders, what PyTorch computes with them, and what transformers writes.

    pip install torch transformers
    python make_decoders.py            # all cases, or: python make_decoders.py CASE…

Every case of `decoder_cases.py` becomes a directory: a Hugging Face checkpoint, `golden.json`
with the inputs, `golden.safetensors` with the outputs, and for causal language models
`generated.json` (`README.md` has the layout). `VERSIONS.txt` says what made the committed files.
Weights and inputs depend on the case's name alone; outputs may differ in the last bits on another
machine.
"""

import contextlib
import copy
import json
import platform
import shutil
import sys
import zlib
from pathlib import Path
from unittest import mock

import torch
import transformers
from decoder_cases import CASES, Case
from safetensors.torch import load_file, save_file
from written import write_generated

HERE = Path(__file__).parent
# Stored names that no parameter of the loaded class has, and that must do no harm.
LEFTOVERS = ("attn.bias", "attn.masked_bias", "rotary_emb.inv_freq")


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
        write_golden(case, directory, draw_inputs(case))
        if case.generates and case.architecture.endswith(("CausalLM", "LMHeadModel")):
            write_json(directory / "generated.json", write_generated(case, load(directory)))
    (HERE / "VERSIONS.txt").write_text(
        f"python {platform.python_version()}\n"
        f"torch {torch.__version__}\n"
        f"transformers {transformers.__version__}\n"
    )


# The checkpoint.


@torch.no_grad()
def write_checkpoint(case: Case, directory: Path) -> None:
    architecture = getattr(transformers, case.architecture)
    kind = architecture.config_class
    if case.architecture.startswith("Gemma3"):
        kind = transformers.Gemma3TextConfig
    # A configuration changes what it is given.
    model = architecture(kind(**copy.deepcopy(case.config)))
    randomise(dict(model.named_parameters()), 0.0 if case.architecture.startswith("Gemma3") else 1.0)
    model.to(case.dtype).save_pretrained(
        directory, **{"max_shard_size": case.shard_bytes} if case.shard_bytes else {}
    )
    (directory / "generation_config.json").unlink(missing_ok=True)
    if case.files:
        tensors = load_file(directory / "model.safetensors")
        for edit in case.files:
            tensors = edit(tensors)
        save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    stored = case.settings(json.loads((directory / "config.json").read_text()))
    (directory / "config.json").write_text(json.dumps(stored, indent=2) + "\n")


def randomise(parameters: dict[str, torch.Tensor], gain: float) -> None:
    """Numbers large enough that no part of the network could be left out unnoticed."""
    for name, parameter in parameters.items():
        if name.endswith("norm.weight") or (".ln_" in name or name.startswith("ln_")) and name.endswith("weight"):
            parameter.normal_(gain, 0.4)
        elif name.endswith(("embed_tokens.weight", "wte.weight", "wpe.weight")):
            parameter.normal_(0.0, 0.6)
        elif name.endswith("bias"):
            parameter.normal_(0.0, 0.3)
        else:
            parameter.normal_(0.0, 0.4)
    # The first four hidden units of each feed-forward layer that has biases see the ends of the
    # activation function; they count little, so that they do not drown the others.
    for name, parameter in parameters.items():
        if name.endswith("mlp.c_fc.bias"):
            parameter[:4] = torch.tensor([100.0, -100.0, 12.0, -12.0])
            parameters[name.replace("c_fc.bias", "c_proj.weight")][:4] *= 0.02
        if name.endswith("gate_proj.bias"):
            parameter[:4] = torch.tensor([100.0, -100.0, 12.0, -12.0])
            parameters[name.replace("gate_proj.bias", "down_proj.weight")][:, :4] *= 0.02


# The inputs.


def draw_inputs(case: Case) -> list[list[int]]:
    """Random ids; the padding id stands inside sequences too, as any other token."""
    vocab, pad = case.config["vocab_size"], case.config.get("pad_token_id") or 0
    ids = [torch.randint(vocab, (length,)).tolist() for length in case.lengths]
    for sequence in ids:
        if len(sequence) > 3:
            sequence[0], sequence[1], sequence[2] = vocab - 1, pad, 0
            if case.pads:
                sequence[-2:] = [pad, pad]
    if case.pads:
        ids[0] = [pad]  # nothing but padding
    return ids


# The outputs.


def load(directory: Path) -> torch.nn.Module:
    """The checkpoint as transformers itself reads it, computing in f32."""
    [name] = json.loads((directory / "config.json").read_text())["architectures"]
    options = {"dtype": torch.float32, "attn_implementation": "eager", "output_loading_info": True}
    model, report = getattr(transformers, name).from_pretrained(directory, **options)
    assert not report["missing_keys"] and not report["mismatched_keys"], report
    assert all(name.endswith(LEFTOVERS) for name in report["unexpected_keys"]), report
    return model.eval()


@torch.no_grad()
def write_golden(case: Case, directory: Path, ids: list[list[int]]) -> None:
    """What the model gives in f32, and how far that is from f64 with the same weights."""
    model = load(directory)
    outputs = run(case, model, ids)
    with in_f64(model):
        exact = run(case, model, ids)
    own_error = {
        key: ((outputs[key].double() - exact[key]).abs().max() / exact[key].abs().max()).item()
        for key in outputs
    }
    assert all(tensor.isfinite().all() for tensor in outputs.values())
    outputs = {key: tensor.contiguous() for key, tensor in outputs.items()}
    save_file(outputs, directory / "golden.safetensors")
    inputs = {"input_ids": ids, "token_type_ids": None}
    write_json(directory / "golden.json", inputs | {"own_error": own_error})


def run(case: Case, model: torch.nn.Module, ids: list[list[int]]) -> dict[str, torch.Tensor]:
    """Each sequence alone; then laid end to end."""
    parts: dict[str, list[torch.Tensor]] = {}
    for sequence in ids:
        # Dynamic positions remember the longest sequence; this one has not seen another.
        output = copy.deepcopy(model)(
            torch.tensor([sequence]), output_hidden_states=True, output_attentions=True, use_cache=False
        )
        named = {f"hidden_states.{n}": rows[0] for n, rows in enumerate(output.hidden_states)}
        if case.attentions:
            named |= {f"attentions.{n}": p[0].flatten() for n, p in enumerate(output.attentions)}
        if "logits" in output:
            named["logits"] = output.logits[0]
        else:
            assert torch.equal(output.hidden_states[-1], output.last_hidden_state)
        for name, tensor in named.items():
            parts.setdefault(name, []).append(tensor)
    return {name: torch.cat(tensors) for name, tensors in parts.items()}


@contextlib.contextmanager
def in_f64(model: torch.nn.Module):
    """The model in f64, also where transformers goes to f32 on its way: in norms and in softmax.

    The angles of rotary positions stay in f32, as they are part of what the model means.
    """
    model.double()
    for module in model.modules():
        kind = type(module).__name__
        # The same in another order, which insists on f32.
        if hasattr(module, "reorder_and_upcast_attn"):
            module.reorder_and_upcast_attn = False
        if kind.endswith("RMSNorm"):
            more = 1.0 if kind.startswith("Gemma3") else 0.0
            eps = module.eps if more else module.variance_epsilon
            module.forward = lambda x, module=module, more=more, eps=eps: (
                x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * (module.weight + more)
            )
    softmax = torch.nn.functional.softmax
    plain = lambda scores, dim, dtype=None: softmax(scores, dim=dim)
    with mock.patch.object(torch.nn.functional, "softmax", plain):
        yield


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
