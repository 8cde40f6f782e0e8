//! Where the texts, the brackets and the operands of code are.

use std::collections::BTreeMap;

use super::code::{self, Sign};

/// Where the texts and the brackets of code are.
pub(super) struct Shape {
    pub(super) signs: Vec<Sign>,
    /// Where the bracket that is opened by each sign closes.
    closing: Vec<usize>,
    /// The commas in it, by the number of the sign.
    commas: BTreeMap<usize, Vec<usize>>,
}

impl Shape {
    pub(super) fn of(code: &str) -> Self {
        let signs: Vec<Sign> = code::signs(code).collect();
        let mut closing = vec![code.len(); signs.len()];
        let mut commas = BTreeMap::<usize, Vec<usize>>::new();
        let mut open = Vec::new();
        for (number, sign) in signs.iter().enumerate() {
            match sign.character {
                '(' | '[' | '{' => open.push(number),
                ')' | ']' | '}' => {
                    if let Some(opening) = open.pop() {
                        closing[opening] = sign.at + 1;
                    }
                }
                ',' => {
                    if let Some(&opening) = open.last() {
                        commas.entry(opening).or_default().push(sign.at);
                    }
                }
                _ => {}
            }
        }
        Self { signs, closing, commas }
    }

    /// Where the bracket closes that opens at a place, behind it.
    pub(super) fn closing(&self, code: &str, at: usize) -> usize {
        self.closing.get(self.sign(at)).copied().unwrap_or(code.len())
    }

    /// The commas in the bracket that opens at a place, and in no other within it.
    pub(super) fn commas(&self, at: usize) -> &[usize] {
        self.commas.get(&self.sign(at)).map_or(&[], Vec::as_slice)
    }

    /// The number of the first sign that is not before a place.
    fn sign(&self, at: usize) -> usize {
        self.signs.partition_point(|sign| sign.at < at)
    }

    /// Where an operand ends: a name, a number, a text or brackets, and what is called or looked up
    /// in it.
    pub(super) fn operand(&self, code: &str, begin: usize) -> usize {
        let mut end = begin;
        loop {
            // Space is allowed in front of a point and of brackets, and behind a point.
            let point = end > begin && code[..end].ends_with('.');
            let blank = code[end..].len() - code[end..].trim_start().len();
            let next = code[end + blank..].chars().next();
            let skipped = if point || matches!(next, Some('.' | '(' | '[')) { blank } else { 0 };
            let at = end + skipped;
            let first = end == begin;
            end = match code[at..].chars().next() {
                Some('(' | '[') => self.closing(code, at),
                Some('{') if first => self.closing(code, at),
                // Up to the first sign that is in no text.
                Some('\'' | '"') if first => {
                    self.signs.get(self.sign(at)).map_or(code.len(), |sign| sign.at)
                }
                Some('.') => at + 1,
                Some(c) if code::is_of_name(c) && (first || point || at == end) => {
                    let rest = &code[at..];
                    at + rest.find(|c: char| !code::is_of_name(c)).unwrap_or(rest.len())
                }
                _ => return end,
            };
        }
    }
}
