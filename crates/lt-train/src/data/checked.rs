//! Records that have to fulfil something more.

use super::{Cut, Format, Header};

/// A format whose records are turned into something else, which may refuse them: then the row is
/// bad, and named by its file and line as any other bad row.
///
/// ```
/// use lt_train::data::{Checked, Csv, Format, LabelSet};
/// let labels = LabelSet::new(["bad", "good"]);
/// let format = Checked::new(Csv::at([0, 1]), move |record: Vec<String>| {
///     Ok((record[0].clone(), labels.id(&record[1])?))
/// });
/// assert_eq!(format.record(None, "well done,good"), Ok(("well done".to_owned(), 1)));
/// let error = format.record(None, "oh,well").unwrap_err();
/// assert_eq!(error, "label `well`, expected one of `bad`, `good`");
/// ```
#[derive(Debug, Clone)]
pub struct Checked<F, C> {
    format: F,
    check: C,
}

impl<F, C> Checked<F, C> {
    /// This format, each record put through `check`.
    #[must_use]
    pub fn new<R>(format: F, check: C) -> Self
    where
        F: Format,
        C: Fn(F::Record) -> Result<R, String>,
    {
        Self { format, check }
    }
}

impl<F, C, R> Format for Checked<F, C>
where
    F: Format,
    C: Fn(F::Record) -> Result<R, String>,
{
    type Record = R;

    fn cut(&self) -> Cut {
        self.format.cut()
    }

    fn header(&self) -> Header {
        self.format.header()
    }

    fn check_header(&self, header: &str) -> Result<(), String> {
        self.format.check_header(header)
    }

    fn record(&self, header: Option<&str>, text: &str) -> Result<R, String> {
        (self.check)(self.format.record(header, text)?)
    }
}
