//! Makes the book from the crates' front pages: `cargo xtask book`.

mod chinese;
mod links;
mod pages;
mod rewrite;
mod source;
mod target;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use mdbook_driver::MDBook;

/// What mdBook is told, copied as it is from here.
const SETTINGS: [&str; 2] = ["book.toml", "theme/book.css"];

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
    let (picture, name) = pages::PICTURE;
    let dead = links::dead(&pages, &[name]);
    if !dead.is_empty() {
        bail!("links that lead nowhere:\n{}", dead.join("\n"));
    }
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot empty {}", out.display()))?;
    }
    for file in SETTINGS {
        write(&out.join(file), &source::read(&root.join("docs/book").join(file))?)?;
    }
    write(&out.join("src").join(name), &source::read(&root.join(picture))?)?;
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
