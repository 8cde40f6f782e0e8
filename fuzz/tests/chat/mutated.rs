//! Inputs that differ from a seed in some places.

use crate::numbers::Numbers;

/// A seed with a few parts cut out, doubled, replaced by a word or by a part of another one.
pub(crate) fn input(seeds: &[Vec<u8>], words: &[&str], numbers: &mut Numbers) -> Vec<u8> {
    let mut input = seeds[numbers.below(seeds.len())].clone();
    for _ in 0..=numbers.below(2) {
        let at = numbers.below(input.len() + 1);
        let new = match numbers.below(6) {
            0 => Vec::new(),
            1 => part(&input, numbers).to_vec(),
            2 => {
                let other = &seeds[numbers.below(seeds.len())];
                part(other, numbers).to_vec()
            }
            3 => vec![u8::try_from(numbers.below(256)).unwrap_or(0)],
            _ => numbers.one_of(words).as_bytes().to_vec(),
        };
        // Half of what is new pushes the rest aside, half takes its place.
        let taken = if numbers.below(2) == 0 { 0 } else { numbers.below(12) };
        input.splice(at..(at + taken).min(input.len()), new);
    }
    input
}

/// A part of a text, mostly a short one.
fn part<'a>(text: &'a [u8], numbers: &mut Numbers) -> &'a [u8] {
    let begin = numbers.below(text.len() + 1);
    let longest = 1 << numbers.below(9);
    &text[begin..(begin + numbers.below(longest) + 1).min(text.len())]
}
