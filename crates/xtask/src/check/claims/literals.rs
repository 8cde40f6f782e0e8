//! The numbers of Rust code.

use super::numbers::{Cursor, raised};

/// All numbers of a Rust source, those in comments left out.
pub(super) fn in_code(text: &str) -> Vec<f64> {
    text.lines().flat_map(|line| in_line(without_comment(line))).collect()
}

/// A line of code up to `//`, if that is not in a string.
fn without_comment(line: &str) -> &str {
    let (mut quoted, mut last) = (false, ' ');
    for (at, letter) in line.char_indices() {
        match letter {
            '"' if last != '\\' && last != '\'' => quoted = !quoted,
            '/' if last == '/' && !quoted => return &line[..at - 1],
            _ => {}
        }
        // A backslash behind a backslash escapes nothing.
        last = if (letter, last) == ('\\', '\\') { ' ' } else { letter };
    }
    line
}

fn in_line(line: &str) -> Vec<f64> {
    let letters: Vec<char> = line.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < letters.len() {
        let before = |back| at.checked_sub(back).map_or(' ', |before: usize| letters[before]);
        let is_field = before(1) == '.' && before(2) != '.';
        let in_name = before(1).is_alphanumeric() || before(1) == '_';
        if !letters[at].is_ascii_digit() || is_field || in_name {
            at += 1;
            continue;
        }
        let mut cursor = Cursor { letters: &letters, at };
        found.extend(cursor.literal());
        at = cursor.at;
    }
    found
}

impl Cursor<'_> {
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.at < self.letters.len() && wanted(self.peek(0)) {
            self.at += 1;
        }
        self.letters[start..self.at].iter().filter(|&&letter| letter != '_').collect()
    }

    /// The literal that begins here; also what `2_u32.pow(10)` and `1 << 10` come to.
    fn literal(&mut self) -> Vec<f64> {
        let digit = |letter: char| letter.is_ascii_digit() || letter == '_';
        let word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let radix = match (self.peek(0), self.peek(1)) {
            ('0', 'x') => 16,
            ('0', 'b') => 2,
            _ => 10,
        };
        if radix != 10 {
            let digits = self.take(word);
            return u32::from_str_radix(&digits[2..], radix).map(f64::from).into_iter().collect();
        }
        let mut digits = self.take(digit);
        if self.peek(0) == '.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            digits = format!("{digits}.{}", self.take(digit));
        }
        let sign = usize::from(matches!(self.peek(1), '+' | '-'));
        if matches!(self.peek(0), 'e' | 'E') && self.peek(1 + sign).is_ascii_digit() {
            let minus = if self.peek(1) == '-' { "-" } else { "" };
            self.at += 1 + sign;
            digits = format!("{digits}e{minus}{}", self.take(digit));
        }
        let Ok(value) = digits.parse::<f64>() else { return Vec::new() };
        // `10⁴` in a text, and the `f32` of `1.0_f32`.
        let exponent: String = self.take(|letter| raised(letter).is_some());
        let exponent = exponent.chars().filter_map(raised).collect::<String>().parse().ok();
        self.take(word);
        let rest: String = self.letters[self.at..].iter().collect();
        let argument = |text: &str| {
            text.trim_start().split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
        };
        let power = [".pow(", ".powi("].iter().find_map(|call| rest.strip_prefix(call));
        let power: Option<i32> = power.and_then(argument).or(exponent);
        let shift: Option<i32> = rest.trim_start().strip_prefix("<<").and_then(argument);
        let powers = power.map(|power| value.powi(power));
        let shifted = shift.map(|shift| value * 2_f64.powi(shift));
        [Some(value), powers, shifted].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_code_are_literals_outside_comments() {
        let code = "let x = [1_000.5_f32, 2e-3, 0xff, pair.11]; // 99\nf64 \"http://a 77\"; 1 << 20; 2_u32.pow(9); 3..45; \"10⁴\"";
        let expected = [
            1000.5,
            2e-3,
            255.0,
            77.0,
            1.0,
            1_048_576.0,
            20.0,
            2.0,
            512.0,
            9.0,
            3.0,
            45.0,
            10.0,
            1e4,
        ];
        assert_eq!(in_code(code), expected);
    }
}
