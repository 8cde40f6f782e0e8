//! `lt generate` and `lt eval perplexity`, held to what transformers writes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::models::golden;
use crate::run::{arg, lt, lt_reading};

fn checkpoint(name: &str) -> PathBuf {
    golden().join("../golden-decoders").join(name)
}

/// A golden checkpoint that says how to write, and its prompts as a file; what transformers wrote.
fn with_generation_config(name: &str, config: &Value) -> (TempDir, PathBuf, Value) {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(checkpoint(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    let text = fs::read_to_string(dir.path().join("generated.json")).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    let mut all = config.clone();
    all["eos_token_id"] = written["eos_token_id"].clone();
    fs::write(dir.path().join("generation_config.json"), all.to_string()).unwrap();
    let ids = dir.path().join("ids.json");
    fs::write(&ids, json!({ "input_ids": written["prompts"] }).to_string()).unwrap();
    (dir, ids, written)
}

fn generate(dir: &Path, ids: &Path, more: &[&str]) -> Value {
    let args = ["generate", "--model", arg(dir), "--ids", arg(ids), "--format", "json"];
    let args = [&args, more].concat();
    lt(&args).json().remove(0)["sequences"].take()
}

/// The sequences of one kind, those that are several for a prompt one after the other.
fn expected(written: &Value, kind: &str) -> Value {
    let prompts = written[kind].as_array().unwrap();
    if kind == "beams" {
        return prompts
            .iter()
            .flat_map(|it| it["sequences"].as_array().unwrap())
            .cloned()
            .collect();
    }
    prompts.iter().map(|it| it["sequence"].clone()).collect()
}

const FAMILIES: [&str; 5] = ["gpt2-f16-copy", "llama-llama3", "mistral", "qwen3", "gemma3"];

/// The last token of a text is not read: so there may be one more than the model holds.
#[test]
fn a_full_context_ends_the_text_and_is_told() {
    let dir = checkpoint("gpt2-f16-copy");
    let config = fs::read_to_string(dir.join("config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    let longest = config["n_positions"].as_u64().unwrap();
    let files = tempfile::tempdir().unwrap();
    let run = |length: u64, more: &[&str]| {
        let ids = files.path().join("ids.json");
        fs::write(&ids, json!({ "input_ids": [vec![5; length as usize]] }).to_string()).unwrap();
        let args = ["generate", "--model", arg(&dir), "--ids", arg(&ids), "--ignore-eos"];
        lt(&[&args, more].concat())
    };
    for (length, strategy) in [(longest, "greedy"), (longest - 1, "greedy"), (longest - 1, "beam")]
    {
        let beams: &[&str] = if strategy == "beam" { &["--beams", "2"] } else { &[] };
        let more = [&["--strategy", strategy, "--format", "json"], beams].concat();
        let outcome = run(length, &more);
        let told = format!("text 1 ends after {} tokens: the model holds no more", longest + 1);
        assert!(outcome.err.contains(&told), "{}", outcome.err);
        let line: Value = serde_json::from_str(&outcome.out).unwrap();
        assert_eq!(line["sequences"][0].as_array().unwrap().len() as u64, longest + 1);
    }
    assert_eq!(run(longest, &["--max-new-tokens", "1"]).ok().lines().count(), 1);
    let error = run(longest + 1, &[]).error();
    assert!(error.contains(&format!("has {} tokens, expected at most", longest + 1)), "{error}");
}

#[test]
fn what_is_written_is_what_transformers_writes() {
    for name in FAMILIES {
        let (dir, ids, written) = with_generation_config(name, &json!({}));
        let most = written["max_new_tokens"].to_string();
        let run = |more: &[&str]| {
            generate(dir.path(), &ids, &[&["--max-new-tokens", &most], more].concat())
        };
        assert_eq!(run(&[]), expected(&written, "greedy"), "{name}");
        let without_end = run(&["--ignore-eos"]);
        assert_eq!(without_end, expected(&written, "greedy_without_end"), "{name}");
        let penalties = ["--repetition-penalty", "1.3", "--no-repeat-ngram", "2"];
        assert_eq!(run(&penalties), expected(&written, "greedy_with_penalties"), "{name}");
        let settings = &written["beam_settings"];
        let penalty = settings["length_penalty"].to_string();
        let beams = ["--strategy", "beam", "--beams", "4", "--num-return", "3"];
        let beams = run(&[&beams[..], &["--length-penalty", &penalty]].concat());
        assert_eq!(beams, expected(&written, "beams"), "{name}");
    }
}

#[test]
fn options_win_over_the_checkpoint_and_its_wishes_can_be_left_out() {
    let wishes = json!({"do_sample": true, "repetition_penalty": 9.0, "max_new_tokens": 2});
    let (dir, ids, written) = with_generation_config("qwen3", &wishes);
    let most = written["max_new_tokens"].to_string();
    let plain = ["--no-defaults", "--max-new-tokens", most.as_str()];
    assert_eq!(generate(dir.path(), &ids, &plain), expected(&written, "greedy"));
    let greedy = ["--strategy", "greedy", "--repetition-penalty", "1", "--max-new-tokens", &most];
    assert_eq!(generate(dir.path(), &ids, &greedy), expected(&written, "greedy"));
    let lengths = |value: &Value| -> Vec<usize> {
        value.as_array().unwrap().iter().map(|it| it.as_array().unwrap().len()).collect()
    };
    let drawn = generate(dir.path(), &ids, &["--ignore-eos"]);
    assert_eq!(lengths(&drawn), [3, 6, 11], "two new tokens, as the checkpoint wants");
    assert_eq!(drawn, generate(dir.path(), &ids, &["--ignore-eos", "--threads", "1"]));
}

#[test]
fn a_draft_model_changes_nothing_and_nothing_new_is_the_prompt() {
    let (dir, ids, written) = with_generation_config("llama-llama3", &json!({}));
    let most = written["max_new_tokens"].to_string();
    let draft = ["--draft", arg(dir.path()), "--max-new-tokens", &most];
    assert_eq!(generate(dir.path(), &ids, &draft), expected(&written, "greedy"));
    assert_eq!(generate(dir.path(), &ids, &["--max-new-tokens", "0"]), written["prompts"]);
}

#[test]
fn what_cannot_be_written_is_refused_beforehand() {
    let (dir, ids, _) = with_generation_config("gpt2-f16-copy", &json!({}));
    let args = ["generate", "--model", arg(dir.path()), "--ids", arg(&ids)];
    let run = |more: &[&str]| lt(&[&args, more].concat()).error();
    for (more, expected) in [
        (&["--strategy", "beam", "--beams", "100000"][..], "beams is 100000"),
        (&["--strategy", "greedy", "--beams", "2"], "the strategy has none"),
        (&["--strategy", "sample", "--temperature", "-1"], "temperature"),
        (&["--top-p", "1.5"], "top_p"),
        (&["--min-new-tokens", "5", "--max-new-tokens", "2"], "lower the minimum"),
        (&["--num-return", "2"], "greedy search writes one text"),
        (&["--stop", ""], "stop_strings"),
        (&["--stop", "x"], "stop strings need text"),
    ] {
        let error = run(more);
        assert!(error.contains(expected), "{more:?}: {error}");
    }
    let long = dir.path().join("long.json");
    fs::write(&long, json!({ "input_ids": [vec![1; 5000]] }).to_string()).unwrap();
    let error = lt(&["generate", "--model", arg(dir.path()), "--ids", arg(&long)]).error();
    assert!(error.contains("5000 tokens, expected at most"), "{error}");
    let wrong = json!({"eos_token_id": 99_999}).to_string();
    fs::write(dir.path().join("generation_config.json"), wrong).unwrap();
    let error = run(&[]);
    assert!(error.contains("the end token 99999 is not in the vocabulary"), "{error}");
    assert!(lt_reading(b"a\n", &["generate", "--model", arg(dir.path())]).error().len() > 10);
}
