//! Makes the book from the crates' front pages: `cargo xtask book`.

mod links;
mod pages;
mod rewrite;
mod source;
mod target;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use mdbook_driver::MDBook;

/// What is copied as it is: from where in the repository, and to where in the book.
const FILES: [(&str, &str); 3] = [
    ("docs/book/book.toml", "book.toml"),
    ("docs/book/theme/book.css", "theme/book.css"),
    ("docs/attention.svg", "src/attention.svg"),
];

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root.ancestors().nth(2).context("the repository is two folders up")?;
    let out = root.join("target/book");
    let first = make(root, &out)?;
    println!("{}", first.display());
    Ok(())
}

/// Writes the book below a folder, and gives back its first page.
fn make(root: &Path, out: &Path) -> Result<PathBuf> {
    let (summary, pages) = pages::pages(root)?;
    let dead = links::dead(&pages);
    if !dead.is_empty() {
        bail!("links that lead nowhere:\n{}", dead.join("\n"));
    }
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot empty {}", out.display()))?;
    }
    for (from, to) in FILES {
        write(&out.join(to), &source::read(&root.join(from))?)?;
    }
    write(&out.join("src/SUMMARY.md"), &summary)?;
    for page in &pages {
        write(&out.join("src").join(&page.path), &page.text)?;
    }
    MDBook::load(out)?.build()?;
    Ok(out.join("html/index.html"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
