//! The families of encoders, a file each: what they are built of, and what their checkpoints call
//! it.

mod bert;
mod distilbert;
mod electra;
mod roberta;
