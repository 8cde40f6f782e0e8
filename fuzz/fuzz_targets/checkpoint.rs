//! `fuzz::checkpoint`, as a program.
#![cfg_attr(fuzzing, no_main)]
fuzz::target!(checkpoint);
