//! The numbers of a text in prose.

use super::super::page::prose;

/// What stands before a number that counts a place or names a thing, and says nothing that could be tested.
const NAMES: &str = "section sections equation equations algorithm algorithms figure figures table tables \
    appendix definition chapter page pages version llama qwen gemma phi python pytorch transformers \
    tokenizers unicode apache squad rust";

/// A number in prose.
#[derive(Debug, PartialEq)]
pub(super) struct Number {
    /// As it stands there.
    pub(super) written: String,
    /// How many lines of its text are before it.
    pub(super) line: usize,
    /// What it may stand for, each with the size of its last digit.
    values: Vec<(f64, f64)>,
    /// Whether it has so many digits that it may be a longer number rounded.
    may_be_rounded: bool,
}

impl Number {
    /// Whether it is one of these, or one of these rounded.
    pub(super) fn is_among(&self, values: &[f64]) -> bool {
        self.values.iter().any(|&(value, unit)| {
            let allowed = if self.may_be_rounded { 0.500_001 * unit } else { value * 1e-9 };
            values.iter().any(|other| (other.abs() - value).abs() <= allowed)
        })
    }

    /// What it may stand for: a percentage may be a share too.
    pub(super) fn may_be(&self) -> impl Iterator<Item = f64> {
        self.values.iter().map(|&(value, _)| value)
    }
}

/// The numbers of a paragraph that claim something: those with two digits that are not zeros at an end, with a decimal
/// point or with an exponent. Not those in inline code or in addresses, not years, and not those of [`NAMES`].
pub(super) fn in_prose(text: &str) -> Vec<Number> {
    let letters: Vec<char> = text.chars().collect();
    let visible = prose(&letters);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < visible.len() {
        if !visible[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let mut cursor = Cursor { letters: &visible, at };
        let read = cursor.number();
        let end = cursor.at;
        let before = at.checked_sub(1).map_or(' ', |before| visible[before]);
        let begins = !before.is_alphanumeric() && !matches!(before, '.' | '_' | '-');
        if let Some(mut number) = read.filter(|_| begins && !is_name(&letters[..at])) {
            number.written = visible[at..end].iter().collect::<String>().trim().to_owned();
            number.line = visible[..at].iter().filter(|&&letter| letter == '\n').count();
            found.push(number);
        }
        at = end;
    }
    found
}

/// Whether the word before a number, or before a list of numbers, is one of [`NAMES`].
fn is_name(before: &[char]) -> bool {
    let before: String = before.iter().collect();
    let connects = |word: &&str| {
        matches!(*word, "and" | "to" | "or")
            || word.chars().all(|letter| letter.is_ascii_digit() || ".,–".contains(letter))
    };
    before.split_whitespace().rev().find(|word| !connects(word)).is_some_and(|word| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        NAMES.split_whitespace().any(|name| name == word)
    })
}

/// A place in a text from which something is read.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    pub(super) letters: &'a [char],
    pub(super) at: usize,
}

impl Cursor<'_> {
    pub(super) fn peek(&self, ahead: usize) -> char {
        self.letters.get(self.at + ahead).copied().unwrap_or(' ')
    }

    fn digits(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
        self.letters[start..self.at].iter().collect()
    }

    /// Reads the number that begins here. None if it is part of a word, a year, or says too little.
    fn number(&mut self) -> Option<Number> {
        let mut digits = self.digits();
        let mut groups = 0;
        while (groups > 0 || digits.len() < 4) && self.is_at_a_group() {
            self.at += 1;
            digits += &self.digits();
            groups += 1;
        }
        let fraction = self.fraction();
        digits += &fraction;
        let ten = self.peek(0) == '·' && (self.peek(1), self.peek(2)) == ('1', '0');
        let times_ten = ten && raised(self.peek(3)).is_some();
        if times_ten {
            self.at += 3;
        }
        let exponent = self.exponent();
        if exponent.is_none() && self.is_part_of_a_word() {
            return None;
        }
        let percent = self.peek(0) == '%' || self.peek(0) == ' ' && self.peek(1) == '%';
        let whole = exponent.is_none() && fraction.is_empty();
        let significant = digits.trim_matches('0').len();
        let is_year = groups == 0 && ("1900".."2031").contains(&digits.as_str());
        if whole && (significant < 2 || is_year && !percent) {
            return None;
        }
        let unit = 10_f64.powi(-i32::try_from(fraction.len()).ok()?);
        let mantissa = digits.parse::<f64>().ok()? * unit;
        let (value, unit) = match exponent {
            Some(exponent) if times_ten => {
                (mantissa * 10_f64.powi(exponent), unit * 10_f64.powi(exponent))
            }
            Some(exponent) => (mantissa.powi(exponent), unit),
            None => (mantissa, unit),
        };
        // `2²` is no more than a digit.
        if exponent.is_some() && value < 10.0 && value.fract() == 0.0 {
            return None;
        }
        let mut values = vec![(value, unit)];
        if percent {
            values.push((value / 100.0, unit / 100.0));
        }
        let may_be_rounded = !fraction.is_empty() && digits.trim_start_matches('0').len() > 2;
        Some(Number { written: String::new(), line: 0, values, may_be_rounded })
    }

    /// The ` 000` of `10 000`.
    fn is_at_a_group(&self) -> bool {
        matches!(self.peek(0), ' ' | '\u{a0}' | '\u{202f}')
            && (1..4).all(|ahead| self.peek(ahead).is_ascii_digit())
            && !self.peek(4).is_ascii_digit()
    }

    /// The digits behind the point, also of `2½`.
    fn fraction(&mut self) -> String {
        let digits = match self.peek(0) {
            '.' if self.peek(1).is_ascii_digit() => {
                self.at += 1;
                return self.digits();
            }
            '½' => "5",
            '¼' => "25",
            '¾' => "75",
            _ => return String::new(),
        };
        self.at += 1;
        digits.to_owned()
    }

    /// `16x`, `3.4.5`: skips the rest of it.
    fn is_part_of_a_word(&mut self) -> bool {
        let start = self.at;
        let goes_on = |cursor: &Self| {
            cursor.peek(0).is_alphanumeric()
                || cursor.peek(0) == '.' && cursor.peek(1).is_ascii_digit()
        };
        while goes_on(self) {
            self.at += 1;
        }
        self.at > start
    }

    /// The small raised number that begins here.
    fn exponent(&mut self) -> Option<i32> {
        let mut digits = String::new();
        while let Some(digit) = raised(self.peek(0)) {
            digits.push(digit);
            self.at += 1;
        }
        digits.parse().ok()
    }
}

/// The digit that a small raised one stands for.
pub(super) fn raised(letter: char) -> Option<char> {
    let at = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".chars().position(|other| other == letter)?;
    "0123456789-".chars().nth(at)
}

#[cfg(test)]
mod tests {
    use super::super::literals::in_code;
    use super::*;

    fn written(text: &str) -> Vec<String> {
        in_prose(text).into_iter().map(|number| number.written).collect()
    }

    #[test]
    fn numbers_are_found_where_they_claim_something() {
        let text = "Of 30 522 rows 12 % and 0.5 are 2⁻⁴, 3·10⁻⁵ or 17½; in 24-bit steps.";
        assert_eq!(written(text), ["30 522", "12", "0.5", "2⁻⁴", "3·10⁻⁵", "17½", "24"]);
        let lines: Vec<usize> = in_prose("a\n12\nb 13").iter().map(|number| number.line).collect();
        assert_eq!(lines, [1, 2]);
    }

    #[test]
    fn digits_that_claim_nothing_are_no_numbers() {
        for text in [
            "7 of 100, or some 30 000; 2² + 2³",
            "`[17, 5]` and [it](https://doi.org/10.11)",
            "Hu et al. 2021, sections 3.2 to 3.4, equation 12",
            "GPT-22, Qwen 2.5, f32, [`SQuAD` 2.0](x), version 1.2.3",
            "16x and 2.3.4",
        ] {
            assert_eq!(written(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_number_is_that_of_the_code_or_that_rounded() {
        let holds = |prose: &str, code: &str| in_prose(prose)[0].is_among(&in_code(code));
        assert!(holds("10 001", "10_001.0") && holds("10⁻⁵", "1e-5") && holds("2²⁴", "1 << 24"));
        assert!(holds("96.5 %", "0.965") && holds("96.5 %", "96.5"));
        assert!(holds("−0.707", "0.707_106_8") && !holds("0.71", "0.707_106_8"));
        assert!(!holds("128", "127") && !holds("0.708", "0.707_106_8"));
    }
}
