//! Files that cannot be run, and places that cannot be written to.

use std::fs;

use crate::models::golden;
use crate::run::{arg, lt};

/// The complaint about this file of ids; nothing may be written.
fn refused(model: &str, ids: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("ids.json"), dir.path().join("out.safetensors"));
    fs::write(&input, ids).unwrap();
    let model = golden().join(model);
    let error =
        lt(&["forward", "--model", arg(&model), "--ids", arg(&input), "--out", arg(&output)])
            .error();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left over");
    assert!(error.contains("ids.json"), "{error}");
    error
}

#[test]
fn ids_that_the_model_does_not_have_are_refused_by_their_place() {
    let error = refused("mlm-tied", br#"{"input_ids": [[1, 2], [3, 51]]}"#);
    assert!(error.contains("51 in list 1, place 1") && error.contains("less than 51"), "{error}");
    let error = refused("mlm-tied", br#"{"input_ids": [[1]], "token_type_ids": [[2]]}"#);
    assert!(error.contains("token_type_ids: 2 in list 0"), "{error}");
    let long = format!(r#"{{"input_ids": [[1], [{}1]]}}"#, "1, ".repeat(16));
    let error = refused("mlm-tied", long.as_bytes());
    assert!(error.contains("list 1") && error.contains("17 ids, expected at most 16"), "{error}");
}

#[test]
fn files_that_are_not_of_ids_are_refused() {
    let deep = "[".repeat(1 << 20);
    let files: [&[u8]; 12] = [
        b"",
        b"{",
        b"\xff\xfe",
        b"[[1, 2]]",
        deep.as_bytes(),
        br#"{"input_ids": [[1, 2]"#,
        br#"{"input_ids": []}"#,
        br#"{"input_ids": [[1], []]}"#,
        br#"{"input_ids": [[1e400]]}"#,
        br#"{"input_ids": [[1]], "input_ids": [[2]]}"#,
        br#"{"input_ids": [[1]], "position_ids": [[0]]}"#,
        br#"{"input_ids": [[1]], "decoder_input_ids": [[0]]}"#,
    ];
    for file in files {
        refused("mlm-tied", file);
    }
}

#[test]
fn an_unknown_key_is_answered_with_those_there_are() {
    let error = refused("mlm-tied", br#"{"input_ids": [[1]], "tokens": [[0]]}"#);
    assert!(error.contains("`tokens`") && error.contains("token_type_ids"), "{error}");
}

#[test]
fn places_that_cannot_be_written_to_are_refused_and_what_is_there_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (input, there) = (dir.path().join("ids.json"), dir.path().join("there"));
    fs::write(&input, r#"{"input_ids": [[1]]}"#).unwrap();
    fs::create_dir(&there).unwrap();
    let model = golden().join("mlm-tied");
    for output in [there.clone(), dir.path().join("no/such/place"), "/dev/null".into()] {
        let args = ["forward", "--model", arg(&model), "--ids", arg(&input), "--out", arg(&output)];
        let error = lt(&args).error();
        assert!(error.contains(arg(&output)), "{error}");
    }
    assert!(there.is_dir() && fs::read_dir(dir.path()).unwrap().count() == 2);
}

#[test]
fn a_head_that_is_not_known_is_answered_with_those_that_are() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = golden().join("mlm-tied");
    fs::copy(tiny.join("model.safetensors"), dir.path().join("model.safetensors")).unwrap();
    let config = fs::read_to_string(tiny.join("config.json")).unwrap();
    let config = config.replace("BertForMaskedLM", "BertForNextSentencePrediction");
    fs::write(dir.path().join("config.json"), config).unwrap();
    let args = ["forward", "--model", arg(dir.path()), "--ids", "x", "--out", "y"];
    let error = lt(&args).error();
    assert!(
        error.contains("BertForNextSentencePrediction") && error.contains("BertModel"),
        "{error}"
    );
}

#[test]
fn a_file_of_ids_that_is_not_there_is_named() {
    let model = golden().join("mlm-tied");
    let args = ["forward", "--model", arg(&model), "--ids", "/no/ids.json", "--out", "y"];
    assert!(lt(&args).error().contains("/no/ids.json"));
}
