//! What training leaves as it is.

use lt_config::ModelConfig;
use lt_core::weights;
use lt_model::{LoadOptions, MaskedLm};
use lt_recipes::Mlm;

use crate::folder::{Folder, run};

/// The parameters that training changes, of a DistilBERT.
fn changed(folder: &Folder, out: &str, sines: bool, more: &str) -> Vec<String> {
    let recipe = folder.recipe::<Mlm>(&format!(
        r#"
        out = "DIR/{out}"
        steps = 4
        [model]
        type = "distilbert"
        dim = 16
        n_layers = 1
        n_heads = 2
        hidden_dim = 32
        max_position_embeddings = 32
        sinusoidal_pos_embds = {sines}
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/corpus.txt"]
        [optimizer]
        rate = 0.01
        weight_decay = 0.1
        {more}
        "#
    ));
    let finished = run(&recipe);
    let config = ModelConfig::from_dir(&finished.model).unwrap();
    let begin = MaskedLm::random(&config, recipe.seed).unwrap();
    let end = MaskedLm::from_dir(&finished.model, &LoadOptions::default()).unwrap().model;
    let pairs = weights(&begin).into_iter().zip(weights(&end));
    pairs.filter(|((_, begin), (_, end))| begin != end).map(|((name, _), _)| name).collect()
}

/// In transformers they have no gradient; nor may the decay of weights shrink them.
#[test]
fn the_sines_of_a_distilbert_are_not_trained() {
    const POSITIONS: &str = "encoder.embeddings.position.table.weight";
    let folder = Folder::new();
    let learned = changed(&folder, "learned", false, "");
    assert!(learned.iter().any(|name| name == POSITIONS), "{learned:?}");
    let all_else: Vec<String> = learned.into_iter().filter(|name| name != POSITIONS).collect();
    assert_eq!(changed(&folder, "sines", true, ""), all_else);
    // Adapters are trained, and positions are none of their parameters.
    let adapted = changed(&folder, "adapted", true, "[lora]\nrank = 2");
    assert!(!adapted.is_empty() && adapted.iter().all(|name| name != POSITIONS), "{adapted:?}");
}
