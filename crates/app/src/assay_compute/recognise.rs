//! What a dropped file is, by its content alone.
//!
//! Must not know: how an assay is computed.

use vena_journey::{AssayKind, FileRole};

/// What a file is, by its content. `None` for a text that may be any table, or anything else.
pub fn recognise(bytes: &[u8]) -> Option<FileRole> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    if begins(b"FCS") && bytes.get(3).is_some_and(u8::is_ascii_digit) {
        return Some(FileRole::Fcs);
    }
    let pictures: [&[u8]; 6] =
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
    if pictures.into_iter().any(begins) {
        return Some(FileRole::Image);
    }
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(4_096)).unwrap_or_default());
    let head = head.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    (head.starts_with('<') && head.contains("Gating-ML")).then_some(FileRole::Gates)
}

/// Which assay a file begins; for a table, by the names of its columns. `None` where the content says nothing.
pub fn recognise_kind(bytes: &[u8]) -> Option<AssayKind> {
    match recognise(bytes) {
        Some(FileRole::Fcs) => return Some(AssayKind::FlowCytometry),
        Some(FileRole::Image) => return Some(AssayKind::Colonies),
        Some(_) => return None,
        None => {}
    }
    let head = bytes.get(..bytes.len().min(64 << 10)).unwrap_or_default();
    // UTF-16 tables have zeros too; they begin with a byte order mark.
    let marked = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if head.is_empty() || (head.contains(&0) && !marked) {
        return None;
    }
    let text: String = String::from_utf8_lossy(head).chars().filter(|c| *c != '\0').collect();
    let cells: Vec<String> = text.lines().take(HEADER_LINES_MAX).flat_map(cells_of).collect();
    let begins = |words: &[&str]| cells.iter().any(|cell| words.iter().any(|word| cell.starts_with(word)));
    let is = |words: &[&str]| cells.iter().any(|cell| words.contains(&cell.as_str()));
    if is(&["cq", "ct", "cp", "cqvalue", "ctvalue", "crossingpoint"]) {
        return Some(AssayKind::Qpcr);
    }
    if begins(&["onset", "reactiontime", "反應時間"]) {
        return Some(AssayKind::Endotoxin);
    }
    if begins(&["compendial", "pharmacopoeia", "藥典"]) {
        return Some(AssayKind::MethodComparison);
    }
    let colonies = begins(&["colonies", "colonycount", "群落"]);
    if colonies && is(&["task", "type", "content", "role", "kind", "任務", "類型"]) {
        return Some(AssayKind::ResidualPluripotent);
    }
    if begins(&["spike", "添加"]) {
        return Some(AssayKind::SpikeSeries);
    }
    text.lines()
        .take(HEADER_LINES_MAX)
        .any(|line| line.contains([',', ';', '\t']))
        .then_some(AssayKind::Potency)
}

/// Lines looked through for the names of columns.
const HEADER_LINES_MAX: usize = 60;

/// The cells of a line in lower case, letters and digits only.
fn cells_of(line: &str) -> Vec<String> {
    let plain =
        |cell: &str| cell.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    line.split([',', ';', '\t']).map(plain).collect()
}
