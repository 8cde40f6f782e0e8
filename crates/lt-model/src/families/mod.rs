//! The families of encoders, a file each: what they are built of, and what their checkpoints call
//! it.

mod albert;
mod bert;
mod distilbert;
mod electra;
mod modernbert;
mod mpnet;
mod roberta;
