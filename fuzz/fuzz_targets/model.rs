//! `fuzz::model`, as a program.
#![cfg_attr(fuzzing, no_main)]
fuzz::target!(model);
