//! Activation functions by the names that checkpoints give them.

use lt_core::{Error, Result};
use lt_kernels::Activation;

/// The names that a checkpoint's `hidden_act` may have, as transformers spells them.
const NAMES: [(&str, Activation); 11] = [
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("quick_gelu", Activation::QuickGelu),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("tanh", Activation::Tanh),
    ("linear", Activation::Identity),
];

/// The activation that a checkpoint calls by this name.
///
/// `gelu_new`, `gelu_pytorch_tanh` and `gelu_fast` are three programs for one formula.
///
/// # Errors
/// [`Error::Config`] for a name that is not known, with those that are.
///
/// ```
/// use lt_layers::{Activation, activation_from_name};
/// assert_eq!(activation_from_name("gelu_new")?, Activation::GeluTanh);
/// assert!(activation_from_name("gleu").unwrap_err().to_string().contains("gelu"));
/// # Ok::<(), lt_core::Error>(())
/// ```
pub fn activation_from_name(name: &str) -> Result<Activation> {
    let known = NAMES.iter().find(|(known, _)| *known == name).map(|&(_, activation)| activation);
    known.ok_or_else(|| Error::Config {
        at: "activation_from_name",
        field: "hidden_act",
        got: format!("{name:?}"),
        expected: format!("one of {}", NAMES.map(|(name, _)| name).join(", ")),
    })
}
