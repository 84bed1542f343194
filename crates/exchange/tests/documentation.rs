//! `docs/fhir.md` says what the reader does.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use vena_knowledge::Knowledge;

#[test]
fn the_page_on_fhir_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fhir.md");
    let text = vena_exchange::fhir::documentation(Knowledge::embedded());
    if std::env::var_os("VENA_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == text,
        "docs/fhir.md is behind the catalogue: run VENA_WRITE_DOCS=1 cargo test -p vena-exchange --test documentation"
    );
    assert!(text.contains("XW033J7") && text.contains("751-8") && text.contains("L04AC07"));
}
