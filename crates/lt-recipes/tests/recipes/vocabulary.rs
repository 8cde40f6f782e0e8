//! A checkpoint with another tokenizer than its own.

use std::fs;

use lt_core::{Weight, weights};
use lt_model::{LoadOptions, MaskedLm};
use lt_recipes::{Mlm, TokenizerRecipe};
use lt_tokenizer::Tokenizer;

use crate::folder::{BERT, Folder, run};

/// A table of a masked LM in a folder, and what the words of its rows are.
fn table(folder: &Folder, run: &str, words: &str, name: &str) -> (Weight, Tokenizer) {
    let dir = folder.path(run).join("model");
    let model = MaskedLm::from_dir(dir, &LoadOptions::default()).unwrap().model;
    let found = weights(&model).into_iter().find(|(of, _)| of == name);
    (found.unwrap().1.clone(), Tokenizer::from_dir(folder.path(words)).unwrap())
}

#[test]
fn a_checkpoint_takes_the_words_of_another_tokenizer_with_the_rows_it_had_for_them() {
    let folder = Folder::new();
    run(&folder.recipe::<Mlm>(&format!(
        "out = \"DIR/large\"\nsteps = 2\n[model]\n{BERT}\ninitializer_range = 0.3\n[tokenizer]\n\
         from = \"DIR/words\"\n[data]\nfiles = [\"DIR/corpus.txt\"]"
    )));
    // Fewer words, some of them new.
    folder.write("other.txt", "the owl and the cat sing\nthe cat sings of the owl\n");
    let recipe = format!(
        "out = {:?}\nkind = \"wordpiece\"\nvocab_size = 60\n[data]\nfiles = [{:?}]",
        folder.path("fewer"),
        folder.path("other.txt")
    );
    TokenizerRecipe::parse(&recipe, &[]).unwrap().run(&mut |_| ()).unwrap();
    run(&folder.recipe::<Mlm>(
        "out = \"DIR/small\"\nsteps = 1\n[model]\nfrom = \"DIR/large/model\"\nlayers = [1]\n\
         [tokenizer]\nfrom = \"DIR/fewer\"\n[data]\nfiles = [\"DIR/other.txt\"]\n[optimizer]\n\
         rate = 1e-30\nweight_decay = 0.0",
    ));

    let name = "encoder.embeddings.token.weight";
    let (large, words) = table(&folder, "large", "words", name);
    let (small, fewer) = table(&folder, "small", "fewer", name);
    assert_eq!(small.shape(), [fewer.vocab_size(), 32]);
    for word in ["[MASK]", "the", "cat", "owl"] {
        let (new, old) = (fewer.id(word).unwrap(), words.id(word).unwrap());
        assert_ne!((new, word), (old, "owl"), "or the test shows nothing");
        let (small, large) = (small.matrix(), large.matrix());
        assert_eq!(small.row(new as usize), large.row(old as usize), "{word}");
    }
    let (bias, _) = table(&folder, "small", "fewer", "head.bias");
    assert_eq!(bias.shape(), [fewer.vocab_size()]);
    // Where a checkpoint has no tokenizer, its rows are the words of the one that is given.
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        fs::remove_file(folder.path("small/model").join(name)).unwrap();
    }
    run(&folder.recipe::<Mlm>(
        "out = \"DIR/again\"\nsteps = 1\n[model]\nfrom = \"DIR/small/model\"\n[tokenizer]\nfrom = \
         \"DIR/fewer\"\n[data]\nfiles = [\"DIR/other.txt\"]\n[optimizer]\nrate = 1e-30\nweight_decay = \
         0.0",
    ));
    assert_eq!(table(&folder, "again", "fewer", name).0, small);
    let config = fs::read_to_string(folder.path("small/model/config.json")).unwrap();
    assert!(config.contains(&format!("\"vocab_size\": {}", fewer.vocab_size())), "{config}");
}

#[test]
fn a_tokenizer_keeps_the_words_that_a_text_has_most_often() {
    let folder = Folder::new();
    let recipe = |kind: &str, from: &str| {
        let text = format!(
            "out = {:?}\nkind = {kind:?}\n{from}\nvocab_size = 60\n[data]\nfiles = [{:?}]",
            folder.path("pruned"),
            folder.path("corpus.txt")
        );
        TokenizerRecipe::parse(&text, &[]).unwrap().run(&mut |_| ())
    };
    let from = format!("from = {:?}", folder.path("words"));
    let error = recipe("pruned", "").unwrap_err().to_string();
    assert!(error.contains("from is not said"), "{error}");
    let error = recipe("bpe", &from).unwrap_err().to_string();
    assert!(error.contains("from is said"), "{error}");
    recipe("pruned", &from).unwrap();
    let words = Tokenizer::from_dir(folder.path("words")).unwrap();
    let pruned = Tokenizer::from_dir(folder.path("pruned")).unwrap();
    assert!(pruned.vocab_size() <= 60 && pruned.vocab_size() < words.vocab_size());
    assert!(pruned.id("the").is_some());
}
