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
}
