//! `vena knowledge`: the rule sets, their life at this site, and a named person's signature under them.
//! Must not know what a rule set says.

use crate::{
    exit::{Ended, Outcome},
    files,
    record::{ended, open_or_create},
    users::known_password,
};
use std::path::Path;
use vena_app::{App, AtSite, site_knowledge::signed_at};
use vena_base::Lang;
use vena_knowledge::{RuleSet, rules::Life};

/// What `vena knowledge` is asked.
#[derive(Debug, clap::Subcommand)]
pub enum KnowledgeWords {
    /// List the rule sets with their status at this site, and the site's own values.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Sign rule sets for use at this site. The signer's password is asked, or read from standard input.
    Activate {
        /// Which, as ID@VERSION.
        #[arg(required_unless_present = "all")]
        rules: Vec<String>,
        /// Every rule set that is not active yet.
        #[arg(long)]
        all: bool,
        /// The login of the person who signs: a physician or quality assurance.
        #[arg(long)]
        by: String,
    },
    /// Take the site's signature back.
    Withdraw {
        /// Which, as ID@VERSION.
        rule: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// The login of the person who signs.
        #[arg(long)]
        by: String,
    },
}

/// Runs `vena knowledge`.
pub fn knowledge(words: &KnowledgeWords, folder: &Path, lang: Lang) -> Outcome {
    let app = open_or_create(folder, lang)?;
    let done = act(&app, words, lang);
    app.close().map_err(|problem| ended(&problem, lang))?;
    files::print(&done?)
}

fn act(app: &App, words: &KnowledgeWords, lang: Lang) -> Result<String, Ended> {
    let wrong = |problem: vena_app::AppError| ended(&problem, lang);
    match words {
        KnowledgeWords::List { json } => {
            let mut text: String = app
                .knowledge()
                .rules()
                .map(|rules| if *json { object(app, rules) } else { line(app, rules, lang) })
                .collect();
            if !json {
                text.push_str(&differences(app, lang));
            }
            Ok(text)
        }
        KnowledgeWords::Activate { rules, all, by } => {
            let password = known_password(by, lang)?;
            let session = app.signing(by, &password).map_err(wrong)?;
            let named: Vec<String> =
                if *all { app.knowledge().rules().map(RuleSet::name).collect() } else { rules.clone() };
            let mut text = String::new();
            for rule in &named {
                app.activate_rule(&session, rule, Some(&password)).map_err(wrong)?;
                if let Ok(rules) = app.knowledge().rule(rule, None) {
                    text.push_str(&line(app, rules, lang));
                }
            }
            Ok(text)
        }
        KnowledgeWords::Withdraw { rule, reason, by } => {
            let password = known_password(by, lang)?;
            let session = app.signing(by, &password).map_err(wrong)?;
            app.withdraw_rule(&session, rule, reason, Some(&password)).map_err(wrong)?;
            Ok(app.knowledge().rule(rule, None).map(|rules| line(app, rules, lang)).unwrap_or_default())
        }
    }
}

fn line(app: &App, rules: &RuleSet, lang: Lang) -> String {
    let zone = &app.config().zone;
    let signed = match (app.at_site(&rules.name()), lang) {
        (AtSite::Active(signed), _) => {
            format!("{} · {}", signed.by.get(lang), signed_at(&signed, zone))
        }
        (AtSite::NotActivated, Lang::En) => "not activated at this site".to_owned(),
        (AtSite::NotActivated, Lang::ZhTw) => "本院尚未啟用".to_owned(),
        (AtSite::Changed(_), Lang::En) => "signed, but its text is another one now".to_owned(),
        (AtSite::Changed(_), Lang::ZhTw) => "簽署後內容已變更".to_owned(),
    };
    format!("{:<38} {:<12} {signed}\n", rules.name(), app.life(rules).name().get(lang))
}

fn object(app: &App, rules: &RuleSet) -> String {
    let life: Life = app.life(rules);
    let signed = match app.at_site(&rules.name()) {
        AtSite::Active(signed) => {
            serde_json::json!({ "by": signed.by.en, "at": signed.at, "digest": signed.digest })
        }
        AtSite::NotActivated | AtSite::Changed(_) => serde_json::Value::Null,
    };
    let entries: Vec<&str> =
        rules.entries().iter().filter(|entry| entry.overlaid).map(|entry| entry.id.as_str()).collect();
    serde_json::json!({
        "rule": rules.name(), "status": life.as_str(), "digest": rules.digest, "active": signed,
        "site_values": entries,
    })
    .to_string()
        + "\n"
}

fn differences(app: &App, lang: Lang) -> String {
    let mut text = String::new();
    for one in app.site_differences() {
        let Some(overlay) = &one.entry.overlay else { continue };
        text.push_str(&match lang {
            Lang::En => format!(
                "{} {}: {} (the source says {}); {}; signed by {} {}\n",
                one.rule.name(),
                one.entry.id,
                one.entry.label.en,
                overlay.source_value,
                overlay.reason.en,
                overlay.signed_by,
                overlay.signed_on
            ),
            Lang::ZhTw => format!(
                "{} {}：{}（來源為 {}）；{}；簽署：{} {}\n",
                one.rule.name(),
                one.entry.id,
                one.entry.label.zh_tw,
                overlay.source_value,
                overlay.reason.zh_tw,
                overlay.signed_by,
                overlay.signed_on
            ),
        });
    }
    text
}
