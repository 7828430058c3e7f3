//! Splits the program of the page: what the first page needs, and parts that are loaded when one of their pages is opened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use wasm_split_cli_support::Options;
use wasmparser::{Parser, Payload};

/// The script that loads the parts, as the program names it.
const LOADER: &str = "./__wasm_split.js";
/// The script that wasm-bindgen makes, as the loader names it.
const MAIN: &str = "./dashboard.js";

/// A program in parts.
#[derive(Debug)]
pub(crate) struct Split {
    /// Where the program without its parts is, to be read by wasm-bindgen.
    pub main: PathBuf,
    /// The script that loads the parts.
    pub loader: String,
    /// The parts, by the names that the loader has for them.
    pub parts: BTreeMap<String, Vec<u8>>,
}

/// Splits a program, which was linked with `--emit-relocs`. Files are written to the folder.
///
/// # Errors
/// When the program cannot be read, or has no parts.
pub(crate) fn split(program: &Path, folder: &Path) -> Result<Split> {
    let failed = || format!("cannot split {}", program.display());
    let input = fs::read(program).with_context(failed)?;
    let main = folder.join("main.wasm");
    let mut options = Options::new(&input);
    (options.output_dir, options.main_out_path) = (folder, &main);
    (options.link_name, options.main_module) = (LOADER, MAIN);
    let made = wasm_split_cli_support::transform(options).map_err(|error| anyhow!("{error:#}")).with_context(failed)?;
    ensure!(!made.split_modules.is_empty(), "{} has no parts", program.display());
    let parts = made.split_modules.iter().map(|file| {
        let name = file.file_name().and_then(|name| name.to_str()).context("a part has no name")?;
        Ok((name.to_owned(), without_names(&fs::read(file)?)?))
    });
    let parts = parts.collect::<Result<_>>().with_context(failed)?;
    let loader = fs::read_to_string(folder.join(LOADER)).with_context(failed)?;
    Ok(Split { main, loader, parts })
}

/// The loader with other names of the files that it loads, and of the script that it imports.
///
/// # Errors
/// When it does not mention one of them.
pub(crate) fn loader(text: &str, script: &str, parts: &BTreeMap<String, String>) -> Result<String> {
    let names = parts.iter().map(|(name, path)| (format!("\"./{name}\""), path.as_str()));
    names.chain([(format!("\"{MAIN}\""), script)]).try_fold(text.to_owned(), |text, (name, path)| {
        ensure!(text.contains(&name), "the loader does not mention {name}");
        Ok(text.replace(&name, &format!("\"{path}\"")))
    })
}

/// The script of wasm-bindgen with another name of the loader that it imports.
///
/// # Errors
/// When it does not import it.
pub(crate) fn script(text: &str, loader: &str) -> Result<String> {
    let import = format!("from \"{LOADER}\"");
    ensure!(text.contains(&import), "the script does not import the loader");
    Ok(text.replace(&import, &format!("from \"{loader}\"")))
}

/// A module without its custom sections: names of functions, which only debuggers read.
fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    let mut kept = module.get(..8).context("no module")?.to_vec();
    let mut from = 8;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((_, content)) = payload.as_section() else { continue };
        let end = usize::try_from(content.end)?;
        let section = module.get(from..end).context("a section without an end")?;
        if !matches!(payload, Payload::CustomSection(_)) {
            kept.extend_from_slice(section);
        }
        from = end;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_name_each_other_and_the_parts_as_they_are_served() {
        let parts = BTreeMap::from([("split_a.wasm".to_owned(), "/app/assets/parts/split_a-1.wasm".to_owned())]);
        let text =
            "import { initSync } from \"./dashboard.js\";\nfetch(new URL(\"./split_a.wasm\", import.meta.url));\n";
        let made = loader(text, "/app/assets/dashboard-2.js", &parts).unwrap();
        assert_eq!(
            made,
            "import { initSync } from \"/app/assets/dashboard-2.js\";\n\
             fetch(new URL(\"/app/assets/parts/split_a-1.wasm\", import.meta.url));\n"
        );
        let made = script("import * as import1 from \"./__wasm_split.js\"\n", "/app/assets/parts-2.js").unwrap();
        assert_eq!(made, "import * as import1 from \"/app/assets/parts-2.js\"\n");
    }

    #[test]
    fn a_loader_that_misses_a_part_is_refused() {
        let parts = BTreeMap::from([("split_b.wasm".to_owned(), String::new())]);
        let error = loader("import { initSync } from \"./dashboard.js\";", "", &parts).unwrap_err();
        assert_eq!(error.to_string(), "the loader does not mention \"./split_b.wasm\"");
        assert!(script("import * as import1 from \"./other.js\"", "").is_err());
    }

    #[test]
    fn of_a_part_only_the_names_are_left_out() {
        let header = b"\0asm\x01\0\0\0";
        let (name, types, memory) = (b"\0\x05\x04name", b"\x01\x04\x01\x60\0\0", b"\x05\x03\x01\0\x01");
        let module = [&header[..], types, name, memory, name].concat();
        assert_eq!(without_names(&module).unwrap(), [&header[..], types, memory].concat());
        assert!(without_names(b"\0asm").is_err());
    }
}
