//! A drawing, from its elements to the text of the figure.
//!
//! It has to be read on light and on dark ground: what is drawn in the colour of the text, and
//! lets the ground through, is. Two hues stand for the two signs, and some for kinds.

use std::fmt::Write as _;

use ndarray::ArrayView2;

/// The colour of the text around the figure.
pub(crate) const INK: &str = "currentColor";
/// Of what is positive, or of what matters.
pub(crate) const WARM: &str = "#dd5f1a";
/// Of what is negative, or of the other that matters.
pub(crate) const COOL: &str = "#3b7cf0";
/// Of kinds: told apart on both grounds, also by those who see few colours (Okabe & Ito 2008).
pub(crate) const HUES: [&str; 5] = ["#0072b2", "#e69f00", "#d55e00", "#009e73", "#cc79a7"];

/// What an element is given besides its place.
pub(crate) type Attribute<'a> = (&'a str, &'a str);

pub(crate) const MIDDLE: Attribute<'static> = ("text-anchor", "middle");
pub(crate) const END: Attribute<'static> = ("text-anchor", "end");
pub(crate) const BOLD: Attribute<'static> = ("font-weight", "600");
pub(crate) const SMALL: Attribute<'static> = ("font-size", "11");
pub(crate) const FAINT: Attribute<'static> = ("fill-opacity", "0.7");

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) fn new((x, y): (f64, f64), (width, height): (f64, f64)) -> Self {
        Self { x, y, width, height }
    }

    pub(crate) fn middle(self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// How numbers become cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells<'a> {
    /// The colours of numbers above and below 0.
    pub(crate) colours: [&'a str; 2],
    /// The number that is drawn the strongest, and all beyond it.
    pub(crate) strongest: f32,
    /// How much of its colour that gets.
    pub(crate) opacity: f64,
    /// The part of a cell that is left free.
    pub(crate) gap: f64,
}

/// Numbers of both signs.
pub(crate) const SIGNED: Cells<'static> =
    Cells { colours: [WARM, COOL], strongest: 1.0, opacity: 1.0, gap: 0.0 };

/// So many strengths a number may have.
const LEVELS: i32 = 12;

/// The drawing of a figure as a file of its own: dark on white, whatever is around it.
pub(crate) fn by_itself(figure: &str) -> String {
    let (_, drawing) = figure.split_once("<svg ").unwrap_or_default();
    let (drawing, _) = drawing.split_once("</svg>").unwrap_or_default();
    let drawing = drawing.replacen(
        "style=\"",
        "style=\"color:#24292f;background:#ffffff;font-family:system-ui,sans-serif;",
        1,
    );
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {drawing}</svg>\n")
}

/// A drawing that grows.
#[derive(Debug)]
pub(crate) struct Drawing {
    width: f64,
    height: f64,
    label: String,
    body: String,
}

impl Drawing {
    /// An empty one; the label says what it shows to those who do not see it.
    pub(crate) fn new(width: f64, height: f64, label: &str) -> Self {
        Self { width, height, label: label.to_owned(), body: String::new() }
    }

    pub(crate) fn text(&mut self, (x, y): (f64, f64), more: &[Attribute<'_>], words: &str) {
        let place = [("x", number(x)), ("y", number(y))];
        let _ = writeln!(self.body, "<text{}>{}</text>", list(&place, more), escaped(words));
    }

    pub(crate) fn rect(&mut self, area: Area, more: &[Attribute<'_>]) {
        let Area { x, y, width, height } = area;
        let place = [("x", x), ("y", y), ("width", width), ("height", height)];
        let place = place.map(|(name, value)| (name, number(value)));
        let _ = writeln!(self.body, "<rect{}/>", list(&place, more));
    }

    /// An outline, with nothing in it.
    pub(crate) fn frame(&mut self, area: Area, more: &[Attribute<'_>]) {
        let outline = [("fill", "none"), ("stroke", INK), ("stroke-opacity", "0.5")];
        self.rect(area, &[&outline, more].concat());
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), more: &[Attribute<'_>]) {
        self.path(&[from, to], more);
    }

    /// A line through points.
    pub(crate) fn path(&mut self, points: &[(f64, f64)], more: &[Attribute<'_>]) {
        let mut d = String::new();
        for &(x, y) in points {
            let letter = if d.is_empty() { 'M' } else { 'L' };
            let _ = write!(d, "{letter}{} {}", number(x), number(y));
        }
        let all = [&[("fill", "none"), ("stroke", INK)], more].concat();
        let _ = writeln!(self.body, "<path{}/>", list(&[("d", d)], &all));
    }

    /// A line through points with a head at its end.
    pub(crate) fn arrow(&mut self, points: &[(f64, f64)], more: &[Attribute<'_>]) {
        self.path(points, more);
        let [.., (x0, y0), (x, y)] = *points else { return };
        let length = ((x - x0) * (x - x0) + (y - y0) * (y - y0)).sqrt().max(1e-9);
        let (dx, dy) = ((x - x0) / length, (y - y0) / length);
        let back = |side: f64| (x - 7.0 * dx - 4.0 * side * dy, y - 7.0 * dy + 4.0 * side * dx);
        let ((ax, ay), (bx, by)) = (back(1.0), back(-1.0));
        let d = [x, y, ax, ay, bx, by].map(number);
        let d = format!("M{} {}L{} {}L{} {}z", d[0], d[1], d[2], d[3], d[4], d[5]);
        let _ = writeln!(self.body, "<path{}/>", list(&[("d", d)], &[("fill", INK)]));
    }

    pub(crate) fn circle(&mut self, (x, y): (f64, f64), radius: f64, more: &[Attribute<'_>]) {
        let place = [("cx", number(x)), ("cy", number(y)), ("r", number(radius))];
        let _ = writeln!(self.body, "<circle{}/>", list(&place, more));
    }

    /// What `inside` draws, all with these attributes.
    pub(crate) fn group(&mut self, more: &[Attribute<'_>], inside: impl FnOnce(&mut Self)) {
        let _ = writeln!(self.body, "<g{}>", list(&[], more));
        inside(self);
        self.body.push_str("</g>\n");
    }

    /// A cell for each number, the stronger the farther it is from 0.
    ///
    /// All cells of one strength are one path: thousands of rectangles would make a large file.
    pub(crate) fn cells(&mut self, area: Area, numbers: ArrayView2<'_, f32>, how: Cells<'_>) {
        let (rows, columns) = numbers.dim();
        let (width, height) = (area.width / columns as f64, area.height / rows as f64);
        let level = |number: f32| {
            // The power 3/4 lifts small numbers: on dark ground they would not be seen.
            let root = (number.abs() / how.strongest).min(1.0).sqrt();
            (root * root.sqrt() * LEVELS as f32).round() as i32 * if number < 0.0 { -1 } else { 1 }
        };
        let transform = format!(
            "translate({} {})scale({} {})",
            number(area.x),
            number(area.y + height / 2.0),
            number(width),
            number(height)
        );
        let stroke = number(1.0 - how.gap);
        // Without crisp edges, lines of the ground show between the rows.
        let all = [
            ("transform", transform.as_str()),
            ("fill", "none"),
            ("stroke-width", &stroke),
            ("shape-rendering", "crispEdges"),
        ];
        let strengths = (-LEVELS..=LEVELS).filter(|&strength| strength != 0);
        self.group(&all, |drawing| {
            for strength in strengths {
                let mut d = String::new();
                for (y, row) in numbers.rows().into_iter().enumerate() {
                    let mut x = 0;
                    while x < columns {
                        // Without a gap, equal neighbours are one.
                        let mut end = x + 1;
                        while how.gap == 0.0 && end < columns && level(row[end]) == level(row[x]) {
                            end += 1;
                        }
                        if level(row[x]) == strength {
                            let (from, to) = (x as f64 + how.gap / 2.0, end as f64 - how.gap);
                            let _ = write!(d, "M{} {y}h{}", number(from), number(to - x as f64));
                        }
                        x = end;
                    }
                }
                if !d.is_empty() {
                    let colour = how.colours[usize::from(strength < 0)];
                    let part = f64::from(strength.abs()) / f64::from(LEVELS);
                    let opacity = opacity(how.opacity * part);
                    let look = [("stroke", colour), ("stroke-opacity", &*opacity)];
                    let _ = writeln!(drawing.body, "<path{}/>", list(&[("d", d)], &look));
                }
            }
        });
    }

    /// The figure, with what to see in it.
    pub(crate) fn finish(self, caption: &str) -> String {
        let (width, height) = (number(self.width), number(self.height));
        format!(
            "<figure>\n<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             style=\"max-width:100%;height:auto\" role=\"img\" aria-label=\"{}\" \
             fill=\"{INK}\" font-size=\"12\">\n{}</svg>\n<figcaption>{}</figcaption>\n</figure>\n",
            escaped(&self.label),
            self.body,
            escaped(caption)
        )
    }
}

/// Attributes as they stand in a tag, those of the place first. Of two by one name, the later one
/// counts: XML allows no second.
fn list(place: &[(&str, String)], more: &[Attribute<'_>]) -> String {
    let mut all: Vec<Attribute<'_>> = place.iter().map(|(name, value)| (*name, &**value)).collect();
    for &(name, value) in more {
        match all.iter_mut().find(|(given, _)| *given == name) {
            Some(given) => given.1 = value,
            None => all.push((name, value)),
        }
    }
    all.into_iter().fold(String::new(), |mut text, (name, value)| {
        let _ = write!(text, " {name}=\"{}\"", escaped(value));
        text
    })
}

/// A number with one decimal at most: nobody sees more, and every digit is a byte.
pub(crate) fn number(value: f64) -> String {
    let tenths = (value * 10.0).round();
    let text = format!("{:.1}", if tenths == 0.0 { 0.0 } else { tenths / 10.0 });
    text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned)
}

/// How much of a colour is seen, in hundredths.
pub(crate) fn opacity(value: f64) -> String {
    let text = format!("{:.2}", value.clamp(0.0, 1.0));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text in XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn numbers_have_one_decimal_at_most() {
        let numbers = [0.0, -0.04, 0.05, 1.0, -1.25, 12.34, 99.96, 300.0];
        assert_eq!(numbers.map(number), ["0", "0", "0.1", "1", "-1.3", "12.3", "100", "300"]);
        assert_eq!([0.0, 0.1, 0.256, 1.0, 7.0].map(opacity), ["0", "0.1", "0.26", "1", "1"]);
    }

    #[test]
    fn what_has_a_meaning_in_xml_is_escaped() {
        let mut drawing = Drawing::new(10.0, 20.0, "a \"b\"\n");
        drawing.text((1.0, 2.0), &[MIDDLE], "<&>");
        let figure = drawing.finish("p > 0");
        assert!(
            figure.contains("<text x=\"1\" y=\"2\" text-anchor=\"middle\">&lt;&amp;&gt;</text>")
        );
        assert!(figure.contains("aria-label=\"a &quot;b&quot;\u{fffd}\""), "{figure}");
        assert!(figure.contains("<figcaption>p &gt; 0</figcaption>"), "{figure}");
        assert!(roxmltree::Document::parse(&figure).is_ok());
    }

    #[test]
    fn of_two_attributes_by_one_name_the_later_one_counts() {
        let mut drawing = Drawing::new(10.0, 10.0, "");
        drawing.frame(Area::new((0.0, 0.0), (1.0, 1.0)), &[("stroke-opacity", "1")]);
        assert_eq!(drawing.body.matches("stroke-opacity=\"1\"").count(), 1, "{}", drawing.body);
        assert_eq!(drawing.body.matches("stroke-opacity").count(), 1, "{}", drawing.body);
    }

    #[test]
    fn cells_of_one_strength_are_one_path_and_zeros_are_none() {
        let cells = |gap, numbers: ndarray::Array2<f32>| {
            let mut drawing = Drawing::new(10.0, 10.0, "");
            let area = Area::new((0.0, 0.0), (20.0, 10.0));
            drawing.cells(area, numbers.view(), Cells { gap, ..SIGNED });
            drawing.body
        };
        let joined = cells(0.0, array![[1.0, 1.0, 0.0, -2.0], [0.0, 0.0, 0.0, 1.0]]);
        assert!(joined.contains("translate(0 2.5)scale(5 5)"), "{joined}");
        assert!(joined.contains("d=\"M0 0h2M3 1h1\" stroke=\"#dd5f1a\""), "{joined}");
        assert!(
            joined.contains("d=\"M3 0h1\" stroke=\"#3b7cf0\" stroke-opacity=\"1\""),
            "{joined}"
        );
        assert_eq!(joined.matches("<path").count(), 2, "{joined}");
        let apart = cells(0.2, array![[1.0, 1.0]]);
        assert!(apart.contains("d=\"M0.1 0h0.8M1.1 0h0.8\""), "{apart}");
        assert!(apart.contains("stroke-width=\"0.8\""), "{apart}");
    }

    #[test]
    fn an_arrow_ends_where_it_points() {
        let mut drawing = Drawing::new(10.0, 10.0, "");
        drawing.arrow(&[(0.0, 5.0), (20.0, 5.0)], &[]);
        assert!(drawing.body.contains("d=\"M0 5L20 5\""), "{}", drawing.body);
        assert!(drawing.body.contains("d=\"M20 5L13 9L13 1z\""), "{}", drawing.body);
    }
}
