//! safetensors files and their index.

use lt_core::{Values, Weight};
use lt_weights::{Checkpoint, Reading, TensorSource};

use crate::files::Files;

const NAMES: &[&str] = &[
    "model.safetensors",
    "model.safetensors.index.json",
    "a.safetensors",
    "b.safetensors",
    "pytorch_model.bin",
];

thread_local! {
    static FILES: Files = Files::new(NAMES);
}

pub(crate) fn read(bytes: &[u8]) -> bool {
    FILES.with(|files| {
        files.write(bytes);
        let open = |reading| Checkpoint::open(files.dir(), reading);
        let (mapped, copied) = match (open(Reading::Map), open(Reading::Copy)) {
            (Ok(mapped), Ok(copied)) => (mapped, copied),
            (Err(mapped), Err(copied)) => {
                assert_eq!(mapped.to_string(), copied.to_string());
                return false;
            }
            (mapped, copied) => panic!("mapped and copied differ: {mapped:?}, {copied:?}"),
        };
        assert_eq!(mapped.tensors(), copied.tensors());
        for tensor in mapped.tensors() {
            match (mapped.weight(&tensor.name), copied.weight(&tensor.name)) {
                (Ok(mapped), Ok(copied)) => {
                    assert_eq!(mapped.shape(), tensor.shape);
                    assert!(same_bits(&mapped, &copied), "{tensor:?}");
                    assert_eq!(mapped.to_f32().len(), copied.to_f32().len());
                }
                (Err(mapped), Err(copied)) => assert_eq!(mapped.to_string(), copied.to_string()),
                (mapped, copied) => panic!("mapped and copied differ: {mapped:?}, {copied:?}"),
            }
        }
        true
    })
}

fn same_bits(a: &Weight, b: &Weight) -> bool {
    match (a.values(), b.values()) {
        (Values::F32(a), Values::F32(b)) => {
            a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits()))
        }
        (Values::F16(a), Values::F16(b)) | (Values::Bf16(a), Values::Bf16(b)) => a == b,
        _ => false,
    }
}
