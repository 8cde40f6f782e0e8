//! Writes the seeds of every target to `corpus/TARGET`, where `cargo fuzz` looks for them, and its
//! dictionary to `corpus/TARGET.dict`.

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for seeds in fuzz::seeds() {
        let folder = corpus.join(seeds.target);
        fs::create_dir_all(&folder)?;
        for (number, input) in seeds.inputs.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), input)?;
        }
        fs::write(corpus.join(format!("{}.dict", seeds.target)), seeds.dictionary())?;
        println!("{}: {} seeds", seeds.target, seeds.inputs.len());
    }
    Ok(())
}
