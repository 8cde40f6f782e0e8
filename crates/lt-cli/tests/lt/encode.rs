//! `lt encode`.

use std::fs;

use serde_json::Value;

use crate::models::{minilm, with_vocabulary};
use crate::run::{arg, lt, lt_reading};

fn vector(line: &Value) -> Vec<f64> {
    let numbers = line["embedding"].as_array().expect("a list");
    numbers.iter().map(|number| number.as_f64().expect("a number")).collect()
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[test]
fn each_line_gets_a_line_empty_ones_included() {
    let lines = lt_reading(
        "a cat\r\n\n我爱北京\n last".as_bytes(),
        &["encode", "--model", minilm(), "--format", "json"],
    )
    .json();
    let texts: Vec<&str> = lines.iter().filter_map(|line| line["text"].as_str()).collect();
    assert_eq!(texts, ["a cat", "", "我爱北京", " last"]);
    for line in &lines {
        let keys: Vec<&String> = line.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["embedding", "text"]);
        assert_eq!(vector(line).len(), 384);
        assert!((length(&vector(line)) - 1.0).abs() < 1e-6, "the directory says: normalised");
    }
}

#[test]
fn no_lines_are_no_output() {
    assert_eq!(lt_reading(b"", &["encode", "--model", minilm()]).ok(), "");
}

#[test]
fn the_numbers_are_those_of_the_vector_to_the_bit_whatever_the_threads() {
    let run = |threads, mapping: &[&str]| {
        let args = ["encode", "--model", minilm(), "--format", "json", "--threads", threads];
        lt(&[&args, mapping, &["a cat", "一只猫", "a longer sentence about cats"]].concat()).ok()
    };
    let one = run("1", &[]);
    assert_eq!(one, run("2", &[]));
    assert_eq!(one, run("1", &["--no-mmap"]));
    for line in one.lines() {
        // Written with as many digits as an f32 needs: reading and writing again changes nothing.
        let json: Value = serde_json::from_str(line).unwrap();
        for number in json["embedding"].as_array().unwrap() {
            let f32 = number.as_f64().unwrap() as f32;
            assert!(line.contains(&serde_json::to_string(&f32).unwrap()));
        }
    }
}

#[test]
fn flags_override_the_directory() {
    let encode = |flags: &[&str]| {
        let args = ["encode", "--model", minilm(), "--format", "json", "a cat"];
        vector(&lt(&[&args, flags].concat()).json()[0])
    };
    let own = encode(&[]);
    let long = encode(&["--no-normalize"]);
    assert!((length(&long) - 1.0).abs() > 0.1);
    assert!((own[0] - long[0] / length(&long)).abs() < 1e-6);
    assert_eq!(encode(&["--no-normalize", "--normalize"]), own, "the last one counts");

    let cls = encode(&["--pooling", "cls", "--no-normalize"]);
    let both = encode(&["--pooling", "mean,cls", "--no-normalize"]);
    assert_eq!(both, [long.as_slice(), &cls].concat());
    for name in ["max", "mean-sqrt-len", "weighted-mean", "last-token"] {
        // Normalised, a sum divided by another number is no other vector.
        assert!(encode(&["--pooling", name, "--no-normalize"]) != long, "{name}");
    }
    assert!(encode(&["--max-length", "3"]) != own);
    assert_eq!(encode(&["--max-length", "4"]), own, "[CLS] a cat [SEP]");
}

#[test]
fn a_maximum_length_that_the_model_cannot_have_is_refused() {
    for length in ["0", "2", "513"] {
        let error = lt(&["encode", "--model", minilm(), "--max-length", length, "text"]).error();
        assert!(error.contains("expected 3 to 512"), "{error}");
    }
}

#[test]
fn a_directory_without_modules_gets_the_mean_not_normalised() {
    let dir = with_vocabulary("mlm-tied");
    let encode = |flags: &[&str]| {
        let args = ["encode", "--model", arg(dir.path()), "--format", "json", "w7 w8 w9"];
        vector(&lt(&[&args, flags].concat()).json()[0])
    };
    assert_eq!(encode(&[]), encode(&["--pooling", "mean", "--no-normalize"]));
    assert_ne!(encode(&[]), encode(&["--normalize"]));
}

#[test]
fn what_the_tokenizer_file_says_about_length_and_padding_does_not_count() {
    // Its tokenizer.json cuts and pads to 128 tokens, its sentence_bert_config.json says 256.
    let text = "word ".repeat(200);
    let encode = |flags: &[&str]| {
        let args = ["encode", "--model", minilm(), "--format", "json", &text];
        lt(&[&args, flags].concat()).ok()
    };
    assert_eq!(encode(&[]), encode(&["--max-length", "202"]));
    assert_ne!(encode(&[]), encode(&["--max-length", "128"]));
    let longer = "word ".repeat(300);
    let cut = lt(&["encode", "--model", minilm(), "--format", "json", &longer]).json();
    let to = lt(&["encode", "--model", minilm(), "--format", "json", &"word ".repeat(254)]).json();
    assert_eq!(vector(&cut[0]), vector(&to[0]));
}

#[test]
fn text_for_people_is_a_table_that_shows_every_text() {
    let table = lt(&["encode", "--model", minilm(), "a cat", "", "\u{1b}[31m猫"]).ok();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[0].contains("384 numbers") && lines[0].contains("mean"));
    assert!(lines[2].starts_with("a cat"));
    assert!(lines[4].starts_with("␛[31m猫"), "{}", lines[4]);
    assert!(!table.contains('\u{1b}'));

    let full = lt(&["encode", "--model", minilm(), "--numbers", "999", "a cat"]).ok();
    let numbers = full.lines().last().unwrap().split_whitespace().count();
    assert_eq!(numbers, 2 + 1 + 384);
}

#[test]
fn a_text_of_ten_megabytes_is_cut_and_encoded() {
    let text = "a cat sat ".repeat(1 << 20);
    let line = &lt_reading(
        text.as_bytes(),
        &["encode", "--model", minilm(), "--format", "json", "--max-length", "16"],
    )
    .json()[0];
    assert_eq!(vector(line).len(), 384);
}

#[test]
fn a_damaged_sentence_transformers_directory_is_refused_with_the_file() {
    let cases = [
        ("modules.json", "[", "modules.json"),
        ("modules.json", "[]", "modules.json"),
        ("1_Pooling/config.json", r#"{"word_embedding_dimension": 99}"#, "99"),
        ("1_Pooling/config.json", r#"{"word_embedding_dimension": "12"}"#, "config.json"),
        ("sentence_bert_config.json", r#"{"max_seq_length": -1}"#, "max_seq_length"),
    ];
    for (file, content, said) in cases {
        let dir = with_vocabulary("mlm-tied");
        let modules = r#"[{"idx": 0, "name": "0", "path": "",
                           "type": "sentence_transformers.models.Transformer"},
                          {"idx": 1, "name": "1", "path": "1_Pooling",
                           "type": "sentence_transformers.models.Pooling"}]"#;
        fs::create_dir(dir.path().join("1_Pooling")).unwrap();
        fs::write(dir.path().join("modules.json"), modules).unwrap();
        let pooling = r#"{"word_embedding_dimension": 12, "pooling_mode_cls_token": true}"#;
        fs::write(dir.path().join("1_Pooling/config.json"), pooling).unwrap();
        lt(&["encode", "--model", arg(dir.path()), "w7"]).ok();

        fs::write(dir.path().join(file), content).unwrap();
        let error = lt(&["encode", "--model", arg(dir.path()), "w7"]).error();
        assert!(error.contains(said), "{file} {content}: {error}");
    }
}
