"""Writes cases.json: what transformers' `generate` does with models that are tables.

    python make.py        # transformers 5.23.0, torch

The score of the next token is a function of the last two tokens, of integers only, so that
`tests/golden.rs` has the same table to the bit. What Rust cannot ask of transformers (ragged prompts,
streaming) is not here.
"""

import itertools
import json
from pathlib import Path

import torch
from transformers import GenerationConfig, GenerationMixin, PreTrainedModel, PretrainedConfig
from transformers.modeling_outputs import CausalLMOutput

MASK = (1 << 64) - 1


def scramble(number):
    """The output function of SplitMix64."""
    z = (number + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def score(table, before, last, following):
    """A number in [-4, 4) with 12 bits behind the point; `before` is v where there is none."""
    state = 0
    for number in (table, before, last, following):
        state = scramble(state ^ number)
    return (state >> 49) / 4096.0 - 4.0


class TableConfig(PretrainedConfig):
    model_type = "table"

    def __init__(self, vocab_size=7, table=0, **kwargs):
        self.vocab_size = vocab_size
        self.table = table
        self.num_hidden_layers = 1
        self.hidden_size = 4
        super().__init__(**kwargs)


class TableModel(PreTrainedModel, GenerationMixin):
    config_class = TableConfig
    _supports_cache_class = False

    def __init__(self, config):
        super().__init__(config)
        self.anchor = torch.nn.Parameter(torch.zeros(1))
        v = config.vocab_size
        rows = [
            [score(config.table, before, last, following) for following in range(v)]
            for before, last in itertools.product(range(v + 1), range(v))
        ]
        self.rows = torch.tensor(rows, dtype=torch.float32).reshape(v + 1, v, v)
        self.post_init()

    def prepare_inputs_for_generation(self, input_ids, **kwargs):
        return {"input_ids": input_ids}

    def forward(self, input_ids, **kwargs):
        v = self.config.vocab_size
        before = torch.cat([torch.full_like(input_ids[:, :1], v), input_ids[:, :-1]], dim=1)
        return CausalLMOutput(logits=self.rows[before, input_ids])


def run(name, prompt, vocabulary, table, **settings):
    config = TableConfig(vocab_size=vocabulary, table=table, is_decoder=True)
    model = TableModel(config).eval()
    model.generation_config = GenerationConfig()
    asked = dict(settings)
    asked.setdefault("eos_token_id", None)
    generation = GenerationConfig(
        pad_token_id=0, use_cache=False, do_sample=False, output_scores=True,
        return_dict_in_generate=True, **asked,
    )
    output = model.generate(torch.tensor([prompt]), generation_config=generation)
    ends = asked["eos_token_id"]
    ends = [] if ends is None else ends if isinstance(ends, list) else [ends]
    beams = asked.get("num_beams", 1) > 1
    transitions = model.compute_transition_scores(
        output.sequences, output.scores, output.beam_indices if beams else None,
        normalize_logits=not beams,
    )
    sequences, probabilities = [], []
    for sequence, transition in zip(output.sequences.tolist(), transitions.tolist()):
        new = sequence[len(prompt):]
        stop = next((place + 1 for place, token in enumerate(new) if token in ends), len(new))
        sequences.append(sequence[:len(prompt) + stop])
        probabilities.append(transition[:stop])
    case = {
        "name": name, "prompt": prompt, "vocabulary": vocabulary, "table": table,
        "settings": settings, "sequences": sequences, "log_probabilities": probabilities,
    }
    if beams:
        case["scores"] = output.sequences_scores.tolist()
    return case


def cases():
    prompts = [[3], [1, 4], [2, 5, 2, 6, 2]]
    for table, prompt in enumerate(prompts):
        common = {"prompt": prompt, "vocabulary": 7, "table": table}
        yield run("greedy", **common, max_new_tokens=8)
        yield run("greedy that ends", **common, max_new_tokens=12, eos_token_id=[1, 5])
        yield run("one new token", **common, max_new_tokens=1)
        yield run("a length of all", **common, max_length=9)
        for penalty in (1.3, 0.7):
            yield run("repetition", **common, max_new_tokens=10, repetition_penalty=penalty)
        for n in (1, 2, 3):
            # With n = 1 each token comes once: more would leave none.
            length = 7 - len(set(prompt)) if n == 1 else 14
            yield run("no repeat", **common, max_new_tokens=length, no_repeat_ngram_size=n)
        yield run("minimum", **common, max_new_tokens=9, min_new_tokens=6, eos_token_id=[1, 5, 2])
        yield run("minimum of all", **common, max_new_tokens=9, min_length=6, eos_token_id=[1, 5, 2])
        yield run("forced last", **common, max_new_tokens=6, forced_eos_token_id=[0, 3])
        yield run("forced first", **common, max_new_tokens=6, forced_bos_token_id=6)
        yield run("suppressed", **common, max_new_tokens=8, suppress_tokens=[1, 4, 6])
        yield run("suppressed at begin", **common, max_new_tokens=8, begin_suppress_tokens=[0, 1, 2, 3],
                  forced_bos_token_id=6)
        yield run("bad words", **common, max_new_tokens=12, eos_token_id=[5],
                  bad_words_ids=[[2], [5], [0, 1], [4, 3], [6, 0, 6]])
        yield run("all together", **common, max_new_tokens=12, eos_token_id=[5], min_new_tokens=9,
                  repetition_penalty=1.2, no_repeat_ngram_size=3, suppress_tokens=[6],
                  forced_eos_token_id=[5])

    for beams, penalty, early in itertools.product(
        (2, 3, 5), (1.0, 0.0, -1.0, 2.0), (False, True, "never")
    ):
        for table, prompt in ((40, [3]), (23, [2, 6]), (17, [2, 6])):
            yield run("beams", prompt, 7, table, max_new_tokens=7, eos_token_id=[1, 5],
                      num_beams=beams, length_penalty=penalty, early_stopping=early,
                      num_return_sequences=beams)
    for table, beams in itertools.product(range(20, 30), (2, 4)):
        common = {"prompt": [1, 2], "vocabulary": 11, "table": table, "num_beams": beams}
        yield run("beams without end", **common, max_new_tokens=6, num_return_sequences=2)
        yield run("one end token", **common, max_new_tokens=12, eos_token_id=[7])
        yield run("four end tokens", **common, max_new_tokens=12, eos_token_id=[7, 8, 9, 10],
                  num_return_sequences=beams)
        yield run("beams and penalties", **common, max_new_tokens=9, eos_token_id=[3],
                  repetition_penalty=1.4, no_repeat_ngram_size=2, num_return_sequences=2)
        yield run("beams and rules", **common, max_new_tokens=8, eos_token_id=[3], min_new_tokens=4,
                  forced_eos_token_id=[3], suppress_tokens=[0], begin_suppress_tokens=[4],
                  bad_words_ids=[[5, 6], [9]], num_return_sequences=beams)
        yield run("a start token", [4], 11, table, num_beams=beams, max_new_tokens=7, eos_token_id=[3],
                  forced_bos_token_id=8, forced_eos_token_id=[3])


if __name__ == "__main__":
    path = Path(__file__).with_name("cases.json")
    lines = ",\n".join(json.dumps(case) for case in cases())
    path.write_text(f"[\n{lines}\n]\n")
