//! What PyTorch computed with the tiny checkpoints.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::{Value, json};

use crate::models::golden;
use crate::run::{arg, lt};

/// Tensors by name: shape and numbers.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn read(path: &Path) -> Tensors {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |bytes: &[u8]| {
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
    };
    file.tensors()
        .into_iter()
        .map(|(name, tensor)| (name, (tensor.shape().to_vec(), numbers(tensor.data()))))
        .collect()
}

fn forward(model: &Path, ids: &Value, flags: &[&str]) -> Tensors {
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("ids.json"), dir.path().join("out.safetensors"));
    fs::write(&input, ids.to_string()).unwrap();
    let args = ["forward", "--model", arg(model), "--ids", arg(&input), "--out", arg(&output)];
    let outcome = lt(&[&args, flags].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no file is left over");
    read(&output)
}

fn lengths(ids: &Value) -> Vec<usize> {
    ids["input_ids"].as_array().unwrap().iter().map(|ids| ids.as_array().unwrap().len()).collect()
}

fn cases() -> Vec<std::path::PathBuf> {
    let all = fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path());
    let cases: Vec<_> = all.filter(|path| path.join("golden.json").exists()).collect();
    assert!(cases.len() > 20);
    cases
}

/// The rows of the real positions, end to end; all others must be zero.
fn unpadded(shape: &[usize], numbers: &[f32], lengths: &[usize]) -> Vec<f32> {
    let width: usize = shape[2..].iter().product();
    let mut rows = Vec::new();
    for (list, &length) in lengths.iter().enumerate() {
        let start = list * shape[1] * width;
        let (real, rest) = numbers[start..start + shape[1] * width].split_at(length * width);
        rows.extend_from_slice(real);
        assert!(rest.iter().all(|value| value.to_bits() == 0), "past the end is 0");
    }
    rows
}

/// `[h, t, t]` of each list, end to end.
fn unpadded_attentions(shape: &[usize], numbers: &[f32], lengths: &[usize]) -> Vec<f32> {
    let (heads, longest) = (shape[1], shape[2]);
    let mut weights = Vec::new();
    for (list, &length) in lengths.iter().enumerate() {
        for head in 0..heads {
            for query in 0..longest {
                let row = ((list * heads + head) * longest + query) * longest;
                let real = if query < length { length } else { 0 };
                weights.extend_from_slice(&numbers[row..row + real]);
                let rest = &numbers[row + real..row + longest];
                assert!(rest.iter().all(|value| value.to_bits() == 0), "past the end is 0");
            }
        }
    }
    weights
}

fn assert_close(name: &str, got: &[f32], reference: &[f32], own_error: f64) {
    assert_eq!(got.len(), reference.len(), "{name}");
    let largest = reference.iter().fold(0.0_f64, |max, &value| max.max(f64::from(value).abs()));
    let tolerance = (4.0 * own_error).max(2e-5) * largest;
    for (place, (&got, &reference)) in got.iter().zip(reference).enumerate() {
        let error = (f64::from(got) - f64::from(reference)).abs();
        assert!(error <= tolerance, "{name}[{place}]: {got}, expected {reference}");
    }
}

fn compare(case: &str, got: &Tensors, reference: &Tensors, info: &Value, lengths: &[usize]) {
    for (name, (_, expected)) in reference {
        // Where there is no head, the last hidden state is a field of its own.
        let (shape, numbers) = &got[name];
        let rows = match name {
            _ if name.starts_with("attentions") => unpadded_attentions(shape, numbers, lengths),
            // One row for each list: of a pooler, or of a head that sorts texts. A head with one
            // number for each token has two axes too, but is padded.
            _ if name == "pooler_output" => numbers.clone(),
            _ if name == "logits" && shape.len() == 2 && numbers.len() == expected.len() => {
                numbers.clone()
            }
            _ => unpadded(shape, numbers, lengths),
        };
        let own_error = info["own_error"][name].as_f64().unwrap();
        assert_close(&format!("{case}: {name}"), &rows, expected, own_error);
    }
}

/// What transformers' class returned, besides what lies on the way. The last hidden state of a bare
/// model is there as the last of those.
fn fields_of_the_class(reference: &Tensors) -> Vec<&str> {
    let on_the_way =
        |name: &str| name.starts_with("hidden_states") || name.starts_with("attentions");
    let fields: Vec<&str> =
        reference.keys().map(String::as_str).filter(|name| !on_the_way(name)).collect();
    match fields.as_slice() {
        [] | ["pooler_output"] => [vec!["last_hidden_state"], fields].concat(),
        _ => fields,
    }
}

#[test]
fn every_field_of_every_tiny_checkpoint_is_what_pytorch_computes() {
    for path in cases() {
        let case = path.file_name().unwrap().to_str().unwrap().to_owned();
        let info: Value =
            serde_json::from_slice(&fs::read(path.join("golden.json")).unwrap()).unwrap();
        let ids = json!({"input_ids": info["input_ids"], "token_type_ids": info["token_type_ids"]});
        let lengths = lengths(&ids);
        let longest = *lengths.iter().max().unwrap();

        let mut all = forward(&path, &ids, &["--all"]);
        let reference = read(&path.join("golden.safetensors"));
        compare(&case, &all, &reference, &info, &lengths);

        // Without --all, the fields of the class alone, with the same bits.
        let alone = forward(&path, &ids, &["--threads", "1"]);
        let names: Vec<&str> = alone.keys().map(String::as_str).collect();
        assert_eq!(names, fields_of_the_class(&reference), "{case}");
        for (name, (shape, numbers)) in &alone {
            assert_eq!(shape[0], lengths.len(), "{case}");
            assert!(shape.len() == 2 || shape[1] == longest, "{case}");
            let (other_shape, other) = all.remove(name).unwrap();
            assert_eq!(shape, &other_shape, "{case}");
            assert!(numbers.iter().map(|x| x.to_bits()).eq(other.iter().map(|x| x.to_bits())));
            if name == "last_hidden_state" {
                let states = all.keys().filter(|name| name.starts_with("hidden")).count();
                assert_eq!(numbers, &all[&format!("hidden_states.{}", states - 1)].1, "{case}");
            }
        }
    }
}

#[test]
fn a_padded_batch_gives_what_pytorch_gives_at_the_real_positions() {
    let padded: Vec<_> =
        cases().into_iter().filter(|path| path.join("padded.json").exists()).collect();
    assert!(padded.len() > 2);
    for path in padded {
        let case = path.file_name().unwrap().to_str().unwrap().to_owned();
        let info: Value =
            serde_json::from_slice(&fs::read(path.join("padded.json")).unwrap()).unwrap();
        let ids = json!({
            "input_ids": info["input_ids"],
            "token_type_ids": info["token_type_ids"],
            "attention_mask": info["attention_mask"],
        });
        let kept = |row: &Value| row.as_array().unwrap().iter().filter(|keep| **keep == 1).count();
        let lengths: Vec<usize> =
            info["attention_mask"].as_array().unwrap().iter().map(kept).collect();
        let got = forward(&path, &ids, &["--all"]);
        compare(&case, &got, &read(&path.join("padded.safetensors")), &info, &lengths);
    }
}

#[test]
fn a_list_has_the_same_bits_alone_and_padded_on_the_left() {
    let model = golden().join("heads-3x4-gelu");
    let alone = forward(&model, &json!({"input_ids": [[5, 6, 7]]}), &[]);
    let left = json!({"input_ids": [[9, 5, 6, 7], [1, 2, 3, 4]],
                      "attention_mask": [[0, 1, 1, 1], [1, 1, 1, 1]]});
    let padded = forward(&model, &left, &[]);
    let (_, alone) = &alone["last_hidden_state"];
    let (shape, padded) = &padded["last_hidden_state"];
    assert_eq!(shape[..2], [2, 4]);
    assert_eq!(alone[..], padded[..alone.len()]);
}

#[test]
fn the_summary_names_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("ids.json"), dir.path().join("out.safetensors"));
    fs::write(&input, r#"{"input_ids": [[1, 2, 3], [4]]}"#).unwrap();
    let model = golden().join("mlm-tied");
    let args = ["forward", "--model", arg(&model), "--ids", arg(&input), "--out", arg(&output)];
    let json = lt(&[args.as_slice(), &["--format", "json"]].concat()).json().remove(0);
    assert_eq!(json, json!({"out": arg(&output), "tensors": {"logits": [2, 3, 51]}}));
    // A file that is there is replaced.
    assert!(lt(&args).ok().contains("[2, 3, 51]"));
}
