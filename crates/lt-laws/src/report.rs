//! What is written down about each law that was tried: the law book's raw material.
//!
//! If the environment variable `LT_LAWS_REPORT` names a file, each law that is tried appends one
//! line to it, a JSON object with these keys in this order:
//!
//! | key | value |
//! |---|---|
//! | `law` | the name of the law |
//! | `crate` | the package whose test tried it (`CARGO_PKG_NAME`, which cargo sets) |
//! | `test` | the test that tried it |
//! | `cases` | how many cases were tried; if one broke the law, it is the last |
//! | `result` | `holds`, `broken`; for an implementation kept wrong on purpose `caught`, `survived` |
//! | `why` | what is wrong with that case, or `null` |
//! | `counter_example` | the smallest case found that breaks the law, or `null` |
//!
//! A line is written with one append, so that tests that run in parallel do not mix theirs.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

pub(crate) struct Record<'a> {
    pub(crate) law: &'a str,
    pub(crate) cases: u32,
    pub(crate) result: &'a str,
    pub(crate) why: Option<&'a str>,
    pub(crate) counter_example: Option<&'a str>,
}

/// Appends the record to the report, if there is one. A report that cannot be written is said on
/// stderr: it does not make a law wrong.
pub(crate) fn write(record: &Record<'_>) {
    let Some(path) = std::env::var_os("LT_LAWS_REPORT") else { return };
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let thread = std::thread::current();
    let line = line(record, &package, thread.name().unwrap_or_default());
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        eprintln!("lt-laws: cannot write to {}: {error}", path.display());
    }
}

fn line(record: &Record<'_>, package: &str, test: &str) -> String {
    let Record { law, cases, result, why, counter_example } = record;
    let quoted_or_null = |text: &Option<&str>| text.map_or_else(|| "null".to_owned(), quoted);
    format!(
        "{{\"law\":{},\"crate\":{},\"test\":{},\"cases\":{cases},\"result\":{},\
         \"why\":{},\"counter_example\":{}}}\n",
        quoted(law),
        quoted(package),
        quoted(test),
        quoted(result),
        quoted_or_null(why),
        quoted_or_null(counter_example),
    )
}

/// The text as a JSON string.
fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            c if c.is_control() => {
                // Writing to a String cannot fail. Control characters are below U+00A0.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_of_json() {
        let record = Record {
            law: "softmax rows sum to one",
            cases: 3,
            result: "broken",
            why: Some("row 0 sums to 2"),
            counter_example: Some("[[1.0,\n \"\\\t文\"]]"),
        };
        assert_eq!(
            line(&record, "mine", "rows"),
            "{\"law\":\"softmax rows sum to one\",\"crate\":\"mine\",\"test\":\"rows\",\
             \"cases\":3,\"result\":\"broken\",\"why\":\"row 0 sums to 2\",\
             \"counter_example\":\"[[1.0,\\n \\\"\\\\\\u0009文\\\"]]\"}\n"
        );
        let record = Record { why: None, counter_example: None, result: "holds", ..record };
        let ending = "\"result\":\"holds\",\"why\":null,\"counter_example\":null}\n";
        assert!(line(&record, "", "").ends_with(ending));
    }
}
