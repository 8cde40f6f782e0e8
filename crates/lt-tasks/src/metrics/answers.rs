//! Exact match and F1 of answers to questions, as `SQuAD` and CMRC count them.

use std::collections::HashMap;

use super::error::{MetricError, check_lengths};

/// What two answers have to have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerRules {
    /// English, by word: case, the punctuation of ASCII, the articles *a*, *an*, *the* and the
    /// amount of white space do not count. No answer at all is an answer too: that a text has none.
    /// ([Rajpurkar et al. 2018](https://arxiv.org/abs/1806.03822), the script of `SQuAD` 2.0.)
    Squad,
    /// Chinese, by character: case and punctuation do not count, and what is common is the longest
    /// piece that both answers hold in one. ([Cui et al. 2019](https://arxiv.org/abs/1810.07366), the
    /// script of CMRC 2018.)
    ///
    /// What is not Chinese is cut at white space; the script asks NLTK for words there, which also
    /// takes a comma or a full stop off a Latin word. Where both answers are nothing but
    /// punctuation, its F1 is 0 although its exact match is 1; here both are 1.
    Cmrc,
}

/// What the script of CMRC 2018 removes. (It means to remove `……` too, but compares single
/// characters; and it knows ’ but not ‘.)
const CMRC_PUNCTUATION: &str = "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』";

impl AnswerRules {
    /// The answer without what does not count.
    ///
    /// ```
    /// use lt_tasks::metrics::AnswerRules;
    /// assert_eq!(AnswerRules::Squad.normalize("The  cat's whiskers!"), "cats whiskers");
    /// assert_eq!(AnswerRules::Cmrc.normalize("《红楼梦》。"), "红楼梦");
    /// ```
    #[must_use]
    pub fn normalize(self, answer: &str) -> String {
        let lower = answer.to_lowercase();
        match self {
            Self::Squad => {
                let bare: String = lower.chars().filter(|c| !c.is_ascii_punctuation()).collect();
                let bare = without_articles(&bare);
                bare.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
            }
            // White space within stays, and counts for exact match.
            Self::Cmrc => lower
                .trim_matches(is_space)
                .chars()
                .filter(|&c| !CMRC_PUNCTUATION.contains(c))
                .collect(),
        }
    }

    /// The pieces of an answer that F1 counts.
    ///
    /// ```
    /// use lt_tasks::metrics::AnswerRules;
    /// assert_eq!(AnswerRules::Squad.pieces("The cat's whiskers!"), ["cats", "whiskers"]);
    /// assert_eq!(AnswerRules::Cmrc.pieces("1985年，GNU 发布"), ["1985", "年", "gnu", "发", "布"]);
    /// ```
    #[must_use]
    pub fn pieces(self, answer: &str) -> Vec<String> {
        let normal = self.normalize(answer);
        let words = normal.split(is_space).filter(|word| !word.is_empty());
        match self {
            Self::Squad => words.map(str::to_owned).collect(),
            Self::Cmrc => words.flat_map(characters_and_words).collect(),
        }
    }

    fn matches(self, gold: &str, predicted: &str) -> f64 {
        f64::from(self.normalize(gold) == self.normalize(predicted))
    }

    fn f1(self, gold: &str, predicted: &str) -> f64 {
        let (gold, predicted) = (self.pieces(gold), self.pieces(predicted));
        if gold.is_empty() && predicted.is_empty() {
            return 1.0;
        }
        let common = match self {
            Self::Squad => common_pieces(&gold, &predicted),
            Self::Cmrc => longest_common_run(&gold, &predicted),
        };
        2.0 * common as f64 / (gold.len() + predicted.len()) as f64
    }

    /// The best score against any of the right answers.
    fn best(
        self,
        gold: &[impl AsRef<str>],
        predicted: &str,
        score: impl Fn(Self, &str, &str) -> f64,
    ) -> f64 {
        let gold = gold.iter().map(AsRef::as_ref);
        // In SQuAD a right answer that is empty beside others is a slip, and passed over.
        let counts = |gold: &&str| self != Self::Squad || !self.normalize(gold).is_empty();
        gold.filter(counts)
            .map(|gold| score(self, gold, predicted))
            .reduce(f64::max)
            // There is none: the right answer is that there is none.
            .unwrap_or_else(|| score(self, "", predicted))
    }
}

/// Exact match (EM, 完全匹配): the part of the questions whose answer is, but for what does not
/// count, one of the right ones: meanᵢ maxⱼ [norm(ŷᵢ) = norm(yᵢⱼ)].
///
/// Each question has several right answers, or none: then the text has no answer, and the right
/// prediction is an empty one.
///
/// Python: `evaluate.load("squad_v2")`, `exact` / 100 (without questions that have no answer
/// `evaluate.load("squad")`, `exact_match` / 100); `calc_em_score` of `cmrc2018_evaluate.py`.
///
/// ```
/// use lt_tasks::metrics::{AnswerRules, exact_match};
/// let gold = [vec!["Denver Broncos", "The Broncos"], vec!["Carolina"], vec![]];
/// let predicted = ["broncos.", "North Carolina", ""];
/// assert_eq!(exact_match(&gold, &predicted, AnswerRules::Squad)?, 2.0 / 3.0);
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::Lengths`] if there are not as many predictions as questions,
/// [`MetricError::Empty`] if there are none.
pub fn exact_match<G: AsRef<[A]>, A: AsRef<str>>(
    gold: &[G],
    predicted: &[impl AsRef<str>],
    rules: AnswerRules,
) -> Result<f64, MetricError> {
    mean(gold, predicted, |gold, predicted| rules.best(gold, predicted, AnswerRules::matches))
}

/// F1 of answers: how much of each other the predicted answer and the right one hold:
/// meanᵢ maxⱼ 2·c / (|ŷᵢ| + |yᵢⱼ|), c the pieces that both have in common.
///
/// The pieces are words, in any order, for [`AnswerRules::Squad`], and for [`AnswerRules::Cmrc`]
/// Chinese characters, of which the longest common run counts. Where one of the two is empty, F1
/// is 1 if the other is too, or else 0.
///
/// Python: `evaluate.load("squad_v2")`, `f1` / 100; `calc_f1_score` of `cmrc2018_evaluate.py`.
///
/// ```
/// use lt_tasks::metrics::{AnswerRules, token_f1};
/// // "carolina" is common: all of one word, half of two.
/// assert_eq!(token_f1(&[["Carolina"]], &["North Carolina"], AnswerRules::Squad)?, 2.0 / 3.0);
/// // 北京 is common: 2 of 2 and 2 of 3 characters.
/// assert_eq!(token_f1(&[["北京"]], &["北京市。"], AnswerRules::Cmrc)?, 0.8);
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// As [`exact_match`].
pub fn token_f1<G: AsRef<[A]>, A: AsRef<str>>(
    gold: &[G],
    predicted: &[impl AsRef<str>],
    rules: AnswerRules,
) -> Result<f64, MetricError> {
    mean(gold, predicted, |gold, predicted| rules.best(gold, predicted, AnswerRules::f1))
}

fn mean<G: AsRef<[A]>, A: AsRef<str>>(
    gold: &[G],
    predicted: &[impl AsRef<str>],
    score: impl Fn(&[A], &str) -> f64,
) -> Result<f64, MetricError> {
    check_lengths(gold.len(), predicted.len())?;
    let scores =
        gold.iter().zip(predicted).map(|(gold, answer)| score(gold.as_ref(), answer.as_ref()));
    Ok(scores.sum::<f64>() / gold.len() as f64)
}

/// What Python takes for white space: four separators of ASCII more than Unicode does.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Puts a space for each *a*, *an* and *the* that no letter or digit touches.
fn without_articles(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let in_word = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != in_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        kept.push_str(if matches!(run, "a" | "an" | "the") { " " } else { run });
        rest = after;
    }
    kept
}

/// Each Chinese character by itself, and what stands between them.
fn characters_and_words(word: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut between = String::new();
    for c in word.chars() {
        // The ideographs that the script knows: those of Unicode 1.
        if matches!(c, '\u{4e00}'..='\u{9fa5}') {
            if !between.is_empty() {
                pieces.push(std::mem::take(&mut between));
            }
            pieces.push(c.into());
        } else {
            between.push(c);
        }
    }
    if !between.is_empty() {
        pieces.push(between);
    }
    pieces
}

/// How many pieces both have, each as often as both have it.
fn common_pieces(gold: &[String], predicted: &[String]) -> usize {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for piece in gold {
        *left.entry(piece).or_default() += 1;
    }
    let mut common = 0;
    for piece in predicted {
        if let Some(left) = left.get_mut(piece.as_str()).filter(|left| **left > 0) {
            *left -= 1;
            common += 1;
        }
    }
    common
}

/// The length of the longest run of pieces that is in both.
fn longest_common_run(gold: &[String], predicted: &[String]) -> usize {
    let mut longest = 0;
    // ending[j]: how long the common run is that ends with this gold and the jth predicted piece.
    let mut ending = vec![0; predicted.len()];
    for gold in gold {
        let mut diagonal = 0;
        for (predicted, ending) in predicted.iter().zip(&mut ending) {
            let run = if gold == predicted { diagonal + 1 } else { 0 };
            diagonal = std::mem::replace(ending, run);
            longest = longest.max(run);
        }
    }
    longest
}
