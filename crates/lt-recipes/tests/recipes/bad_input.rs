//! Data, models and folders that are not what they should be.

use std::fs;

use lt_recipes::{Classify, Clm, Mlm, TokenizerRecipe, Training};

use crate::folder::{BERT, Folder, losses, refused, run};

fn mlm(folder: &Folder, file: &str, more: &str) -> Training<Mlm> {
    folder.recipe(&format!(
        r#"
        out = "DIR/run"
        steps = 2
        [model]
        {BERT}
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/{file}"]
        {more}
        "#
    ))
}

#[test]
fn an_empty_corpus_is_refused_and_one_line_is_enough() {
    let folder = Folder::new();
    folder.write("empty.txt", "\n  \n");
    let (error, hint) = refused(&mlm(&folder, "empty.txt", ""));
    assert!(error.contains("no record in `") && error.contains("empty.txt"), "{error}");
    assert!(hint.contains("data.files"), "{hint}");
    assert!(!folder.path("run").exists(), "nothing is left behind");
    folder.write("one.txt", "the cat");
    run(&mlm(&folder, "one.txt", ""));
    assert_eq!(losses(&folder.path("run")).len(), 2);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = Folder::new();
    let (error, hint) = refused(&mlm(&folder, "nowhere.txt", ""));
    assert!(error.contains("nowhere.txt"), "{error}");
    assert!(hint.contains("data.files"), "{hint}");
    let (error, _) = refused(&mlm(&folder, "words", ""));
    assert!(error.contains("a directory"), "{error}");
}

#[test]
fn a_line_of_ten_megabytes_and_bytes_that_are_no_text_stop_the_run_or_are_skipped() {
    let folder = Folder::new();
    let mut bytes = b"the cat sees the dog .\n".to_vec();
    bytes.extend(vec![b'x'; 10_000_000]);
    bytes.extend(b"\nthe dog \xff\xfe\nthe hen likes the fox .\n");
    fs::write(folder.path("bad.txt"), bytes).unwrap();
    let (error, hint) = refused(&mlm(&folder, "bad.txt", ""));
    assert!(error.contains("bad.txt`, line 2: "), "{error}");
    assert!(hint.contains("data.bad_rows"), "{hint}");
    run(&mlm(&folder, "bad.txt", "bad_rows = \"skip\""));
    assert_eq!(losses(&folder.path("run")).len(), 2);
}

#[test]
fn labels_that_are_unknown_are_named_by_their_line() {
    let folder = Folder::new();
    folder.write("rows.csv", "text,label\nthe cat,good\nthe dog,bad\nthe hen,ugly\n");
    let recipe = |more: &str| {
        folder.recipe::<Classify>(&format!(
            r#"
            out = "DIR/run"
            steps = 2
            [model]
            {BERT}
            [tokenizer]
            from = "DIR/words"
            [data]
            files = ["DIR/rows.csv"]
            {more}
            "#
        ))
    };
    let (error, _) = refused(&recipe("[objective]\nlabels = [\"good\", \"bad\"]"));
    assert!(
        error.contains("rows.csv`, line 4: label `ugly`, expected one of `good`, `bad`"),
        "{error}"
    );
    let (error, hint) = refused(&recipe("label = \"lable\""));
    assert!(error.contains("no column `lable`, expected it beside `text`, `label`"), "{error}");
    assert!(hint.contains("data.label"), "{hint}");
    let (error, _) = refused(&recipe("score = \"label\""));
    assert!(error.contains("data.score is said, expected nothing"), "{error}");
    // Labels of the evaluation that the training does not know.
    folder.write("other.csv", "text,label\nthe cat,evil\n");
    let (error, _) = refused(&recipe("[evaluation]\nfiles = [\"DIR/other.csv\"]"));
    assert!(error.contains("other.csv`, line 2: label `evil`"), "{error}");
    folder.write("rows.csv", "text,label\nthe cat,good\n");
    let (error, _) = refused(&recipe(""));
    assert!(error.contains("at least two labels"), "{error}");
    assert!(!folder.path("run").exists(), "nothing is left behind");
}

#[test]
fn settings_of_a_model_that_it_does_not_have_are_named_with_the_nearest() {
    let folder = Folder::new();
    let recipe = |model: &str| {
        folder.recipe::<Mlm>(&format!(
            "out = \"DIR/run\"\nsteps = 1\n[model]\n{model}\n[tokenizer]\nfrom = \"DIR/words\"\n\
             [data]\nfiles = [\"DIR/corpus.txt\"]"
        ))
    };
    let (error, hint) = refused(&recipe("type = \"bert\"\nhiden_size = 32"));
    assert!(error.contains("unknown field `hiden_size`"), "{error}");
    assert_eq!(hint, "did you mean `hidden_size`?");
    let (error, _) = refused(&recipe("type = \"bret\""));
    assert!(error.contains("\"bret\"") && error.contains("bert, roberta"), "{error}");
    let (error, _) = refused(&recipe(""));
    assert!(error.contains("model.type is not said"), "{error}");
    let (error, _) = refused(&recipe("from = \"DIR/words\""));
    assert!(error.contains("config.json"), "{error}");
    let (error, _) = refused(&recipe("type = \"bert\"\nvocab_size = 10"));
    assert!(error.contains("model.vocab_size is 10, expected at least"), "{error}");
    let (error, _) = refused(&recipe("type = \"bert\"\nhidden_size = 31"));
    assert!(error.contains("hidden_size is 31"), "{error}");
    let (error, hint) = refused(&recipe("type = \"gpt2\""));
    assert!(error.contains("family"), "{error}");
    assert!(hint.contains("clm for those of decoders"), "{hint}");
    let (error, _) = refused(&recipe("type = \"bert\"\nlayers = [0]"));
    assert!(error.contains("model.layers"), "{error}");
}

#[test]
fn a_tokenizer_without_a_mask_cannot_hide_words() {
    let folder = Folder::new();
    folder.tokenizer("bpe", "bytes");
    let mut recipe = mlm(&folder, "corpus.txt", "");
    recipe.tokenizer.from = Some(folder.path("bytes"));
    let (error, _) = refused(&recipe);
    assert!(error.contains("without a mask"), "{error}");
}

#[test]
fn numbers_out_of_range_are_refused() {
    let folder = Folder::new();
    for (more, expected) in [
        ("max_length = 33", "data.max_length is 33, expected at most 32"),
        ("max_length = 2", "special tokens"),
        ("examples_per_step = 0", "the examples of a step is 0, expected at least 1"),
        ("shards = 0", "the shards of a step is 0"),
        ("[objective]\nrate = 1.5", "objective.rate is 1.5, expected between 0 and 1"),
        ("[objective]\nmasked = 0.95", "objective.masked + objective.replaced"),
        ("[optimizer]\nrate = -1.0", "peak is -1"),
        ("[optimizer]\nfreeze = [\"layer*\"]", "a pattern that at least one parameter matches"),
        ("[lora]\nrank = 0", "rank is 0"),
    ] {
        let (error, _) = refused(&mlm(&folder, "corpus.txt", more));
        assert!(error.contains(expected), "{more}: {error}");
    }
    let mut recipe = mlm(&folder, "corpus.txt", "");
    recipe.steps = Some(0);
    assert!(refused(&recipe).0.contains("steps is 0"));
    (recipe.steps, recipe.epochs) = (Some(1), Some(1));
    assert!(refused(&recipe).0.contains("epochs is 1, expected nothing"));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    let mut recipe = mlm(&folder, "corpus.txt", "");
    recipe.out = folder.path("corpus.txt").join("run");
    let (error, _) = refused(&recipe);
    assert!(error.contains("cannot write `") && error.contains("corpus.txt"), "{error}");
}

#[test]
fn a_tokenizer_is_refused_what_cannot_be_and_is_not_written_over() {
    let folder = Folder::new();
    let recipe = |out: &str, size: usize, file: &str| {
        let text = format!(
            "out = {:?}\nkind = \"wordpiece\"\nvocab_size = {size}\n[data]\nfiles = [{:?}]",
            folder.path(out),
            folder.path(file)
        );
        let error = TokenizerRecipe::parse(&text, &[]).unwrap().run(&mut |_| ()).unwrap_err();
        error.to_string()
    };
    assert!(recipe("words", 300, "corpus.txt").contains("a folder without a tokenizer"));
    assert!(recipe("new", 6, "corpus.txt").contains('6'));
    folder.write("empty.txt", "");
    assert!(recipe("new", 300, "empty.txt").contains("no record"));
    let misspelt = TokenizerRecipe::parse("out = \"x\"\nkind = \"wordpeice\"", &[]).unwrap_err();
    assert_eq!(misspelt.hint().as_deref(), Some("did you mean `wordpiece`?"));
}

#[test]
fn a_decoder_is_refused_a_length_that_it_has_no_positions_for() {
    let folder = Folder::new();
    folder.tokenizer("bpe", "bytes");
    let recipe: Training<Clm> = folder.recipe(
        "out = \"DIR/run\"\n[model]\ntype = \"gpt2\"\nn_embd = 8\nn_layer = 1\nn_head = 1\n\
         n_positions = 16\n[tokenizer]\nfrom = \"DIR/bytes\"\n[data]\nfiles = [\"DIR/corpus.txt\"]\n\
         max_length = 17",
    );
    assert!(refused(&recipe).0.contains("expected at most 16"));
}
