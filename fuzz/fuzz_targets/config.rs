//! `fuzz::config`, as a program.
#![cfg_attr(fuzzing, no_main)]
fuzz::target!(config);
