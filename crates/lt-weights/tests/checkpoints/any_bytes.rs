//! Whatever is in the files, reading them returns; and what is taken is what the reference takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lt_core::{NameMap, Weight, params};
use lt_weights::{Layout, SafetensorsFile, ShardedFiles, TensorSource, load, save};
use proptest::prelude::*;
use safetensors::SafeTensors;

use crate::files::{READINGS, Tensor, f32s, file_of, u16s, with_header};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn valid_file() -> Vec<u8> {
    let tensors: [Tensor<'_>; 4] = [
        ("layer.0.weight", "F32", &[2, 3], f32s(&[1.0, -2.5, f32::NAN, 0.0, 5.0, 6.0])),
        ("layer.0.bias", "F16", &[3], u16s(&[1, 2, 3])),
        ("ids", "I64", &[1, 1], vec![0; 8]),
        ("empty", "BF16", &[0], vec![]),
    ];
    file_of(&tensors)
}

/// A file of which some bytes were changed, some left out, and the end cut off.
fn mutated(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let len = valid.len();
    let digit = prop_oneof![any::<u8>(), (b'0'..=b'9')];
    let changes = prop::collection::vec((0..len, prop::option::weighted(0.8, digit)), 0..4);
    (changes, prop_oneof![3 => Just(len), 1 => 0..=len]).prop_map(move |(changes, end)| {
        let mut bytes: Vec<Option<u8>> = valid.iter().copied().map(Some).collect();
        for (place, change) in changes {
            bytes[place] = change;
        }
        bytes.into_iter().take(end).flatten().collect()
    })
}

/// A header of random tensors, some of whose sizes and offsets are true.
fn random_header() -> impl Strategy<Value = Vec<u8>> {
    let dtype = prop::sample::select(&["F32", "F16", "BF16", "I64", "BOOL", "F4", "X"][..]);
    let side = prop_oneof![4 => 0_usize..4, 1 => any::<usize>()];
    let tensor =
        (dtype, prop::collection::vec(side, 0..3), 0_usize..40, 0_usize..40, any::<bool>());
    (prop::collection::vec(tensor, 0..4), 0_usize..40).prop_map(|(tensors, data)| {
        let mut last = 0;
        let entries: Vec<String> = tensors
            .into_iter()
            .enumerate()
            .map(|(name, (dtype, shape, mut start, mut end, honest))| {
                if honest {
                    let width = if dtype == "F32" { 4 } else { 2 };
                    start = last;
                    end = start + shape.iter().fold(width, |n, &side| n * side.min(10));
                }
                last = end;
                format!(
                    r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
                )
            })
            .collect();
        let len = if data.is_multiple_of(2) { last } else { data };
        with_header(&format!("{{{}}}", entries.join(",")), &vec![1; len])
    })
}

/// Opens the file and reads all of it. It is taken if the reference takes it, and not else.
fn hold(bytes: &[u8], name: &str) {
    let path = path(name);
    fs::write(&path, bytes).unwrap();
    let reference = SafeTensors::deserialize(bytes);
    for &reading in READINGS {
        match SafetensorsFile::open(&path, reading) {
            Ok(file) => {
                let reference = reference.as_ref().expect("the reference refuses this file");
                assert_eq!(file.tensors().len(), reference.len());
                for info in file.tensors() {
                    let tensor = reference.tensor(&info.name).unwrap();
                    assert_eq!(&info.shape, tensor.shape());
                    assert_eq!(info.bytes, tensor.data().len());
                    if let Ok(weight) = file.weight(&info.name) {
                        assert_eq!(bytes_of(&weight), tensor.data());
                    }
                }
            }
            Err(error) => {
                let twice = error.to_string().contains("a name is there twice");
                assert!(reference.is_err() || twice, "the reference takes it: {error}");
            }
        }
    }
}

fn bytes_of(weight: &Weight) -> Vec<u8> {
    match weight.values() {
        lt_core::Values::F32(numbers) => f32s(numbers),
        lt_core::Values::F16(bits) | lt_core::Values::Bf16(bits) => u16s(bits),
        _ => Vec::new(),
    }
}

struct Affine {
    weight: Weight,
    bias: Weight,
}
params!(Affine { weight, bias });

const PLAIN: Layout = Layout::new(NameMap::new(&[]));

fn weight(shape: [usize; 2]) -> impl Strategy<Value = Weight> {
    let len = shape[0] * shape[1];
    let bits = prop::collection::vec(any::<u16>(), len);
    prop_oneof![
        prop::collection::vec(any::<u32>(), len).prop_map(move |bits| {
            Weight::new(&shape, bits.into_iter().map(f32::from_bits).collect()).unwrap()
        }),
        bits.clone().prop_map(move |bits| Weight::shared_f16(&shape, Arc::new(bits)).unwrap()),
        bits.prop_map(move |bits| Weight::shared_bf16(&shape, Arc::new(bits)).unwrap()),
    ]
}

proptest! {
    #[test]
    fn a_file_of_any_bytes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        hold(&bytes, "any.safetensors");
    }

    #[test]
    fn a_file_with_any_header_is_read_or_refused(header in "\\PC{0,60}") {
        hold(&with_header(&header, &[0; 8]), "header.safetensors");
    }

    #[test]
    fn a_file_with_changed_bytes_is_taken_if_the_reference_takes_it(
        bytes in mutated(valid_file())
    ) {
        hold(&bytes, "mutated.safetensors");
    }

    #[test]
    fn a_header_of_random_tensors_is_taken_if_the_reference_takes_it(bytes in random_header()) {
        hold(&bytes, "random.safetensors");
    }

    #[test]
    fn an_index_with_changed_bytes_is_read_or_refused(
        index in mutated(br#"{"weight_map":{"ids":"s.safetensors","empty":"s.safetensors"}}"#.to_vec())
    ) {
        let dir = path("index");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("s.safetensors"), valid_file()).unwrap();
        fs::write(dir.join("model.safetensors.index.json"), index).unwrap();
        for &reading in READINGS {
            let open = ShardedFiles::open(dir.join("model.safetensors.index.json"), reading);
            if let Ok(files) = open {
                prop_assert!(files.tensors().len() == 4 || files.tensors().is_empty());
            }
        }
    }

    #[test]
    fn any_weights_survive_saving_and_loading_to_the_bit(
        (weight, bias) in (0_usize..5, 0_usize..5).prop_flat_map(|(a, b)| (weight([a, b]), weight([1, a]))),
    ) {
        let model = Affine { weight, bias };
        let path = path("round-trip.safetensors");
        save(&model, &PLAIN, &path).unwrap();
        for &reading in READINGS {
            let mut again = Affine {
                weight: Weight::zeros(model.weight.shape()),
                bias: Weight::zeros(model.bias.shape()),
            };
            load(&mut again, &SafetensorsFile::open(&path, reading).unwrap(), &PLAIN).unwrap();
            for (again, before) in [(&again.weight, &model.weight), (&again.bias, &model.bias)] {
                prop_assert_eq!(again.dtype(), before.dtype());
                prop_assert_eq!(bytes_of(again), bytes_of(before));
            }
        }
    }
}
