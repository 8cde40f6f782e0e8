//! `lt tour` on real weights, as a program runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::{json_with, lt_with, page_with, strings};

/// The directory of all-MiniLM-L6-v2.
fn model() -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let fetched = PathBuf::from(root).join("target/models/all-MiniLM-L6-v2");
    let dir = std::env::var_os("LT_MINILM").map_or(fetched, PathBuf::from);
    let there = dir.join("model.safetensors").is_file();
    assert!(there, "no model in {}: run `cargo xtask fetch` first", dir.display());
    dir
}

fn lt(arguments: &[&str]) -> Output {
    lt_with(&model(), arguments)
}

fn page(arguments: &[&str]) -> String {
    page_with(&model(), arguments)
}

fn json(arguments: &[&str]) -> Value {
    json_with(&model(), arguments)
}

#[test]
fn without_a_text_our_own_sentence_shows_one_word_with_two_meanings() {
    let tour = json(&[]);
    let tokens = strings(&tour["pieces"], "token");
    assert_eq!(tokens[2], "second");
    assert_eq!(tour["followed"]["token"], "second");
    let steps = tour["followed"]["steps"].as_array().expect("a list");
    let cosine = |step: &Value| step["cosine"].as_f64().expect("a number");
    let (start, end) = (cosine(&steps[0]), cosine(&steps[steps.len() - 1]));
    assert!(start > 0.9 && end < 0.7, "from {start} to {end}");

    let page = page(&[]);
    for heading in ["1  Text", "2  Ids", "3  Pieces", "4  Layer by layer", "5  The result"] {
        assert!(page.lines().any(|line| line.starts_with(heading)), "{heading}: {page}");
    }
    assert!(page.contains(&format!("from {start:.2} to {end:.2}")), "{page}");
}

#[test]
fn in_a_file_there_are_no_styles_and_no_line_is_wider_than_80() {
    for text in ["The cat sat on the mat, and then it slept.", "猫在温暖的窗台上睡觉。", ""]
    {
        let page = page(&[text]);
        assert!(!page.contains('\u{1b}'), "{page}");
        for line in page.lines().filter(|line| !line.starts_with("  lt ")) {
            assert!(line.width() <= 80, "{}: {line}", line.width());
        }
    }
}

#[test]
fn chinese_that_the_vocabulary_does_not_know_is_said_to_be_unknown() {
    let text = "你好，我是学生。";
    let tour = json(&[text]);
    let texts = strings(&tour["pieces"], "text");
    assert_eq!(texts.concat(), text);
    let unknown = tour["pieces"].as_array().expect("a list");
    let unknown = unknown.iter().filter(|piece| piece["unknown"] == true);
    assert!(unknown.count() > 0);
    assert!(page(&[text]).contains("not in this vocabulary"));
}

#[test]
fn attention_in_json_adds_up_to_one_in_every_row() {
    let tour = json(&["--layer", "1", "--head", "8", "The cat sat on the mat."]);
    let attention = &tour["attention"];
    assert_eq!((&attention["shown"]["layer"], &attention["shown"]["head"]), (&1.into(), &8.into()));
    let rows = attention["weights"].as_array().expect("a list");
    assert_eq!(rows.len(), tour["pieces"].as_array().expect("a list").len());
    for row in rows {
        let sum: f64 = row.as_array().expect("a list").iter().filter_map(Value::as_f64).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }
}

#[test]
fn the_sentence_vector_is_the_one_of_lt_encode() {
    let text = "A kitten sleeps.";
    let tour = json(&[text]);
    let encoded = Command::new(env!("CARGO_BIN_EXE_lt"))
        .args(["encode", "--format", "json", "--model"])
        .arg(model())
        .arg(text)
        .output()
        .expect("lt runs");
    let encoded: Value = serde_json::from_slice(&encoded.stdout).expect("one JSON value");
    assert_eq!(tour["result"]["vector"], encoded["embedding"]);
}

#[test]
fn a_text_that_is_too_long_is_cut_and_the_tour_says_so() {
    let text = "and so on ".repeat(2000);
    let page = page(&[&text]);
    assert!(page.contains("takes 256 pieces at most"), "{page}");
}

#[test]
fn what_would_move_the_cursor_never_reaches_the_terminal() {
    let page = page(&["red \u{1b}[31m alert\u{7} \u{9b}2J \u{202e}x"]);
    let raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!page.contains(raw), "{page:?}");
}

#[test]
fn a_head_that_the_model_does_not_have_is_an_error_with_a_hint() {
    let output = lt(&["--layer", "6"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("no layer 6") && error.contains("hint:"), "{error}");
}

#[test]
fn each_line_of_the_standard_input_is_a_tour() {
    use std::io::Write;
    use std::process::Stdio;
    let mut lt = Command::new(env!("CARGO_BIN_EXE_lt"))
        .args(["tour", "--format", "json", "--model"])
        .arg(model())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("lt runs");
    let mut stdin = lt.stdin.take().expect("piped");
    stdin.write_all("one\n\n二\n".as_bytes()).expect("lt reads");
    drop(stdin);
    let output = lt.wait_with_output().expect("lt ends");
    let tours: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("one JSON value a line"))
        .collect();
    assert_eq!(tours.iter().map(|tour| &tour["text"]).collect::<Vec<_>>(), ["one", "", "二"]);
}

/// A tiny masked-LM of random numbers, with a vocabulary made up for it.
fn masked_lm() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../lt-model/tests/golden/mlm-tied");
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(Path::new(golden).join(file), dir.path().join(file)).expect("it is copied");
    }
    let mut pieces: Vec<String> =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "kitten", "sat"]
            .map(str::to_owned)
            .into();
    pieces.extend((pieces.len()..51).map(|number| format!("word{number}")));
    std::fs::write(dir.path().join("vocab.txt"), pieces.join("\n")).expect("it is written");
    dir
}

#[test]
fn a_masked_lm_guesses_the_masks_of_a_text_or_a_word_that_the_tour_masks() {
    let dir = masked_lm();
    let masks = |text: &str| {
        let output = lt_with(dir.path(), &["--format", "json", text]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tour: Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
        tour["result"]["masks"].clone()
    };
    let two = masks("the [MASK] sat [MASK]");
    assert_eq!(two.as_array().map(Vec::len), Some(2));
    assert_eq!(two[0]["hidden"], Value::Null);
    assert_eq!(two[0]["guesses"].as_array().map(Vec::len), Some(5));

    let one = masks("the kitten sat");
    assert_eq!(one[0]["text"], "the [MASK] sat");
    assert_eq!(one[0]["hidden"]["token"], "kitten");

    // 16 positions, two of them for [CLS] and [SEP]: the text is cut, and its first word masked.
    let cut = masks(&"kitten the ".repeat(20));
    assert_eq!(cut[0]["text"], format!("[MASK] the {}", "kitten the ".repeat(6).trim_end()));
    assert_eq!(masks(""), Value::Array(Vec::new()));
}

/// Behind a prompt the tokenizer gets another text, and that is where the pieces have their places.
#[test]
fn the_text_that_the_tokenizer_got_is_told_where_it_is_another() {
    assert_eq!(json(&["A cat."])["prepared"], Value::Null);
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["config.json", "model.safetensors", "tokenizer.json", "modules.json"] {
        std::fs::copy(model().join(name), dir.path().join(name)).expect("copied");
    }
    std::fs::create_dir(dir.path().join("1_Pooling")).expect("a directory");
    let pooling = Path::new("1_Pooling").join("config.json");
    std::fs::copy(model().join(&pooling), dir.path().join(&pooling)).expect("copied");
    let prompts = r#"{"prompts": {"query": "query: "}, "default_prompt_name": "query"}"#;
    std::fs::write(dir.path().join("config_sentence_transformers.json"), prompts).expect("written");

    let output = lt_with(dir.path(), &["--format", "json", "A cat."]);
    let tour: Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    assert_eq!((&tour["text"], &tour["prepared"]), (&"A cat.".into(), &"query: A cat.".into()));
    let tokens = strings(&tour["pieces"], "token");
    let cat = &tour["pieces"][tokens.iter().position(|&token| token == "cat").expect("a piece")];
    assert_eq!((&cat["from"], &cat["to"]), (&9.into(), &12.into()));
}

/// The page of a tiny checkpoint with a vocabulary of a few words, on one line.
fn page_of(name: &str) -> String {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../lt-model/tests/golden");
    let dir = tempfile::tempdir().expect("a directory");
    for file in ["config.json", "model.safetensors"] {
        let from = Path::new(golden).join(name).join(file);
        std::fs::copy(from, dir.path().join(file)).expect("copied");
    }
    let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nbig\ncat";
    std::fs::write(dir.path().join("vocab.txt"), words).expect("written");
    let output = lt_with(dir.path(), &["big cat big"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = String::from_utf8(output.stdout).expect("the page is UTF-8");
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tables of an ELECTRA are narrower than its layers.
#[test]
fn narrow_tables_are_shown_as_wide_as_they_are() {
    let page = page_of("electra-narrow");
    assert!(page.contains("A vector is a list of 5 numbers here."), "{page}");
    assert!(page.contains("A matrix makes 12 numbers of it for the layers."), "{page}");
}

/// A ModernBERT has none, and an `MPNet` two rows more than places.
#[test]
fn a_table_of_positions_is_shown_with_its_rows_where_there_is_one() {
    let page = page_of("mpnet");
    assert!(page.contains("the position picks one of another, [20, 12]."), "{page}");
    let page = page_of("modernbert");
    assert!(page.contains("There is no table of positions"), "{page}");
    assert!(page.contains("and so the same vector: it does not know its place yet."), "{page}");
    assert!(!page.contains("only the position differs"), "{page}");
}
