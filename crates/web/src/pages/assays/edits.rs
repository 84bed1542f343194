//! What people changed before a result was recorded, in the reader's language. The words kept with a change are of one
//! form for ever; here they are read and said. Knows no route and no store.

use super::{Showing, named_number, short_time};
use crate::layout::Frame;
use maud::{Markup, html};
use std::collections::BTreeMap;
use vena_base::ids::UserId;
use vena_journey::{AssayEdit, FileRole};

/// Changes listed at once; the ones before open when asked for.
const SHOWN: usize = 10;

/// The changes, the newest ones open.
pub fn list(frame: &Frame, showing: &Showing<'_>, edits: &[AssayEdit]) -> Markup {
    let (older, newer) = edits.split_at(edits.len().saturating_sub(SHOWN));
    html! {
        @if !edits.is_empty() {
            section class="panel edge" aria-labelledby="edits-title" {
                header { h2 id="edits-title" { (frame.t("assay-edits")) } }
                @if !older.is_empty() {
                    details class="why body" { summary { (named_number(frame, "assay-edits-older", older.len())) } ol class="medium" { @for one in older { (edit(frame, showing, one)) } } }
                }
                ol class="body medium" start=(older.len() + 1) { @for one in newer { (edit(frame, showing, one)) } }
            }
        }
    }
}

/// The pages whose newest change is that somebody confirmed the count.
pub fn confirmed(edits: &[AssayEdit]) -> BTreeMap<u32, (UserId, String)> {
    let mut confirmed = BTreeMap::new();
    for edit in edits {
        let page = |words: &str| words.split(' ').next().and_then(|page| page.parse::<u32>().ok());
        if let Some(page) = edit.what.strip_prefix(CONFIRMED).and_then(page) {
            confirmed.insert(page, (edit.by.clone(), short_time(&edit.at.to_string())));
        } else if let Some(page) =
            ["undo page ", "page "].iter().find_map(|start| edit.what.strip_prefix(start)).and_then(page)
        {
            confirmed.remove(&page);
        }
    }
    confirmed
}

/// Before the page whose count was confirmed.
const CONFIRMED: &str = "confirm page ";

fn edit(frame: &Frame, showing: &Showing<'_>, edit: &AssayEdit) -> Markup {
    let short = |digest: &str| digest.get(..8).unwrap_or_default().to_owned();
    html! {
        li {
            b { (said(frame, &edit.what)) } " · " (short_time(&edit.at.to_string()))
            " · " (showing.people.get(&edit.by).map_or(edit.by.as_str(), |name| name.get(frame.lang)))
            " " span class="code small quiet digest" { @if let Some(before) = &edit.before { (short(before.as_str())) " → " } (short(edit.after.as_str())) }
        }
    }
}

/// A change in words; one of another form stands as it was kept.
fn said(frame: &Frame, what: &str) -> String {
    let gate = |key: &str, name: &str| frame.tw(key, &[("gate", name)]);
    if what == "undo gates" {
        return frame.t("edit-gates-undone");
    }
    let told = [
        ("gate ", "edit-gate-moved"),
        ("add gate ", "edit-gate-added"),
        ("remove gate ", "edit-gate-removed"),
    ];
    if let Some((key, name)) = told.iter().find_map(|(start, key)| Some((*key, what.strip_prefix(start)?))) {
        return gate(key, name);
    }
    if let Some(page) = what.strip_prefix(CONFIRMED) {
        return frame.tw("edit-page-confirmed", &[("page", page)]);
    }
    if let Some(page) = what.strip_prefix("undo page ") {
        return frame.tw("edit-page-undone", &[("page", page)]);
    }
    if let Some((page, changes)) = what.strip_prefix("page ").and_then(|rest| rest.split_once(' ')) {
        let changes: Vec<String> = changes.split("; ").map(|one| correction(frame, one)).collect();
        return frame.tw("edit-page", &[("page", page), ("changes", &changes.join(", "))]);
    }
    let role =
        [FileRole::Gates, FileRole::Matrix, FileRole::Image].into_iter().find(|role| role.name().en == what);
    role.map_or_else(
        || what.to_owned(),
        |role| frame.tw("edit-file", &[("file", role.name().get(frame.lang))]),
    )
}

/// One correction of a count: `dish: remove 12`.
fn correction(frame: &Frame, words: &str) -> String {
    let Some((vessel, act)) = words.rsplit_once(": ") else { return words.to_owned() };
    let told = [
        ("remove ", "edit-colony-removed"),
        ("add at ", "edit-colony-added"),
        ("merge ", "edit-colonies-merged"),
        ("counted by eye ", "edit-counted"),
    ];
    let found = told.iter().find_map(|(start, key)| Some((*key, act.strip_prefix(start)?)));
    found.map_or_else(|| words.to_owned(), |(key, n)| frame.tw(key, &[("vessel", vessel), ("n", n)]))
}
