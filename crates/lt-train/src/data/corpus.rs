//! Files of records, of which only a part is in memory at a time.

use std::fmt;
use std::path::{Path, PathBuf};

use super::cut::{Cutter, Cutting};
use super::{DataError, Format, Header, Place};

/// What is done with a row that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadRows {
    /// It is an error.
    #[default]
    Fatal,
    /// It is counted and passed over.
    Skip,
}

/// How files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// What is done with rows that cannot be used.
    pub bad_rows: BadRows,
    /// The most bytes of a record.
    pub longest: usize,
    /// A block, the part of a file that is in memory at a time, ends behind so many bytes.
    pub block: u64,
}

impl Default for Reading {
    /// Bad rows are errors; a record has at most 1 MB, a block some 1 MB.
    fn default() -> Self {
        Self { bad_rows: BadRows::default(), longest: 1 << 20, block: 1 << 20 }
    }
}

/// A row that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadRow {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// The rows that were skipped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Skipped {
    /// How many there are.
    pub count: u64,
    /// The first of them, at most twenty.
    pub first: Vec<BadRow>,
}

/// Files of records that were gone through once: every record is known to be good, and where each
/// block of them begins. None of them is kept.
pub struct Corpus<F> {
    files: Vec<File>,
    format: F,
    reading: Reading,
    blocks: Vec<Block>,
    records: usize,
    skipped: Skipped,
}

impl<F> fmt::Debug for Corpus<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Corpus");
        shown.field("files", &self.files).field("records", &self.records);
        shown.field("skipped", &self.skipped.count).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    header: Option<String>,
}

/// A part of a file.
#[derive(Debug, Clone, Copy)]
struct Block {
    place: Place,
    /// How many records are cut out of it, good and bad.
    cuttings: usize,
    records: usize,
}

impl<F: Format> Corpus<F> {
    /// Goes through these files, in this order.
    ///
    /// # Errors
    /// [`DataError`] for a file that cannot be read, a header that does not fit, a bad row unless
    /// such are skipped, and if there is no record.
    pub fn open(
        paths: impl IntoIterator<Item = impl Into<PathBuf>>,
        format: F,
        reading: Reading,
    ) -> Result<Self, DataError> {
        let (files, blocks, skipped) = (Vec::new(), Vec::new(), Skipped::default());
        let mut corpus = Self { files, format, reading, blocks, records: 0, skipped };
        for path in paths {
            corpus.add(path.into())?;
        }
        if corpus.records == 0 {
            let names = corpus.files.iter().map(|file| format!("`{}`", file.path.display()));
            let files = match names.collect::<Vec<_>>().join(", ") {
                names if names.is_empty() => "no file".to_owned(),
                names => names,
            };
            return Err(DataError::Empty { files, skipped: corpus.skipped.count });
        }
        Ok(corpus)
    }

    fn add(&mut self, path: PathBuf) -> Result<(), DataError> {
        let start = Place { file: self.files.len(), ..Place::default() };
        let mut cutter = self.cutter(&path, start)?;
        let header = match self.format.header() {
            Header::None => None,
            Header::FirstRecord => next(&mut cutter, &path)?.map(|cutting| cutting.text),
        };
        let bad_header = |reason| DataError::Header { path: path.clone(), reason };
        let header = header.transpose().map_err(bad_header)?;
        if let Some(header) = &header {
            self.format.check_header(header).map_err(bad_header)?;
        }
        self.files.push(File { path: path.clone(), header });
        let mut block = Block { place: cutter.place(), cuttings: 0, records: 0 };
        while let Some(cutting) = next(&mut cutter, &path)? {
            block.cuttings += 1;
            let line = cutting.place.line + 1;
            match self.record(cutting) {
                Ok(_) => block.records += 1,
                Err(reason) if self.reading.bad_rows == BadRows::Skip => {
                    self.skipped.count += 1;
                    if self.skipped.first.len() < 20 {
                        self.skipped.first.push(BadRow { path: path.clone(), line, reason });
                    }
                }
                Err(reason) => return Err(DataError::BadRow { path, line, reason }),
            }
            if cutter.place().byte - block.place.byte >= self.reading.block {
                self.end(block);
                block = Block { place: cutter.place(), cuttings: 0, records: 0 };
            }
        }
        self.end(block);
        Ok(())
    }

    fn end(&mut self, block: Block) {
        if block.records > 0 {
            self.records += block.records;
            self.blocks.push(block);
        }
    }

    fn cutter(&self, path: &Path, place: Place) -> Result<Cutter, DataError> {
        Cutter::open(path, place, self.format.cut(), self.reading.longest)
            .map_err(|source| DataError::Read { path: path.to_owned(), source })
    }

    fn record(&self, cutting: Cutting) -> Result<F::Record, String> {
        let header = self.files[cutting.place.file].header.as_deref();
        self.format.record(header, &cutting.text?)
    }

    /// How many records there are; bad ones do not count.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records
    }

    /// Whether there is none: never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// The rows that were skipped.
    #[must_use]
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The records of a block, in their order; none if there is no such block.
    ///
    /// # Errors
    /// [`DataError::Read`]; [`DataError::Changed`] if they are not what they were.
    pub fn read(&self, block: usize) -> Result<Vec<F::Record>, DataError> {
        let Some(block) = self.blocks.get(block) else { return Ok(Vec::new()) };
        let path = &self.files[block.place.file].path;
        let mut cutter = self.cutter(path, block.place)?;
        let mut records = Vec::with_capacity(block.records);
        for _ in 0..block.cuttings {
            let Some(cutting) = next(&mut cutter, path)? else { break };
            records.extend(self.record(cutting).ok());
        }
        if records.len() != block.records {
            return Err(DataError::Changed { path: path.clone(), line: block.place.line + 1 });
        }
        Ok(records)
    }

    /// All records in the order of the files.
    #[must_use]
    pub fn records(&self) -> Records<'_, F> {
        self.records_from(Place::default())
    }

    /// The records from a place on that an earlier pass came to: [`Records::place`].
    #[must_use]
    pub fn records_from(&self, place: Place) -> Records<'_, F> {
        Records { corpus: self, place, cutter: None }
    }
}

/// The records of a [`Corpus`] in the order of its files, one in memory at a time.
#[derive(Debug)]
pub struct Records<'a, F> {
    corpus: &'a Corpus<F>,
    place: Place,
    cutter: Option<Cutter>,
}

impl<F> Records<'_, F> {
    /// Where the next record begins, or empty lines before it: what a checkpoint keeps.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }
}

impl<F: Format> Records<'_, F> {
    fn following(&mut self) -> Result<Option<F::Record>, DataError> {
        let corpus = self.corpus;
        while let Some(file) = corpus.files.get(self.place.file) {
            let cutter = match &mut self.cutter {
                Some(cutter) => cutter,
                none => none.insert(corpus.cutter(&file.path, self.place)?),
            };
            let is_header = self.place.byte == 0 && file.header.is_some();
            let cutting = next(cutter, &file.path)?;
            self.place = cutter.place();
            match cutting {
                None => {
                    self.cutter = None;
                    self.place = Place { file: self.place.file + 1, ..Place::default() };
                }
                Some(_) if is_header => {}
                // Bad ones were counted when the corpus was opened.
                Some(cutting) => {
                    if let Ok(record) = corpus.record(cutting) {
                        return Ok(Some(record));
                    }
                }
            }
        }
        Ok(None)
    }
}

impl<F: Format> Iterator for Records<'_, F> {
    type Item = Result<F::Record, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.following().transpose()
    }
}

fn next(cutter: &mut Cutter, path: &Path) -> Result<Option<Cutting>, DataError> {
    cutter.next().map_err(|source| DataError::Read { path: path.to_owned(), source })
}
