//! `lt train`, and what is done with its runs: `lt plot`, `lt eval`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{arg, lt};

/// A folder with a corpus, a tokenizer of it, and recipes.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        let animals = ["cat", "dog", "hen", "fox", "cow"];
        let line = |n: usize| format!("the {} sees the {} .\n", animals[n % 5], animals[n / 5 % 5]);
        this.write("corpus.txt", &(0..50).map(line).collect::<String>());
        let rows = (0..20).map(|n| format!("the {},{}\n", animals[n % 5], ["a", "b"][n % 5 % 2]));
        this.write("rows.csv", &format!("text,label\n{}", rows.collect::<String>()));
        this.write(
            "tokenizer.toml",
            "out = \"DIR/words\"\nkind = \"wordpiece\"\nvocab_size = 200\n\
             [data]\nfiles = [\"DIR/corpus.txt\"]",
        );
        this.write("mlm.toml", "out = \"DIR/mlm\"\nsteps = 6\n[model]\ntype = \"bert\"\n\
             hidden_size = 16\nnum_hidden_layers = 1\nnum_attention_heads = 2\n\
             intermediate_size = 16\nmax_position_embeddings = 32\n[tokenizer]\nfrom = \"DIR/words\"\n\
             [data]\nfiles = [\"DIR/corpus.txt\"]\n[evaluation]\nfiles = [\"DIR/corpus.txt\"]\n\
             every = 3\n[checkpoints]\nevery = 2");
        this.write(
            "classify.toml",
            "out = \"DIR/sorts\"\nepochs = 2\n[model]\nfrom = \"DIR/mlm/model\"\n\
             [data]\nfiles = [\"DIR/rows.csv\"]",
        );
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let dir = self.0.path().to_str().unwrap();
        fs::write(self.path(name), text.replace("DIR", dir)).unwrap();
    }

    fn train<'a>(&self, task: &'a str, more: &[&'a str]) -> crate::run::Outcome {
        let recipe = self.path(&format!("{task}.toml"));
        lt(&[&["train", task, "--config", arg(&recipe)], more].concat())
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn from_files_of_text_to_a_classifier_that_is_measured_and_drawn() {
    let folder = Folder::new();
    let said = folder.train("tokenizer", &[]).ok();
    assert!(said.contains("words") && said.contains("of 50 texts"), "{said}");

    let found = folder.train("mlm", &["--format", "json", "--threads", "2"]).json().remove(0);
    assert_eq!((&found["steps"], &found["ended"]), (&6.into(), &"steps".into()));
    assert!(found["best"]["loss"].as_f64().unwrap() > 0.0, "{found}");
    let metrics = lines(&folder.path("mlm/metrics.jsonl"));
    assert_eq!(metrics.iter().filter(|line| line.get("loss").is_some()).count(), 6);
    assert_eq!(metrics.iter().filter(|line| line.get("evaluation").is_some()).count(), 2);

    let model = folder.path("mlm/model");
    let corpus = folder.path("corpus.txt");
    let eval = ["eval", "mlm", "--model", arg(&model), arg(&corpus), "--format", "json"];
    let found = lt(&eval).json().remove(0);
    let number = |key: &str| found[key].as_f64().unwrap();
    assert!((number("loss").exp() / number("perplexity") - 1.0).abs() < 1e-9);
    assert!((0.0..=1.0).contains(&number("accuracy")) && number("tokens") > 40.0);
    let text = lt(&eval[..5]).ok();
    assert!(text.starts_with(&format!("{:.4}  accuracy\n", number("accuracy"))), "{text}");

    let said = folder.train("classify", &[]).ok();
    assert!(said.contains("sorts/model") || said.contains("sorts\\model"), "{said}");
    let sorts = folder.path("sorts/model");
    let rows = folder.path("rows.csv");
    let eval = ["eval", "classify", "--model", arg(&sorts), arg(&rows)];
    let found = lt(&[&eval[..], &["--format", "json"]].concat()).json().remove(0);
    assert_eq!(found["texts"], 20);
    assert_eq!(found["labels"]["a"]["support"], 12);
    let text = lt(&eval).ok();
    assert!(text.contains("accuracy") && text.contains("F1, the mean"), "{text}");

    let eval =
        ["eval", "similarity", "--model", arg(&model), "--teacher", arg(&model), arg(&corpus)];
    assert!(lt(&eval).ok().starts_with("1.0000  Spearman"));

    let picture = folder.path("runs.svg");
    let (mlm, metrics) = (folder.path("mlm"), folder.path("sorts/metrics.jsonl"));
    let plot = ["plot", arg(&mlm), arg(&metrics), "--log", "--out", arg(&picture)];
    lt(&plot).ok();
    let svg = fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains(">mlm (dots: evaluation)<"), "{svg}");
    assert!(svg.contains(">sorts<"), "each run has its name");
}

#[test]
fn a_run_goes_on_only_when_that_is_said() {
    let folder = Folder::new();
    folder.train("tokenizer", &[]).ok();
    let whole = folder.path("whole");
    folder.train("mlm", &["--out", arg(&whole)]).ok();
    folder.train("mlm", &[]).ok();
    let error = folder.train("mlm", &[]).error();
    assert!(error.contains("holds a run already") && error.contains("hint: --resume"), "{error}");
    // As if it was cut off behind step 4: what came after is gone.
    for name in ["step-000006", "model"] {
        fs::remove_dir_all(folder.path("mlm").join(name)).unwrap();
    }
    for name in ["latest", "best"] {
        fs::write(folder.path("mlm").join(name), "step-000004\n").unwrap();
    }
    let found = folder.train("mlm", &["--resume", "--format", "json"]).json().remove(0);
    assert_eq!(found["steps"], 6);
    let metrics = lines(&folder.path("mlm/metrics.jsonl"));
    let steps: Vec<_> = metrics.iter().filter(|line| line.get("loss").is_some()).collect();
    assert_eq!(steps.len(), 6, "each step is told of once");
    let weights = "model/model.safetensors";
    assert!(
        fs::read(whole.join(weights)).unwrap()
            == fs::read(folder.path("mlm").join(weights)).unwrap()
    );
    // Another recipe is another run.
    let error = folder.train("mlm", &["--resume", "--set", "optimizer.rate=1"]).error();
    assert!(error.contains("is of another run") && error.contains("hint: "), "{error}");
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_advice() {
    let folder = Folder::new();
    folder.train("tokenizer", &[]).ok();
    let recipe = fs::read_to_string(folder.path("mlm.toml")).unwrap();
    folder.write("mlm.toml", &recipe.replace("steps = 6", "stpes = 6"));
    let error = folder.train("mlm", &[]).error();
    assert!(error.contains("mlm.toml`, line 2, column 1: unknown field `stpes`"), "{error}");
    assert!(error.contains("hint: did you mean `steps`?"), "{error}");
    folder.write("mlm.toml", &recipe);
    let error = folder.train("mlm", &["--set", "model.hiden_size=8"]).error();
    assert!(error.contains("hint: did you mean `hidden_size`?"), "{error}");
    folder.write("corpus.txt", "");
    let error = folder.train("mlm", &[]).error();
    assert!(error.contains("no record in") && error.contains("hint: "), "{error}");
    let error = folder.train("tokenizer", &["--steps", "3"]).error();
    assert!(error.contains("--steps") && error.contains("hint: "), "{error}");
    let nowhere = folder.path("nowhere.toml");
    let error = lt(&["train", "clm", "--config", arg(&nowhere)]).error();
    assert!(error.contains("cannot read `") && error.contains("nowhere.toml"), "{error}");
    let none = folder.path("rows.csv");
    let error = lt(&["plot", arg(&none), "--out", "x.svg"]).error();
    assert!(error.contains("rows.csv, line 1: not JSON") && error.contains("hint: "), "{error}");
}

#[test]
fn nonsense_is_a_wrong_command_line() {
    for args in [
        &["train"][..],
        &["train", "mlm"],
        &["train", "everything", "--config", "x"],
        &["train", "mlm", "--config", "x", "--steps", "0"],
        &["train", "mlm", "--config", "x", "--set", "steps"],
        &["plot", "--out", "x.svg"],
        &["plot", "metrics.jsonl"],
        &["eval", "classify"],
        &["eval", "similarity", "x", "--score", "s", "--teacher", "t"],
    ] {
        let outcome = lt(args);
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(outcome.err.contains("--help") || outcome.err.contains("Usage"), "{args:?}");
    }
    for command in ["train", "plot"] {
        let help = lt(&[command, "--help"]).ok();
        assert!(help.contains("Example") && help.contains(&format!("lt {command} ")), "{help}");
    }
}
