//! The families of encoders, a file each: what they are built of, and what their checkpoints call
//! it.

mod albert;
mod bert;
mod distilbert;
mod electra;
mod gemma3_text;
mod gpt2;
mod llama;
mod llama_names;
mod mistral;
mod modernbert;
mod mpnet;
mod qwen2;
mod qwen3;
mod roberta;
