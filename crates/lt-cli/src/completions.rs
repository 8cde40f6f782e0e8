//! `lt completions`: what a shell needs to complete command lines of `lt`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::{Cli, Format};
use crate::failure::Result;
use crate::output::Output;

/// Print the completions of `lt` for a shell
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell they are for
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  lt completions bash > ~/.local/share/bash-completion/completions/lt
  lt completions zsh > ~/.zfunc/_lt
  lt completions fish > ~/.config/fish/completions/lt.fish";

pub(crate) fn run(args: &CompletionsArgs) -> Result<()> {
    // clap_complete panics if it cannot write, so that it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lt", &mut script);
    let mut output = Output::new(Format::Json);
    std::io::Write::write_all(&mut output, &script)?;
    output.finish()
}
