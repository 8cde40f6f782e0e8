//! Tokenizers of each kind, and each part that one may have.

use serde_json::{Value, json};

use super::{files, texts};

#[allow(clippy::unwrap_used)] // it belongs to tests
#[path = "../../../crates/lt-tokenizer/tests/fixture/mod.rs"]
mod fixture;

pub(super) fn inputs() -> Vec<Vec<u8>> {
    let config = json!({"do_lower_case": true, "strip_accents": null, "model_max_length": 512,
        "tokenize_chinese_chars": true, "truncation_side": "left", "cls_token": "[CLS]",
        "sep_token": {"content": "[SEP]", "lstrip": false, "normalized": false}});
    let special = json!({"unk_token": "[UNK]", "mask_token": {"content": "[MASK]", "lstrip": true,
        "rstrip": false, "single_word": false, "normalized": false}});
    let vocab = fixture::PIECES.join("\n");
    let mut inputs = vec![
        files(&[("vocab.txt", vocab.as_bytes())]),
        files(&[
            ("vocab.txt", vocab.as_bytes()),
            ("tokenizer_config.json", config.to_string().as_bytes()),
            ("special_tokens_map.json", special.to_string().as_bytes()),
            ("added_tokens.json", b"{}"),
        ]),
        files(&[("tokenizer.json", fixture::bert_json().as_bytes())]),
    ];
    let pieces = json!({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "h": 5, "e": 6,
        "he": 7, "l": 8, "o": 9, "\u{120}": 10, "\u{120}he": 11, "<|endoftext|>": 12});
    let pieces = pieces.to_string();
    let byte_level: [(&str, &[u8]); 2] = [
        ("vocab.json", pieces.as_bytes()),
        ("merges.txt", "#version: 0.2\nh e\n\u{120} he\n".as_bytes()),
    ];
    inputs.push(files(&byte_level));
    let prefix_space: (&str, &[u8]) = ("tokenizer_config.json", br#"{"add_prefix_space": true}"#);
    inputs.push(files(&[byte_level[0], byte_level[1], prefix_space]));
    for (_, json) in fixture::every_kind() {
        inputs.push(texts(&[("tokenizer.json", &json), ("tokenizer_config.json", &config)]));
    }
    for (place, parts) in parts().into_iter().chain(hostile()) {
        for part in parts {
            let mut json = fixture::lowercase_only();
            json[place] = part;
            inputs.push(texts(&[("tokenizer.json", &json)]));
        }
    }
    inputs
}

/// Parts of a `tokenizer.json`, by the place they stand in.
fn parts() -> [(&'static str, Vec<Value>); 7] {
    let pattern = json!({"Regex": "\\s+|[^a-z]"});
    let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first",
        "split": true});
    let pair = |name: &str| {
        json!({"type": name, "sep": ["[SEP]", 3], "cls": ["[CLS]", 2],
        "trim_offsets": true, "add_prefix_space": true})
    };
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
        "use_regex": false});
    let vocab = json!({"a": 0, "b": 1, "ab": 2, "<unk>": 3, "<0x61>": 4, "##b": 5});
    [
        (
            "normalizer",
            vec![
                json!({"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"},
                {"type": "NFC"}, {"type": "NFKD"}, {"type": "Nmt"}]}),
                json!({"type": "Strip", "strip_left": true, "strip_right": true}),
                json!({"type": "Prepend", "prepend": "▁"}),
                json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"}),
                json!({"type": "Replace", "pattern": pattern, "content": ""}),
                json!({"type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAAAAAAAAAAAAAAA"}),
                json!({"type": "ByteLevel"}),
            ],
        ),
        (
            "pre_tokenizer",
            vec![
                json!({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                {"type": "Punctuation", "behavior": "Isolated"},
                {"type": "Digits", "individual_digits": true}]}),
                json!({"type": "Whitespace"}),
                json!({"type": "Split", "pattern": pattern, "behavior": "MergedWithPrevious",
                "invert": true}),
                json!({"type": "CharDelimiterSplit", "delimiter": "a"}),
                json!({"type": "UnicodeScripts"}),
                json!({"type": "FixedLength", "length": 3}),
                byte_level.clone(),
                metaspace.clone(),
            ],
        ),
        (
            "post_processor",
            vec![
                pair("BertProcessing"),
                pair("RobertaProcessing"),
                json!({"type": "Sequence", "processors": [byte_level.clone(), pair("BertProcessing")]}),
            ],
        ),
        (
            "decoder",
            vec![
                json!({"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"},
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}),
                json!({"type": "BPEDecoder", "suffix": "</w>"}),
                json!({"type": "CTC", "pad_token": "[PAD]", "word_delimiter_token": "a",
                "cleanup": true}),
                byte_level,
                metaspace,
            ],
        ),
        (
            "truncation",
            vec![json!({"direction": "Left", "max_length": 4,
            "strategy": "LongestFirst", "stride": 1})],
        ),
        (
            "padding",
            vec![json!({"strategy": {"Fixed": 128}, "direction": "Right",
            "pad_to_multiple_of": 8, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"})],
        ),
        (
            "model",
            vec![
                json!({"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"}),
                json!({"type": "BPE", "vocab": vocab, "merges": [["a", "b"]], "dropout": 0.1,
                "unk_token": "<unk>", "continuing_subword_prefix": "##",
                "end_of_word_suffix": "</w>", "fuse_unk": true, "byte_fallback": true,
                "ignore_merges": true}),
                json!({"type": "Unigram", "unk_id": 1, "byte_fallback": true,
                "vocab": [["a", -1.0], ["<unk>", 0.0], ["ab", -2.5], ["<0x62>", -9.0]]}),
            ],
        ),
    ]
}

/// Parts that asked for more memory than there is, before they were refused.
fn hostile() -> [(&'static str, Vec<Value>); 3] {
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "use_regex": false,
        "trim_offsets": true});
    let doubles = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"});
    [
        (
            "normalizer",
            vec![
                json!({"type": "Precompiled", "precompiled_charsmap": "/////w=="}),
                json!({"type": "Sequence", "normalizers": vec![json!({"type": "ByteLevel"}); 40]}),
            ],
        ),
        ("pre_tokenizer", vec![json!({"type": "Sequence", "pretokenizers": vec![byte_level; 40]})]),
        ("decoder", vec![json!({"type": "Sequence", "decoders": vec![doubles; 40]})]),
    ]
}
