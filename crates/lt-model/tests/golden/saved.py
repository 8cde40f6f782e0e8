"""Gives checkpoints that this library saved to transformers.

    pip install torch transformers
    cargo run -p lt-model --example save_again ../../../../target/saved \\
        $(dirname */golden.json ../golden-decoders/*/golden.json)
    python saved.py ../../../../target/saved

Each must load without a tensor missing, left over or of another shape, hold the bits that
transformers reads from the original, and so compute the same.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from make import LEFTOVERS, WITHOUT_POOLER
from safetensors import safe_open

HERE = Path(__file__).parent
DECODERS = HERE.parent / "golden-decoders"


def load(directory: Path) -> torch.nn.Module:
    [name] = json.loads((directory / "config.json").read_text()).get("architectures", ["BertModel"])
    stored = [key for file in directory.glob("model*.safetensors")
              for key in safe_open(file, "pt").keys()]
    options = {"output_loading_info": True}
    of_encoder = not (DECODERS / directory.name).exists()
    if of_encoder and name.endswith("Model") and name.removesuffix("Model") not in WITHOUT_POOLER:
        options["add_pooling_layer"] = any("pooler" in key for key in stored)
    model, report = getattr(transformers, name).from_pretrained(directory, **options)
    # The second bias of a decoder of its own is not used, and so is not saved.
    missing = set(report["missing_keys"]) - {"cls.predictions.bias"}
    assert not missing and not report["mismatched_keys"], (directory, report)
    if directory.parent not in (HERE, DECODERS):
        assert not report["unexpected_keys"], (directory, report)
    leftovers = (*LEFTOVERS, "attn.bias", "attn.masked_bias", "rotary_emb.inv_freq")
    assert all(key.endswith(leftovers) for key in report["unexpected_keys"]), (directory, report)
    return model.eval()


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    saved = sorted(Path(sys.argv[1]).iterdir())
    for directory in saved:
        original = next(
            folder / directory.name for folder in (HERE, DECODERS) if (folder / directory.name).exists()
        )
        ours, theirs = load(directory), load(original)
        # Tied ones by each of their names.
        ours, theirs = (dict(model.named_parameters(remove_duplicate=False)) for model in (ours, theirs))
        assert ours.keys() == theirs.keys(), directory
        for name, parameter in theirs.items():
            same = parameter.dtype == ours[name].dtype and torch.equal(parameter, ours[name])
            if not same and name == "cls.predictions.bias":
                continue  # not used where the decoder has a bias of its own
            assert same, (directory, name)
    print(f"{len(saved)} checkpoints, each with the bits of the original")


if __name__ == "__main__":
    main()
