//! `lt inspect`: what a checkpoint is and what it holds.

mod findings;
mod not_finite;
mod report;

use clap::Args;

use crate::args::{Common, Format};
use crate::failure::Result;
use crate::output::Output;

use findings::Findings;

/// Say what a checkpoint holds: sizes, parameters, tensors
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectArgs {
    /// Leave out the table of tensors
    #[arg(long)]
    summary: bool,
}

const EXAMPLES: &str = "\
Examples:
  lt inspect --model DIR
  lt inspect --model DIR --summary
  lt inspect --model DIR --format json | jq '.tensors[] | select(.use == \"ignored\") | .name'

It also shows checkpoints that no other command can use, and says why.";

pub(crate) fn run(args: &InspectArgs, common: &Common) -> Result<()> {
    let mut findings = Findings::collect(&common.model_dir()?, &common.load_options())?;
    if args.summary {
        findings.tensors = None;
    }
    let mut output = Output::new(common.format);
    match common.format {
        Format::Json => output.json(&findings)?,
        Format::Text => report::print(&mut output, &findings)?,
    }
    output.finish()
}
