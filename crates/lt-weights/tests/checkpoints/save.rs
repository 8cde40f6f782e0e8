//! From a model into a file and back, to the bit.

use std::fs;
use std::sync::Arc;

use lt_core::{NameMap, Rule, Weight, params};
use lt_weights::{Layout, SafetensorsFile, load, save};
use safetensors::{Dtype, SafeTensors, serialize, tensor::TensorView};

use crate::files::{Dir, READINGS, f32s, u16s};
use crate::model::{LAYOUT, Memory, Model};

fn trained() -> Model {
    let mut model = Model::empty(1);
    load(&mut model, &Memory::checkpoint(), &LAYOUT).unwrap();
    // A half, a brain float and a NaN with a message in it.
    model.words =
        Weight::shared_f16(&[4, 2], Arc::new((0x7bfe..0x7c06).collect::<Vec<u16>>())).unwrap();
    model.head = Some(Weight::shared_bf16(&[4], Arc::new(vec![0_u16, 0x8000, 0x7fc1, 1])).unwrap());
    model.layers[0].up.bias.make_mut()[1] = f32::from_bits(0xffc1_2345);
    model
}

#[test]
fn what_is_saved_loads_to_the_same_bits_and_types() {
    let dir = Dir::new();
    let path = dir.path("model.safetensors");
    let model = trained();
    save(&model, &LAYOUT, &path).unwrap();
    for &reading in READINGS {
        let mut again = Model::empty(1);
        let file = SafetensorsFile::open(&path, reading).unwrap();
        let report = load(&mut again, &file, &LAYOUT).unwrap();
        assert_eq!(again.bits(), model.bits());
        assert_eq!(again.words.values(), model.words.values());
        let (again, before) = (again.head.unwrap(), model.head.as_ref().unwrap());
        assert_eq!(again.values(), before.values());
        assert!(report.warnings.is_empty() && report.ignored.is_empty());
    }
}

#[test]
fn a_saved_file_is_byte_for_byte_what_the_reference_writes() {
    let dir = Dir::new();
    let path = dir.path("model.safetensors");
    save(&trained(), &LAYOUT, &path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let nan = f32::from_bits(0xffc1_2345);

    let count = |from: usize, to: usize| f32s(&(from..to).map(|i| i as f32).collect::<Vec<_>>());
    let tensors = [
        ("bert.words.weight", Dtype::F16, vec![4, 2], u16s(&(0x7bfe..0x7c06).collect::<Vec<_>>())),
        ("bert.layer.0.query_key.weight", Dtype::F32, vec![4, 2], count(8, 16)),
        ("bert.layer.0.query_key.bias", Dtype::F32, vec![4], count(16, 20)),
        // Turned back to the way it came.
        ("bert.layer.0.up.weight", Dtype::F32, vec![2, 3], count(20, 26)),
        ("bert.layer.0.up.bias", Dtype::F32, vec![3], f32s(&[26.0, nan, 28.0])),
        ("bert.layer.0.LayerNorm.weight", Dtype::F32, vec![2], count(29, 31)),
        ("bert.layer.0.LayerNorm.bias", Dtype::F32, vec![2], count(31, 33)),
        ("cls.bias", Dtype::BF16, vec![4], u16s(&[0, 0x8000, 0x7fc1, 1])),
    ];
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (*name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    let format = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    let expected = serialize(views, Some(format)).unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&expected));
    assert_eq!(bytes, expected);

    let (header, _) = SafeTensors::read_metadata(&bytes).unwrap();
    assert!(header.is_multiple_of(8), "the data is aligned");
}

#[test]
fn parameters_without_numbers_are_saved_as_zeros() {
    let dir = Dir::new();
    let path = dir.path("model.safetensors");
    save(&Model::empty(2), &LAYOUT, &path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let turned = file.tensor("bert.layer.1.up.weight").unwrap();
    assert_eq!((turned.shape(), turned.data()), ([2, 3].as_slice(), [0; 24].as_slice()));
    assert_eq!(file.len(), 2 + 2 * 6);
}

#[test]
fn a_save_that_cannot_be_done_leaves_the_old_file() {
    let dir = Dir::new();
    let path = dir.path("model.safetensors");
    save(&trained(), &LAYOUT, &path).unwrap();
    let before = fs::read(&path).unwrap();

    let mut uneven = trained();
    uneven.layers[0].key.weight = Weight::zeros(&[3, 2]);
    let error = save(&uneven, &LAYOUT, &path).unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot save `bert.layer.0.query_key.weight`: expected its parts to be of one type and shape"
    );
    let mut mixed = trained();
    mixed.layers[0].key.bias = Weight::shared_f16(&[2], Arc::new(vec![0_u16; 2])).unwrap();
    assert!(save(&mixed, &LAYOUT, &path).is_err());

    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), 1);
    let error = save(&trained(), &LAYOUT, dir.path("none/model.safetensors")).unwrap_err();
    assert!(error.to_string().ends_with("model.safetensors`: entity not found"), "{error}");
}

#[test]
fn two_parameters_of_one_name_are_refused() {
    struct Two {
        one: Weight,
        other: Weight,
    }
    params!(Two { one, other });
    const SAME: Layout = Layout::new(NameMap::new(&[
        Rule::Rename { ours: "one", theirs: "w" },
        Rule::Rename { ours: "other", theirs: "w" },
    ]));
    const HALF: Layout = Layout::new(NameMap::new(&[Rule::Fuse {
        ours: &["one", "third"],
        theirs: "w",
        transposed: false,
    }]));
    let two = Two { one: Weight::zeros(&[1]), other: Weight::zeros(&[1]) };
    let dir = Dir::new();
    let error = save(&two, &SAME, dir.path("x")).unwrap_err().to_string();
    assert_eq!(error, "cannot save `w`: expected 1 parameters in it, each once, got 2");
    let error = save(&two, &HALF, dir.path("x")).unwrap_err().to_string();
    assert_eq!(error, "cannot save `w`: expected 2 parameters in it, each once, got 1");
    assert!(!dir.path("x").exists());
}

#[test]
#[cfg(all(feature = "mmap", unix))]
fn saving_over_the_file_that_is_in_use_does_not_change_what_is_in_use() {
    let dir = Dir::new();
    let path = dir.path("model.safetensors");
    let model = trained();
    save(&model, &LAYOUT, &path).unwrap();
    let mut mapped = Model::empty(1);
    let file = SafetensorsFile::open(&path, lt_weights::Reading::Map).unwrap();
    load(&mut mapped, &file, &LAYOUT).unwrap();
    assert!(matches!(mapped.words.values(), lt_core::Values::F16(_)));

    let mut next = mapped.clone();
    next.words.make_mut().fill(0.25);
    save(&next, &LAYOUT, &path).unwrap();
    assert_eq!(mapped.bits(), model.bits());
    let mut again = Model::empty(1);
    let file = SafetensorsFile::open(&path, lt_weights::Reading::Map).unwrap();
    load(&mut again, &file, &LAYOUT).unwrap();
    assert_eq!(again.bits(), next.bits());
}
