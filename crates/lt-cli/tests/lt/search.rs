//! `lt search`.

use std::fs;

use serde_json::json;

use crate::models::minilm;
use crate::run::{arg, lt, lt_reading};

const LINES: &str = "The cat sleeps on the warm windowsill.\n\nThe central bank raised interest \
rates again.\nA kitten is taking a nap by the window.\nLoans cost more since the last rate decision.\n";

#[test]
fn the_nearest_lines_are_found_with_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lines.txt");
    fs::write(&file, LINES).unwrap();
    let args = ["search", "--model", minilm(), "--in", arg(&file), "--top", "2"];
    let json = [&args[..], &["--format", "json"]].concat();
    let found = lt_reading(b"a sleeping cat\nborrowing money\n", &json).json();
    assert_eq!(found.len(), 2);
    for (answer, (query, lines)) in
        found.iter().zip([("a sleeping cat", [1, 4]), ("borrowing money", [3, 5])])
    {
        assert_eq!(answer["query"], query);
        let hits = answer["hits"].as_array().unwrap();
        let mut numbers: Vec<u64> = hits.iter().map(|hit| hit["line"].as_u64().unwrap()).collect();
        assert!(hits[0]["score"].as_f64() > hits[1]["score"].as_f64());
        numbers.sort_unstable();
        assert_eq!(numbers, lines);
        for hit in hits {
            let number = hit["line"].as_u64().unwrap() as usize;
            assert_eq!(hit["text"], LINES.lines().nth(number - 1).unwrap());
        }
    }

    // The score is the one of `lt similarity`.
    let query = "a sleeping cat";
    let hit = &found[0]["hits"][0];
    let text = hit["text"].as_str().unwrap();
    let table = lt(&["similarity", "--model", minilm(), "--format", "json", query, text]).json();
    assert_eq!(hit["score"], table[0]["cosine"][0][1]);

    let shown = lt(&[&args[..], &[query]].concat()).ok();
    assert_eq!(shown.lines().filter(|line| line.contains("window")).count(), 2, "{shown}");

    let prompted = [&json[..], &["--query-prompt", "a sleeping ", "cat"]].concat();
    let prompted = lt(&prompted).json();
    assert_eq!(prompted[0]["hits"], found[0]["hits"], "the prompt is for queries alone");
    assert_eq!(prompted[0]["query"], json!("cat"));
}

#[test]
fn a_file_that_is_not_there_and_one_without_lines_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lines.txt");
    let args = ["search", "--model", minilm(), "--in", arg(&file), "a cat"];
    assert!(lt(&args).error().contains("cannot read"));
    fs::write(&file, "\n \n").unwrap();
    assert!(lt(&args).error().contains("has no lines to search"));
}
