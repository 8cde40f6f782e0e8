//! Which pages the book has, and where each comes from.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::chinese::places_of_formulas;
use crate::rewrite::rewrite;
use crate::source::{Chapter, read, text};
use crate::target::Map;

/// The picture of the read-me: where it lies in the repository, and in the book.
pub(crate) const PICTURE: (&str, &str) = ("docs/attention.svg", "attention.svg");

/// The folder of the chapters in Chinese, in the book and in `docs`.
pub(crate) const CHINESE: &str = "zh/";

/// A page as mdBook reads it.
#[derive(Debug)]
pub(crate) struct Page {
    /// `attention.md`, `tasks/tagging.md`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What a page is made of.
struct Origin {
    path: String,
    /// Of a page of rustdoc: it has none in its text.
    title: Option<String>,
    files: Vec<PathBuf>,
    /// The folder in which its links are read: of rustdoc's pages, or of the repository.
    folder: String,
}

/// A line of the summary: a title and a path.
fn listed(line: &str) -> Option<(&str, &str)> {
    let (title, path) = line.trim().trim_start_matches("- ").strip_prefix('[')?.split_once("](")?;
    Some((title, path.strip_suffix(')')?))
}

/// All pages, and the summary with the parts of the chapters below them.
pub(crate) fn pages(root: &Path) -> Result<(String, Vec<Page>)> {
    let (summary, origins) = origins(root)?;
    let mut map = Map::default();
    map.document(root, &[root.join(PICTURE.0)], PICTURE.1);
    for origin in &origins {
        match &origin.title {
            Some(_) => map.rustdoc(&origin.folder, &origin.path),
            None => map.document(root, &origin.files, &origin.path),
        }
    }
    let page = |origin: &Origin| {
        let mut whole = text(&origin.files)?;
        if origin.path.starts_with(CHINESE) {
            whole = places_of_formulas(&whole);
        }
        let target = |link: &str| match origin.title {
            Some(_) => map.of_rustdoc(&origin.folder, &origin.path, link),
            None => map.of_document(&origin.folder, &origin.path, link),
        };
        let text = rewrite(origin.title.as_deref(), &whole, target);
        Ok(Page { path: origin.path.clone(), text })
    };
    Ok((summary, origins.iter().map(page).collect::<Result<_>>()?))
}

fn origins(root: &Path) -> Result<(String, Vec<Origin>)> {
    let (mut summary, mut origins) = (String::new(), Vec::new());
    for line in read(&root.join("docs/book/SUMMARY.md"))?.lines() {
        summary += line;
        summary.push('\n');
        let Some((title, path)) = listed(line) else { continue };
        let (title, path) = (title.to_owned(), path.to_owned());
        let name = path.trim_end_matches(".md").to_owned();
        let chinese = name.strip_prefix(CHINESE).map(str::to_owned);
        let source = format!("lt-{}/src", chinese.as_deref().unwrap_or(&name));
        let source = root.join("crates").join(source);
        if let Some(file) = document(root, &name) {
            let folder = file.parent().and_then(|folder| folder.strip_prefix(root).ok());
            let folder = folder.unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
            origins.push(Origin { path, title: None, files: vec![file], folder });
        } else if let Some(file) = of_umbrella(root, &name) {
            let folder = if name == "contents" { String::new() } else { format!("/{name}") };
            let folder = format!("learn_transformers{folder}");
            origins.push(Origin { path, title: Some(title), files: vec![file], folder });
        } else if source.is_dir() {
            let chapter = Chapter::of(&read(&source.join("lib.rs"))?);
            let translated = |file: PathBuf| match &chinese {
                Some(name) => translated(root, name, file),
                None => vec![file],
            };
            let files = |names: &[String]| {
                names.iter().flat_map(|name| translated(source.join(name))).collect()
            };
            if chapter.files.is_empty() {
                bail!("{}/lib.rs: the front page includes no text", source.display());
            }
            let folder = match &chinese {
                Some(name) => format!("{CHINESE}lt_{name}"),
                None => format!("lt_{}", name.replace('-', "_")),
            };
            for part in &chapter.parts {
                let (title, path) = (capitalised(&part.name), format!("{name}/{}.md", part.name));
                summary += &format!("    - [{title}]({path})\n");
                let folder = format!("{folder}/{}", part.name);
                let files = files(&part.files);
                origins.push(Origin { path, title: Some(title), files, folder });
            }
            let files = files(&chapter.files);
            origins.push(Origin { path, title: Some(title), files, folder });
        } else {
            bail!("docs/book/SUMMARY.md: nothing is known of the page {path}");
        }
    }
    Ok((summary, origins))
}

/// A fragment of a chapter in Chinese: its text lies in `docs/zh`. Formulas and figures are the original's, but for
/// the line below the one and the caption of the other.
fn translated(root: &Path, name: &str, original: PathBuf) -> Vec<PathBuf> {
    let chinese = |kind| {
        let file = original.with_extension(kind).file_name().map(PathBuf::from).unwrap_or_default();
        root.join("docs").join(CHINESE).join(format!("lt-{name}")).join(file)
    };
    match original.extension().and_then(|kind| kind.to_str()) {
        Some("md") => vec![chinese("md")],
        // A figure may have no caption; that one is not translated is what the check of translations finds.
        Some("svg") => {
            let caption = Some(chinese("caption.md")).filter(|caption| caption.is_file());
            [original].into_iter().chain(caption).collect()
        }
        _ => vec![original],
    }
}

/// A page that is a document of the repository: it has its title in its text.
fn document(root: &Path, name: &str) -> Option<PathBuf> {
    let path = match name {
        "index" => root.join("README.md"),
        "exercises" => root.join("crates/lt-exercises/README.md"),
        name => root.join("docs").join(format!("{name}.md")),
    };
    path.is_file().then_some(path)
}

/// A page of the umbrella crate.
fn of_umbrella(root: &Path, name: &str) -> Option<PathBuf> {
    let file = if name == "contents" { "01-contents" } else { name };
    let path = root.join("crates/learn-transformers/doc").join(format!("{file}.md"));
    path.is_file().then_some(path)
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
