//! The words of one tokenizer, by those of another.

use lt_tokenizer::{Limit, SpecialToken, SpecialTokens, Specials, Tokenizer};

use crate::Result;

/// For each token of a new vocabulary, the tokens of an old one whose rows it begins with: itself
/// if the old one has it, else the pieces that the old tokenizer cuts it into.
///
/// [Gee et al. 2022](https://arxiv.org/abs/2402.09977), section 3: fast vocabulary transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// How many rows the tables of the old model have.
    pub(crate) old: usize,
    /// For each new id the old ones; none: nothing is known of it.
    rows: Vec<Vec<u32>>,
}

impl Words {
    /// The tokens of `new` by those of a checkpoint whose tables have `old` rows; `None` if each
    /// has the same id in both.
    pub(crate) fn between(new: &Tokenizer, before: &Tokenizer, old: usize) -> Result<Option<Self>> {
        let ids = 0..new.vocab_size() as u32;
        if ids.clone().all(|id| new.token(id) == before.token(id)) {
            return Ok(None);
        }
        let rows: Result<Vec<Vec<u32>>> = ids
            .map(|id| {
                let mut rows = known_as(id, new, before)?;
                rows.retain(|row| (*row as usize) < old);
                Ok(rows)
            })
            .collect();
        Ok(Some(Self { old, rows: rows? }))
    }

    /// How many rows a table has then.
    pub(crate) fn new_rows(&self) -> usize {
        self.rows.len()
    }

    /// Fills a new table from an old one: each row with the mean of those that it begins with. One
    /// of which nothing is known stays as it is.
    pub(crate) fn fill(&self, table: &mut [f32], old: &[f32]) {
        let width = (old.len() / self.old.max(1)).max(1);
        for (row, begins) in table.chunks_exact_mut(width).zip(&self.rows) {
            if begins.is_empty() {
                continue;
            }
            row.fill(0.0);
            for begin in begins {
                let start = *begin as usize * width;
                for (sum, x) in row.iter_mut().zip(&old[start..start + width]) {
                    *sum += x / begins.len() as f32;
                }
            }
        }
    }
}

/// What the old tokenizer calls a token of the new one.
fn known_as(id: u32, new: &Tokenizer, before: &Tokenizer) -> Result<Vec<u32>> {
    let Some(token) = new.token(id) else { return Ok(Vec::new()) };
    let roles = |special: &SpecialTokens| {
        let SpecialTokens { unk, cls, sep, pad, mask, bos, eos, .. } = special.clone();
        [unk, cls, sep, pad, mask, bos, eos]
    };
    let (ours, theirs) = (roles(new.special_tokens()), roles(before.special_tokens()));
    // `<mask>` has the part of `[MASK]`.
    let is_it = |special: &Option<SpecialToken>| special.as_ref().is_some_and(|it| it.id == id);
    if let Some(role) = ours.iter().position(is_it) {
        return Ok(theirs[role].iter().map(|special| special.id).collect());
    }
    if let Some(same) = before.id(&token) {
        return Ok(vec![same]);
    }
    let text = new.decode(&[id], Specials::Keep)?;
    // Alone, a piece from within a word keeps the sign that it is one.
    let text = text.strip_prefix("##").filter(|rest| !rest.is_empty()).unwrap_or(&text);
    let mut pieces = before.encode_bare(text, Limit::None)?.ids;
    if let Some(unknown) = &before.special_tokens().unk {
        pieces.retain(|piece| *piece != unknown.id);
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use lt_tokenizer::WordPieceSettings;

    use super::*;

    fn words(tokens: &[&str]) -> Tokenizer {
        let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        let pieces = specials.iter().chain(tokens).map(|token| (*token).to_owned());
        Tokenizer::from_pieces(pieces.collect::<Vec<_>>(), &WordPieceSettings::default()).unwrap()
    }

    #[test]
    fn a_word_begins_as_itself_or_as_the_mean_of_its_pieces() {
        let before = words(&["cat", "dog", "##s", "ing"]);
        let new = words(&["dogs", "cat", "##ing", "猫"]);
        let words = Words::between(&new, &before, 9).unwrap().unwrap();
        assert_eq!(words.rows[4..], [vec![4], vec![6, 7], vec![5], vec![8], vec![]]);
        let old: Vec<f32> = (0..18).map(|x| x as f32).collect(); // row r is 2r, 2r + 1
        let mut table = vec![-1.0; 18];
        words.fill(&mut table, &old);
        assert_eq!(table[8..], [8.0, 9.0, 13.0, 14.0, 10.0, 11.0, 16.0, 17.0, -1.0, -1.0]);
    }

    #[test]
    fn the_same_tokenizer_moves_nothing() {
        let same = words(&["cat", "dog"]);
        assert_eq!(Words::between(&same, &same, 7).unwrap(), None);
    }
}
