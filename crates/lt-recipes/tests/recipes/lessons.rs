//! The recipes of the lessons.

use std::path::Path;

use lt_recipes::{Classify, Training};

/// The four differ in what they begin with and what they train, and in nothing else.
#[test]
fn the_recipes_of_transfer_learning_are_read_and_share_their_data() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons/transfer");
    let read = |name: &str| {
        Training::<Classify>::read(folder.join(name).with_extension("toml"), &[]).unwrap()
    };
    let full = read("full");
    for name in ["scratch", "frozen", "lora", "full"] {
        let recipe = read(name);
        assert_eq!(recipe.out, Path::new("target/lessons/transfer").join(name));
        assert_eq!(recipe.data, full.data, "{name}");
        assert_eq!(recipe.evaluation, full.evaluation, "{name}");
        assert_eq!((recipe.seed, recipe.epochs), (1, Some(1)), "{name}");
        assert_eq!(recipe.lora.is_some(), name == "lora");
        assert_eq!(!recipe.optimizer.freeze.is_empty(), name == "frozen");
    }
}
