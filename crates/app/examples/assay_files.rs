//! Writes instrument files made by our own writers into a folder: `cargo run --example assay_files -- FOLDER`.
//! For the browser tests and for trying the assay pages out. Must not know the program's data folder.

use vena_app::assays::examples;

fn main() -> std::io::Result<()> {
    let folder =
        std::path::PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "assay-files".to_owned()));
    std::fs::create_dir_all(&folder)?;
    for name in examples::all_names() {
        if let Some(bytes) = examples::file(name) {
            std::fs::write(folder.join(name), bytes)?;
        }
    }
    println!("{}", folder.display());
    Ok(())
}
