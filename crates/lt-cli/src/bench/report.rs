//! What was measured, and how it is shown.

use std::io::Write;

use anstyle::Style;
use serde::Serialize;

use crate::failure::Result;
use crate::output::Output;

/// What was measured.
#[derive(Serialize)]
pub(super) struct Measured {
    /// Seconds of each round.
    pub(super) times_s: Vec<f64>,
    /// Tokens of one round.
    pub(super) tokens: usize,
    pub(super) peak_rss_mb: Option<f64>,
    /// The parts of a round that reads a prompt and writes on.
    #[serde(flatten)]
    pub(super) writing: Option<Writing>,
}

/// How much a round reads and writes.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) prompt_tokens: usize,
    pub(super) generate_tokens: usize,
}

impl Sizes {
    /// Of all texts.
    pub(super) fn tokens(self) -> usize {
        self.batch * (self.prompt_tokens + self.generate_tokens)
    }

    /// A token is there with the prompt; each of the others is a step.
    fn steps(self) -> usize {
        self.generate_tokens - 1
    }
}

/// The two parts of rounds that read prompts and write on.
#[derive(Serialize)]
pub(super) struct Writing {
    #[serde(flatten)]
    pub(super) sizes: Sizes,
    /// Seconds until the first token of each text is there, round by round.
    pub(super) prompt_s: Vec<f64>,
    /// Seconds of the steps after that.
    pub(super) generate_s: Vec<f64>,
    /// Of all texts, from the medians.
    pub(super) prompt_tokens_per_s: f64,
    /// None if there was no step.
    pub(super) generate_tokens_per_s: Option<f64>,
    pub(super) shortest_step_s: Option<f64>,
}

impl Writing {
    pub(super) fn new(
        sizes: Sizes,
        prompt_s: Vec<f64>,
        generate_s: Vec<f64>,
        shortest_step_s: Option<f64>,
    ) -> Self {
        let steps = sizes.steps();
        Self {
            prompt_tokens_per_s: (sizes.batch * sizes.prompt_tokens) as f64 / median(&prompt_s),
            generate_tokens_per_s: (steps > 0)
                .then(|| (sizes.batch * steps) as f64 / median(&generate_s)),
            sizes,
            prompt_s,
            generate_s,
            shortest_step_s,
        }
    }

    fn print(&self, output: &mut Output) -> Result<()> {
        let Sizes { batch, prompt_tokens, .. } = self.sizes;
        let each = if batch == 1 { String::new() } else { format!("{batch} texts, ") };
        let some = |number: usize, what: &str| {
            format!("{number} {what}{}", if number == 1 { "" } else { "s" })
        };
        writeln!(
            output,
            "prompt      {:.0} tokens a second ({each}{} in {:.2} ms)",
            self.prompt_tokens_per_s,
            some(prompt_tokens, "token"),
            median(&self.prompt_s) * 1e3,
        )?;
        let (Some(per_second), Some(shortest)) = (self.generate_tokens_per_s, self.shortest_step_s)
        else {
            return Ok(());
        };
        let steps = self.sizes.steps();
        writeln!(
            output,
            "generation  {per_second:.1} tokens a second ({each}{:.2} ms a step, {:.2} the shortest; {})",
            median(&self.generate_s) * 1e3 / steps as f64,
            shortest * 1e3,
            some(steps, "step"),
        )?;
        Ok(())
    }
}

impl Measured {
    pub(super) fn print(&self, output: &mut Output) -> Result<()> {
        let median = median(&self.times_s);
        let fastest = self.times_s.iter().copied().fold(f64::INFINITY, f64::min);
        let slowest = self.times_s.iter().copied().fold(0.0, f64::max);
        let bold = Style::new().bold();
        let rounds = if self.times_s.len() == 1 { "round" } else { "rounds" };
        writeln!(
            output,
            "{bold}{:.2} ms{bold:#}  median of {} {rounds}, from {:.2} to {:.2} ms",
            median * 1e3,
            self.times_s.len(),
            fastest * 1e3,
            slowest * 1e3,
        )?;
        match &self.writing {
            Some(writing) => writing.print(output)?,
            None => {
                let per_second = self.tokens as f64 / median;
                writeln!(output, "{per_second:.0} tokens a second; {} tokens", self.tokens)?;
            }
        }
        if let Some(peak) = self.peak_rss_mb {
            writeln!(output, "{peak:.1} MB of memory at most")?;
        }
        Ok(())
    }
}

/// The median of at least one time.
fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}

/// The most memory that this process ever had resident, in 10⁶ bytes.
pub(super) fn peak_rss_mb() -> Option<f64> {
    // Linux tells in a file; asking another system takes foreign code, for a figure that few need.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = peak.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}
