//! `lt generate` with texts and conversations.

use std::fs;
use std::path::Path;

use lt_tokenizer::{Specials, Tokenizer};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::models::with_letters;
use crate::run::{arg, lt, lt_reading};

const TEMPLATE: &str = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}\
    {% if add_generation_prompt %}<assistant>{% endif %}";

/// A tiny decoder with a tokenizer, and what it says of conversations.
fn with_template(name: &str, template: &str) -> TempDir {
    let dir = with_letters(name);
    fs::write(dir.path().join("chat_template.jinja"), template).unwrap();
    dir
}

fn args<'a>(dir: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    [&["generate", "--model", arg(dir)], more].concat()
}

fn written(dir: &Path, more: &[&str]) -> String {
    lt(&args(dir, more)).ok()
}

fn ids(dir: &Path, more: &[&str]) -> Vec<Vec<u32>> {
    let mut found = lt(&args(dir, &[more, &["--format", "json"]].concat())).json();
    assert_eq!(found.len(), 1);
    serde_json::from_value(found.remove(0)["sequences"].take()).unwrap()
}

/// The text of ids; those that are no tokens have none.
fn text(tokenizer: &Tokenizer, ids: &[u32]) -> String {
    let known: Vec<u32> = ids.iter().copied().filter(|&id| tokenizer.token(id).is_some()).collect();
    tokenizer.decode(&known, Specials::Skip).unwrap()
}

#[test]
fn the_text_that_is_streamed_is_that_of_the_ids() {
    let mut broken = 0;
    for name in ["gpt2-as-published", "llama-llama3", "gemma3"] {
        let dir = with_letters(name);
        let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
        let prompts = ["the bank", "银行", "a.\n"];
        for (prompt, seed) in prompts.iter().flat_map(|prompt| [(prompt, "1"), (prompt, "2")]) {
            let more = ["--prompt", prompt, "--strategy", "sample", "--temperature", "3"];
            let more = [&more[..], &["--max-new-tokens", "25", "--seed", seed]].concat();
            let ids = ids(dir.path(), &more).remove(0);
            let streamed = written(dir.path(), &more);
            assert_eq!(ids.len(), prompt.len() + 25, "a token for each byte");
            let all = text(&tokenizer, &ids);
            assert_eq!(format!("{prompt}{streamed}"), format!("{all}\n"), "{name} {ids:?}");
            broken += streamed.matches('\u{fffd}').count();
        }
    }
    assert!(broken > 10, "tokens that are no characters by themselves came up {broken} times");
}

#[test]
fn a_text_ends_before_its_stop_string() {
    let dir = with_letters("llama-llama3");
    let more = ["--prompt", "the bank", "--max-new-tokens", "30", "--strategy", "sample"];
    let whole = written(dir.path(), &more);
    let whole = whole.strip_suffix('\n').unwrap();
    let characters: Vec<char> = whole.chars().collect();
    let mut stopped = 0;
    for (from, length) in [(2, 1), (6, 2), (9, 3), (11, 5)] {
        let stop: String = characters[from..from + length].iter().collect();
        if stop.contains('\u{fffd}') {
            continue;
        }
        let found = written(dir.path(), &[&more[..], &["--stop", "~", "--stop", &stop]].concat());
        let expected = whole.split(&stop).next().unwrap();
        assert_eq!(found, format!("{expected}\n"), "{stop:?} in {whole:?}");
        stopped += 1;
    }
    assert!(stopped > 1, "{whole:?}");
}

#[test]
fn several_prompts_are_continued_each_for_itself() {
    let dir = with_letters("gpt2-as-published");
    let both = ids(dir.path(), &["--prompt", "the bank", "--prompt", "银行"]);
    assert_eq!(both, ids(dir.path(), &["the bank", "银行"]), "as arguments and as options");
    let alone = |prompt| ids(dir.path(), &["--prompt", prompt]).remove(0);
    assert_eq!(both, [alone("the bank"), alone("银行")]);
    let titled = written(dir.path(), &["--prompt", "the bank", "--prompt", "银行"]);
    assert!(titled.starts_with("[1] the bank\n") && titled.contains("\n[2] 银行\n"), "{titled}");
    let piped = args(dir.path(), &["--format", "json"]);
    let lines = lt_reading("the bank\n银行\n".as_bytes(), &piped).json();
    assert_eq!(lines[0]["sequences"], json!(both));
}

#[test]
fn a_conversation_is_what_the_template_makes_of_it() {
    let dir = with_template("llama-llama3", TEMPLATE);
    let chat = |more: &[&str]| ids(dir.path(), &[&["--chat", "--prompt", "hi 银"], more].concat());
    let plain = |prompt: &str| ids(dir.path(), &["--prompt", prompt]);
    assert_eq!(chat(&[]), plain("<user>hi 银<assistant>"));
    let system = chat(&["--system", "be brief."]);
    assert_eq!(system, plain("<system>be brief.<user>hi 银<assistant>"));
    assert_ne!(system, chat(&[]));
}

#[test]
fn a_conversation_remembers_what_was_said() {
    let dir = with_template("llama-llama3", TEMPLATE);
    let more = ["--chat", "--system", "be brief.", "--max-new-tokens", "6"];
    let text = lt_reading(b"hi\nbye\n", &args(dir.path(), &more)).ok();
    let answers: Vec<&str> = text.lines().collect();
    assert_eq!(answers.len(), 2, "{text:?}");
    let json = args(dir.path(), &[&more[..], &["--format", "json"]].concat());
    let turns = lt_reading(b"hi\nbye\n", &json).json();
    let sequence = |turn: &Value| -> Vec<u32> {
        serde_json::from_value(turn["sequences"][0].clone()).unwrap()
    };
    let so_far = format!("<system>be brief.<user>hi<assistant>{}<user>bye<assistant>", answers[0]);
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    let expected = tokenizer.encode_bare(so_far.as_str(), lt_tokenizer::Limit::None).unwrap().ids;
    let second = sequence(&turns[1]);
    assert_eq!(second[..expected.len()], expected, "{answers:?}");
    assert_eq!(second.len(), expected.len() + 6);
}

#[test]
fn a_template_that_cannot_be_used_is_refused_and_said() {
    let refused = |template: &str, more: &[&str]| {
        let dir = with_template("llama-llama3", template);
        lt(&args(dir.path(), &[&["--chat", "--prompt", "hi"], more].concat())).error()
    };
    for (template, expected) in [
        ("a\n{% for x in %}", "the chat template does not parse at line 2"),
        (
            "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}",
            "Does it loop?",
        ),
        (
            "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}\
             {% endfor %}",
            "Does it loop?",
        ),
        ("{% for i in range(1000000000) %}{% endfor %}", "the chat template fails at line 1"),
        ("{{ raise_exception('no small talk') }}", "refuses the conversation: no small talk"),
        ("", "prompt 0, counted from 0, is empty"),
    ] {
        let error = refused(template, &[]);
        assert!(error.contains(expected), "{template}: {error}");
    }
    // It does not stand in the way of a text.
    let dir = with_template("llama-llama3", "{% if");
    assert!(lt(&args(dir.path(), &["--prompt", "hi"])).ok().ends_with('\n'));
    let none = with_letters("llama-llama3");
    let error = lt(&args(none.path(), &["--chat", "--prompt", "hi"])).error();
    assert!(error.contains("no chat template in"), "{error}");
    assert!(error.contains("hint: without --chat the text is continued as it is"), "{error}");
}

#[test]
fn prompts_that_cannot_be_continued_are_refused() {
    let dir = with_letters("gpt2-as-published");
    let error = |more: &[&str]| lt(&args(dir.path(), more)).error();
    let (long, full) = ("a".repeat(41), "a".repeat(40));
    let many = ["--prompt", "hi", "--strategy", "beam", "--beams", "45"];
    for (more, expected) in [
        (&["--prompt", ""][..], "is empty, expected at least one token"),
        (&["--prompt", "hi", "--prompt", ""], "prompt 1, counted from 0, is empty"),
        (&["--prompt", &long], "has 41 tokens, expected at most 40"),
        (&many, "beams is 45, expected 1 to 44, as many as there are tokens"),
    ] {
        let error = error(more);
        assert!(error.contains(expected), "{more:?}: {error}");
    }
    // What just fits has room for one token more, and what is to have nothing more ends at once.
    assert_eq!(ids(dir.path(), &["--prompt", &full, "--max-new-tokens", "1"])[0].len(), 41);
    let nothing = ["--prompt", "hi", "--max-new-tokens", "0"];
    assert_eq!(written(dir.path(), &nothing), "\n");
    assert_eq!(ids(dir.path(), &nothing)[0].len(), 2);
    // The beams are as many as there are tokens.
    let most = ["--prompt", "hi", "--strategy", "beam", "--beams", "44", "--max-new-tokens", "3"];
    assert_eq!(ids(dir.path(), &most)[0].len(), 5);
    let wrong = json!({"eos_token_id": [0, 44]}).to_string();
    fs::write(dir.path().join("generation_config.json"), wrong).unwrap();
    let found = error(&["--prompt", "hi"]);
    assert!(found.contains("the end token 44 is not in the vocabulary"), "{found}");
    assert!(lt(&args(dir.path(), &["--prompt", "hi", "--ignore-eos"])).ok().ends_with('\n'));
}
