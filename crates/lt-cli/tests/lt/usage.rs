//! Command lines that make no sense, models that are not there, and help.

use std::fs;

use crate::models::{golden, minilm};
use crate::run::{arg, command, lt, outcome};

const COMMANDS: [&str; 15] = [
    "tour",
    "encode",
    "similarity",
    "search",
    "tokenize",
    "inspect",
    "generate",
    "convert",
    "fill-mask",
    "classify",
    "zero-shot",
    "rerank",
    "tag",
    "answer",
    "forward",
];

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2_and_the_usage() {
    let wrong: [&[&str]; 19] = [
        &["generate", "text", "--prompt", "text"],
        &["generate", "text", "--ids", "ids.json"],
        &[],
        &["nonsense"],
        &["encode", "--nonsense"],
        &["encode", "--threads", "0", "text"],
        &["encode", "--threads", "many", "text"],
        &["encode", "--format", "xml", "text"],
        &["encode", "--pooling", "median", "text"],
        &["fill-mask", "--top", "0", "text"],
        &["forward", "--model", "x"],
        &["classify", "--pair", "text", "--pairs", "text"],
        &["classify", "--template", "{text} {mask}", "text"],
        &["classify", "--label", "good=great", "text"],
        &["classify", "--template", "{text} {mask}", "--label", "good", "text"],
        &["zero-shot", "text"],
        &["rerank"],
        &["search", "text"],
        &["completions", "ed"],
    ];
    for args in wrong {
        let outcome = lt(args);
        assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.err);
        assert_eq!(outcome.out, "", "{args:?}");
        assert!(outcome.err.contains("--help"), "{args:?}: {}", outcome.err);
    }
}

#[test]
fn every_command_has_help_that_says_what_it_does_and_an_example() {
    let all = lt(&["--help"]).ok();
    for name in COMMANDS {
        let help = lt(&[name, "--help"]).ok();
        assert!(help.contains("Example"), "{name}: {help}");
        assert!(help.contains(&format!("lt {name} --model DIR")), "{name}: {help}");
        let does = help.lines().next().unwrap_or_default();
        assert!(!does.is_empty() && all.contains(does), "{name}: {does}");
    }
}

#[test]
fn help_names_a_version_that_is_the_packages() {
    assert_eq!(lt(&["--version"]).ok(), format!("lt {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn there_are_completions_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = lt(&["completions", shell]).ok();
        assert!(COMMANDS.iter().all(|name| script.contains(name)), "{shell}");
    }
}

#[test]
fn without_a_model_commands_that_none_is_built_in_for_say_how_to_get_one() {
    let built_in = ["tour", "encode", "similarity", "search", "tokenize", "fill-mask", "generate"];
    for name in COMMANDS.into_iter().filter(|name| !built_in.contains(name)) {
        let mut args = vec![name];
        match name {
            "forward" => args.extend(["--ids", "ids.json", "--out", "out.safetensors"]),
            "convert" => args.extend(["--to", "i8", "out"]),
            "zero-shot" => args.extend(["--labels", "a,b"]),
            "rerank" => args.push("query"),
            _ => {}
        }
        let error = lt(&args).error();
        assert!(error.contains("no model is given"), "{name}: {error}");
        assert!(error.contains("hint: ") && error.contains("cargo xtask fetch"), "{name}: {error}");
    }
}

#[test]
fn the_environment_names_a_model_where_the_command_line_does_not() {
    let mut tokenize = command(&["tokenize", "--format", "json", "a cat"]);
    tokenize.env("LT_MODEL", minilm());
    assert_eq!(outcome(tokenize).json()[0]["tokens"][1], "a");

    let mut tokenize = command(&["tokenize", "--model", "/nowhere at all", "a cat"]);
    tokenize.env("LT_MODEL", minilm());
    assert!(outcome(tokenize).error().contains("/nowhere at all"));
}

#[test]
fn a_model_that_is_no_directory_is_refused() {
    let file = golden().join("mlm-tied/config.json");
    let error = lt(&["encode", "--model", arg(&file), "text"]).error();
    assert!(error.contains("is a file, expected a directory"), "{error}");

    let empty = tempfile::tempdir().unwrap();
    for name in ["tour", "encode", "similarity", "tokenize", "inspect", "fill-mask", "classify"] {
        let mut args = vec![name, "--model", arg(empty.path())];
        if name != "inspect" {
            args.push("text");
        }
        lt(&args).error();
    }
}

#[cfg(not(feature = "hub"))]
#[test]
fn a_name_on_the_hub_is_answered_with_the_feature_that_would_fetch_it() {
    let error = lt(&["encode", "--model", "organisation/model", "text"]).error();
    assert!(error.contains("--features hub"), "{error}");
}

#[test]
fn weights_in_another_format_are_answered_with_how_to_convert_them() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(golden().join("mlm-tied/config.json"), dir.path().join("config.json")).unwrap();
    fs::write(dir.path().join("pytorch_model.bin"), b"PK").unwrap();
    let error = lt(&["encode", "--model", arg(dir.path()), "text"]).error();
    assert!(error.contains("safetensors.torch.save_file"), "{error}");
}

#[test]
fn a_configuration_that_asks_for_too_much_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let json = r#"{"model_type": "bert", "hidden_size": 16777216, "num_hidden_layers": 1000,
                   "num_attention_heads": 1, "intermediate_size": 16777216}"#;
    fs::write(dir.path().join("config.json"), json).unwrap();
    fs::write(dir.path().join("model.safetensors"), [0; 64]).unwrap();
    // Were it to take the memory first, this would not end well.
    let error = lt(&["encode", "--model", arg(dir.path()), "text"]).error();
    assert!(error.contains("expected at most"), "{error}");
}
