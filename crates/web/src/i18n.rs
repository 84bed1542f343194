//! The words of the pages in both languages, from the Fluent files in `i18n/`.
//! Names of facts, rules and answers are not here: they come from `knowledge/`.

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use std::sync::OnceLock;
use unic_langid::LanguageIdentifier;
use vena_base::Lang;

type Bundle = FluentBundle<FluentResource>;

/// The Fluent source of one language.
pub fn source(lang: Lang) -> &'static str {
    match lang {
        Lang::En => concat!(
            include_str!("../i18n/en/pages.ftl"),
            "\n",
            include_str!("../i18n/en/people.ftl"),
            "\n",
            include_str!("../i18n/en/assays.ftl")
        ),
        Lang::ZhTw => concat!(
            include_str!("../i18n/zh-TW/pages.ftl"),
            "\n",
            include_str!("../i18n/zh-TW/people.ftl"),
            "\n",
            include_str!("../i18n/zh-TW/assays.ftl")
        ),
    }
}

fn bundle(lang: Lang) -> &'static Bundle {
    static EN: OnceLock<Bundle> = OnceLock::new();
    static ZH: OnceLock<Bundle> = OnceLock::new();
    let cell = match lang {
        Lang::En => &EN,
        Lang::ZhTw => &ZH,
    };
    cell.get_or_init(|| {
        let id: LanguageIdentifier = lang.tag().parse().unwrap_or_default();
        let mut bundle = Bundle::new_concurrent(vec![id]);
        // Isolation marks would stand around every number in the page.
        bundle.set_use_isolating(false);
        let resource =
            FluentResource::try_new(source(lang).to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
        bundle
    })
}

/// A text of the pages. A key without text shows as the key itself; a test keeps that from happening.
pub fn text(lang: Lang, key: &str) -> String {
    text_with(lang, key, &[])
}

/// A text of the pages with its places filled.
pub fn text_with(lang: Lang, key: &str, places: &[(&str, &str)]) -> String {
    let bundle = bundle(lang);
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return key.to_owned();
    };
    let mut args = FluentArgs::new();
    for (name, value) in places {
        // Whole numbers as numbers, so that a text may tell one from many.
        match value.parse::<i64>() {
            Ok(number) if number.to_string() == *value => args.set(*name, number),
            _ => args.set(*name, *value),
        }
    }
    let mut problems = Vec::new();
    bundle.format_pattern(pattern, Some(&args), &mut problems).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    fn keys(lang: Lang) -> BTreeSet<String> {
        source(lang)
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim().to_owned()))
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_parse() {
        assert_eq!(keys(Lang::En), keys(Lang::ZhTw));
        for lang in Lang::ALL {
            let parsed = FluentResource::try_new(source(lang).to_owned());
            assert!(parsed.is_ok(), "{lang:?}: {:?}", parsed.err().map(|(_, problems)| problems));
        }
    }

    fn rust_files(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rust_files(&path, files);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }

    /// Every key named in the source of the pages stands in both files, and no key stands unused.
    #[test]
    fn every_key_used_exists_and_every_key_is_used() {
        let mut files = Vec::new();
        rust_files(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let all: String = files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
        let known = keys(Lang::En);
        for call in ["text(lang, \"", "text_with(lang, \"", ".t(\"", ".tw(\""] {
            for (start, _) in all.match_indices(call) {
                let rest = &all[start + call.len()..];
                let key = &rest[..rest.find('"').unwrap()];
                assert!(known.contains(key), "“{key}” is used but stands in no language file");
            }
        }
        let unused: Vec<_> = known.iter().filter(|key| !all.contains(&format!("\"{key}\""))).collect();
        assert!(unused.is_empty(), "texts nobody uses: {unused:?}");
    }
}
