//! Chat templates made at random, without a fuzzer: the same ones every time.

mod grammar;
mod mutated;
mod numbers;

use std::time::{Duration, Instant};

use fuzz::{Seeds, chat, pass_over_caught_panics, seeds};
use numbers::Numbers;

/// How many inputs are made in each way. `LT_FUZZ_INPUTS` asks for another number.
const INPUTS: u64 = 2000;

/// A way to make an input.
type Make = fn(&Seeds, &mut Numbers) -> Vec<u8>;

/// What is slower is a finding, as for the fuzzer.
const SLOWEST: Duration = Duration::from_secs(10);

/// One test in one process: the ceiling counts what all threads allocate.
#[test]
fn templates_made_at_random_are_rendered_or_refused_in_time_and_in_memory() {
    pass_over_caught_panics();
    let asked = std::env::var("LT_FUZZ_INPUTS").ok().and_then(|number| number.parse().ok());
    let inputs = asked.unwrap_or(INPUTS);
    let seeds = seeds().into_iter().find(|seeds| seeds.target == "chat").expect("seeds");
    let ways: [(&str, Make); 2] = [
        ("seeds, changed", |seeds, numbers| mutated::input(&seeds.inputs, seeds.words, numbers)),
        ("made by the grammar", |_, numbers| grammar::input(numbers)),
    ];
    for (name, make) in ways {
        let (mut numbers, mut read, mut slowest) = (Numbers::new(1), 0, Duration::ZERO);
        for number in 0..inputs {
            let input = make(&seeds, &mut numbers);
            let begin = Instant::now();
            let found = std::panic::catch_unwind(|| chat(&input));
            let took = begin.elapsed();
            let text = String::from_utf8_lossy(&input);
            let found = found.unwrap_or_else(|_| panic!("{name}, {number}, panics:\n{text}"));
            assert!(took < SLOWEST, "{name}, {number}, takes {took:?}:\n{text}");
            slowest = slowest.max(took);
            read += u64::from(found);
        }
        println!("{name}: {read} of {inputs} parse, the slowest takes {slowest:?}");
        assert!(4 * read > inputs, "{name}: only {read} of {inputs} parse");
    }
}
