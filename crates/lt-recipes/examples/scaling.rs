//! Trains small models of three sizes on four amounts of text, fits a law to their losses, and
//! writes both into the chapter: `lessons/scaling/runs.csv` and `doc/scaling.svg`.
//!
//! ```text
//! python3 crates/lt-recipes/corpus/prepare.py target/corpus/out
//! cargo run --release -p lt-recipes --example scaling
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;

use lt_core::Threads;
use lt_recipes::{
    Clm, Resume, ScalingLaw, Session, Setting, TokenizerRecipe, TrainedSize, Training, Unwatched,
    plot_scaling,
};
use serde_json::Value;

/// The width of a model, and its layers.
const MODELS: [(i64, i64); 3] = [(32, 2), (64, 2), (128, 2)];
/// How many steps, of 1024 tokens each.
const STEPS: [i64; 4] = [250, 500, 1000, 2000];
const TOKENS_OF_A_STEP: f64 = 1024.0;

fn main() -> Result<(), Box<dyn Error>> {
    let recipes = Path::new("crates/lt-recipes/lessons/scaling");
    let tokenizer = TokenizerRecipe::read(recipes.join("tokenizer.toml"), &[])?;
    if !tokenizer.out.exists() {
        tokenizer.run(&mut |_| ())?;
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut table = "parameters,tokens,loss\n".to_owned();
    let mut sizes = Vec::new();
    for (width, layers) in MODELS {
        for steps in STEPS {
            let out = format!("target/lessons/scaling/{width}x{layers}-{steps}");
            let over = [
                Setting::new("out", out.clone()),
                Setting::new("steps", steps),
                Setting::new("model.n_embd", width),
                Setting::new("model.n_layer", layers),
                Setting::new("evaluation.every", steps),
            ];
            let recipe: Training<Clm> = Training::read(recipes.join("model.toml"), &over)?;
            let threads: Threads = lt_kernels::pool(threads)?;
            let session = Session { threads, resume: Resume::GoOn, watcher: &mut Unwatched };
            recipe.run(session)?;
            // As it is written down, so that the law is that of the table.
            let loss = (last_evaluation(Path::new(&out))? * 1e4).round() / 1e4;
            // Of a layer: four matrices of attention, two of four times the width, their biases,
            // and two norms.
            let (width, layers) = (width as f64, layers as f64);
            let parameters = layers * (12.0 * width * width + 13.0 * width);
            let tokens = steps as f64 * TOKENS_OF_A_STEP;
            println!("{parameters:>9} parameters, {tokens:>8} tokens: loss {loss:.4}");
            table.push_str(&format!("{parameters},{tokens},{loss:.4}\n"));
            sizes.push(TrainedSize { parameters, tokens, loss });
        }
    }
    let law = ScalingLaw::fit(&sizes)?;
    println!("{law}");
    fs::write(recipes.join("runs.csv"), table)?;
    fs::write("crates/lt-recipes/doc/scaling.svg", plot_scaling(&sizes, &law))?;
    Ok(())
}

/// The loss that the metrics of a run tell last of text that it was not trained on.
fn last_evaluation(run: &Path) -> Result<f64, Box<dyn Error>> {
    let metrics = fs::read_to_string(run.join("metrics.jsonl"))?;
    let lines = metrics.lines().map(serde_json::from_str::<Value>);
    let mut evaluations = lines.filter_map(|line| line.ok()?.get("evaluation")?.as_f64());
    Ok(evaluations.next_back().ok_or("a run without an evaluation")?)
}
