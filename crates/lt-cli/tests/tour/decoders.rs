//! Tours of tiny decoders, held to what other commands compute: positions in a table, positions in
//! attention with heads that share keys, windows.

use std::fs;
use std::path::Path;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::tiny_decoder::{ask, decoder, forward, ids_file, setting};
use crate::{json_with, lt_with, page_with, strings};

const TEXT: &str = "the cat sat, the cat 你好.";

/// The checkpoint, and how many places back its window reaches.
const DECODERS: [(&str, Option<usize>); 3] =
    [("gpt2-as-published", None), ("llama-kv-2-of-6-tied", None), ("mistral", Some(4))];

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn one_line(page: &str) -> String {
    page.split([' ', '\n', '\u{a0}']).filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Softmax, slowly and in f64.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    let powers: Vec<f64> = logits.iter().map(|&it| f64::from(it - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

#[test]
fn rows_add_up_to_one_over_what_they_may_see_and_the_rest_is_hidden() {
    for (name, reach) in DECODERS {
        let dir = decoder(name);
        let tour = json_with(dir.path(), &["--layer", "1", "--head", "1", TEXT]);
        let attention = &tour["attention"];
        assert_eq!(attention["causal"], true, "{name}");
        assert_eq!(attention["window"], serde_json::json!(reach), "{name}");
        let rows = attention["weights"].as_array().unwrap();
        let n = rows.len();
        let expected = &forward(dir.path(), &tour)["attentions.1"][n * n..2 * n * n];
        for (query, row) in rows.iter().enumerate() {
            let row = row.as_array().unwrap();
            for (key, share) in row.iter().enumerate() {
                let hidden = key > query || reach.is_some_and(|reach| query - key > reach);
                let expected = expected[query * n + key];
                match share.as_f64() {
                    None => assert!(hidden && expected == 0.0, "{name} {query} {key}"),
                    Some(share) => {
                        assert!(!hidden && share as f32 == expected, "{name} {query} {key}");
                    }
                }
            }
            let sum: f64 = row.iter().filter_map(Value::as_f64).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{name} {query}: {sum}");
        }
    }
}

#[test]
fn probabilities_are_a_softmax_of_the_logits_of_lt_forward() {
    for (name, _) in DECODERS {
        let dir = decoder(name);
        let tour = json_with(dir.path(), &[TEXT]);
        let (result, vocabulary) = (&tour["result"], setting(dir.path(), "vocab_size"));
        assert_eq!(result["kind"], "next_token");
        let logits = &forward(dir.path(), &tour)["logits"];
        let rows: Vec<Vec<f64>> = logits.chunks(vocabulary).map(softmax).collect();
        let ids: Vec<usize> =
            tour["pieces"].as_array().unwrap().iter().map(|it| size(&it["id"])).collect();
        assert_eq!(rows.len(), ids.len());

        let next = numbers(&result["probabilities"]);
        assert_eq!(next.len(), vocabulary);
        for (got, expected) in next.iter().zip(rows.last().unwrap()) {
            assert!((got - expected).abs() < 1e-6, "{name}: {got}, expected {expected}");
        }
        let first = &result["next"][0];
        assert!(next.iter().all(|&p| p <= next[size(&first["id"])]), "{name}");
        assert_eq!(first["probability"].as_f64(), Some(next[size(&first["id"])]));

        let foretold = result["foretold"].as_array().unwrap();
        assert_eq!(foretold.len(), ids.len() - 1);
        let mut surprise = 0.0;
        for (at, foretold) in (1..).zip(foretold) {
            let (row, id) = (&rows[at - 1], ids[at]);
            assert_eq!((size(&foretold["at"]), size(&foretold["id"])), (at, id));
            let probability = foretold["probability"].as_f64().unwrap();
            assert!((probability - row[id]).abs() < 1e-6, "{name} {at}");
            let likelier = row.iter().filter(|&&p| p > row[id]).count();
            assert_eq!(size(&foretold["rank"]), likelier + 1, "{name} {at}");
            let expected = row[size(&foretold["expected"]["id"])];
            assert!(row.iter().all(|&p| p <= expected), "{name} {at}");
            surprise -= row[id].ln();
        }
        let perplexity = result["perplexity"].as_f64().unwrap();
        let expected = (surprise / foretold.len() as f64).exp();
        assert!((perplexity - expected).abs() < 1e-4 * expected, "{name}: {perplexity}");
        let file = dir.path().join("text.txt");
        fs::write(&file, TEXT).unwrap();
        let measured = ask(dir.path(), &["eval", "perplexity", file.to_str().unwrap()]);
        let measured = measured["by_token"].as_f64().unwrap();
        assert!((perplexity - measured).abs() < 1e-9 * measured, "{name}: {measured}");
    }
}

#[test]
fn the_cache_grows_by_a_token_and_changes_no_bit_of_what_is_written() {
    for (name, reach) in DECODERS {
        let dir = decoder(name);
        let tour = json_with(dir.path(), &[TEXT]);
        let (cache, n) = (&tour["cache"], tour["pieces"].as_array().unwrap().len());
        let (heads, width) = match name {
            "gpt2-as-published" => (2, 6),
            "llama-kv-2-of-6-tied" => (2, 4),
            _ => (1, 4),
        };
        let layers = size(&tour["model"]["layers"]);
        let per_token = layers * heads * 2 * width * 4;
        assert_eq!(size(&cache["bytes_per_token"]), per_token, "{name}");
        let steps = cache["steps"].as_array().unwrap();
        assert_eq!((steps.len(), &cache["end"]), (5, &"enough_seen".into()), "{name}");
        for (number, step) in steps.iter().enumerate() {
            let kept = n + number;
            assert_eq!(step["same_bits"], true, "{name} {number}");
            assert_eq!(size(&step["kept"]), kept);
            assert_eq!(size(&step["bytes"]), kept * per_token);
            assert!(size(&step["memory"]) >= size(&step["bytes"]));
            let seen = |query: usize| reach.map_or(query + 1, |reach| (query + 1).min(reach + 1));
            let first = if number == 0 { 0 } else { kept - 1 };
            let [new, all] = [first, 0].map(|from| (from..kept).map(seen).sum::<usize>());
            assert_eq!(numbers(&step["keys"]), vec![new as f64; layers], "{name} {number}");
            let work = [("with_cache", kept - first, new), ("without_cache", kept, all)];
            for (which, tokens, keys) in work {
                let work = &step[which];
                assert_eq!((size(&work["tokens"]), size(&work["keys"])), (tokens, keys * layers));
            }
        }
        // What it writes is what `lt generate` writes.
        let ids = ids_file(dir.path(), &tour);
        let ids = ids.to_str().unwrap();
        let more = ["--ignore-eos", "--no-defaults", "--max-new-tokens", "5"];
        let all = ask(dir.path(), &[&["generate", "--ids", ids], &more[..]].concat());
        let generated = &all["sequences"][0].as_array().unwrap()[n..];
        let written: Vec<Value> = steps.iter().map(|step| step["next"]["id"].clone()).collect();
        assert_eq!(generated, written, "{name}");
    }
}

/// Query, key and value [12, 12] each, output [12, 12], two matrices [12, 48] in each of 2 layers.
#[test]
fn multiplications_are_those_of_the_matrices_of_attention_and_of_the_scores() {
    let dir = decoder("gpt2-as-published");
    let tour = json_with(dir.path(), &[TEXT]);
    let step = &tour["cache"]["steps"][1];
    let (n, inner) = (size(&step["kept"]) as u64, 48);
    let layer = 4 * 12 * 12 + 2 * 12 * inner;
    let of = |tokens: u64, keys: u64| 2 * (layer * tokens + 2 * 12 * keys) + 44 * 12;
    assert_eq!(step["with_cache"]["multiplications"], of(1, n));
    assert_eq!(step["without_cache"]["multiplications"], of(n, n * (n + 1) / 2));
}

#[test]
fn a_head_of_queries_looks_with_the_keys_of_its_group() {
    let dir = decoder("llama-kv-2-of-6-tied");
    let keys = json_with(dir.path(), &["--head", "4", TEXT])["attention"]["keys"].clone();
    assert_eq!(keys, serde_json::json!({"head": 1, "of": 2, "shared_by": [3, 4, 5]}));
    let page = one_line(&page_with(dir.path(), &["--head", "4", TEXT]));
    for said in [
        "heads 3, 4 and 5 have questions of their own, and one head of keys and values, number 1",
        "turn queries and keys by the position, inside attention",
        "With a head of keys for each of the 6 heads it would be 3 times as much.",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[test]
fn chinese_in_a_vocabulary_of_bytes_can_be_read() {
    let dir = decoder("gpt2-as-published");
    let tour = json_with(dir.path(), &["你好"]);
    assert_eq!(strings(&tour["pieces"], "token"), ["ä½", "ł", "å¥½"]);
    assert_eq!(strings(&tour["pieces"], "readable"), ["你⟨E4BD⟩", "你⟨A0⟩", "好"]);
    let page = one_line(&page_with(dir.path(), &["你好"]));
    assert!(page.contains("“你” is in pieces that end within a character"), "{page}");
    assert!(!page.contains("ä½"), "{page}");
}

#[test]
fn scaled_rows_and_mixed_windows_are_told() {
    let dir = decoder("gemma3");
    let tour = json_with(dir.path(), &[TEXT]);
    assert!((tour["embeddings"]["build"]["scale"].as_f64().unwrap() - 12_f64.sqrt()).abs() < 0.02);
    let windows: Vec<Value> =
        tour["cache"]["layers"].as_array().unwrap().iter().map(|it| it["window"].clone()).collect();
    assert_eq!(windows, [3.into(), 3.into(), Value::Null, 3.into()]);
    let last = &tour["cache"]["steps"][4];
    assert_eq!(numbers(&last["keys"]), [4.0, 4.0, size(&last["kept"]) as f64, 4.0]);
    let page = one_line(&page_with(dir.path(), &["--layer", "0", TEXT]));
    assert!(page.contains("Each row is multiplied by 3.46"), "{page}");
    assert!(page.contains("a piece sees itself and the 3 before it"), "{page}");
    let page = one_line(&page_with(dir.path(), &["--layer", "0", "cat."]));
    assert!(page.contains("this text is shorter, so the window hides nothing"), "{page}");
}

#[test]
fn angles_that_grow_with_the_text_change_bits_and_that_is_told() {
    let dir = decoder("llama-dynamic");
    let text = "the cat sat, the cat sat, the cat sat.";
    let tour = json_with(dir.path(), &[text]);
    let steps = tour["cache"]["steps"].as_array().unwrap();
    let other = steps.iter().filter(|step| step["same_bits"] == false).count();
    assert!(other > 0, "the angles are those of texts of 16 tokens and more");
    let page = one_line(&page_with(dir.path(), &[text]));
    assert!(page.contains(&format!("In {other} of 5 steps the scores have other bits")), "{page}");
}

#[test]
fn without_a_head_that_foretells_a_decoder_gives_a_vector() {
    for name in ["gpt2", "gpt2-sequences", "llama", "llama-tokens-f16", "qwen3-sequences"] {
        let dir = decoder(name);
        let tour = json_with(dir.path(), &["the cat sat."]);
        assert_eq!(tour["result"]["kind"], "sentence_vector", "{name}");
        assert_eq!((&tour["attention"]["causal"], &tour["cache"]), (&true.into(), &Value::Null));
        let page = page_with(dir.path(), &["the cat sat."]);
        assert!(page.contains("3  Pieces look back") && page.contains("lt-decoder"), "{page}");
    }
}

#[test]
fn no_line_is_wider_than_80_and_a_file_has_no_styles() {
    for (name, _) in DECODERS {
        let dir = decoder(name);
        for text in [TEXT, "你好你好", "a"] {
            let page = page_with(dir.path(), &[text]);
            assert!(!page.contains('\u{1b}'), "{page}");
            for line in page.lines().filter(|line| !line.starts_with("  lt ")) {
                assert!(line.width() <= 80, "{}: {line}", line.width());
            }
        }
        assert!(page_with(dir.path(), &[TEXT]).contains("╱╱"), "what is hidden is hatched");
    }
}

#[test]
fn a_text_stops_where_the_model_or_an_end_token_stops_it() {
    let dir = decoder("gpt2-as-published");
    let end = |text: &str| json_with(dir.path(), &[text])["cache"]["end"].clone();
    let full = "a".repeat(setting(dir.path(), "n_positions") - 1);
    assert_eq!(end(&full), "context_full");
    let longest = json_with(dir.path(), &[&format!("{full}a")]);
    assert_eq!(longest["cache"]["steps"].as_array().unwrap().len(), 1);

    let first = json_with(dir.path(), &[TEXT])["result"]["next"][0]["id"].clone();
    let config = serde_json::json!({ "eos_token_id": first }).to_string();
    fs::write(dir.path().join("generation_config.json"), config).unwrap();
    assert_eq!(end(TEXT), "end_token");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let dir = decoder("gpt2-as-published");
    let error = |dir: &Path, arguments: &[&str]| {
        let output = lt_with(dir, arguments);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let long = error(dir.path(), &[&"a".repeat(41)]);
    assert!(long.contains("41 tokens, expected at most 40"), "{long}");
    let empty = error(dir.path(), &[""]);
    assert!(empty.contains("no tokens"), "{empty}");
    let head = error(dir.path(), &["--head", "2", "cat"]);
    assert!(head.contains("no head 2"), "{head}");
    // A vocabulary of another model, with more tokens than this one has.
    let vocabulary: serde_json::Map<String, Value> = [("a", 50), ("Ġ", 0)]
        .map(|(token, id)| (token.to_owned(), id.into()))
        .into_iter()
        .collect();
    fs::write(dir.path().join("vocab.json"), Value::Object(vocabulary).to_string()).unwrap();
    fs::write(dir.path().join("merges.txt"), "#version: 0.2\n").unwrap();
    let unknown = error(dir.path(), &["a"]);
    assert!(unknown.contains("the model has 44 tokens"), "{unknown}");
}
