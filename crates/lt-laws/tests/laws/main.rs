//! The laws, tried on implementations that are right and on implementations that are wrong.

mod added;
mod book;
mod cuts;
mod gradient;
mod keepers;
mod mutants;
mod plain;
mod sieves;
mod sums;
mod toys;
mod turns;
mod wrong;
