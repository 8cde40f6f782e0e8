//! The files of a tokenizer.

use lt_tokenizer::{Limit, Specials, Tokenizer, slice};

use crate::files::Files;

const NAMES: &[&str] = &[
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
];

const TEXTS: [&str; 6] = [
    "",
    "a",
    "Hello  un我爱 [MASK]<mask> e\u{301}👩\u{200d}👧\0 a-b",
    "\u{301}",
    " \n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
];

thread_local! {
    static FILES: Files = Files::new(NAMES);
}

pub(crate) fn read(bytes: &[u8]) -> bool {
    FILES.with(|files| {
        files.write(bytes);
        match Tokenizer::from_dir(files.dir()) {
            Ok(tokenizer) => {
                exercise(&tokenizer);
                true
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                false
            }
        }
    })
}

/// Encodes and decodes; what comes out must hold together.
fn exercise(tokenizer: &Tokenizer) {
    let _ = format!("{tokenizer:?}");
    for text in TEXTS {
        for limit in [Limit::None, Limit::At(0), Limit::At(5), Limit::First(9)] {
            let Ok(encoding) = tokenizer.encode((text, "hello"), limit) else { continue };
            if let Limit::At(limit) | Limit::First(limit) = limit {
                assert!(encoding.len() <= limit);
            }
            for (offsets, sequence) in encoding.offsets.iter().zip(&encoding.sequence) {
                let of = if *sequence == Some(1) { "hello" } else { text };
                assert!(slice(of, offsets.clone()).is_some(), "{offsets:?} of {of:?}");
            }
            assert!(encoding.ids.iter().all(|&id| (id as usize) < tokenizer.vocab_size()));
            let _ = tokenizer.decode(&encoding.ids, Specials::Keep);
            let _ = tokenizer.decode(&encoding.ids, Specials::Skip);
            let _ = tokenizer.encode(text, limit);
            let _ = tokenizer.encode_bare(text, limit);
        }
    }
}
