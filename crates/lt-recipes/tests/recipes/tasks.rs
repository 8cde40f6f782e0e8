//! Each task learns something, and what it leaves behind can be used.

use std::fs;

use lt_core::Scratch;
use lt_recipes::{Classify, Clm, Distill, Embed, Mlm, Tag};
use lt_tasks::{
    FillMask, LoadOptions, SentenceEncoder, TextClassifier, TextGenerator, TokenTagger,
};

use crate::folder::{ANIMALS, BERT, Folder, losses, run, sentences};

/// The mean of the first and of the last five.
fn begin_and_end(losses: &[f64]) -> (f64, f64) {
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    (mean(&losses[..5]), mean(&losses[losses.len() - 5..]))
}

#[test]
fn hidden_words_are_learned_and_lt_guesses_them() {
    let folder = Folder::new();
    let recipe = folder.recipe::<Mlm>(&format!(
        r#"
        out = "DIR/run"
        steps = 60
        [model]
        {BERT}
        hidden_dropout_prob = 0.0
        attention_probs_dropout_prob = 0.0
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/corpus.txt"]
        [optimizer]
        rate = 0.01
        weight_decay = 0.0
        [checkpoints]
        every = 25
        keep = 1
        "#
    ));
    let finished = run(&recipe);
    let (begin, end) = begin_and_end(&losses(&folder.path("run")));
    assert!(begin > 3.0 && end < begin * 0.6, "{begin} {end}");
    // Its own folder and each checkpoint can be loaded by everything that loads such models.
    for dir in [finished.model, folder.path("run/step-000060")] {
        let model = FillMask::from_dir(&dir, &LoadOptions::default()).unwrap();
        let guessed = model.fill("the cat sees [MASK] dog .", 1, &mut Scratch::new()).unwrap();
        assert_eq!(guessed[0][0].token, "the");
        let config = fs::read_to_string(dir.join("config.json")).unwrap();
        assert!(config.contains("BertForMaskedLM"), "{config}");
    }
    assert!(!folder.path("run/step-000025").exists(), "one is kept");
}

#[test]
fn the_next_word_is_learned_packed_or_not() {
    let folder = Folder::new();
    folder.tokenizer("bpe", "bytes");
    for pack in [false, true] {
        let recipe = folder.recipe::<Clm>(&format!(
            r#"
            out = "DIR/run-{pack}"
            steps = 40
            [model]
            type = "gpt2"
            n_embd = 32
            n_layer = 2
            n_head = 2
            n_positions = 32
            [tokenizer]
            from = "DIR/bytes"
            [data]
            files = ["DIR/corpus.txt"]
            examples_per_step = 16
            [objective]
            pack = {pack}
            [optimizer]
            rate = 0.01
            "#
        ));
        let finished = run(&recipe);
        let (begin, end) = begin_and_end(&losses(&folder.path(&format!("run-{pack}"))));
        assert!(end < begin * 0.6, "{begin} {end}");
        let generator = TextGenerator::from_dir(&finished.model, &LoadOptions::default()).unwrap();
        assert!(!generator.tokenize("the cat").unwrap().is_empty());
    }
}

#[test]
fn texts_are_sorted_from_any_format_and_the_best_model_is_kept() {
    let folder = Folder::new();
    let label = |n: usize| if n.is_multiple_of(2) { "even" } else { "odd" };
    let rows = || (0..40).map(|n| (format!("the {} sees the hen .", ANIMALS[n % 6]), label(n)));
    let csv: String = rows().map(|(text, label)| format!("{label},\"{text}\"\n")).collect();
    folder.write("rows.csv", &format!("label,subject\n{csv}"));
    let json: String = rows()
        .map(|(text, label)| format!("{}\n", serde_json::json!({"text": text, "label": label})))
        .collect();
    folder.write("rows.jsonl", &json);
    for (name, column) in [("rows.csv", "text = \"subject\""), ("rows.jsonl", "")] {
        let recipe = folder.recipe::<Classify>(&format!(
            r#"
            out = "DIR/run-{name}"
            epochs = 12
            [model]
            {BERT}
            [tokenizer]
            from = "DIR/words"
            [data]
            files = ["DIR/{name}"]
            {column}
            examples_per_step = 8
            [optimizer]
            rate = 0.003
            [evaluation]
            files = ["DIR/{name}"]
            every = 10
            "#
        ));
        let finished = run(&recipe);
        let classifier =
            TextClassifier::from_dir(&finished.model, &LoadOptions::default()).unwrap();
        assert_eq!(classifier.labels().names(), ["even", "odd"]);
        let texts = ["the cat sees the hen .", "the dog sees the hen ."];
        let answers = classifier.classify(texts, &mut Scratch::new()).unwrap();
        let first: Vec<&str> = answers.iter().map(|answer| answer.scores[0].label).collect();
        assert_eq!(first, ["even", "odd"], "{name}");
        let metrics =
            fs::read_to_string(folder.path(&format!("run-{name}/metrics.jsonl"))).unwrap();
        assert_eq!(metrics.matches("\"evaluation\"").count(), 6);
        assert!(folder.path(&format!("run-{name}/best")).exists());
    }
}

#[test]
fn pairs_are_told_apart_by_their_segments() {
    let folder = Folder::new();
    let rows: String = (0..36)
        .map(|n| {
            let (one, other) = (ANIMALS[n % 6], ANIMALS[n / 6]);
            let label = if one == other { "same" } else { "other" };
            format!("{one}\t{other}\t{label}\n")
        })
        .collect();
    folder.write("pairs.tsv", &rows);
    let recipe = folder.recipe::<Classify>(&format!(
        r#"
        out = "DIR/run"
        steps = 3
        [model]
        {BERT}
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/pairs.tsv"]
        text = 0
        second = 1
        label = 2
        "#
    ));
    run(&recipe);
    assert_eq!(losses(&folder.path("run")).len(), 3);
}

#[test]
fn words_are_tagged() {
    let folder = Folder::new();
    let sentences: String = sentences()
        .iter()
        .map(|sentence| {
            let tagged = sentence.split(' ').map(|word| {
                let tag = if ANIMALS.contains(&word) { "B-ANIMAL" } else { "O" };
                format!("{word} {tag}\n")
            });
            format!("{}\n", tagged.collect::<String>())
        })
        .collect();
    folder.write("train.conll", &sentences);
    let recipe = folder.recipe::<Tag>(&format!(
        r#"
        out = "DIR/run"
        steps = 30
        [model]
        {BERT}
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/train.conll"]
        [optimizer]
        rate = 0.01
        "#
    ));
    let finished = run(&recipe);
    let (begin, end) = begin_and_end(&losses(&folder.path("run")));
    assert!(end < begin * 0.5, "{begin} {end}");
    TokenTagger::from_dir(&finished.model, &LoadOptions::default()).unwrap();
}

#[test]
fn pairs_and_scores_make_sentence_vectors() {
    let folder = Folder::new();
    let rows: String = sentences()
        .iter()
        .enumerate()
        .map(|(n, text)| {
            let other = text.replace("sees", "finds").replace("hears", "likes");
            format!("{text},{other},{}\n", (n % 3) as f32 / 2.0)
        })
        .collect();
    folder.write("pairs.csv", &format!("text,second,score\n{rows}"));
    for loss in ["contrastive", "scores"] {
        let recipe = folder.recipe::<Embed>(&format!(
            r#"
            out = "DIR/run-{loss}"
            steps = 20
            [model]
            {BERT}
            [tokenizer]
            from = "DIR/words"
            [data]
            files = ["DIR/pairs.csv"]
            [objective]
            loss = "{loss}"
            [optimizer]
            rate = 0.01
            "#
        ));
        let finished = run(&recipe);
        let (begin, end) = begin_and_end(&losses(&folder.path(&format!("run-{loss}"))));
        assert!(end < begin, "{loss}: {begin} {end}");
        let encoder = SentenceEncoder::from_dir(&finished.model, &LoadOptions::default()).unwrap();
        assert!(encoder.normalizes());
        assert_eq!((encoder.width(), encoder.max_length()), (32, 32));
    }
}

#[test]
fn a_student_with_fewer_layers_learns_its_teachers_vectors() {
    let folder = Folder::new();
    let teacher = folder.recipe::<Mlm>(&format!(
        r#"
        out = "DIR/teacher"
        steps = 2
        [model]
        {BERT}
        initializer_range = 0.3
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/corpus.txt"]
        "#
    ));
    run(&teacher);
    let student = folder.recipe::<Distill>(
        r#"
        out = "DIR/student"
        steps = 30
        [model]
        from = "DIR/teacher/model"
        layers = [1]
        [data]
        files = ["DIR/corpus.txt"]
        [objective]
        teacher = "DIR/teacher/model"
        normalize = false
        [optimizer]
        rate = 0.005
        "#,
    );
    let finished = run(&student);
    let (begin, end) = begin_and_end(&losses(&folder.path("student")));
    assert!(end < begin * 0.7, "{begin} {end}");
    let load = |dir| SentenceEncoder::from_dir(dir, &LoadOptions::default()).unwrap();
    let (teacher, student) = (load(folder.path("teacher/model")), load(finished.model));
    assert_eq!(student.model().layers().stored(), 1);
    let texts = ["the cat sees the hen ."];
    let vector = |encoder: &SentenceEncoder| encoder.encode(&texts, &mut Scratch::new()).unwrap();
    let (a, b) = (vector(&teacher), vector(&student));
    let both = ndarray::concatenate(ndarray::Axis(0), &[a.view(), b.view()]).unwrap();
    let cosine = lt_tasks::cosine(&both)[[0, 1]];
    assert!(cosine > 0.8, "{cosine}");
}

#[test]
fn a_checkpoint_of_another_task_lends_its_encoder() {
    let folder = Folder::new();
    let before = folder.recipe::<Mlm>(&format!(
        r#"
        out = "DIR/mlm"
        steps = 1
        [model]
        {BERT}
        [tokenizer]
        from = "DIR/words"
        [data]
        files = ["DIR/corpus.txt"]
        "#
    ));
    run(&before);
    folder.write("rows.csv", "text,label\nthe cat,a\nthe dog,b\nthe hen,c\n");
    let recipe = |out: &str, from: &str, more: &str| {
        folder.recipe::<Classify>(&format!(
            r#"
            out = "DIR/{out}"
            steps = 2
            [model]
            from = "DIR/{from}/model"
            [data]
            files = ["DIR/rows.csv"]
            {more}
            "#
        ))
    };
    let finished = run(&recipe("sorts", "mlm", ""));
    let config = fs::read_to_string(finished.model.join("config.json")).unwrap();
    assert!(config.contains("BertForSequenceClassification") && config.contains("id2label"));
    // And once more from there, with adapters; what is frozen keeps its bits.
    let lora = "[lora]\nrank = 2\nfull = [\"head.*\"]";
    let adapted = run(&recipe("adapted", "sorts", lora));
    let load = |dir| TextClassifier::from_dir(dir, &LoadOptions::default()).unwrap();
    let texts = ["the cat"];
    let scores = |dir| load(dir).classify(texts, &mut Scratch::new()).unwrap()[0].scores[0].score;
    assert_ne!(scores(finished.model), scores(adapted.model));
}
