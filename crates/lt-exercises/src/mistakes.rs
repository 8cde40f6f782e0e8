//! For each exercise a mistake that is easily made, and that its test must find.

pub(crate) mod attention;
