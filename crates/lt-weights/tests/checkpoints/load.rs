//! From a checkpoint into a model: all of it, or nothing and every reason.

use std::sync::Arc;

use lt_core::{Dtype, NameMap, Weight, params};
use lt_weights::{
    Ambiguous, Layout, LoadError, Misfit, Missing, Report, StoredDtype, Unusable, Unused, Warning,
    WrongShape, load, load_partial,
};

use crate::model::{LAYOUT, Memory, Model};

fn loaded(source: &Memory) -> (Model, Report) {
    let mut model = Model::empty(1);
    let report = load(&mut model, source, &LAYOUT).unwrap();
    (model, report)
}

/// What does not fit; and the model is as it was.
fn misfit(source: &Memory) -> Misfit {
    let mut model = Model::empty(1);
    let before = model.bits();
    let error = load(&mut model, source, &LAYOUT).unwrap_err();
    assert_eq!(model.bits(), before);
    match error {
        LoadError::Misfit(misfit) => *misfit,
        other => panic!("{other}"),
    }
}

fn count(from: usize, to: usize) -> Vec<f32> {
    (from..to).map(|i| i as f32).collect()
}

#[test]
fn each_parameter_is_found_by_the_name_and_arrangement_of_the_layout() {
    let (model, report) = loaded(&Memory::checkpoint());
    let layer = &model.layers[0];
    assert_eq!(model.words.f32(), count(0, 8));
    assert_eq!(layer.query.weight.f32(), count(8, 12));
    assert_eq!(layer.key.weight.f32(), count(12, 16));
    assert_eq!(layer.query.bias.f32(), count(16, 18));
    assert_eq!(layer.key.bias.f32(), count(18, 20));
    // Stored as [2, 3], held as [3, 2].
    assert_eq!(layer.up.weight.f32(), [20.0, 23.0, 21.0, 24.0, 22.0, 25.0]);
    assert_eq!(layer.up.bias.f32(), count(26, 29));
    assert_eq!(layer.norm.weight.f32(), count(29, 31));
    assert_eq!(layer.norm.bias.f32(), count(31, 33));
    assert_eq!(model.head.unwrap().f32(), count(33, 37));

    assert_eq!(report.loaded.len(), 10);
    let key = report.loaded.iter().find(|one| one.ours == "layers.0.key.weight").unwrap();
    assert_eq!(key.stored, "bert.layer.0.query_key.weight");
    assert_eq!((key.dtype, key.shape.as_slice()), (Dtype::F32, [2, 2].as_slice()));
    assert_eq!(report.to_string(), "loaded 10 parameters, 37 numbers, 0.0 MB");
}

#[test]
fn a_prefix_may_be_there_or_not() {
    let (expected, _) = loaded(&Memory::checkpoint());
    for prefix in ["", "model.", "model.bert."] {
        let mut source = Memory::checkpoint();
        for name in source.names() {
            let bare = name.strip_prefix("bert.").unwrap_or(&name);
            source.rename(&name, &format!("{prefix}{bare}"));
        }
        assert_eq!(loaded(&source).0.bits(), expected.bits(), "{prefix}");
    }
    let mut source = Memory::checkpoint();
    source.rename("cls.bias", "other.cls.bias");
    assert_eq!(misfit(&source).missing.len(), 1, "another prefix is another name");
}

#[test]
fn gamma_and_beta_are_weight_and_bias() {
    let mut source = Memory::checkpoint();
    source.rename("bert.layer.0.LayerNorm.weight", "bert.layer.0.LayerNorm.gamma");
    source.rename("bert.layer.0.LayerNorm.bias", "bert.layer.0.LayerNorm.beta");
    let (model, _) = loaded(&source);
    assert_eq!(model.layers[0].norm.weight.f32(), [29.0, 30.0]);
    assert_eq!(model.layers[0].norm.bias.f32(), [31.0, 32.0]);
    // Only whole parts of a name are an ending of it.
    assert_eq!(LAYOUT.canonical("PostLayerNorm.gamma"), "PostLayerNorm.gamma");
    assert_eq!(LAYOUT.canonical("LayerNorm.gamma"), "LayerNorm.weight");
}

#[test]
fn two_names_for_one_tensor_are_an_error_that_names_both() {
    for (other, of) in [
        ("layer.0.up.bias", "bert.layer.0.up.bias"),
        ("bert.layer.0.LayerNorm.gamma", "bert.layer.0.LayerNorm.weight"),
    ] {
        let mut source = Memory::checkpoint();
        source.insert(other, source_weight(&source, of));
        let ambiguous = misfit(&source).ambiguous;
        let Ambiguous { meaning, first, second } = &ambiguous[0];
        assert_eq!(*meaning, LAYOUT.canonical(of));
        assert!([first, second].contains(&&other.to_owned()));
        assert!([first, second].contains(&&of.to_owned()));
    }
    let mut source = Memory::checkpoint();
    source.insert("position_ids", Weight::zeros(&[1]));
    source.insert("bert.position_ids", Weight::zeros(&[1]));
    assert_eq!(loaded(&source).1.ignored, ["bert.position_ids", "position_ids"]);
}

fn source_weight(source: &Memory, name: &str) -> Weight {
    lt_weights::TensorSource::weight(source, name).unwrap()
}

#[test]
fn everything_that_does_not_fit_is_listed_at_once() {
    let mut source = Memory::checkpoint();
    source.rename("bert.words.weight", "bert.words.wieght");
    source.remove("bert.layer.0.up.bias");
    source.insert("bert.layer.0.LayerNorm.bias", Weight::zeros(&[3]));
    source.insert("bert.layer.0.query_key.weight", Weight::zeros(&[2, 2]));
    source.insert("bert.layer.0.up.weight", Weight::zeros(&[3, 2]));
    source.declare("cls.bias", StoredDtype::Other("i64".into()), &[4]);
    let wrong = |stored: &str, expected: &[usize], got: &[usize]| WrongShape {
        stored: stored.into(),
        expected: expected.into(),
        got: got.into(),
    };
    let mut expected = Misfit::default();
    expected.missing = vec![
        Missing {
            ours: "words".into(),
            stored: "words.weight".into(),
            nearest: Some("bert.words.wieght".into()),
        },
        Missing {
            ours: "layers.0.up.bias".into(),
            stored: "layer.0.up.bias".into(),
            nearest: Some("bert.words.wieght".into()),
        },
    ];
    expected.wrong_shape = vec![
        // Once, although two parameters are in it.
        wrong("bert.layer.0.query_key.weight", &[4, 2], &[2, 2]),
        wrong("bert.layer.0.up.weight", &[2, 3], &[3, 2]),
        wrong("bert.layer.0.LayerNorm.bias", &[2], &[3]),
    ];
    expected.unusable = vec![Unusable { stored: "cls.bias".into(), dtype: "i64".into() }];
    expected.unused =
        vec![Unused { stored: "bert.words.wieght".into(), nearest: Some("words.weight".into()) }];
    let misfit = misfit(&source);
    assert_eq!(misfit, expected);
    assert_eq!(
        misfit.to_string(),
        "the checkpoint does not fit the model: 2 missing, 3 of another shape, 1 of another type, \
         1 unused\n  \
         missing: `words.weight`; the nearest name there is `bert.words.wieght`\n  \
         missing: `layer.0.up.bias`; the nearest name there is `bert.words.wieght`\n  \
         shape: `bert.layer.0.query_key.weight`: expected [4, 2], got [2, 2]\n  \
         shape: `bert.layer.0.up.weight`: expected [2, 3], got [3, 2]\n  \
         shape: `bert.layer.0.LayerNorm.bias`: expected [2], got [3]\n  \
         type: `cls.bias`: expected f32, f16 or bf16, got i64\n  \
         unused: `bert.words.wieght`; the nearest name in the model is `words.weight`"
    );
}

#[test]
fn a_missing_tensor_is_told_the_nearest_of_all_names_if_every_one_is_used() {
    let mut source = Memory::checkpoint();
    source.remove("bert.layer.0.up.bias");
    assert_eq!(misfit(&source).missing[0].nearest.as_deref(), Some("bert.layer.0.up.weight"));
}

#[test]
fn tensors_of_other_things_are_passed_over_and_no_others() {
    let mut source = Memory::checkpoint();
    source.declare("bert.position_ids", StoredDtype::Other("i64".into()), &[1, 512]);
    source.insert("cls.other.weight", Weight::zeros(&[2]));
    let (_, report) = loaded(&source);
    assert_eq!(report.ignored, ["bert.position_ids", "cls.other.weight"]);
    source.insert("cls.others", Weight::zeros(&[2]));
    assert_eq!(misfit(&source).unused[0].stored, "cls.others");
}

#[test]
fn a_stored_copy_of_a_tied_tensor_is_compared_and_the_original_counts() {
    let mut source = Memory::checkpoint();
    source.insert("cls.decoder.weight", source_weight(&source, "bert.words.weight"));
    source.insert("cls.decoder.bias", source_weight(&source, "cls.bias"));
    assert_eq!(loaded(&source).1.warnings, []);

    let mut other = source_weight(&source, "bert.words.weight");
    other.make_mut()[3] = 0.5;
    source.insert("cls.decoder.weight", other);
    source.insert("cls.decoder.bias", Weight::zeros(&[5]));
    let (model, report) = loaded(&source);
    assert_eq!(model.words.f32(), count(0, 8));
    let expected = [
        Warning::CopyShape {
            copy: "cls.decoder.bias".into(),
            got: vec![5],
            original: "cls.bias".into(),
            expected: vec![4],
        },
        Warning::CopyDiffers {
            copy: "cls.decoder.weight".into(),
            original: "bert.words.weight".into(),
            numbers: 1,
        },
    ];
    assert_eq!(report.warnings, expected);
}

#[test]
fn a_tied_tensor_of_which_only_the_copy_is_stored_is_the_copy() {
    let mut source = Memory::checkpoint();
    source.rename("bert.words.weight", "cls.decoder.weight");
    source.rename("cls.bias", "cls.decoder.bias");
    let (model, report) = loaded(&source);
    assert_eq!(model.words.f32(), count(0, 8));
    assert_eq!(model.head.unwrap().f32(), count(33, 37));
    assert_eq!(report.loaded[0].stored, "cls.decoder.weight");
    // Its shape counts too.
    source.insert("cls.decoder.weight", Weight::zeros(&[4, 3]));
    assert_eq!(misfit(&source).wrong_shape[0].stored, "cls.decoder.weight");
}

#[test]
fn a_partial_load_keeps_what_the_checkpoint_lacks_and_says_so() {
    let mut source = Memory::checkpoint();
    source.remove("cls.bias");
    let mut model = Model::empty(1);
    model.head = Some(Weight::new(&[4], vec![7.0; 4]).unwrap());
    let report = load_partial(&mut model, &source, &LAYOUT).unwrap();
    assert_eq!(report.kept, ["head"]);
    assert_eq!(report.loaded.len(), 9);
    assert_eq!(model.head.as_ref().unwrap().f32(), [7.0; 4]);
    assert_eq!(model.words.f32(), count(0, 8));
    // Everything else is as strict as before.
    source.insert("cls.unknown", Weight::zeros(&[4]));
    assert!(load_partial(&mut model, &source, &LAYOUT).is_err());
}

#[test]
fn sixteen_bits_are_shared_and_not_converted() {
    let mut source = Memory::checkpoint();
    let bits: Arc<Vec<u16>> = Arc::new((0..8).collect());
    source.insert("bert.words.weight", Weight::shared_f16(&[4, 2], bits.clone()).unwrap());
    let turned = Weight::shared_bf16(&[2, 3], Arc::new(vec![1_u16, 2, 3, 4, 5, 6])).unwrap();
    source.insert("bert.layer.0.up.weight", turned);
    let (model, report) = loaded(&source);
    let lt_core::Values::F16(words) = model.words.values() else { panic!() };
    assert_eq!(words.as_ptr(), bits.as_ptr());
    assert_eq!(model.layers[0].up.weight.values(), lt_core::Values::Bf16(&[1, 4, 2, 5, 3, 6]));
    assert_eq!(report.loaded[0].dtype, Dtype::F16);
}

#[test]
fn a_tensor_that_cannot_be_read_changes_nothing() {
    let mut source = Memory::checkpoint();
    // The last one that is read: all others have been by then.
    source.declare("cls.bias", StoredDtype::Usable(Dtype::F32), &[4]);
    let mut model = Model::empty(1);
    let error = load(&mut model, &source, &LAYOUT).unwrap_err();
    assert_eq!(error.to_string(), "there is no tensor `cls.bias`");
    assert_eq!(model.bits(), Model::empty(1).bits());
}

#[test]
fn a_source_that_gives_another_shape_than_it_lists_changes_nothing() {
    struct Liar(Memory);
    impl lt_weights::TensorSource for Liar {
        fn tensors(&self) -> &[lt_weights::TensorInfo] {
            self.0.tensors()
        }
        fn weight(&self, _: &str) -> Result<Weight, lt_weights::ReadError> {
            Ok(Weight::zeros(&[1]))
        }
    }
    let mut model = Model::empty(1);
    let error = load(&mut model, &Liar(Memory::checkpoint()), &LAYOUT).unwrap_err();
    assert_eq!(error.to_string(), "`TensorSource::weight`: expected [4, 2], got [1]");
    assert_eq!(model.bits(), Model::empty(1).bits());
}

#[test]
fn a_model_of_many_terabytes_is_refused_before_memory_is_taken() {
    struct Huge {
        words: Weight,
    }
    params!(Huge { words });
    let mut model = Huge { words: Weight::zeros(&[1 << 40, 1 << 20]) };
    let error = load(&mut model, &Memory::checkpoint(), &LAYOUT).unwrap_err();
    assert!(error.to_string().contains("expected [1099511627776, 1048576], got [4, 2]"));
}

#[test]
fn thousands_of_missing_names_are_refused_in_no_time() {
    let mut source = Memory::checkpoint();
    for number in 0..2000 {
        source.insert(&format!("another.model.with.long.names.{number}"), Weight::zeros(&[1]));
    }
    // Without a bound on the work this test would take minutes.
    let mut model = Model::empty(1000);
    let error = load(&mut model, &source, &LAYOUT).unwrap_err();
    let LoadError::Misfit(misfit) = &error else { panic!("{error}") };
    assert_eq!(misfit.missing.len(), 999 * 8);
    assert_eq!(misfit.unused.len(), 2000);
    assert!(misfit.missing[0].nearest.is_some());
    assert!(error.to_string().contains("\n  … and 6992 more\n"));
}

#[test]
fn a_layout_of_no_rules_takes_names_as_they_are() {
    struct Affine {
        weight: Weight,
    }
    params!(Affine { weight });
    let mut source = Memory::checkpoint();
    for name in source.names() {
        source.remove(&name);
    }
    source.insert("weight", Weight::new(&[1], vec![5.0]).unwrap());
    let mut model = Affine { weight: Weight::zeros(&[1]) };
    load(&mut model, &source, &Layout::new(NameMap::new(&[]))).unwrap();
    assert_eq!(model.weight.f32(), [5.0]);
}
