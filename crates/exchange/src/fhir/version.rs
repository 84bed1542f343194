//! Several versions of one resource: the later takes the earlier's place from the moment it was made, so
//! that what was known before is still told as it was known. Knows no element of a resource.

use crate::{
    report::{Problem, ReadReport},
    settle::{Draft, Version},
    trouble::Trouble,
};
use jiff::Timestamp;
use std::{collections::HashMap, sync::Arc};
use vena_base::{Fact, Stamp};

/// Marks what later versions replaced or took back among one person's drafts.
pub(super) fn replace_earlier(
    person: &Arc<str>,
    drafts: &mut [Draft],
    taken_back: &[(Option<Arc<str>>, Arc<Version>)],
    report: &mut ReadReport,
) {
    let mut told: HashMap<Arc<str>, Vec<Arc<Version>>> = HashMap::new();
    let mut last: Option<&Arc<Version>> = None;
    for version in drafts.iter().filter_map(|draft| draft.version.as_ref()) {
        // The components of one resource follow each other.
        if last.is_some_and(|last| Arc::ptr_eq(last, version)) {
            continue;
        }
        last = Some(version);
        match told.get_mut(&version.resource) {
            Some(versions) => versions.push(Arc::clone(version)),
            None => {
                told.insert(Arc::clone(&version.resource), vec![Arc::clone(version)]);
            }
        }
    }
    let mut withdrawn: Vec<&Arc<str>> = Vec::new();
    for (named, version) in taken_back {
        if named.as_ref().is_none_or(|named| named == person)
            && let Some(versions) = told.get_mut(&version.resource)
        {
            versions.push(Arc::clone(version));
            withdrawn.push(&version.resource);
        }
    }
    let mut several: Vec<_> = told.into_iter().filter(|(_, versions)| versions.len() > 1).collect();
    several.sort_by(|a, b| a.0.cmp(&b.0));
    for (resource, versions) in several {
        let withdrawn = withdrawn.contains(&&resource);
        one_resource(person, &resource, versions, withdrawn, drafts, report);
    }
}

fn one_resource(
    person: &Arc<str>,
    resource: &Arc<str>,
    versions: Vec<Arc<Version>>,
    withdrawn: bool,
    drafts: &mut [Draft],
    report: &mut ReadReport,
) {
    let of = |draft: &Draft| draft.version.as_ref().filter(|v| v.resource == *resource).cloned();
    let Some(first) = drafts.iter().find(|draft| of(draft).is_some()) else {
        return;
    };
    let (place, file) = (first.fact.origin.clone(), first.file.clone());
    let mut say = |trouble| {
        let patient = Some(Arc::clone(person));
        report.add(Problem { place: place.clone(), file: file.clone(), patient, trouble });
    };
    let Some(order) = in_order(versions) else {
        if withdrawn {
            // Nothing says when; an error is an error whenever it was found.
            for draft in drafts.iter_mut().filter(|draft| of(draft).is_some()) {
                draft.fact.replaced = Some(Stamp::utc(Timestamp::MIN));
            }
            say(Trouble::Replaced { resource: resource.to_string(), since: None });
            return;
        }
        if content(drafts, &of).windows(2).any(|pair| pair.first() != pair.last()) {
            say(Trouble::VersionsUnordered { resource: resource.to_string() });
        }
        return;
    };
    for pair in order.windows(2) {
        let [earlier, later] = pair else { continue };
        // Without a time the earlier is never seen: nothing says when it stopped to stand.
        let since = later.updated;
        let stamp = since.unwrap_or(Stamp::utc(Timestamp::MIN));
        for draft in drafts.iter_mut() {
            match of(draft) {
                Some(version) if *version == **earlier => draft.fact.replaced = Some(stamp),
                // Later than its own time of issue where the source repeats the first version's.
                Some(version) if *version == **later => {
                    draft.fact.recorded = draft.fact.recorded.max(since);
                }
                _ => {}
            }
        }
    }
    if order.len() > 1 {
        let since = order.last().and_then(|last| last.updated).map(|stamp| stamp.to_string());
        say(Trouble::Replaced { resource: resource.to_string(), since });
    }
}

/// What each telling of a resource says, for comparison.
fn content(drafts: &[Draft], of: &impl Fn(&Draft) -> Option<Arc<Version>>) -> Vec<Vec<Fact>> {
    let mut tellings: Vec<(Arc<Version>, Vec<Fact>)> = Vec::new();
    for draft in drafts {
        let Some(version) = of(draft) else { continue };
        let bare = Fact { origin: vena_base::Origin::Program, ..draft.fact.clone() };
        match tellings.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &version)) {
            Some((_, facts)) => facts.push(bare),
            None => tellings.push((version, vec![bare])),
        }
    }
    tellings.into_iter().map(|(_, facts)| facts).collect()
}

/// The versions from the first to the last, each once; `None` where they cannot be put in order.
fn in_order(mut versions: Vec<Arc<Version>>) -> Option<Vec<Arc<Version>>> {
    if versions.iter().all(|version| version.updated.is_some()) {
        versions.sort_by_key(|version| (version.updated.map(|stamp| stamp.at), version.number));
    } else if versions.iter().all(|version| version.number.is_some()) {
        versions.sort_by_key(|version| version.number);
    } else {
        return None;
    }
    versions.dedup_by(|a, b| a == b);
    Some(versions)
}
