//! The forms of a journey's steps: which fields, and how they become a step. One list serves drawing and
//! reading, so the two cannot differ.

use super::reader::Reader;
use vena_base::{Answer, Text};
use vena_journey::step::{
    CheckAt, ConsentKind, Ending, FileDigest, IdentityReading, ProductFate, RejectionReason, Step, StepKind,
};

/// How one field is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Date and time.
    When,
    /// One line of words.
    Line,
    /// Several lines of words.
    Lines,
    /// A number with this unit.
    Number(&'static str),
    /// A choice of these.
    Choice(Offer),
    /// A box to tick.
    Tick,
    /// A file to attach.
    File,
}

/// What a choice offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Kinds of consent.
    Consent,
    /// Products of the catalogue.
    Product,
    /// Steps at which identifiers are compared.
    Check,
    /// Why a product is rejected.
    Rejection,
    /// What becomes of cells.
    Fate,
    /// Ways a journey ends.
    Ending,
}

/// One field: name, text key of its label, how it is drawn, whether it must be filled.
pub type Row = (&'static str, &'static str, Part, bool);

/// One step's form.
pub struct StepForm {
    /// The word in its address.
    pub slug: &'static str,
    /// The step it makes.
    pub kind: StepKind,
    /// Its fields.
    pub rows: &'static [Row],
    /// Reads them.
    pub build: fn(&mut Reader<'_>, Option<FileDigest>) -> Option<Step>,
}

const WHEN: Row = ("when", "field-when", Part::When, true);
const REASON: Row = ("reason", "field-reason", Part::Lines, true);
const BAG: Row = ("bag", "field-bag", Part::Line, true);
const BAGS: Row = ("bags", "field-bags", Part::Line, true);
const LABEL: Row = ("on-label", "field-number-on-label", Part::Line, true);
const FATE: Row = ("fate", "field-fate", Part::Choice(Offer::Fate), true);
const REMARK: Row = ("remark", "field-remark", Part::Lines, false);

const CONSENTS: [(&str, ConsentKind); 3] = [
    ("treatment", ConsentKind::Treatment),
    ("registry", ConsentKind::Registry),
    ("research", ConsentKind::Research),
];
const CHECKS: [(&str, CheckAt); 3] =
    [("infusion", CheckAt::Infusion), ("thaw", CheckAt::Thaw), ("collection", CheckAt::Collection)];
const REJECTIONS: [(&str, RejectionReason); 5] = [
    ("manufacture-failed", RejectionReason::ManufactureFailed),
    ("out-of-specification", RejectionReason::OutOfSpecification),
    ("contaminated", RejectionReason::Contaminated),
    ("recalled", RejectionReason::Recalled),
    ("damaged", RejectionReason::Damaged),
];
const FATES: [(&str, ProductFate); 5] = [
    ("none", ProductFate::None),
    ("kept", ProductFate::Kept),
    ("returned", ProductFate::Returned),
    ("destroyed", ProductFate::Destroyed),
    ("undecided", ProductFate::Undecided),
];
const ENDINGS: [(&str, Ending); 8] = [
    ("progression-while-waiting", Ending::ProgressionWhileWaiting),
    ("collection-failed", Ending::CollectionFailed),
    ("manufacture-failed", Ending::ManufactureFailed),
    ("not-eligible", Ending::NotEligible),
    ("other-treatment", Ending::OtherTreatment),
    ("transferred", Ending::Transferred),
    ("lost-to-follow-up", Ending::LostToFollowUp),
    ("other", Ending::Other),
];

/// The words of an offer, without those that come from the catalogue.
pub fn offered(offer: Offer) -> Vec<(&'static str, Text)> {
    match offer {
        Offer::Consent => CONSENTS.iter().map(|(word, kind)| (*word, kind.name())).collect(),
        Offer::Ending => ENDINGS.iter().map(|(word, ending)| (*word, ending.name())).collect(),
        Offer::Check => vec![
            ("infusion", Text::new("at the bedside, before the infusion", "床邊，輸注前")),
            ("thaw", Text::new("when the product leaves storage", "產品出庫時")),
            ("collection", Text::new("before the collection", "收集前")),
        ],
        Offer::Rejection => vec![
            ("manufacture-failed", Text::new("manufacture failed", "製造失敗")),
            ("out-of-specification", Text::new("out of specification", "不符合規格")),
            ("contaminated", Text::new("contaminated", "受汙染")),
            ("recalled", Text::new("recalled", "回收")),
            ("damaged", Text::new("damaged", "損壞")),
        ],
        Offer::Fate => vec![
            ("none", Text::new("there are none", "沒有細胞")),
            ("kept", Text::new("kept in storage", "留存")),
            ("returned", Text::new("returned to the maker", "退回製造商")),
            ("destroyed", Text::new("destroyed", "銷毀")),
            ("undecided", Text::new("not decided yet", "尚未決定")),
        ],
        Offer::Product => Vec::new(),
    }
}

/// Every step's form, in the order of a journey.
pub const FORMS: [StepForm; 23] = [
    StepForm {
        slug: "consent",
        kind: StepKind::ConsentRecorded,
        rows: &[
            ("kind", "field-consent-kind", Part::Choice(Offer::Consent), true),
            ("version", "field-form-version", Part::Line, true),
            ("when", "field-signed", Part::When, true),
            ("scan", "field-scan", Part::File, false),
        ],
        build: |r, scan| {
            let (kind, version, signed) = (r.one_of("kind", &CONSENTS), r.words("version"), r.when("when"));
            Some(Step::ConsentRecorded { kind: kind?, version: version?, signed: signed?, scan })
        },
    },
    StepForm {
        slug: "consent-withdrawn",
        kind: StepKind::ConsentWithdrawn,
        rows: &[("kind", "field-consent-kind", Part::Choice(Offer::Consent), true), WHEN, REASON],
        build: |r, _| {
            let (kind, when, reason) = (r.one_of("kind", &CONSENTS), r.when("when"), r.words("reason"));
            Some(Step::ConsentWithdrawn { kind: kind?, when: when?, reason: reason? })
        },
    },
    StepForm {
        slug: "number",
        kind: StepKind::ChainOfIdentityAssigned,
        rows: &[("number", "field-chain-of-identity", Part::Line, true), WHEN],
        build: |r, _| {
            let (number, when) = (r.chain_of_identity("number"), r.when("when"));
            Some(Step::ChainOfIdentityAssigned { number: number?, when: when? })
        },
    },
    StepForm {
        slug: "product",
        kind: StepKind::ProductChosen,
        rows: &[("product", "field-product", Part::Choice(Offer::Product), true), WHEN],
        build: |r, _| {
            let (product, when) = (r.words("product"), r.when("when"));
            Some(Step::ProductChosen { product: Answer::of(&product?), when: when? })
        },
    },
    StepForm {
        slug: "collection",
        kind: StepKind::Collected,
        rows: &[
            ("when", "field-start", Part::When, true),
            ("until", "field-end", Part::When, false),
            ("volume", "field-volume", Part::Number("mL"), false),
            BAGS,
            ("repeat", "field-repeat-reason", Part::Line, false),
        ],
        build: |r, _| {
            let (when, until, volume_ml) =
                (r.when("when"), r.when_if_any("until"), r.number_if_any("volume"));
            let (bags, repeat_reason) = (r.bags("bags"), r.words_if_any("repeat"));
            Some(Step::Collected { when: when?, until, volume_ml, bags: bags?, repeat_reason })
        },
    },
    StepForm {
        slug: "collection-failed",
        kind: StepKind::CollectionFailed,
        rows: &[WHEN, REASON],
        build: |r, _| {
            let (when, reason) = (r.when("when"), r.words("reason"));
            Some(Step::CollectionFailed { when: when?, reason: reason? })
        },
    },
    StepForm {
        slug: "made",
        kind: StepKind::ProductMade,
        rows: &[BAGS, LABEL, WHEN],
        build: |r, _| {
            let (bags, on_label, when) = (r.bags("bags"), r.chain_of_identity("on-label"), r.when("when"));
            Some(Step::ProductMade { bags: bags?, on_label: on_label?, when: when? })
        },
    },
    StepForm {
        slug: "released",
        kind: StepKind::ProductReleased,
        rows: &[
            BAGS,
            WHEN,
            ("document", "field-document", Part::File, false),
            ("exception", "field-exception", Part::Lines, false),
        ],
        build: |r, document| {
            let (bags, when, exception) = (r.bags("bags"), r.when("when"), r.words_if_any("exception"));
            Some(Step::ProductReleased { bags: bags?, when: when?, document, exception })
        },
    },
    StepForm {
        slug: "rejected",
        kind: StepKind::ProductRejected,
        rows: &[
            BAGS,
            WHEN,
            ("why", "field-reason", Part::Choice(Offer::Rejection), true),
            ("note", "field-remark", Part::Lines, false),
            FATE,
        ],
        build: |r, _| {
            let (bags, when, reason) = (r.bags("bags"), r.when("when"), r.one_of("why", &REJECTIONS));
            let (note, fate) = (r.words_if_any("note"), r.one_of("fate", &FATES));
            Some(Step::ProductRejected { bags: bags?, when: when?, reason: reason?, note, fate: fate? })
        },
    },
    StepForm {
        slug: "received",
        kind: StepKind::ProductReceived,
        rows: &[
            BAGS,
            LABEL,
            WHEN,
            ("temperature", "field-shipper-temperature", Part::Number("°C"), false),
            ("document", "field-document", Part::File, false),
            REMARK,
        ],
        build: |r, document| {
            let (bags, on_label, when) = (r.bags("bags"), r.chain_of_identity("on-label"), r.when("when"));
            let (temperature_cel, remark) = (r.number_if_any("temperature"), r.words_if_any("remark"));
            Some(Step::ProductReceived {
                bags: bags?,
                on_label: on_label?,
                when: when?,
                temperature_cel,
                document,
                remark,
            })
        },
    },
    StepForm {
        slug: "lymphodepletion-start",
        kind: StepKind::LymphodepletionStarted,
        rows: &[WHEN],
        build: |r, _| Some(Step::LymphodepletionStarted { when: r.when("when")? }),
    },
    StepForm {
        slug: "lymphodepletion-end",
        kind: StepKind::LymphodepletionEnded,
        rows: &[WHEN],
        build: |r, _| Some(Step::LymphodepletionEnded { when: r.when("when")? }),
    },
    StepForm {
        slug: "identity",
        kind: StepKind::IdentityRead,
        rows: &[
            ("check", "field-check", Part::Choice(Offer::Check), true),
            BAG,
            ("on-patient", "field-number-on-patient", Part::Line, true),
            ("on-product", "field-number-on-product", Part::Line, true),
            ("agree", "field-name-agrees", Part::Tick, false),
            WHEN,
        ],
        build: |r, _| {
            let (check, bag, when) = (r.one_of("check", &CHECKS), r.bag("bag"), r.when("when"));
            let (on_patient, on_product) =
                (r.chain_of_identity("on-patient"), r.chain_of_identity("on-product"));
            let name_and_birth_date_agree = r.ticked("agree");
            Some(Step::IdentityRead(IdentityReading {
                check: check?,
                bag: bag?,
                on_patient: on_patient?,
                on_product: on_product?,
                name_and_birth_date_agree,
                when: when?,
            }))
        },
    },
    StepForm {
        slug: "infusion-start",
        kind: StepKind::InfusionStarted,
        rows: &[BAG, WHEN],
        build: |r, _| {
            let (bag, when) = (r.bag("bag"), r.when("when"));
            Some(Step::InfusionStarted { bag: bag?, when: when? })
        },
    },
    StepForm {
        slug: "infusion-end",
        kind: StepKind::InfusionEnded,
        rows: &[BAG, WHEN, REMARK],
        build: |r, _| {
            let (bag, when, remark) = (r.bag("bag"), r.when("when"), r.words_if_any("remark"));
            Some(Step::InfusionEnded { bag: bag?, when: when?, remark })
        },
    },
    StepForm {
        slug: "episode-closed",
        kind: StepKind::EpisodeClosed,
        rows: &[WHEN],
        build: |r, _| Some(Step::EpisodeClosed { when: r.when("when")? }),
    },
    StepForm {
        slug: "followed-up",
        kind: StepKind::FollowedUp,
        rows: &[WHEN],
        build: |r, _| Some(Step::FollowedUp { when: r.when("when")? }),
    },
    StepForm {
        slug: "relapsed",
        kind: StepKind::Relapsed,
        rows: &[WHEN],
        build: |r, _| Some(Step::Relapsed { when: r.when("when")? }),
    },
    StepForm {
        slug: "next-therapy",
        kind: StepKind::NextTherapyStarted,
        rows: &[WHEN, ("what", "field-which-therapy", Part::Line, false)],
        build: |r, _| {
            let (when, what) = (r.when("when"), r.words_if_any("what"));
            Some(Step::NextTherapyStarted { when: when?, what })
        },
    },
    StepForm {
        slug: "died",
        kind: StepKind::Died,
        rows: &[WHEN, ("cause", "field-cause-of-death", Part::Line, false)],
        build: |r, _| {
            let (when, cause) = (r.when("when"), r.words_if_any("cause"));
            Some(Step::Died { when: when?, cause })
        },
    },
    StepForm {
        slug: "withdrew",
        kind: StepKind::Withdrew,
        rows: &[WHEN, REASON, FATE],
        build: |r, _| {
            let (when, reason, fate) = (r.when("when"), r.words("reason"), r.one_of("fate", &FATES));
            Some(Step::Withdrew { when: when?, reason: reason?, fate: fate? })
        },
    },
    StepForm {
        slug: "ended",
        kind: StepKind::EndedOtherwise,
        rows: &[("ending", "field-ending", Part::Choice(Offer::Ending), true), WHEN, REASON, FATE],
        build: |r, _| {
            let (ending, when) = (r.one_of("ending", &ENDINGS), r.when("when"));
            let (reason, fate) = (r.words("reason"), r.one_of("fate", &FATES));
            Some(Step::EndedOtherwise { ending: ending?, when: when?, reason: reason?, fate: fate? })
        },
    },
    StepForm {
        slug: "remark",
        kind: StepKind::Remarked,
        rows: &[("remark", "field-remark", Part::Lines, true)],
        build: |r, _| Some(Step::Remarked { text: r.words("remark")?, about: None }),
    },
];

/// The form behind an address.
pub fn form(slug: &str) -> Option<&'static StepForm> {
    FORMS.iter().find(|form| form.slug == slug)
}

/// The address of a step's form, for links from gates and tasks.
pub fn slug_of(kind: StepKind) -> Option<&'static str> {
    FORMS.iter().find(|form| form.kind == kind).map(|form| form.slug)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::forms::reader::Submitted;
    use vena_base::{Lang, Zone};

    fn filled(form: &StepForm) -> Submitted {
        let mut data = Submitted::default();
        for (name, _, part, _) in form.rows {
            let value = match part {
                Part::When => "2026-03-04T10:00",
                Part::Number(_) => "12.5",
                Part::Choice(Offer::Product) => "tisagenlecleucel",
                Part::Choice(offer) => offered(*offer).first().unwrap().0,
                Part::Tick => "yes",
                Part::File => continue,
                Part::Line | Part::Lines => "A-1",
            };
            data.set(name, value);
        }
        data
    }

    /// Row T3: a filled form makes its step; each required field left out is named.
    #[test]
    fn every_form_makes_its_step_and_names_what_is_missing() {
        let zone = Zone::named("Asia/Taipei").unwrap();
        for form in &FORMS {
            let data = filled(form);
            let mut reader = Reader::new(&data, &zone, Lang::En);
            let step = (form.build)(&mut reader, None);
            assert!(reader.wrong.is_empty(), "{}: {:?}", form.slug, reader.wrong);
            assert_eq!(step.unwrap().kind(), form.kind, "{}", form.slug);
            for (name, _, _, _) in form.rows.iter().filter(|row| row.3) {
                let mut data = filled(form);
                data.set(name, "");
                let mut reader = Reader::new(&data, &zone, Lang::ZhTw);
                assert!((form.build)(&mut reader, None).is_none(), "{} without {name}", form.slug);
                assert!(reader.wrong.contains_key(*name), "{}: {name} is not named", form.slug);
            }
        }
    }
}
