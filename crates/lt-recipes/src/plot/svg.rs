//! The picture itself.

use std::fmt::Write;

use super::axis::{Axis, Scale, label};
use super::thinned::thinned;
use super::{Metrics, PlotSettings, Point};

/// The width of the picture, and where a panel lies in it.
pub(super) const WIDTH: f64 = 860.0;
pub(super) const LEFT: f64 = 76.0;
pub(super) const RIGHT: f64 = 24.0;
const PANEL: f64 = 190.0;
const GAP: f64 = 46.0;
pub(super) const TOP: f64 = 30.0;
pub(super) const LEGEND: f64 = 20.0;

/// Colours that are told apart on light and on dark ground, also by those who see few colours: of
/// Okabe & Ito 2008, without the yellow and the black.
pub(super) const COLORS: [&str; 6] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];
/// Runs behind the last colour have lines of their own kind.
const DASHES: [&str; 3] = ["", "7 4", "2 3"];

/// A panel: what it shows of a run, by line.
struct Panel {
    title: &'static str,
    scale: Scale,
    line: fn(&Metrics) -> &[Point],
    dots: fn(&Metrics) -> &[Point],
}

pub(super) fn draw(runs: &[Metrics], settings: PlotSettings) -> String {
    let none: fn(&Metrics) -> &[Point] = |_| &[];
    let panels = [
        Panel {
            title: "loss",
            scale: settings.loss,
            line: |run| &run.loss,
            dots: |run| &run.evaluation,
        },
        Panel {
            title: "learning rate",
            scale: Scale::Linear,
            line: |run| &run.learning_rate,
            dots: none,
        },
        Panel {
            title: "norm of the gradient",
            scale: settings.norm,
            line: |run| &run.gradient_norm,
            dots: none,
        },
    ];
    let legend = LEGEND * runs.len() as f64;
    let height = TOP + legend + panels.len() as f64 * (PANEL + GAP) + 4.0;
    let all = || {
        runs.iter()
            .flat_map(|run| [&run.loss, &run.evaluation, &run.learning_rate, &run.gradient_norm])
    };
    let steps = all().flatten().map(|point| point.step as f64);
    let steps = Axis::of(settings.steps, steps);
    let mut svg = Svg::new("Training runs", height);
    svg.legend(runs);
    for (number, panel) in panels.iter().enumerate() {
        let top = TOP + legend + number as f64 * (PANEL + GAP);
        svg.panel(panel, runs, steps, top);
    }
    svg.finish()
}

/// The text of a picture. Writing into a text does not fail.
pub(super) struct Svg {
    text: String,
}

impl Svg {
    pub(super) fn new(title: &str, height: f64) -> Self {
        let mut this = Self { text: String::new() };
        this.line(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" style=\"max-width:100%;height:auto\" role=\"img\" \
             font-family=\"system-ui, sans-serif\" font-size=\"12\">"
        ));
        this.line(format_args!("<title>{title}</title>"));
        // The reader's ground decides, where it says; a picture by itself is light.
        this.line(format_args!(
            "<style>.lt-ground{{fill:#ffffff}}.lt-ink{{fill:#24292f}}.lt-frame{{stroke:#57606a}}\
             .lt-grid{{stroke:#57606a;stroke-opacity:0.22}}\
             @media (prefers-color-scheme: dark){{.lt-ground{{fill:#0d1117}}.lt-ink{{fill:#e6edf3}}\
             .lt-frame{{stroke:#8b949e}}.lt-grid{{stroke:#8b949e}}}}</style>"
        ));
        this.line(format_args!(
            "<rect class=\"lt-ground\" fill=\"#ffffff\" width=\"{WIDTH}\" height=\"{height}\"/>"
        ));
        this
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    pub(super) fn finish(mut self) -> String {
        self.line(format_args!("</svg>"));
        self.text
    }

    pub(super) fn words(&mut self, x: f64, y: f64, more: &str, words: &str) {
        let words = escaped(words);
        self.line(format_args!(
            "<text class=\"lt-ink\" fill=\"#24292f\" x=\"{x:.1}\" y=\"{y:.1}\"{more}>{words}</text>"
        ));
    }

    fn legend(&mut self, runs: &[Metrics]) {
        for (number, run) in runs.iter().enumerate() {
            let dots = if run.evaluation.is_empty() { "" } else { " (dots: evaluation)" };
            let name: String = run.name.chars().take(90).collect();
            let cut = if run.name.chars().count() > 90 { "…" } else { "" };
            self.key(number, &format!("{name}{cut}{dots}"));
        }
    }

    /// What the line of this number is.
    pub(super) fn key(&mut self, number: usize, words: &str) {
        let y = 20.0 + LEGEND * number as f64;
        let look = look(number);
        self.line(format_args!(
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" {look} \
             stroke-width=\"2.5\"/>",
            LEFT + 28.0
        ));
        self.words(LEFT + 36.0, y + 4.0, "", words);
    }

    /// Lines across a panel of this top and height, at about so many round numbers of its axis.
    pub(super) fn rows(&mut self, axis: &Axis, about: usize, (top, height): (f64, f64)) {
        for (tick, place) in placed(axis, axis.ticks(about)) {
            let y = top + height - place * height;
            self.grid((LEFT, y), (WIDTH - RIGHT, y));
            self.words(LEFT - 7.0, y + 4.0, " text-anchor=\"end\"", &label(tick));
        }
    }

    /// Lines down it, at these numbers.
    pub(super) fn columns(
        &mut self,
        axis: &Axis,
        ticks: impl IntoIterator<Item = f64>,
        (top, height): (f64, f64),
    ) {
        for (tick, place) in placed(axis, ticks) {
            let x = LEFT + place * (WIDTH - LEFT - RIGHT);
            self.grid((x, top), (x, top + height));
            self.words(x, top + height + 16.0, " text-anchor=\"middle\"", &label(tick));
        }
    }

    /// The frame of a panel.
    pub(super) fn frame(&mut self, top: f64, height: f64) {
        let width = WIDTH - LEFT - RIGHT;
        self.line(format_args!(
            "<rect class=\"lt-frame\" stroke=\"#57606a\" fill=\"none\" x=\"{LEFT}\" y=\"{top:.1}\" \
             width=\"{width}\" height=\"{height}\"/>"
        ));
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), color: &str) {
        self.line(format_args!(
            "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{color}\" \
             stroke=\"#ffffff\" stroke-width=\"0.8\"/>"
        ));
    }

    fn panel(&mut self, panel: &Panel, runs: &[Metrics], steps: Axis, top: f64) {
        let points = runs.iter().flat_map(|run| (panel.line)(run).iter().chain((panel.dots)(run)));
        let axis = Axis::of(panel.scale, points.map(|point| point.value)).widened();
        let (width, bottom) = (WIDTH - LEFT - RIGHT, top + PANEL);
        self.words(LEFT, top - 7.0, " font-weight=\"600\"", panel.title);
        self.rows(&axis, 5, (top, PANEL));
        let whole = steps.ticks(8).into_iter().filter(|tick| tick.fract() == 0.0);
        self.columns(&steps, whole, (top, PANEL));
        self.words(LEFT + width, top - 7.0, " text-anchor=\"end\"", "by step");
        self.frame(top, PANEL);
        let place = |point: &Point| {
            let (x, y) = (steps.position(point.step as f64)?, axis.position(point.value)?);
            Some((LEFT + x * width, bottom - y * PANEL))
        };
        for (number, run) in runs.iter().enumerate() {
            let places: Vec<Option<(f64, f64)>> = (panel.line)(run).iter().map(place).collect();
            self.curve(&thinned(places), number);
            for dot in (panel.dots)(run).iter().filter_map(place) {
                self.dot(dot, COLORS[number % COLORS.len()]);
            }
        }
    }

    fn grid(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.line(format_args!(
            "<line class=\"lt-grid\" stroke=\"#57606a\" stroke-opacity=\"0.22\" x1=\"{x1:.1}\" \
             y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    /// A line through points; where a number could not be drawn, it is interrupted.
    pub(super) fn curve(&mut self, places: &[Option<(f64, f64)>], number: usize) {
        let look = look(number);
        for part in places.split(Option::is_none) {
            let mut path = String::new();
            for (x, y) in part.iter().flatten() {
                let letter = if path.is_empty() { 'M' } else { 'L' };
                let _ = write!(path, "{letter}{x:.1} {y:.1}");
            }
            if part.len() == 1 {
                path.push_str("h0.01"); // A line without length is not seen.
            }
            if !path.is_empty() {
                self.line(format_args!(
                    "<path class=\"curve\" d=\"{path}\" fill=\"none\" {look} stroke-width=\"1.6\" \
                     stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
                ));
            }
        }
    }
}

/// Those of the numbers that lie on the axis, and where.
fn placed(axis: &Axis, ticks: impl IntoIterator<Item = f64>) -> impl Iterator<Item = (f64, f64)> {
    ticks.into_iter().filter_map(|tick| {
        let place = axis.position(tick).filter(|place| (0.0..=1.0).contains(place))?;
        Some((tick, place))
    })
}

/// The colour of a line, and its dashes.
fn look(number: usize) -> String {
    let dashes = DASHES[number / COLORS.len() % DASHES.len()];
    let dashes =
        if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
    format!("stroke=\"{}\"{dashes}", COLORS[number % COLORS.len()])
}

/// Text in XML. What no XML may hold becomes a mark.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, steps: u64) -> Metrics {
        let point = |step: u64, value: f64| Point { step, value };
        Metrics {
            name: name.to_owned(),
            loss: (0..steps).map(|n| point(n, 5.0 / (n as f64 + 1.0))).collect(),
            evaluation: vec![point(steps / 2, 1.0)],
            learning_rate: (0..steps).map(|n| point(n, 1e-4)).collect(),
            gradient_norm: (0..steps)
                .map(|n| point(n, if n == 3 { f64::NAN } else { 2.0 }))
                .collect(),
        }
    }

    /// The drawing elements of a class.
    fn count(document: &roxmltree::Document<'_>, class: &str) -> usize {
        document.descendants().filter(|node| node.attribute("class") == Some(class)).count()
    }

    #[test]
    fn a_picture_is_xml_with_a_line_for_each_run_and_panel() {
        let hostile = "<script>alert(\"&\")</script>\u{1}\u{ffff}";
        let runs = [run(hostile, 20), run("b", 10)];
        let svg = draw(&runs, PlotSettings::default());
        let document = roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(document.root_element().tag_name().name(), "svg");
        assert!(document.descendants().all(|node| node.tag_name().name() != "script"));
        // Three panels and two runs; the norm that is no number interrupts the line of both.
        assert_eq!(count(&document, "curve"), 3 * 2 + 2);
        assert_eq!(count(&document, "dot"), 2);
        assert!(
            svg.contains("&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;\u{fffd}\u{fffd}")
        );
    }

    #[test]
    fn every_point_lies_in_its_panel() {
        for settings in [
            PlotSettings::default(),
            PlotSettings::logarithmic(Scale::Logarithmic).steps(Scale::Logarithmic),
        ] {
            let svg = draw(&[run("a", 30)], settings);
            let document = roxmltree::Document::parse(&svg).unwrap();
            for node in document.descendants() {
                let Some(path) = node.attribute("d") else { continue };
                let numbers = path.trim_end_matches("h0.01");
                for pair in numbers.split(['M', 'L']).filter(|pair| !pair.is_empty()) {
                    let (x, y) = pair.split_once(' ').unwrap();
                    let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                    assert!((LEFT..=WIDTH - RIGHT).contains(&x), "{pair}");
                    assert!(y > TOP && y < 900.0, "{pair}");
                }
            }
        }
    }

    #[test]
    fn of_a_million_steps_the_peaks_stay() {
        let mut long = run("long", 1_000_000);
        long.loss[777_777].value = 9.0;
        let svg = draw(&[long.clone()], PlotSettings::default());
        assert!(svg.len() < 200_000, "{}", svg.len());
        // The highest number is where the room above it begins: 4 of 108 parts from the top.
        let top = TOP + LEGEND + PANEL * 0.04 / 1.08;
        assert!(svg.contains(&format!(" {top:.1}L")), "{top:.1}");
    }

    #[test]
    fn runs_of_one_step_or_none_can_be_drawn() {
        let mut one = run("one", 1);
        one.evaluation.clear();
        let svg = draw(&[one], PlotSettings::logarithmic(Scale::Logarithmic));
        assert!(roxmltree::Document::parse(&svg).is_ok() && svg.contains("h0.01"));
        assert!(roxmltree::Document::parse(&draw(&[], PlotSettings::default())).is_ok());
    }
}
