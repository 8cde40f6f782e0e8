//! `lt convert`.

use std::fs;

use crate::models::{minilm, with_vocabulary};
use crate::run::{arg, lt};

#[test]
fn eight_bits_are_near_and_come_back_as_32_for_others_to_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name| dir.path().join(name);
    let (small, wide) = (path("small"), path("wide"));
    let done = lt(&["convert", "--model", minilm(), "--to", "i8", arg(&small), "--format", "json"]);
    let done = done.json();
    assert_eq!(done[0]["left_out"][0], "embeddings.position_ids", "{done:?}");
    assert!(done[0]["bytes"].as_u64().unwrap() < 24_000_000, "{done:?}");
    assert!(small.join("1_Pooling/config.json").exists() && small.join("modules.json").exists());
    lt(&["convert", "--model", arg(&small), "--to", "f32", arg(&wide)]).ok();

    let texts = ["A cat sleeps by the window.", "Interest rates rise again."];
    let encode = |model| lt(&["encode", "--model", model, texts[0], texts[1], "--format", "json"]);
    let (exact, near, again) = (encode(minilm()), encode(arg(&small)), encode(arg(&wide)).ok());
    let near = near.ok();
    assert_eq!(near, again, "the same numbers, whatever they are stored in");
    let vectors = |lines: &str| -> Vec<Vec<f64>> {
        let rows = lines.lines().map(|line| serde_json::from_str(line).unwrap());
        let numbers = |row: serde_json::Value| {
            let numbers = row["embedding"].as_array().unwrap().clone();
            numbers.iter().map(|number| number.as_f64().unwrap()).collect()
        };
        rows.map(numbers).collect()
    };
    for (exact, near) in vectors(&exact.ok()).iter().zip(vectors(&near)) {
        let cosine: f64 = exact.iter().zip(&near).map(|(x, y)| x * y).sum();
        assert!(cosine > 0.999, "{cosine}");
    }
}

#[test]
fn what_is_there_is_not_written_over() {
    let model = with_vocabulary("mlm-tied");
    let before = fs::read(model.path().join("model.safetensors")).unwrap();
    let error =
        lt(&["convert", "--model", arg(model.path()), "--to", "f16", arg(model.path())]).error();
    assert!(error.contains("there is something in"), "{error}");
    assert_eq!(fs::read(model.path().join("model.safetensors")).unwrap(), before);
    let mine = tempfile::tempdir().unwrap();
    fs::write(mine.path().join("vocab.txt"), "mine").unwrap();
    lt(&["convert", "--model", arg(model.path()), "--to", "f16", arg(mine.path())]).error();
    assert_eq!(fs::read(mine.path().join("vocab.txt")).unwrap(), b"mine");
}

#[test]
fn the_configuration_names_the_new_type() {
    let model = with_vocabulary("mlm-tied");
    let config = model.path().join("config.json");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replacen('{', "{\"torch_dtype\": \"float32\",", 1)).unwrap();
    let out = tempfile::tempdir().unwrap();
    let half = out.path().join("half");
    let said = lt(&["convert", "--model", arg(model.path()), "--to", "f16", arg(&half)]).ok();
    assert!(said.contains("MB before"), "{said}");
    let config = fs::read_to_string(half.join("config.json")).unwrap();
    assert!(config.contains("\"torch_dtype\": \"float16\""), "{config}");
    lt(&["fill-mask", "--model", arg(&half), "w5 [MASK]"]).ok();
}
