//! `pack PROGRAM SOURCE FOLDER [--compress]` writes the files of the dashboard. `cargo xtask` runs it. It is a separate program because
//! wasm-bindgen takes longer to compile than the rest of xtask; this way it compiles in parallel with the functions.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (paths, compress) = match arguments.as_slice() {
        [paths @ .., last] if last == "--compress" => (paths, true),
        paths => (paths, false),
    };
    let [program, source, folder] = paths else { bail!("pack PROGRAM SOURCE FOLDER [--compress]") };
    let work = std::env::temp_dir().join(format!("weir-pack-{}", std::process::id()));
    std::fs::create_dir_all(&work)?;
    let site = pack::site(Path::new(program), Path::new(source), &work);
    std::fs::remove_dir_all(&work)?;
    let site = site?;
    let written = pack::write(&site, Path::new(folder), compress)?;
    println!("{written}");
    Ok(())
}
