//! Generates the files of the dashboard: the program and its parts after wasm-bindgen, their JavaScript, the style sheet, and the page that
//! loads them.
//!
//! The name of every file but the page itself contains a digest of its content, so that browsers may cache it for ever.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

mod split;

use split::Split;

/// Where the function `site` serves the files.
const BASE: &str = "/app/";
/// Folder of the files whose names contain a digest.
const ASSETS: &str = "assets";
/// Folder below it of the parts of the program that are loaded later.
const PARTS: &str = "parts";

/// One file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path below the folder of the site, which is served at [`BASE`].
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    files: usize,
    plain: usize,
    brotli: usize,
    gzip: usize,
}

impl fmt::Display for Written {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kb = |bytes: usize| bytes.div_ceil(1000);
        write!(formatter, "{} files, {} KB", self.files, kb(self.plain))?;
        if self.brotli > 0 {
            write!(formatter, ", brotli {} KB, gzip {} KB", kb(self.brotli), kb(self.gzip))?;
        }
        Ok(())
    }
}

/// Generates the files of the site from the compiled program and the folder with the style sheet and the page. The program is split in
/// `work`, an empty folder.
///
/// # Errors
/// When the program was built with another version of wasm-bindgen, or a file is missing.
pub fn site(program: &Path, source: &Path, work: &Path) -> Result<Vec<File>> {
    let split = split::split(program, work)?;
    let mut made = Bindgen::new()
        .input_path(&split.main)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .out_name("dashboard")
                .typescript(false)
                .omit_default_module_path(true)
                // The parts import from the program what they share with it.
                .keep_lld_exports(true)
                .remove_name_section(true)
                .remove_producers_section(true)
                .generate_output()
        })
        .with_context(|| format!("wasm-bindgen cannot read {}", split.main.display()))?;
    let mut files = Vec::new();
    // The JavaScript imports these by their names, which already contain a digest.
    for (folder, texts) in made.snippets() {
        for (place, text) in texts.iter().enumerate() {
            let path = format!("{ASSETS}/snippets/{folder}/inline{place}.js");
            files.push(File { path, bytes: text.clone().into_bytes() });
        }
    }
    for (name, text) in made.local_modules() {
        files.push(File { path: format!("{ASSETS}/snippets/{name}"), bytes: text.clone().into_bytes() });
    }
    let read = |name: &str| {
        let file = source.join(name);
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    let program = hashed("dashboard", "wasm", made.wasm_mut().emit_wasm());
    let (script, loader) = scripts(made.js(), &split, &program, &mut files)?;
    let style = hashed("style", "css", read("style.css")?);
    let icon = hashed("icon", "svg", read("icon.svg")?);
    // A separate script, because the page's Content-Security-Policy allows none within it.
    let start = format!(
        "import start from \"{BASE}{}\";\nstart({{ module_or_path: \"{BASE}{}\" }});\n",
        script.path, program.path
    );
    let start = hashed("start", "js", start.into_bytes());
    let page = String::from_utf8(read("index.html")?).context("index.html is not UTF-8")?;
    let named = [
        ("icon", &icon),
        ("style", &style),
        ("script", &script),
        ("loader", &loader),
        ("program", &program),
        ("start", &start),
    ];
    let page = named
        .iter()
        .fold(page, |page, (name, file)| page.replace(&format!("{{{name}}}"), &format!("{BASE}{}", file.path)));
    ensure!(!page.contains('{'), "index.html contains an unknown placeholder");
    files.push(File { path: "index.html".to_owned(), bytes: page.into_bytes() });
    files.extend([icon, style, script, loader, program, start]);
    Ok(files)
}

/// The script of wasm-bindgen, and the one that loads the parts, which are added to the files. Each imports the other, so both names
/// contain one digest of everything that they load.
fn scripts(script: &str, split: &Split, program: &File, files: &mut Vec<File>) -> Result<(File, File)> {
    let mut names = BTreeMap::new();
    let mut loaded = format!("{}\n", program.path);
    for (name, bytes) in &split.parts {
        let part = hashed(&format!("{PARTS}/{}", name.trim_end_matches(".wasm")), "wasm", bytes.clone());
        loaded.push_str(&part.path);
        names.insert(name.clone(), format!("{BASE}{}", part.path));
        files.push(part);
    }
    let digest = short_digest(format!("{script}{}{loaded}", split.loader).as_bytes());
    let [script_path, loader_path] = ["dashboard", "parts"].map(|name| format!("{ASSETS}/{name}-{digest}.js"));
    let loader = split::loader(&split.loader, &format!("{BASE}{script_path}"), &names)?;
    let script = split::script(script, &format!("{BASE}{loader_path}"))?;
    Ok((File { path: script_path, bytes: script.into_bytes() }, File { path: loader_path, bytes: loader.into_bytes() }))
}

/// The file, with a digest of its content in its name.
fn hashed(name: &str, ending: &str, bytes: Vec<u8>) -> File {
    let digest = short_digest(&bytes);
    File { path: format!("{ASSETS}/{name}-{digest}.{ending}"), bytes }
}

fn short_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the files to the folder, after deleting everything in it; with `compress`, each file also compressed with Brotli and gzip.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(site: &[File], folder: &Path, compress: bool) -> Result<Written> {
    let failed = || format!("cannot write {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(failed)?;
    }
    let mut written = Written { files: site.len(), ..Written::default() };
    for File { path, bytes } in site {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).with_context(failed)?;
        }
        fs::write(&file, bytes).with_context(failed)?;
        written.plain += bytes.len();
        if compress {
            for (ending, smaller) in [("br", brotli(bytes)?), ("gz", gzip(bytes)?)] {
                let size = if ending == "br" { &mut written.brotli } else { &mut written.gzip };
                *size += smaller.len();
                fs::write(folder.join(format!("{path}.{ending}")), smaller).with_context(failed)?;
            }
        }
    }
    Ok(written)
}

/// Compressed at the highest level, because it is done once.
fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut smaller = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut smaller, &parameters)?;
    Ok(smaller)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    // Without a timestamp, so that the same content always makes the same file.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_the_content() {
        let (one, other) = (hashed("a", "js", b"1".to_vec()), hashed("a", "js", b"2".to_vec()));
        assert_eq!(one.path, "assets/a-6b86b273ff34fce1.js");
        assert_ne!(one.path, other.path);
    }

    #[test]
    fn what_was_there_is_gone_and_each_file_has_two_smaller_copies() {
        let folder = std::env::temp_dir().join(format!("weir-pack-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("old"), "old").unwrap();
        let file = File { path: "assets/x.css".to_owned(), bytes: "a { color: red }\n".repeat(50).into_bytes() };
        let written = write(std::slice::from_ref(&file), &folder, true).unwrap();
        assert!(written.brotli < written.plain && written.gzip < written.plain, "{written}");
        let names = |folder: &Path| fs::read_dir(folder).unwrap().count();
        assert_eq!((names(&folder), names(&folder.join("assets"))), (1, 3));
        let mut plain = Vec::new();
        let smaller = fs::read(folder.join("assets/x.css.br")).unwrap();
        brotli::BrotliDecompress(&mut smaller.as_slice(), &mut plain).unwrap();
        assert_eq!(plain, file.bytes);
        fs::remove_dir_all(&folder).unwrap();
    }
}
