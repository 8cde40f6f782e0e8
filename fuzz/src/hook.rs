//! Panics that are no findings.

use std::panic;

/// Leaves a panic that the tokenizer turns into an error to it: libFuzzer's own hook would end the
/// process before.
pub fn pass_over_caught_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !lt_tokenizer::panics_become_errors() {
            usual(panic);
        }
    }));
}
