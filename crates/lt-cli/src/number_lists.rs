//! Lists of numbers, read from JSON into one piece of memory.

use std::fmt;
use std::marker::PhantomData;

use lt_core::ndarray::ArrayView2;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};

/// `[[5, 6], [7]]` as the numbers 5, 6, 7 and the lengths 2, 1.
///
/// A vector of vectors would take eight times the memory of the file for lists that are empty.
pub(crate) struct NumberLists<T> {
    numbers: Vec<T>,
    lengths: Vec<usize>,
}

impl<T> NumberLists<T> {
    pub(crate) fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    pub(crate) fn into_numbers(self) -> Vec<T> {
        self.numbers
    }

    /// The lists as the rows of a matrix, if they are of one length.
    pub(crate) fn rectangle(&self) -> Option<ArrayView2<'_, T>> {
        let length = *self.lengths.first()?;
        let same = self.lengths.iter().all(|&other| other == length);
        let view = ArrayView2::from_shape((self.lengths.len(), length), &self.numbers);
        view.ok().filter(|_| same)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NumberLists<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Outer(PhantomData))
    }
}

struct Outer<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Outer<T> {
    type Value = NumberLists<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lists of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lists: A) -> Result<NumberLists<T>, A::Error> {
        let (mut numbers, mut lengths) = (Vec::new(), Vec::new());
        while let Some(length) = lists.next_element_seed(Inner(&mut numbers))? {
            lengths.push(length);
        }
        Ok(NumberLists { numbers, lengths })
    }
}

/// Reads one list behind the others, and says how long it is.
struct Inner<'a, T>(&'a mut Vec<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Inner<'_, T> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Inner<'_, T> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let before = self.0.len();
        while let Some(number) = list.next_element()? {
            self.0.push(number);
        }
        Ok(self.0.len() - before)
    }
}
