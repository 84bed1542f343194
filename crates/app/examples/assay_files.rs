//! Writes instrument files made by our own writers into a folder: `cargo run --example assay_files -- FOLDER`.
//! For the browser tests and for trying the assay pages out. Must not know the program's data folder.

#[path = "../tests/common/assay_files.rs"]
mod assay_files;

fn main() -> std::io::Result<()> {
    let folder =
        std::path::PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "assay-files".to_owned()));
    std::fs::create_dir_all(&folder)?;
    let files = [
        ("sample.fcs", assay_files::fcs()),
        ("gates.xml", assay_files::gates()),
        ("plate.png", assay_files::plate()),
        ("potency.csv", assay_files::potency()),
        ("qpcr.csv", assay_files::qpcr()),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes)?;
    }
    println!("{}", folder.display());
    Ok(())
}
