//! Which files of a model's directory are its weights.

use std::fs;

use lt_weights::{Checkpoint, ReadError, TensorSource};

use crate::files::{Dir, READINGS, f32s, file_of};

fn one(value: f32) -> Vec<u8> {
    file_of(&[("w", "F32", &[1], f32s(&[value]))])
}

fn refusal(dir: &Dir) -> String {
    Checkpoint::open(dir.path(""), READINGS[0]).unwrap_err().to_string()
}

#[test]
fn a_single_file_comes_before_shards() {
    let dir = Dir::new();
    dir.write("shard.safetensors", one(2.0));
    dir.write("model.safetensors.index.json", r#"{"weight_map":{"w":"shard.safetensors"}}"#);
    let value = || {
        let open = |&reading| Checkpoint::open(dir.path(""), reading).unwrap();
        let values = READINGS.iter().map(open).map(|file| file.weight("w").unwrap().f32()[0]);
        values.reduce(|a, b| if a == b { a } else { f32::NAN }).unwrap()
    };
    assert_eq!(value(), 2.0);
    dir.write("model.safetensors", one(1.0));
    assert_eq!(value(), 1.0);
    let checkpoint = Checkpoint::open(dir.path(""), READINGS[0]).unwrap();
    assert_eq!(checkpoint.tensors()[0].name, "w");
}

#[test]
fn a_directory_without_weights_says_what_was_looked_for() {
    let dir = Dir::new();
    dir.write("config.json", "{}");
    let message = refusal(&dir);
    let expected = "looked for `model.safetensors` and `model.safetensors.index.json`";
    assert!(message.ends_with(expected), "{message}");
}

#[test]
fn weights_of_another_format_are_told_how_to_be_converted() {
    for (name, expected) in [
        ("pytorch_model.bin", "weights_only=True"),
        ("pytorch_model.bin.index.json", "pytorch_model*.bin"),
        ("tf_model.h5", ", from_tf=True).save_pretrained("),
        ("flax_model.msgpack", ", from_flax=True).save_pretrained("),
        ("model-q4.gguf", "take the checkpoint it was made from"),
        ("model.onnx", "take the checkpoint it was made from"),
    ] {
        let dir = Dir::new();
        dir.write(name, "");
        let message = refusal(&dir);
        assert!(message.contains(&format!("holds `{name}`")), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn of_several_formats_the_one_that_transformers_writes_is_named() {
    let dir = Dir::new();
    for name in ["a.onnx", "pytorch_model.bin", "tf_model.h5", "training_args.bin"] {
        dir.write(name, "");
    }
    let message = refusal(&dir);
    assert!(message.contains("holds `pytorch_model.bin`"), "{message}");
    let last = message.lines().last().unwrap_or_default().trim();
    assert!(last.starts_with("safetensors.torch.save_file(tensors, \""), "{message}");
    assert!(last.ends_with("model.safetensors\", {\"format\": \"pt\"})"), "{message}");
}

#[test]
fn what_a_training_run_leaves_beside_its_weights_is_not_taken_for_weights() {
    let dir = Dir::new();
    for name in ["training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth"] {
        dir.write(name, "");
    }
    assert!(refusal(&dir).contains("holds no weights"));
}

/// A snapshot of the hub's cache, copied without the files that its links point to.
#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_not_taken_for_no_file() {
    for name in ["model.safetensors", "model.safetensors.index.json"] {
        let dir = Dir::new();
        std::os::unix::fs::symlink("../../blobs/0123", dir.path(name)).unwrap();
        let message = refusal(&dir);
        assert!(message.contains("is a link to `../../blobs/0123`"), "{message}");
    }
}

#[test]
fn a_path_that_is_no_directory_is_named() {
    let dir = Dir::new();
    let path = dir.write("model.safetensors", one(1.0));
    let error = Checkpoint::open(&path, READINGS[0]).unwrap_err();
    assert!(error.to_string().ends_with("model.safetensors` is not a directory"), "{error}");
    let error = Checkpoint::open(dir.path("nowhere"), READINGS[0]).unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }), "{error}");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refusal(&dir).ends_with("model.safetensors` is not a file"));
}
