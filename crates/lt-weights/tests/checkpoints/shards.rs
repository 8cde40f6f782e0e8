//! Checkpoints in several files.

use std::fs::{self, File};

use lt_weights::{ShardedFiles, TensorSource};

use crate::files::{Dir, READINGS, f32s, file_of};

const INDEX: &str = "model.safetensors.index.json";

/// Two shards, `a` and `b` in the first and `c` in the second.
fn shards() -> Dir {
    let dir = Dir::new();
    let (a, b) = (f32s(&[1.0]), f32s(&[2.0, 3.0]));
    dir.write("1.safetensors", file_of(&[("b", "F32", &[2], b), ("a", "F32", &[1], a)]));
    dir.write("2.safetensors", file_of(&[("c", "F32", &[1], f32s(&[4.0]))]));
    dir
}

fn index(dir: &Dir, map: &str) {
    dir.write(INDEX, format!(r#"{{"metadata":{{"total_size":16}},"weight_map":{{{map}}}}}"#));
}

fn refusal(dir: &Dir) -> String {
    let mut messages: Vec<String> = READINGS
        .iter()
        .map(|&reading| ShardedFiles::open(dir.path(INDEX), reading).unwrap_err().to_string())
        .collect();
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}

#[test]
fn the_tensors_of_all_shards_are_one_list() {
    let dir = shards();
    index(&dir, r#""a":"1.safetensors","b":"1.safetensors","c":"2.safetensors""#);
    for &reading in READINGS {
        let files = ShardedFiles::open(dir.path(INDEX), reading).unwrap();
        let names: Vec<&str> = files.tensors().iter().map(|info| info.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(files.weight("b").unwrap().f32(), [2.0, 3.0]);
        assert_eq!(files.weight("c").unwrap().f32(), [4.0]);
        assert!(files.weight("d").is_err());
        assert_eq!(files.info("c").unwrap().shape, [1]);
    }
}

#[test]
fn a_tensor_that_the_index_does_not_mention_is_there_all_the_same() {
    let dir = shards();
    index(&dir, r#""a":"1.safetensors","c":"2.safetensors""#);
    for &reading in READINGS {
        let files = ShardedFiles::open(dir.path(INDEX), reading).unwrap();
        assert_eq!(files.weight("b").unwrap().f32(), [2.0, 3.0]);
    }
}

#[test]
fn a_missing_shard_is_named() {
    let dir = shards();
    index(&dir, r#""a":"1.safetensors","z":"3.safetensors""#);
    let message = refusal(&dir);
    assert!(message.contains("names `3.safetensors`, which does not exist"), "{message}");
}

#[test]
fn a_shard_that_is_unsound_is_named() {
    let dir = shards();
    index(&dir, r#""a":"1.safetensors","c":"2.safetensors""#);
    dir.write("2.safetensors", b"short");
    let message = refusal(&dir);
    assert!(message.contains("2.safetensors`: has 5 bytes"), "{message}");
}

#[test]
fn a_tensor_is_in_the_shard_that_the_index_says() {
    let dir = shards();
    for map in
        [r#""a":"2.safetensors","b":"1.safetensors""#, r#""a":"1.safetensors","z":"2.safetensors""#]
    {
        index(&dir, map);
        assert!(refusal(&dir).contains(".safetensors`, but it is not"), "{map}");
    }
}

#[test]
fn a_tensor_in_two_shards_is_refused() {
    let dir = shards();
    dir.write("2.safetensors", file_of(&[("a", "F32", &[1], f32s(&[4.0]))]));
    index(&dir, r#""a":"1.safetensors","b":"1.safetensors","c":"2.safetensors""#);
    let message = refusal(&dir);
    assert!(message.contains("tensor `a` is in ") && message.contains("2.safetensors"));
}

#[test]
fn shards_lie_beside_their_index() {
    let dir = shards();
    for file in ["../1.safetensors", "/etc/passwd", "..", ".", "", "sub/1.safetensors"] {
        index(&dir, &format!(r#""a":{file:?}"#));
        assert!(refusal(&dir).ends_with(&format!("`{file}` is not a file beside it")), "{file}");
    }
}

#[test]
fn an_index_that_is_none_is_refused() {
    let dir = shards();
    for text in ["", "[]", "{}", r#"{"weight_map":[]}"#, r#"{"weight_map":{"a":1}}"#] {
        dir.write(INDEX, text);
        let message = refusal(&dir);
        assert!(message.contains(r#"is no index, expected {"weight_map""#), "{message}");
    }
    dir.write(INDEX, "[".repeat(1_000_000));
    assert!(refusal(&dir).contains("is no index"));
    dir.write(INDEX, b"{\"weight_map\": \"\xff\"}");
    assert!(refusal(&dir).ends_with("is not UTF-8: byte 16 begins no character"));

    let path = dir.write(INDEX, "");
    File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(refusal(&dir).contains("has 1099511627776 bytes, expected at most 67108864"));
    fs::remove_file(&path).unwrap();
    assert!(refusal(&dir).contains("entity not found"));
    fs::create_dir(&path).unwrap();
    assert!(refusal(&dir).ends_with("is not a file"));
}

#[test]
fn an_index_cut_off_anywhere_is_refused() {
    let dir = shards();
    let whole = r#"{"weight_map":{"a":"1.safetensors"}}"#;
    for end in 0..whole.len() {
        dir.write(INDEX, &whole[..end]);
        assert!(refusal(&dir).contains("is no index"), "{end}");
    }
}
