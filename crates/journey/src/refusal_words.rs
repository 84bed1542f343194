//! Refusals in words: what is refused, what would make it possible, who can do that.
//!
//! Must not know: when a refusal stands, pages.

use crate::{
    refusal::Refusal,
    role::{Role, permitted},
    step::{ConsentKind, StepKind},
};
use vena_base::{Text, When, ids::ChainOfIdentity};

impl Refusal {
    pub(crate) fn words(&self) -> (Text, Text, Vec<Role>) {
        if self.is_about_the_record() {
            return self.words_about_the_record();
        }
        let roles = |step: StepKind| permitted(step).to_vec();
        match self {
            Refusal::Deceased { when } => (
                Text::new(format!("The patient died on {when}."), format!("病人已於 {when} 死亡。")),
                Text::new("If that entry is wrong, correct it.", "若該筆紀錄有誤，請更正。"),
                roles(StepKind::Corrected),
            ),
            Refusal::Withdrawn { when } => (
                Text::new(format!("The patient withdrew on {when}."), format!("病人已於 {when} 退出。")),
                Text::new("If that entry is wrong, correct it.", "若該筆紀錄有誤，請更正。"),
                roles(StepKind::Withdrew),
            ),
            Refusal::Ended { when } => (
                Text::new(format!("The journey ended on {when}."), format!("療程已於 {when} 終止。")),
                Text::new("If that entry is wrong, correct it.", "若該筆紀錄有誤，請更正。"),
                roles(StepKind::EndedOtherwise),
            ),
            Refusal::ConsentMissing { kind, withdrawn } => consent_words(*kind, *withdrawn),
            Refusal::ProductNotChosen => (
                Text::new("No product has been chosen.", "尚未選定產品。"),
                Text::new("Choose the product.", "請選定產品。"),
                roles(StepKind::ProductChosen),
            ),
            Refusal::AlreadyStarted { when } => (
                Text::new(format!("It began already at {when}."), format!("已於 {when} 開始。")),
                Text::new("If that entry is wrong, correct it.", "若該筆紀錄有誤，請更正。"),
                roles(StepKind::Corrected),
            ),
            Refusal::NotStarted => (
                Text::new("Its beginning is not recorded.", "尚無開始之紀錄。"),
                Text::new("Record the beginning first.", "請先記錄開始。"),
                roles(StepKind::InfusionStarted),
            ),
            Refusal::RepeatNeedsReason { step } => (
                Text::new(
                    format!("{} is recorded already.", step.name().en),
                    format!("已有「{}」紀錄。", step.name().zh_tw),
                ),
                Text::new("Give the reason for repeating it.", "請填寫再次執行之原因。"),
                roles(*step),
            ),
            _ => self.words_about_identity(),
        }
    }

    fn words_about_the_record(&self) -> (Text, Text, Vec<Role>) {
        let anyone = Vec::new();
        match self {
            Refusal::RoleMayNot { role, step } => (
                Text::new(
                    format!("A {} may not record “{}”.", role.name().en, step.name().en),
                    format!("{}不可記錄「{}」。", role.name().zh_tw, step.name().zh_tw),
                ),
                Text::new("Ask a person with one of these roles.", "請由下列角色人員執行。"),
                permitted(*step).to_vec(),
            ),
            Refusal::NotRegistered => (
                Text::new("There is no such journey.", "查無此療程。"),
                Text::new("Register the patient first.", "請先登記病人。"),
                permitted(StepKind::Registered).to_vec(),
            ),
            Refusal::AlreadyRegistered => (
                Text::new("This journey is registered already.", "此療程已登記。"),
                Text::new("Open it instead.", "請開啟既有療程。"),
                anyone,
            ),
            Refusal::ReasonMissing => (
                Text::new("A reason is needed.", "需填寫原因。"),
                Text::new("Write the reason in words.", "請以文字填寫原因。"),
                anyone,
            ),
            Refusal::FieldMissing(field) => (
                Text::new(format!("{} is missing.", field.en), format!("缺少{}。", field.zh_tw)),
                Text::new("Fill it in.", "請填寫。"),
                anyone,
            ),
            Refusal::InTheFuture { when } => (
                Text::new(format!("{when} lies in the future."), format!("{when} 為未來時間。")),
                Text::new(
                    "Record it when it has happened, or mend the time.",
                    "請於發生後記錄，或修正時間。",
                ),
                anyone,
            ),
            Refusal::EndsBeforeStart { start, end } => (
                Text::new(
                    format!("It ends ({end}) before it begins ({start})."),
                    format!("結束 ({end}) 早於開始 ({start})。"),
                ),
                Text::new("Mend one of the times.", "請修正時間。"),
                anyone,
            ),
            Refusal::NoSuchEvent { event } => (
                Text::new(format!("This journey has no event {event}."), format!("此療程無事件 {event}。")),
                Text::new("Choose the event in the history.", "請於歷程中選取事件。"),
                anyone,
            ),
            Refusal::NotCorrectable { step, instead } => (
                Text::new(
                    format!("“{}” cannot be corrected in this way.", step.name().en),
                    format!("「{}」不可如此更正。", step.name().zh_tw),
                ),
                instead.clone(),
                anyone,
            ),
            _ => (Text::default(), Text::default(), anyone),
        }
    }

    fn words_about_identity(&self) -> (Text, Text, Vec<Role>) {
        let roles = |step: StepKind| permitted(step).to_vec();
        match self {
            Refusal::IdentityMismatch { bag, number, on_patient, on_product } => {
                let number = number.as_ref().map_or("–", ChainOfIdentity::as_str);
                (
                    Text::new(
                        format!(
                            "Identity mismatch on bag {bag}: journey {number}, patient {on_patient}, product {on_product}, or name and birth date do not agree."
                        ),
                        format!(
                            "血袋 {bag} 身分不符：療程 {number}、病人 {on_patient}、產品 {on_product}，或姓名與出生日期不一致。"
                        ),
                    ),
                    Text::new(
                        "Stop. Do not infuse. Clear up the difference; then two people read both again. Nobody can override this.",
                        "停止，切勿輸注。釐清差異後，由兩人重新核對。任何人均不得越過此項。",
                    ),
                    vec![Role::Physician, Role::QualityAssurance],
                )
            }
            Refusal::LabelMismatch { bag, number, on_label } => (
                Text::new(
                    format!("The label of bag {bag} says {on_label}; this journey is {number}."),
                    format!("血袋 {bag} 標籤為 {on_label}，本療程為 {number}。"),
                ),
                Text::new("Do not use it. Tell quality assurance.", "切勿使用，並通知品質保證人員。"),
                vec![Role::QualityAssurance],
            ),
            Refusal::NumberMissing => (
                Text::new("The journey has no chain-of-identity number.", "此療程尚無身分鏈結編號。"),
                Text::new("Assign the number.", "請給定編號。"),
                roles(StepKind::ChainOfIdentityAssigned),
            ),
            Refusal::NumberAlreadyAssigned { number } => (
                Text::new(
                    format!("The journey has the number {number}."),
                    format!("此療程編號已為 {number}。"),
                ),
                Text::new("If it is wrong, correct the event that assigned it.", "若有誤，請更正該筆紀錄。"),
                roles(StepKind::ChainOfIdentityAssigned),
            ),
            Refusal::IdentityCheckMissing { bag, people } => (
                Text::new(
                    format!("The identity check for bag {bag} needs two different people (so far {people})."),
                    format!("血袋 {bag} 之身分核對需兩位不同人員 (目前 {people} 人)。"),
                ),
                Text::new(
                    "Each reads patient and bag under their own name.",
                    "請各以本人帳號核對病人與血袋。",
                ),
                roles(StepKind::IdentityRead),
            ),
            Refusal::IdentityCheckTooOld { bag, window_min } => (
                Text::new(
                    format!("The identity check for bag {bag} is older than {window_min} min."),
                    format!("血袋 {bag} 之身分核對已超過 {window_min} 分鐘。"),
                ),
                Text::new("Two people read patient and bag again.", "請由兩人重新核對。"),
                roles(StepKind::IdentityRead),
            ),
            _ => self.words_about_the_product(),
        }
    }

    fn words_about_the_product(&self) -> (Text, Text, Vec<Role>) {
        let roles = |step: StepKind| permitted(step).to_vec();
        match self {
            Refusal::ProductRejected { bag, .. } => (
                Text::new(
                    format!("Bag {bag} was rejected and must not be used."),
                    format!("血袋 {bag} 已拒用，不得使用。"),
                ),
                Text::new("Ask quality assurance what becomes of it.", "請洽品質保證人員。"),
                roles(StepKind::ProductRejected),
            ),
            Refusal::UnknownBag { bag } => (
                Text::new(
                    format!("Bag {bag} is not known to this journey."),
                    format!("此療程無血袋 {bag}。"),
                ),
                Text::new(
                    "Scan the label again, or record the product first.",
                    "請重新掃描標籤，或先記錄產品。",
                ),
                roles(StepKind::ProductMade),
            ),
            Refusal::NotReleased { bag } => (
                Text::new(format!("Bag {bag} is not released."), format!("血袋 {bag} 尚未放行。")),
                Text::new("Record the release with its document.", "請記錄放行並附文件。"),
                roles(StepKind::ProductReleased),
            ),
            Refusal::NotArrived { bag, receipts } => (
                Text::new(
                    format!("Receipt of bag {bag} by two people is not recorded (so far {receipts})."),
                    format!("血袋 {bag} 尚未由兩人點收 (目前 {receipts} 人)。"),
                ),
                Text::new("Two different people each record the receipt.", "請由兩位不同人員分別點收。"),
                roles(StepKind::ProductReceived),
            ),
            _ => (Text::default(), Text::default(), Vec::new()),
        }
    }
}

fn consent_words(kind: ConsentKind, withdrawn: Option<When>) -> (Text, Text, Vec<Role>) {
    let name = kind.name();
    let what = match withdrawn {
        None => Text::new(
            format!("No consent to {} is recorded.", name.en),
            format!("尚無{}同意書。", name.zh_tw),
        ),
        Some(when) => Text::new(
            format!("The consent to {} was withdrawn on {when}.", name.en),
            format!("{}同意已於 {when} 撤回。", name.zh_tw),
        ),
    };
    let helps = Text::new("Record the signed consent with its scan.", "請記錄已簽署之同意書並附掃描檔。");
    (what, helps, permitted(StepKind::ConsentRecorded).to_vec())
}
