//! Lists the knowledge files so that the program carries them inside itself. Knows only that they
//! end in `.toml`; the assay knowledge is embedded by the crates that use it.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = here.join("../../knowledge").canonicalize()?;
    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    files.sort();
    let mut out = String::from(
        "/// Path below the repository's root, and text.\npub const FILES: &[(&str, &str)] = &[\n",
    );
    for file in &files {
        let below = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        writeln!(out, "    (\"knowledge/{below}\", include_str!({:?})),", file.display().to_string())?;
    }
    out.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("files.rs"), out)?;
    // The whole folder, assays too: a new folder beside the others would otherwise not be seen.
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        if path.is_dir() {
            if folder == root && path.file_name().is_some_and(|name| name == "assays") {
                continue;
            }
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    Ok(())
}
