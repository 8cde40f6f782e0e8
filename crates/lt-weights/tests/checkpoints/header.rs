//! What a single safetensors file may hold, and what is refused.

use std::fs::{self, File};

use lt_core::{Dtype, Values};
use lt_weights::{ReadError, SafetensorsFile, StoredDtype, TensorInfo, TensorSource};

use crate::files::{Dir, READINGS, f32s, file_of, u16s, with_header};

/// The message about a file of these bytes, the same however it is read.
fn refusal(bytes: &[u8]) -> String {
    let dir = Dir::new();
    let path = dir.write("model.safetensors", bytes);
    let mut messages: Vec<String> = READINGS
        .iter()
        .map(|&reading| SafetensorsFile::open(&path, reading).unwrap_err().to_string())
        .collect();
    messages.dedup();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert!(message.starts_with(&format!("`{}`: ", path.display())), "{message}");
    message.clone()
}

fn open(bytes: &[u8]) -> Vec<SafetensorsFile> {
    let dir = Dir::new();
    let path = dir.write("model.safetensors", bytes);
    READINGS.iter().map(|&reading| SafetensorsFile::open(&path, reading).unwrap()).collect()
}

/// A header with one tensor `w`.
fn header(dtype: &str, shape: &str, offsets: &str) -> String {
    format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
}

#[test]
fn tensors_are_listed_by_name_and_read_in_their_type() {
    let bytes = file_of(&[
        ("z", "F32", &[2, 1], f32s(&[1.0, -0.0])),
        ("half", "F16", &[3], u16s(&[0x3c00, 0x7e01, 0xffff])),
        ("brain", "BF16", &[1, 1], u16s(&[0x3f80])),
        ("ids", "I64", &[1], vec![7; 8]),
    ]);
    for file in open(&bytes) {
        let info = |name: &str, dtype, shape: &[usize], bytes| TensorInfo {
            name: name.into(),
            dtype,
            shape: shape.into(),
            bytes,
        };
        let expected = [
            info("brain", StoredDtype::Usable(Dtype::Bf16), &[1, 1], 2),
            info("half", StoredDtype::Usable(Dtype::F16), &[3], 6),
            info("ids", StoredDtype::Other("i64".into()), &[1], 8),
            info("z", StoredDtype::Usable(Dtype::F32), &[2, 1], 8),
        ];
        assert_eq!(file.tensors(), expected);
        assert_eq!(file.info("half"), Some(&expected[1]));
        assert_eq!(file.info("none"), None);

        let z = file.weight("z").unwrap();
        let bits: Vec<u32> = z.f32().iter().map(|number| number.to_bits()).collect();
        assert_eq!(bits, [0x3f80_0000, 0x8000_0000]);
        let half = file.weight("half").unwrap();
        assert_eq!(half.values(), Values::F16(&[0x3c00, 0x7e01, 0xffff]));
        assert_eq!(file.weight("brain").unwrap().values(), Values::Bf16(&[0x3f80]));
        assert_eq!(file.weight("brain").unwrap().shape(), [1, 1]);
        assert_eq!(
            file.weight("ids").unwrap_err().to_string(),
            "tensor `ids` is stored as i64, expected f32, f16 or bf16"
        );
        assert_eq!(file.weight("none").unwrap_err().to_string(), "there is no tensor `none`");
    }
}

#[test]
fn numbers_that_are_not_aligned_are_copied() {
    let bytes = file_of(&[
        ("a", "F16", &[1], u16s(&[0x3c00])),
        ("b", "F32", &[2], f32s(&[1.5, 2.5])),
        ("c", "U8", &[1], vec![9]),
        ("d", "BF16", &[1], u16s(&[0x3f80])),
    ]);
    for file in open(&bytes) {
        assert_eq!(file.weight("b").unwrap().f32(), [1.5, 2.5]);
        assert_eq!(file.weight("d").unwrap().f32(), [1.0]);
    }
}

#[test]
fn weights_outlive_the_source_and_the_name_of_the_file() {
    let dir = Dir::new();
    let path = dir.write("model.safetensors", file_of(&[("w", "F32", &[1], f32s(&[3.0]))]));
    for &reading in READINGS {
        let weight = SafetensorsFile::open(&path, reading).unwrap().weight("w").unwrap();
        assert_eq!(weight.f32(), [3.0]);
    }
    #[cfg(all(feature = "mmap", unix))]
    {
        let file = SafetensorsFile::open(&path, lt_weights::Reading::Map).unwrap();
        let weight = file.weight("w").unwrap();
        drop(file);
        fs::remove_file(&path).unwrap();
        assert_eq!(weight.f32(), [3.0]);
    }
}

#[test]
fn a_tensor_may_be_empty_and_a_file_may_hold_none() {
    for file in open(&file_of(&[("a", "F32", &[0, 3], vec![]), ("b", "F32", &[], f32s(&[1.0]))])) {
        assert!(file.weight("a").unwrap().is_empty());
        assert_eq!(file.weight("b").unwrap().f32(), [1.0]);
        assert_eq!(file.weight("b").unwrap().shape(), [0_usize; 0]);
    }
    for file in open(&with_header("{}", &[])) {
        assert!(file.tensors().is_empty());
    }
    for file in open(&with_header(r#"{"__metadata__":{"format":"pt"}}"#, &[])) {
        assert!(file.tensors().is_empty());
    }
}

#[test]
fn a_file_cut_off_at_any_byte_is_refused() {
    let bytes = file_of(&[("w", "F32", &[2], f32s(&[1.0, 2.0])), ("x", "F16", &[1], vec![0, 1])]);
    for end in 0..bytes.len() {
        let message = refusal(&bytes[..end]);
        assert!(message.contains("cut off"), "{end}: {message}");
    }
}

#[test]
fn a_file_with_bytes_after_its_end_is_refused() {
    let mut bytes = file_of(&[("w", "F32", &[1], f32s(&[1.0]))]);
    bytes.push(0);
    assert!(
        refusal(&bytes)
            .ends_with("has 5 bytes of data, expected 4: the file is cut off or was changed")
    );
}

#[test]
fn a_header_longer_than_the_file_or_than_any_header_is_not_read() {
    let message = refusal(&[100_u64.to_le_bytes().as_slice(), b"{}"].concat());
    assert!(message.contains("header has 100 bytes, but only 2 follow"), "{message}");
    for length in [100_000_001, 1 << 40, u64::MAX] {
        let message = refusal(&length.to_le_bytes());
        assert!(message.contains(&format!("{length} bytes, expected at most 100000000")));
    }
    assert!(refusal(&100_000_000_u64.to_le_bytes()).contains("but only 0 follow"));
}

#[test]
fn a_large_file_with_a_lying_header_is_refused_at_once() {
    let dir = Dir::new();
    let path = dir.write("model.safetensors", u64::MAX.to_le_bytes());
    // A file with a hole: large, and written in no time.
    File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    for &reading in READINGS {
        let error = SafetensorsFile::open(&path, reading).unwrap_err();
        assert!(error.to_string().contains("header has 18446744073709551615 bytes"), "{error}");
    }
}

#[test]
fn a_header_that_is_no_text_no_json_or_not_of_the_form_is_refused() {
    let mut bytes = with_header("{\"\u{a0}\": 1}", &[]);
    bytes[10] = 0xff;
    assert!(refusal(&bytes).ends_with("its header is not UTF-8: byte 2 begins no character"));
    for (header, detail) in [
        ("", "EOF while parsing"),
        ("{", "EOF while parsing"),
        ("[]", "expected an object with an entry for each tensor"),
        ("3", "expected an object with an entry for each tensor"),
        (r#"{"w":{"dtype":"F32","shape":[1]}}"#, "missing field `data_offsets`"),
        (r#"{"w":{"dtype":"F32","dtype":"F32"}}"#, "duplicate field `dtype`"),
        (r#"{"__metadata__":{"format":3}}"#, "expected a string"),
        (&header("F33", "[1]", "[0,4]"), "unknown variant `F33`"),
        (&header("F32", "[-1]", "[0,4]"), "invalid value: integer `-1`"),
        (&header("F32", "[1.5]", "[0,4]"), "invalid type: floating point"),
        (&header("F32", "[99999999999999999999]", "[0,4]"), "expected usize"),
        (&header("F32", "[1]", "[0]"), "expected a tuple of size 2"),
    ] {
        let message = refusal(&with_header(header, &[0; 4]));
        assert!(message.contains(detail), "{header}: {message}");
    }
}

#[test]
fn json_nested_without_end_does_not_exhaust_the_stack() {
    for open in ["[", "{\"a\":"] {
        assert!(refusal(&with_header(&open.repeat(200_000), &[])).contains("header is not as"));
        let inside = format!(r#"{{"w":{{"x":{}"#, open.repeat(200_000));
        assert!(refusal(&with_header(&inside, &[])).contains("header is not as"));
    }
}

#[test]
fn the_same_name_twice_is_refused_even_where_both_agree() {
    let entry = r#""w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
    let message = refusal(&with_header(&format!("{{{entry},{entry}}}"), &f32s(&[1.0])));
    assert!(message.contains("a name is there twice: `w`"), "{message}");
}

#[test]
fn a_tensor_takes_the_bytes_that_its_shape_and_type_take() {
    for (dtype, shape, offsets, expected) in [
        ("F32", "[2]", "[0,4]", "has 4 bytes, but F32 [2] takes 8"),
        ("F16", "[1]", "[0,4]", "has 4 bytes, but F16 [1] takes 2"),
        ("F32", "[0]", "[0,4]", "has 4 bytes, but F32 [0] takes 0"),
        ("F32", "[]", "[0,0]", "has 0 bytes, but F32 [] takes 4"),
        ("F4", "[3]", "[0,2]", "takes more than there can be"),
        ("F32", "[18446744073709551615,2]", "[0,4]", "takes more than there can be"),
        ("F32", "[4611686018427387904]", "[0,0]", "takes more than there can be"),
        ("F32", "[1]", "[4,0]", "lies between offsets 4 and 0"),
        ("F32", "[1]", "[1,5]", "begins at offset 1, expected 0"),
        ("F32", "[2]", "[0,8]", "has 4 bytes of data, expected 8"),
    ] {
        let message = refusal(&with_header(&header(dtype, shape, offsets), &[0; 4]));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn tensors_neither_overlap_nor_leave_holes() {
    let two = |first: &str, second: &str| {
        let header = format!(
            r#"{{"a":{{"dtype":"F32","shape":[1],"data_offsets":{first}}},
            "b":{{"dtype":"F32","shape":[1],"data_offsets":{second}}}}}"#
        );
        with_header(&header, &[0; 12])
    };
    assert!(refusal(&two("[0,4]", "[0,4]")).contains("`b` begins at offset 0, expected 4"));
    assert!(refusal(&two("[0,4]", "[2,6]")).contains("overlaps or has holes"));
    assert!(refusal(&two("[8,12]", "[0,4]")).contains("`a` begins at offset 8, expected 4"));
    assert!(refusal(&two("[4,8]", "[0,4]")).contains("has 12 bytes of data, expected 8"));
}

#[test]
fn what_git_leaves_in_place_of_a_large_file_is_recognised() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 90868376\n";
    let message = refusal(pointer.as_bytes());
    assert!(message.contains("is a Git LFS pointer") && message.contains("git lfs pull"));
}

#[test]
fn a_message_does_not_repeat_what_a_terminal_obeys() {
    let name = "\u{1b}[2J".repeat(1000);
    let header = serde_json::json!({
        (name): {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}
    });
    let message = refusal(&with_header(&header.to_string(), &[0; 4]));
    assert!(!message.contains('\u{1b}') && message.len() < 2000, "{message:?}");
}

#[test]
fn what_is_not_there_or_no_file_is_named() {
    let dir = Dir::new();
    fs::create_dir(dir.path("directory")).unwrap();
    for &reading in READINGS {
        let error = SafetensorsFile::open(dir.path("nowhere"), reading).unwrap_err();
        assert!(matches!(error, ReadError::Io { .. }), "{error}");
        assert!(error.to_string().contains("nowhere`: entity not found"), "{error}");
        let error = SafetensorsFile::open(dir.path("directory"), reading).unwrap_err();
        assert!(error.to_string().ends_with("directory` is not a file"), "{error}");
    }
}

#[test]
fn a_file_that_shrank_after_it_was_opened_is_an_error_if_it_is_copied() {
    let dir = Dir::new();
    let path = dir.write("model.safetensors", file_of(&[("w", "F32", &[4], f32s(&[1.0; 4]))]));
    let file = SafetensorsFile::open(&path, lt_weights::Reading::Copy).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(20).unwrap();
    assert!(file.weight("w").unwrap_err().to_string().contains("unexpected end of file"));
}

#[test]
fn files_and_errors_go_between_threads() {
    fn fits<T: Send + Sync + 'static>() {}
    fits::<SafetensorsFile>();
    fits::<lt_weights::Checkpoint>();
    fits::<ReadError>();
    fits::<lt_weights::LoadError>();
    fits::<lt_weights::SaveError>();
    fits::<lt_weights::Report>();
}
