"""Losses, gradients, optimisers and schedules as PyTorch and transformers have them.

    python make.py      writes losses.json, optimizers.json and schedules.json beside it

Numbers that are put in are those of `lt_laws::sample::numbers(seed)`, so that no file has to hold
them. What comes out is written in full.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
import transformers

HERE = pathlib.Path(__file__).parent
VERSIONS = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}


def numbers(seed, count):
    """lt_laws::sample::numbers."""
    mask = (1 << 64) - 1
    state = (seed * 2 + 1) & mask
    found = []
    for _ in range(count):
        state = (state * 0xDA942042E4DD58B5) & mask
        state = ((state << 29) | (state >> 35)) & mask | 1
        found.append((state >> 40) / 8388608.0 - 1.0)
    return found


def rows(seed, n, d, scale=1.0):
    return (torch.tensor(numbers(seed, n * d), dtype=torch.float32) * scale).reshape(n, d)


def flat(tensor):
    return [float(x) for x in tensor.detach().flatten()]


def with_gradient(loss, *inputs):
    loss.backward()
    return {"sum": loss.item(), "gradients": [flat(x.grad) for x in inputs]}


def losses():
    cases = {}
    labels = torch.tensor([2, -100, 0, 6, 3])
    for name, smoothing, scale in [
        ("cross_entropy", 0.0, 3.0),
        ("cross_entropy_smoothed", 0.1, 3.0),
        ("cross_entropy_large", 0.0, 300.0),
    ]:
        x = rows(1, 5, 7, scale).requires_grad_()
        loss = F.cross_entropy(x, labels, reduction="sum", label_smoothing=smoothing)
        cases[name] = with_gradient(loss, x)
    x, y = rows(2, 4, 3, 5.0).requires_grad_(), (rows(3, 4, 3) > 0).float()
    loss = F.binary_cross_entropy_with_logits(x, y, reduction="sum")
    cases["binary_cross_entropy"] = with_gradient(loss, x)
    x, y = rows(4, 4, 3).requires_grad_(), rows(5, 4, 3)
    cases["squared_error"] = with_gradient(F.mse_loss(x, y, reduction="sum"), x)
    x, y = rows(6, 4, 5, 4.0).requires_grad_(), rows(7, 4, 5, 4.0)
    t = 2.5
    loss = F.kl_div(F.log_softmax(x / t, -1), F.softmax(y / t, -1), reduction="sum") * t**2
    cases["distillation"] = with_gradient(loss, x)
    x, y = rows(8, 4, 5).requires_grad_(), rows(9, 4, 5)
    loss = F.cosine_embedding_loss(x, y, torch.ones(4), reduction="sum")
    cases["cosine_distance"] = with_gradient(loss, x)
    for name, similarity in [
        ("info_nce_cosine", lambda q, d: F.normalize(q) @ F.normalize(d).T),
        ("info_nce_dot", lambda q, d: q @ d.T),
    ]:
        q, d = rows(10, 3, 6).requires_grad_(), rows(11, 5, 6).requires_grad_()
        loss = F.cross_entropy(similarity(q, d) / 0.05, torch.arange(3), reduction="sum")
        cases[name] = with_gradient(loss, q, d)
    return cases


STEPS, SHAPES = 200, {"weight": (4, 6), "bias": (6,)}


def optimizers():
    """Each fed the same gradients: those of step s have the seed 1000 + s."""
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
        "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=1e-2, eps=1e-6, betas=(0.8, 0.95)),
        "adamw": lambda p: torch.optim.AdamW(p, lr=1e-2),
        "adamw_clipped_linear": lambda p: torch.optim.AdamW(p, lr=1e-2),
    }
    cases = {}
    for name, make in kinds.items():
        count = sum(torch.Size(shape).numel() for shape in SHAPES.values())
        start = numbers(7, count)
        parameters, at = {}, 0
        for parameter, shape in SHAPES.items():
            size = torch.Size(shape).numel()
            values = torch.tensor(start[at : at + size], dtype=torch.float32).reshape(shape)
            parameters[parameter] = torch.nn.Parameter(values)
            at += size
        decay = 0.1 if name != "sgd" else 0.0
        optimizer = make(
            [
                {"params": [parameters["weight"]], "weight_decay": decay},
                {"params": [parameters["bias"]], "weight_decay": 0.0},
            ]
        )
        scheduler = None
        if name.endswith("linear"):
            scheduler = transformers.get_linear_schedule_with_warmup(optimizer, 20, STEPS)
        for step in range(STEPS):
            found, at = numbers(1000 + step, count), 0
            for parameter in parameters.values():
                size = parameter.numel()
                values = torch.tensor(found[at : at + size], dtype=torch.float32)
                parameter.grad = values.reshape(parameter.shape)
                at += size
            if "clipped" in name:
                torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
            optimizer.step()
            if scheduler:
                scheduler.step()
        cases[name] = {parameter: flat(values) for parameter, values in parameters.items()}
    return cases


def schedules():
    def factors(make):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler, found = make(optimizer), []
        for _ in range(60):
            found.append(scheduler.get_last_lr()[0])
            optimizer.step()
            scheduler.step()
        return found

    return {
        "constant": factors(lambda o: transformers.get_constant_schedule_with_warmup(o, 10)),
        "linear": factors(lambda o: transformers.get_linear_schedule_with_warmup(o, 10, 50)),
        "cosine": factors(lambda o: transformers.get_cosine_schedule_with_warmup(o, 10, 50)),
    }


def main():
    torch.set_num_threads(1)
    for name, make in [("losses", losses), ("optimizers", optimizers), ("schedules", schedules)]:
        content = {"versions": VERSIONS, "cases": make()}
        (HERE / f"{name}.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()
