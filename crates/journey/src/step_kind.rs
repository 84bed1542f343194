//! Names of the kinds of steps: in stored events, in addresses, and as people say them; and which
//! kind, time and facts a step has.
//!
//! Must not know: who may give a step, whether it may be taken.

use crate::step::{Step, StepKind};
use vena_base::{Fact, Text, When};

macro_rules! kinds {
    ($($kind:ident $word:literal $en:literal $zh:literal;)*) => {
        impl StepKind {
            /// All kinds, in the order of a journey.
            pub const ALL: [StepKind; [$($word),*].len()] = [$(StepKind::$kind),*];

            /// The word in stored events and addresses.
            pub fn as_str(self) -> &'static str {
                match self { $(StepKind::$kind => $word),* }
            }

            /// As people say it.
            pub fn name(self) -> Text {
                match self { $(StepKind::$kind => Text::new($en, $zh)),* }
            }
        }
    };
}

kinds! {
    Registered "registered" "Registration" "登記";
    ConsentRecorded "consent-recorded" "Consent" "同意書";
    ConsentWithdrawn "consent-withdrawn" "Consent withdrawn" "撤回同意";
    ChainOfIdentityAssigned "chain-of-identity-assigned" "Chain-of-identity number" "身分鏈結編號";
    ProductChosen "product-chosen" "Product chosen" "選定產品";
    Collected "collected" "Collection (leukapheresis)" "白血球分離術";
    CollectionFailed "collection-failed" "Failed collection" "收集失敗";
    ProductMade "product-made" "Product made" "產品製造完成";
    ProductReleased "product-released" "Product released" "產品放行";
    ProductRejected "product-rejected" "Product rejected" "產品拒用";
    ProductReceived "product-received" "Product received" "產品點收";
    LymphodepletionStarted "lymphodepletion-started" "Lymphodepletion started" "淋巴細胞清除性化療開始";
    LymphodepletionEnded "lymphodepletion-ended" "Lymphodepletion ended" "淋巴細胞清除性化療結束";
    IdentityRead "identity-read" "Identity reading" "身分核對";
    InfusionStarted "infusion-started" "Infusion started" "輸注開始";
    InfusionEnded "infusion-ended" "Infusion ended" "輸注結束";
    VitalSigns "vital-signs" "Vital signs" "生命徵象";
    Laboratory "laboratory" "Laboratory values" "檢驗值";
    Drugs "drugs" "Drugs given" "用藥";
    Assessment "assessment" "Bedside assessment" "床邊評估";
    Imported "imported" "Facts from a file" "檔案匯入";
    AssayRecorded "assay-recorded" "Laboratory assay" "實驗室檢測";
    FindingAttributed "finding-attributed" "Cause of a finding" "歸因";
    EpisodeClosed "episode-closed" "CRS episode closed" "CRS 病程結束";
    Died "died" "Death" "死亡";
    Relapsed "relapsed" "Relapse or progression" "復發或惡化";
    NextTherapyStarted "next-therapy-started" "Next therapy" "後續治療";
    FollowedUp "followed-up" "Follow-up" "追蹤";
    Withdrew "withdrew" "Withdrawal" "病人退出";
    EndedOtherwise "ended-otherwise" "Journey ended" "療程終止";
    Corrected "corrected" "Correction" "更正";
    Remarked "remarked" "Remark" "備註";
    IdentityChanged "identity-changed" "Identity put right" "身分資料更正";
    PatientMerged "patient-merged" "Patients merged" "病人合併";
    PatientUnmerged "patient-unmerged" "Patients parted again" "病人取消合併";
}

impl StepKind {
    /// Reads the word of [`StepKind::as_str`].
    pub fn parse(word: &str) -> Option<StepKind> {
        StepKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Step {
    /// Which kind of step it is.
    pub fn kind(&self) -> StepKind {
        match self {
            Step::Registered { .. } => StepKind::Registered,
            Step::ConsentRecorded { .. } => StepKind::ConsentRecorded,
            Step::ConsentWithdrawn { .. } => StepKind::ConsentWithdrawn,
            Step::ChainOfIdentityAssigned { .. } => StepKind::ChainOfIdentityAssigned,
            Step::ProductChosen { .. } => StepKind::ProductChosen,
            Step::Collected { .. } => StepKind::Collected,
            Step::CollectionFailed { .. } => StepKind::CollectionFailed,
            Step::ProductMade { .. } => StepKind::ProductMade,
            Step::ProductReleased { .. } => StepKind::ProductReleased,
            Step::ProductRejected { .. } => StepKind::ProductRejected,
            Step::ProductReceived { .. } => StepKind::ProductReceived,
            Step::LymphodepletionStarted { .. } => StepKind::LymphodepletionStarted,
            Step::LymphodepletionEnded { .. } => StepKind::LymphodepletionEnded,
            Step::IdentityRead(_) => StepKind::IdentityRead,
            Step::InfusionStarted { .. } => StepKind::InfusionStarted,
            Step::InfusionEnded { .. } => StepKind::InfusionEnded,
            Step::VitalSigns(_) => StepKind::VitalSigns,
            Step::Laboratory(_) => StepKind::Laboratory,
            Step::Drugs(_) => StepKind::Drugs,
            Step::Assessment(_) => StepKind::Assessment,
            Step::Imported { .. } => StepKind::Imported,
            Step::AssayRecorded(_) => StepKind::AssayRecorded,
            Step::FindingAttributed { .. } => StepKind::FindingAttributed,
            Step::EpisodeClosed { .. } => StepKind::EpisodeClosed,
            Step::Died { .. } => StepKind::Died,
            Step::Relapsed { .. } => StepKind::Relapsed,
            Step::NextTherapyStarted { .. } => StepKind::NextTherapyStarted,
            Step::FollowedUp { .. } => StepKind::FollowedUp,
            Step::Withdrew { .. } => StepKind::Withdrew,
            Step::EndedOtherwise { .. } => StepKind::EndedOtherwise,
            Step::Corrected { .. } => StepKind::Corrected,
            Step::Remarked { .. } => StepKind::Remarked,
            Step::IdentityChanged { .. } => StepKind::IdentityChanged,
            Step::PatientMerged { .. } => StepKind::PatientMerged,
            Step::PatientUnmerged { .. } => StepKind::PatientUnmerged,
        }
    }

    /// When it happened; `None` for what has no time of its own (groups of facts, corrections).
    pub fn when(&self) -> Option<When> {
        match self {
            Step::Registered { when, .. }
            | Step::ConsentRecorded { signed: when, .. }
            | Step::ConsentWithdrawn { when, .. }
            | Step::ChainOfIdentityAssigned { when, .. }
            | Step::ProductChosen { when, .. }
            | Step::Collected { when, .. }
            | Step::CollectionFailed { when, .. }
            | Step::ProductMade { when, .. }
            | Step::ProductReleased { when, .. }
            | Step::ProductRejected { when, .. }
            | Step::ProductReceived { when, .. }
            | Step::LymphodepletionStarted { when }
            | Step::LymphodepletionEnded { when }
            | Step::InfusionStarted { when, .. }
            | Step::InfusionEnded { when, .. }
            | Step::EpisodeClosed { when }
            | Step::Died { when, .. }
            | Step::Relapsed { when }
            | Step::NextTherapyStarted { when, .. }
            | Step::FollowedUp { when }
            | Step::Withdrew { when, .. }
            | Step::EndedOtherwise { when, .. } => Some(*when),
            Step::IdentityRead(reading) => Some(reading.when),
            Step::AssayRecorded(assay) => Some(assay.when),
            Step::VitalSigns(facts)
            | Step::Laboratory(facts)
            | Step::Drugs(facts)
            | Step::Assessment(facts) => facts.first().map(|fact| fact.when),
            Step::Imported { .. }
            | Step::FindingAttributed { .. }
            | Step::Corrected { .. }
            | Step::Remarked { .. }
            | Step::IdentityChanged { .. }
            | Step::PatientMerged { .. }
            | Step::PatientUnmerged { .. } => None,
        }
    }

    /// The clinical facts a step was given; empty for steps that are not groups of facts.
    pub fn facts(&self) -> &[Fact] {
        match self {
            Step::VitalSigns(facts)
            | Step::Laboratory(facts)
            | Step::Drugs(facts)
            | Step::Assessment(facts)
            | Step::Imported { facts, .. } => facts,
            Step::AssayRecorded(assay) => &assay.facts,
            _ => &[],
        }
    }

    /// The same step with other facts, where it is a group of facts.
    pub fn with_facts(&self, facts: Vec<Fact>) -> Option<Step> {
        match self {
            Step::VitalSigns(_) => Some(Step::VitalSigns(facts)),
            Step::Laboratory(_) => Some(Step::Laboratory(facts)),
            Step::Drugs(_) => Some(Step::Drugs(facts)),
            Step::Assessment(_) => Some(Step::Assessment(facts)),
            Step::Imported { file, .. } => Some(Step::Imported { file: file.clone(), facts }),
            _ => None,
        }
    }
}
