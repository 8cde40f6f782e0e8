//! What the fuzzer begins with: sound files, small ones of each kind.

mod chats;
mod tokenizers;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::SEPARATOR;

const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates");

/// What an input can be made of, for one target.
#[derive(Debug)]
pub struct Seeds {
    /// The target.
    pub target: &'static str,
    /// Sound inputs.
    pub inputs: Vec<Vec<u8>>,
    /// The crates whose readers know the names that may stand in a file.
    readers: &'static [&'static str],
    /// What else an input can be made of.
    pub words: &'static [&'static str],
}

/// The seeds of every target, made from the files that the tests use.
///
/// # Panics
/// If one of these files is not there.
#[must_use]
pub fn seeds() -> Vec<Seeds> {
    let of = |target, inputs, readers| Seeds { target, inputs, readers, words: &[] };
    vec![
        of("config", configs(), &["lt-config"]),
        of("checkpoint", checkpoints(), &[]),
        of("tokenizer", tokenizers::inputs(), &["lt-tokenizer"]),
        Seeds { words: chats::WORDS, ..of("chat", chats::inputs(), &["lt-tokenizer"]) },
        of("ids", ids(), &[]),
        of("sentences", sentences(), &["lt-config", "lt-tokenizer"]),
        of("model", models(), &["lt-config"]),
    ]
}

impl Seeds {
    /// The words that the fuzzer should know, as libFuzzer reads them: all texts in the seeds and
    /// in the sources of the readers, and values that are extreme.
    ///
    /// # Panics
    /// If the sources are not there.
    #[must_use]
    pub fn dictionary(&self) -> String {
        let mut words: BTreeSet<String> = [
            "null",
            "true",
            "false",
            "0",
            "1",
            "-1",
            "1e308",
            "-0.0",
            "4294967295",
            "4294967296",
            "9223372036854775807",
            "18446744073709551615",
            "[]",
            "{}",
            "\u{feff}",
            SEPARATOR,
        ]
        .iter()
        .chain(self.words)
        .map(|&word| word.to_owned())
        .collect();
        let sources = self.readers.iter().flat_map(|name| {
            let folder = Path::new(CRATES).join(name).join("src");
            let files = fs::read_dir(folder).expect("the sources of a crate");
            files.filter_map(|file| fs::read_to_string(file.ok()?.path()).ok())
        });
        let inputs = self.inputs.iter().map(|input| String::from_utf8_lossy(input).into_owned());
        for text in inputs.chain(sources) {
            let quoted = text.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
            let short = quoted.filter(|word| (1..40).contains(&word.len()));
            let name = |c: char| c.is_ascii_alphanumeric() || "_-.#[]<>/▁".contains(c);
            words.extend(
                short.filter(|word| word.chars().all(name)).map(|word| format!("\"{word}\"")),
            );
        }
        let escaped = |word: &String| -> String {
            word.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
        };
        words.iter().map(|word| format!("\"{}\"\n", escaped(word))).collect()
    }
}

/// An input of several files.
fn files(files: &[(&str, &[u8])]) -> Vec<u8> {
    let part = |(name, content): &(&str, &[u8])| {
        [SEPARATOR.as_bytes(), name.as_bytes(), b"\n", content, b"\n"].concat()
    };
    files.iter().flat_map(part).collect()
}

fn texts(texts: &[(&str, &Value)]) -> Vec<u8> {
    let texts: Vec<_> = texts.iter().map(|(name, json)| (*name, json.to_string())).collect();
    let bytes: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    files(&bytes)
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&read(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The golden checkpoints of `lt-model`, in a fixed order.
fn golden() -> Vec<PathBuf> {
    let folder = Path::new(CRATES).join("lt-model/tests/golden");
    let entries = fs::read_dir(folder).expect("the golden checkpoints");
    let mut folders: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.retain(|folder| folder.join("config.json").exists());
    folders.sort();
    folders
}

fn configs() -> Vec<Vec<u8>> {
    let path = Path::new(CRATES).join("lt-config/tests/golden/transformers.json");
    let written = json_of(&path);
    let defaults = written["defaults"].as_object().into_iter().flatten();
    let defaults = defaults.map(|(_, family)| &family["config"]);
    let spellings = written["spellings"].as_array().into_iter().flatten();
    let spellings = spellings.flat_map(|one| one.as_object().into_iter().flatten());
    let spellings = spellings.map(|(_, config)| config).filter(|config| config.is_object());
    let published = defaults.chain(spellings).map(|config| config.to_string().into_bytes());
    let path = Path::new(CRATES).join("lt-config/tests/golden/generation.json");
    let generation = json_of(&path);
    let cases = generation["cases"].as_array().into_iter().flatten();
    // Reading a configuration also reads what it says of generation, so both are of one family.
    let files = cases.flat_map(|case| case["files"].as_object().into_iter().flatten());
    let files = files.map(|(_, file)| {
        let mut file = file.clone();
        file["model_type"] = json!("gpt2");
        file.to_string().into_bytes()
    });
    let golden = golden();
    let stored = golden.iter().map(|folder| read(&folder.join("config.json")));
    stored.chain(published).chain(files).collect()
}

fn header(path: &Path) -> Vec<u8> {
    let file = read(path);
    let (length, rest) = file.split_first_chunk::<8>().expect("the length of the header");
    let length = usize::try_from(u64::from_le_bytes(*length)).expect("a short header");
    rest[..length].to_vec()
}

fn checkpoints() -> Vec<Vec<u8>> {
    let golden = golden();
    let single = golden.iter().map(|folder| folder.join("model.safetensors"));
    let headers = single.filter(|path| path.exists()).map(|path| header(&path));
    let mut inputs: Vec<_> =
        headers.map(|header| files(&[("model.safetensors.header", &header)])).collect();

    let small: &[u8] = br#"{"__metadata__":{"format":"pt"},
        "w":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},
        "x.weight":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},
        "e":{"dtype":"BF16","shape":[0],"data_offsets":[16,16]},
        "i":{"dtype":"I64","shape":[],"data_offsets":[16,24]}}"#;
    let other: &[u8] = br#"{"y":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let index: &[u8] = br#"{"metadata":{"total_size":40},"weight_map":{"w":"a.safetensors",
        "x.weight":"a.safetensors","e":"a.safetensors","i":"a.safetensors","y":"b.safetensors"}}"#;
    inputs.push(files(&[("model.safetensors", &crate::files::with_data(small))]));
    inputs.push(files(&[("model.safetensors.header", small)]));
    inputs.push(files(&[
        ("model.safetensors.index.json", index),
        ("a.safetensors.header", small),
        ("b.safetensors.header", other),
    ]));
    inputs
}

fn ids() -> Vec<Vec<u8>> {
    let golden = golden();
    let padded = golden.iter().map(|folder| folder.join("padded.json"));
    let padded = padded.filter(|path| path.exists()).map(|path| {
        let mut golden = json_of(&path);
        // How exact the outputs are is no part of what goes in.
        golden.as_object_mut().map(|golden| golden.remove("own_error"));
        golden.to_string()
    });
    let written = [
        r#"{"input_ids": [[5, 6], [7]], "token_type_ids": [[0, 1], [0]]}"#,
        r#"{"input_ids": [[5, 6, 0], [0, 0, 7]], "attention_mask": [[1, 1, 0], [0, 0, 1]],
            "token_type_ids": [[0, 1, 9], [9, 9, 1]]}"#,
        r#"{"input_ids": [[1]], "decoder_input_ids": [[1]]}"#,
    ];
    padded.map(String::into_bytes).chain(written.map(|text| text.as_bytes().to_vec())).collect()
}

fn sentences() -> Vec<Vec<u8>> {
    let module = |number: usize, path: &str, class: &str| {
        json!({"idx": number, "name": number.to_string(), "path": path,
               "type": format!("sentence_transformers.models.{class}")})
    };
    let modules = json!([
        module(0, "", "Transformer"),
        module(1, "1_Pooling", "Pooling"),
        module(2, "2_Normalize", "Normalize"),
    ]);
    let flags = json!({"word_embedding_dimension": 4, "pooling_mode_cls_token": false,
        "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false,
        "pooling_mode_mean_sqrt_len_tokens": true, "pooling_mode_weightedmean_tokens": false,
        "pooling_mode_lasttoken": false, "include_prompt": true});
    let names = json!({"embedding_dimension": 4,
        "pooling_mode": ["cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]});
    let length = json!({"max_seq_length": 6, "do_lower_case": true,
        "transformer_task": "feature-extraction"});
    let prompts = json!({"__version__": {"sentence_transformers": "5.0.0"},
        "prompts": {"query": "query: "}, "default_prompt_name": "query",
        "similarity_fn_name": "cosine",
        "activation_fn": "torch.nn.modules.linear.Identity"});
    let normalize = json!({"module_input_name": "sentence_embedding"});
    let tokenizer = json!({"model_max_length": 7, "do_lower_case": true});
    [&flags, &names]
        .map(|pooling| {
            texts(&[
                ("modules.json", &modules),
                ("1_Pooling/config.json", pooling),
                ("sentence_bert_config.json", &length),
                ("config_sentence_transformers.json", &prompts),
                ("2_Normalize/config.json", &normalize),
                ("tokenizer_config.json", &tokenizer),
            ])
        })
        .into_iter()
        .chain([texts(&[("modules.json", &modules), ("1_Pooling/config.json", &flags)])])
        .collect()
}

/// The byte by which the target `model` knows a head.
fn head_of(config: &Value) -> u8 {
    let class = config["architectures"][0].as_str().unwrap_or_default();
    let heads = [
        ("MaskedLM", if config["tie_word_embeddings"] == false { 3 } else { 2 }),
        ("SequenceClassification", 4),
        ("TokenClassification", 5),
        ("QuestionAnswering", 6),
    ];
    heads.iter().find(|(name, _)| class.ends_with(name)).map_or(1, |&(_, head)| head)
}

fn models() -> Vec<Vec<u8>> {
    let ids = [1, 2, 3, 4, 5, 254, 7, 8, 254, 9];
    let golden = golden();
    let configs = golden.iter().map(|folder| (folder, read(&folder.join("config.json"))));
    let mut inputs = Vec::new();
    for (number, (folder, config)) in (0_u8..).zip(configs) {
        // The head that the configuration names, and another.
        let head = head_of(&json_of(&folder.join("config.json")));
        for head in [head, head + 128 + number % 6] {
            let settings = [&[head, 0, 0][..], &ids].concat();
            inputs.push(files(&[("config.json", &config), ("settings", &settings)]));
        }
        let weights = folder.join("model.safetensors");
        if number.is_multiple_of(6) && weights.exists() {
            let (header, settings) = (header(&weights), [&[0; 3][..], &ids].concat());
            inputs.push(files(&[
                ("config.json", &config),
                ("model.safetensors.header", &header),
                ("settings", &settings),
            ]));
        }
    }
    inputs
}
