//! Matrices of 8 bits with scales, and the same tensors in another type.

use lt_core::{NameMap, Weight, params};
use lt_weights::{
    Checkpoint, ConvertError, Layout, Reading, SafetensorsBytes, SafetensorsFile, StoreAs,
    StoredDtype, TensorSource, convert, load,
};
use proptest::prelude::*;

use crate::files::{Dir, READINGS, f32s, file_of};

/// A matrix of two rows with its scales, of this type and shape.
fn scaled(dtype: &str, scales: &str, shape: &[usize]) -> Vec<u8> {
    let multiples: Vec<u8> =
        [127_i8, -50, 0, 2, -127, 1].iter().map(|x| x.to_ne_bytes()[0]).collect();
    file_of(&[
        (scales, "F32", shape, f32s(&[0.5, 2.0])),
        ("w.weight", dtype, &[2, 3], multiples),
        ("bias", "F32", &[1], f32s(&[9.0])),
    ])
}

#[test]
fn multiples_come_back_times_the_scale_of_their_row() {
    for shape in [&[2, 1][..], &[2]] {
        let bytes = scaled("I8", "w.weight_scale", shape);
        let path = Dir::new();
        let path = path.write("model.safetensors", &bytes);
        let files = READINGS.iter().map(|reading| SafetensorsFile::open(&path, *reading).unwrap());
        let mut sources: Vec<Box<dyn TensorSource>> = Vec::new();
        sources.extend(files.map(|file| Box::new(file) as Box<dyn TensorSource>));
        sources.push(Box::new(SafetensorsBytes::new(bytes).unwrap()));
        for source in sources {
            let names: Vec<&str> = source.tensors().iter().map(|info| &info.name[..]).collect();
            assert_eq!(names, ["bias", "w.weight"], "scales are no tensor of their own");
            let info = source.info("w.weight").unwrap();
            assert_eq!((&info.dtype, info.bytes), (&StoredDtype::Scaled, 6 + 8));
            let weight = source.weight("w.weight").unwrap();
            assert_eq!(weight.shape(), [2, 3]);
            assert_eq!(weight.f32(), [63.5, -25.0, 0.0, 4.0, -254.0, 2.0]);
        }
    }
}

#[test]
fn whole_numbers_without_scales_of_their_rows_are_no_weights() {
    let cases: [(&str, &str, &[usize]); 3] = [
        ("I8", "w.weight_scale", &[1, 2]), // not one for each row
        ("I8", "w.scale", &[2]),           // not its name
        ("U8", "w.weight_scale", &[2]),    // not its type
    ];
    for (dtype, name, shape) in cases {
        let source = SafetensorsBytes::new(scaled(dtype, name, shape)).unwrap();
        assert_eq!(source.tensors().len(), 3);
        let error = source.weight("w.weight").unwrap_err().to_string();
        assert!(error.ends_with("expected f32, f16 or bf16"), "{error}");
    }
}

#[test]
fn bytes_that_end_early_are_refused() {
    let bytes = scaled("I8", "w.weight_scale", &[2]);
    let error = SafetensorsBytes::new(&bytes[..bytes.len() - 1]).unwrap_err().to_string();
    assert!(error.starts_with("`the bytes that were given`"), "{error}");
    assert!(error.contains("cut off"), "{error}");
    assert!(SafetensorsBytes::new([]).unwrap_err().to_string().contains("has 0 bytes"));
}

#[test]
fn scales_may_stand_in_the_index_of_shards() {
    let dir = Dir::new();
    dir.write("a.safetensors", scaled("I8", "w.weight_scale", &[2, 1]));
    let index = |scale: &str| {
        format!(
            r#"{{"weight_map": {{"w.weight": "a.safetensors", "bias": "a.safetensors", {scale:?}: "a.safetensors"}}}}"#
        )
    };
    dir.write("model.safetensors.index.json", index("w.weight_scale"));
    let checkpoint = Checkpoint::open(dir.path(""), Reading::Copy).unwrap();
    assert_eq!(checkpoint.weight("w.weight").unwrap().f32()[0], 63.5);
    dir.write("model.safetensors.index.json", index("bias_scale"));
    let error = Checkpoint::open(dir.path(""), Reading::Copy).unwrap_err().to_string();
    assert!(error.contains("says tensor `bias_scale` is in"), "{error}");
}

#[derive(Debug)]
struct Model {
    matrix: Weight,
    vector: Weight,
}
params!(Model { matrix, vector });
const LAYOUT: Layout = Layout::new(NameMap::new(&[]));

/// A file with a matrix and a vector, and a tensor that no model reads.
fn file(matrix: &[f32], vector: &[f32]) -> SafetensorsBytes<Vec<u8>> {
    let rows = matrix.len() / 2;
    let bytes = file_of(&[
        ("matrix", "F32", &[rows, 2], f32s(matrix)),
        ("vector", "F32", &[vector.len()], f32s(vector)),
        ("ids", "I64", &[1], vec![0; 8]),
    ]);
    SafetensorsBytes::new(bytes).unwrap()
}

#[test]
fn what_a_type_does_not_hold_is_refused_and_an_older_file_stays() {
    let dir = Dir::new();
    let path = dir.write("model.safetensors", "old");
    let large = 1e5_f32;
    for (to, number) in
        [(StoreAs::F16, large), (StoreAs::I8, f32::INFINITY), (StoreAs::Bf16, f32::MAX)]
    {
        let error = convert(&file(&[1.0, number], &[]), to, &path).unwrap_err();
        assert!(matches!(&error, ConvertError::Number { name, .. } if name == "matrix"), "{error}");
        assert!(error.to_string().ends_with(&format!("which {to} does not hold")), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }
    // What is infinite already stays so, where the type has an infinity.
    convert(&file(&[1.0, f32::INFINITY], &[]), StoreAs::F16, &path).unwrap();
    let missing = dir.path("no/such/model.safetensors");
    let error = convert(&file(&[], &[1.0]), StoreAs::F32, missing).unwrap_err();
    assert!(matches!(error, ConvertError::Save(_)), "{error}");
}

proptest! {
    #[test]
    fn converted_numbers_are_near_and_those_of_32_bits_the_same(
        matrix in prop::collection::vec(-9.0_f32..9.0, 2..40),
        vector in prop::collection::vec(-9.0_f32..9.0, 0..9),
    ) {
        let matrix = &matrix[..matrix.len() / 2 * 2];
        let dir = Dir::new();
        let path = dir.path("model.safetensors");
        for (to, near) in [(StoreAs::F32, 0.0), (StoreAs::F16, 0.004), (StoreAs::Bf16, 0.032), (StoreAs::I8, 0.036)] {
            let done = convert(&file(matrix, &vector), to, &path).unwrap();
            prop_assert_eq!(done.tensors, 2);
            prop_assert_eq!(&done.left_out[0].name, "ids");
            let stored = SafetensorsFile::open(&path, Reading::default()).unwrap();
            let bytes: usize = stored.tensors().iter().map(|tensor| tensor.bytes).sum();
            prop_assert_eq!(done.bytes, bytes);
            let mut model =
                Model { matrix: Weight::zeros(&[matrix.len() / 2, 2]), vector: Weight::zeros(&[vector.len()]) };
            load(&mut model, &stored, &LAYOUT).unwrap();
            for (x, found) in matrix.iter().zip(model.matrix.to_f32()) {
                prop_assert!((x - found).abs() <= near, "{} {} {}", to, x, found);
            }
            let near = if to == StoreAs::I8 { 0.0 } else { near };
            for (x, found) in vector.iter().zip(model.vector.to_f32()) {
                prop_assert!((x - found).abs() <= near, "{} {} {}", to, x, found);
            }
        }
    }
}
