"""What transformers writes with a tiny decoder, and how sure it is of each token."""

import torch
import transformers
from decoder_cases import Case

NEW = 24
PENALTIES = {"repetition_penalty": 1.3, "no_repeat_ngram_size": 2}
BEAMS = {"num_beams": 4, "num_return_sequences": 3, "length_penalty": 1.0, "early_stopping": False}
# A test compares where it takes more than this part of the logits' scale to change a choice.
MARGIN = 1e-4
SHAKEN = 8


class Shake(transformers.LogitsProcessor):
    """Moves every score by as much as a test allows, this way or that."""

    def __init__(self, by: float, seed: int):
        self.by, self.random = by, torch.Generator().manual_seed(seed)

    def __call__(self, ids, scores):
        noise = torch.rand(scores.shape, generator=self.random) * 2 - 1
        return scores + self.by * noise


@torch.no_grad()
def write_generated(case: Case, model: torch.nn.Module) -> dict:
    vocab = case.config["vocab_size"]
    prompts = [torch.randint(vocab, (length,)).tolist() for length in (1, 4, 9)]
    scale = max(model(torch.tensor([prompt])).logits.abs().max().item() for prompt in prompts)
    # A token that comes up ends texts: otherwise none would end.
    unended = greedy(model, prompts[1], scale, None, {})["sequence"]
    end = unended[4 + 7]
    beams = BEAMS | case.beams
    return {
        "prompts": prompts,
        "max_new_tokens": NEW,
        "eos_token_id": end,
        "scale": scale,
        "penalties": PENALTIES,
        "beam_settings": beams,
        "greedy_without_end": [greedy(model, prompt, scale, None, {}) for prompt in prompts],
        "greedy": [greedy(model, prompt, scale, end, {}) for prompt in prompts],
        "greedy_with_penalties": [greedy(model, prompt, scale, end, PENALTIES) for prompt in prompts],
        "beams": [beam(model, prompt, scale, end, beams) for prompt in prompts],
    }


def generate(model, prompt: list[int], end: int | None, **settings):
    config = transformers.GenerationConfig(
        max_new_tokens=NEW,
        do_sample=False,
        eos_token_id=end,
        pad_token_id=end,
        return_dict_in_generate=True,
        output_scores=True,
        **settings.pop("settings"),
    )
    ids = torch.tensor([prompt])
    return model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config, **settings)


def greedy(model, prompt: list[int], scale: float, end: int | None, settings: dict) -> dict:
    """What is written, and by how much the best score was better than the next, at each step."""
    output = generate(model, prompt, end, settings=settings)
    best = [scores[0].topk(2).values for scores in output.scores]
    margins = [float(f"{((first - second) / scale).item():.3e}") for first, second in best]
    return {"sequence": output.sequences[0].tolist(), "margins": margins}


def beam(model, prompt: list[int], scale: float, end: int, settings: dict) -> dict:
    """What is written, best first, and whether it is the same when all scores are shaken."""

    def run(shake=None) -> tuple[list[list[int]], list[float]]:
        processors = transformers.LogitsProcessorList([shake] if shake else [])
        output = generate(model, prompt, end, settings=settings, logits_processor=processors)
        cut = [ended(sequence, len(prompt), end) for sequence in output.sequences.tolist()]
        return cut, output.sequences_scores.tolist()

    sequences, scores = run()
    shaken = [run(Shake(MARGIN * scale, seed))[0] for seed in range(SHAKEN)]
    return {"sequences": sequences, "scores": scores, "stable": all(s == sequences for s in shaken)}


def ended(sequence: list[int], prompt: int, end: int) -> list[int]:
    """Without what fills it up behind its end."""
    for at in range(prompt, len(sequence)):
        if sequence[at] == end:
            return sequence[: at + 1]
    return sequence
