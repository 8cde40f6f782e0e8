//! `lt similarity`.

use crate::models::minilm;
use crate::run::{lt, lt_reading};

#[test]
fn the_matrix_is_symmetric_and_knows_a_kitten_from_an_invoice() {
    let texts = ["a cat", "a kitten", "an invoice"];
    let args = ["similarity", "--model", minilm(), "--format", "json"];
    let lines = lt(&[args.as_slice(), &texts].concat()).json();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["texts"], serde_json::json!(texts));
    let cosine = |i: usize, j: usize| lines[0]["cosine"][i][j].as_f64().unwrap();
    for i in 0..3 {
        assert!((cosine(i, i) - 1.0).abs() < 1e-6);
        for j in 0..3 {
            assert_eq!(cosine(i, j), cosine(j, i));
        }
    }
    assert!(cosine(0, 1) > 0.7 && cosine(0, 2) < 0.4);
}

#[test]
fn texts_come_from_lines_too() {
    let args = ["similarity", "--model", minilm(), "--format", "json"];
    let read = lt_reading("a cat\n一只猫\n".as_bytes(), &args).ok();
    assert_eq!(read, lt(&[args.as_slice(), &["a cat", "一只猫"]].concat()).ok());
}

#[test]
fn the_table_keeps_its_columns_under_wide_characters() {
    let table = lt(&["similarity", "--model", minilm(), "a cat", "一只猫在睡觉"]).ok();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    // Six characters take the place of twelve: the line has so many characters less.
    assert_eq!(lines[1].chars().count(), lines[2].chars().count() + 6);
}

#[test]
fn nothing_to_compare_is_an_error_and_so_is_more_than_a_table_holds() {
    let error = lt_reading(b"", &["similarity", "--model", minilm()]).error();
    assert!(error.contains("no texts"), "{error}");
    let many = "a\n".repeat(10_001);
    let error = lt_reading(many.as_bytes(), &["similarity", "--model", minilm()]).error();
    assert!(error.contains("more than 10000 texts"), "{error}");
}
