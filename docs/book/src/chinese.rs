//! The line below a formula that says where its code is, on a page in Chinese.

/// What the line says, and what it says in Chinese.
const WORDS: [(&str, &str); 8] = [
    ("In the code: ", "代码："),
    ("Shown by the law ", "由定律说明："),
    ("Shown by the test ", "由测试说明："),
    ("Shown by the example with the line ", "由例子说明，其中有这一行："),
    ("> in <code>", ">，在 <code>"),
    (">, <", ">、<"),
    (">; <", ">；<"),
    (">. ", ">。"),
];

/// How such a line begins.
const LINE: &str = "<p style=\"text-align: center; font-size: 0.85em\">";

/// A text in which these lines are Chinese.
pub(crate) fn places_of_formulas(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix(LINE) {
        Some(said) => {
            let said =
                WORDS.iter().fold(said.to_owned(), |said, (from, to)| said.replace(from, to));
            format!("{LINE}{}", said.replace(".</p>", "。</p>"))
        }
        None => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // what fails here is the test

    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn only_the_line_below_a_formula_is_translated() {
        let english = "In the code: x, y\n<p style=\"text-align: center; font-size: 0.85em\">In the code: \
                       <a href=\"a\">f</a>, <a href=\"b\">g</a> in <code>src/a.rs</code>; <a href=\"c\">h</a> in \
                       <code>src/c.rs</code>. Shown by the test <code>t</code> in <code>tests/d.rs</code>.</p>\n";
        let chinese = "In the code: x, y\n<p style=\"text-align: center; font-size: 0.85em\">代码：\
                       <a href=\"a\">f</a>、<a href=\"b\">g</a>，在 <code>src/a.rs</code>；<a href=\"c\">h</a>，在 \
                       <code>src/c.rs</code>。由测试说明：<code>t</code>，在 <code>tests/d.rs</code>。</p>\n";
        assert_eq!(places_of_formulas(english), chinese);
    }

    #[test]
    fn no_line_below_a_formula_of_the_chapters_keeps_a_word_of_english() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates");
        let docs = fs::read_dir(crates).unwrap().map(|folder| folder.unwrap().path().join("doc"));
        let files = docs.filter_map(|doc| fs::read_dir(doc).ok()).flatten();
        let formulas = files.map(|file| file.unwrap().path());
        let formulas =
            formulas.filter(|file| file.extension().is_some_and(|kind| kind == "mathml"));
        let mut count = 0;
        for formula in formulas {
            let text = places_of_formulas(&fs::read_to_string(&formula).unwrap());
            let is_english =
                ["In the code", "Shown by", " in <code>"].iter().any(|words| text.contains(words));
            assert!(!is_english, "{}: {text}", formula.display());
            count += usize::from(text.contains("代码：") || text.contains("说明："));
        }
        assert!(count > 50, "{count}");
    }
}
