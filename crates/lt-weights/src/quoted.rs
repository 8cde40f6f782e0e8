//! Names from files, made fit for a message: they may be long, or hold what a terminal obeys.

use std::fmt;

/// A text with its control characters escaped, its end cut off if it is very long.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

/// The same, in backquotes.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

const LONGEST: usize = 160;

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, c) in self.0.chars().enumerate() {
            if i == LONGEST {
                return f.write_str("…");
            }
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", Escaped(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Quoted;

    #[test]
    fn a_name_cannot_command_the_terminal_or_fill_it() {
        assert_eq!(Quoted("encoder.权重").to_string(), "`encoder.权重`");
        assert_eq!(Quoted("a\u{1b}[2J\n").to_string(), "`a\\u{1b}[2J\\n`");
        let long = Quoted(&"x".repeat(1000)).to_string();
        assert_eq!(long.chars().count(), 160 + 3);
        assert_eq!(Quoted(&"x".repeat(160)).to_string().len(), 162);
    }
}
