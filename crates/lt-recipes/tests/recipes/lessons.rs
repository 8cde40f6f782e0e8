//! The recipes of the lessons.

use std::path::Path;

use lt_recipes::{
    Classify, Clm, ScalingLaw, Setting, TokenizerRecipe, TrainedSize, Training, plot_scaling,
};

/// The four differ in what they begin with, what they train, and how fast.
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

/// The example lays sizes and steps over them.
#[test]
fn the_recipes_of_the_scaling_law_are_read_and_belong_together() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons/scaling");
    let tokenizer = TokenizerRecipe::read(folder.join("tokenizer.toml"), &[]).unwrap();
    let over = [Setting::new("model.n_embd", 64_i64), Setting::new("steps", 500_i64)];
    let model: Training<Clm> = Training::read(folder.join("model.toml"), &over).unwrap();
    assert_eq!(model.tokenizer.from.as_ref(), Some(&tokenizer.out));
    assert_eq!(model.data.files, tokenizer.data.files);
    assert_eq!((model.steps, model.epochs), (Some(500), None));
    assert!(model.objective.pack);
}

#[test]
fn the_picture_is_that_of_the_runs() {
    let runs = include_str!("../../lessons/scaling/runs.csv");
    let sizes: Vec<TrainedSize> = runs
        .lines()
        .skip(1)
        .map(|line| {
            let numbers: Vec<f64> = line.split(',').map(|number| number.parse().unwrap()).collect();
            TrainedSize { parameters: numbers[0], tokens: numbers[1], loss: numbers[2] }
        })
        .collect();
    assert_eq!(sizes.len(), 12);
    let law = ScalingLaw::fit(&sizes).unwrap();
    assert_eq!(plot_scaling(&sizes, &law), include_str!("../../doc/scaling.svg"));
}
