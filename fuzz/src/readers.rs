//! Every reader of bytes from outside, each as a function that takes any bytes and must neither panic, nor
//! hang, nor take memory without bound. The fuzz targets call these; a test of the product replays the
//! seeds through the very same file. Must not know: any expected result.

use vena_flow::Panel;
use vena_journey::Body;
use vena_knowledge::{Knowledge, SiteOverlay};
use vena_potency::method::Method;

/// A reader: any bytes in, nothing out.
pub type Reader = fn(&[u8]);

/// Name of the fuzz target and of its folder of seeds, and what it calls.
pub const READERS: [(&str, Reader); 11] = [
    ("checkpoint", checkpoint),
    ("event_body", event_body),
    ("fcs", fcs),
    ("fhir", fhir),
    ("gating_ml", gating_ml),
    ("image", image),
    ("knowledge_toml", knowledge_toml),
    ("ledger_record", ledger_record),
    ("potency_table", potency_table),
    ("qpcr_table", qpcr_table),
    ("table", table),
];

/// A stored checkpoint, an exported checkpoint file, a proof.
pub fn checkpoint(bytes: &[u8]) {
    vena_ledger::fuzz::checkpoint(bytes);
}

/// The body of a stored event: a line with its type, then JSON.
pub fn event_body(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (first, rest) = bytes.split_at(end);
    let kind = String::from_utf8_lossy(first);
    let json = rest.get(1..).unwrap_or_default();
    if let Ok(body) = Body::read(kind.trim(), 1, json) {
        // What was read must be what would be stored, or a repeated append would not be recognised.
        let written = body.write().unwrap_or_default();
        let again = Body::read(kind.trim(), 1, &written);
        assert!(again.is_ok_and(|again| again == body), "a body does not survive writing");
    }
}

/// An FCS file, strictly and with every tolerance.
pub fn fcs(bytes: &[u8]) {
    vena_flow::fuzz_fcs(bytes);
}

/// FHIR: a Bundle, a resource, or many.
pub fn fhir(bytes: &[u8]) {
    vena_exchange::fuzz::fuzz_fhir(bytes);
}

/// A Gating-ML file, written again and applied.
pub fn gating_ml(bytes: &[u8]) {
    vena_flow::fuzz_gating_ml(bytes);
}

/// A picture of a plate.
pub fn image(bytes: &[u8]) {
    vena_colonies::fuzz_image(bytes);
}

/// A TOML file as each of the kinds there are: knowledge, a site's values, a panel, a method.
pub fn knowledge_toml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for path in [
        "knowledge/sources.toml",
        "knowledge/digests.toml",
        "knowledge/catalogue/facts.toml",
        "knowledge/toxicity/rules.toml",
        "knowledge/toxicity/rules.cases.toml",
    ] {
        if let Err(problems) = Knowledge::load([(path, text)]) {
            let _ = problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        }
    }
    if let Ok(overlay) = SiteOverlay::read("site.toml", text) {
        let _ = Knowledge::embedded().with_site(&overlay);
    }
    let _ = Panel::from_toml(text);
    let _ = Method::parse(text);
}

/// A stored record of the ledger.
pub fn ledger_record(bytes: &[u8]) {
    vena_ledger::fuzz::record(bytes);
}

/// A table of a potency assay.
pub fn potency_table(bytes: &[u8]) {
    vena_potency::fuzz::fuzz_potency_csv(bytes);
}

/// A table of a qPCR assay.
pub fn qpcr_table(bytes: &[u8]) {
    vena_potency::fuzz::fuzz_qpcr_csv(bytes);
}

/// A long table of facts, in every encoding.
pub fn table(bytes: &[u8]) {
    vena_exchange::fuzz::fuzz_table(bytes);
}
