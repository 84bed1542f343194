//! What can go wrong in a use case. Refusals stand apart from faults: a refusal tells the person
//! what to do, a fault tells the administrator what broke.
//!
//! Must not know: status codes, pages.

use vena_base::{Lang, Text};
use vena_journey::Refused;
use vena_ledger::{AppendError, AttachmentError, StorageFault, VaultError};

/// Why a use case gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The rules of the journey say no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Name or password is wrong; which of them is not said.
    #[error("name or password is wrong")]
    SignIn,
    /// Too many wrong passwords.
    #[error("too many wrong passwords; wait {wait_s} s")]
    Throttled {
        /// Seconds to wait.
        wait_s: i64,
    },
    /// There is no such session, or it has ended.
    #[error("sign in again")]
    NoSession,
    /// The role may not do this.
    #[error("this role may not do this: {0:?}")]
    NotPermitted(Text),
    /// The step must be signed: the password is asked again.
    #[error("the password is needed to sign")]
    SignatureNeeded,
    /// The second person is the first.
    #[error("the second person must be another person")]
    SamePerson,
    /// What was typed cannot be taken.
    #[error("{}", .0.en)]
    Input(Text),
    /// A patient with this record number or name and birth date is known.
    #[error("possibly the same patient: {0:?}")]
    Duplicate(Vec<String>),
    /// Nothing of that name.
    #[error("there is no {0}")]
    NotFound(String),
    /// The key was used for something else.
    #[error("this form was sent before with other content")]
    KeyReused,
    /// Others wrote to the same journey again and again.
    #[error("others are writing to this journey; try again")]
    Busy,
    /// The ledger's storage failed.
    #[error(transparent)]
    Storage(#[from] StorageFault),
    /// The identity vault failed or refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A file could not be stored or read.
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    /// A stored event cannot be read.
    #[error("stored event {position}: {cause}")]
    StoredEvent {
        /// Where.
        position: u64,
        /// Why.
        cause: String,
    },
    /// Accounts or read models could not be read or written.
    #[error("database {file}: {cause}")]
    Database {
        /// Which file.
        file: &'static str,
        /// What it said.
        cause: String,
    },
    /// A file of the data folder could not be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// The knowledge files do not have what is needed.
    #[error("knowledge: {0}")]
    Knowledge(String),
    /// The system gives no randomness.
    #[error("no randomness: {0}")]
    Entropy(String),
}

impl AppError {
    /// Whether the person can mend it; faults are for the administrator.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            AppError::Storage(_)
                | AppError::Vault(VaultError::Fault(_) | VaultError::Damaged { .. })
                | AppError::Attachment(
                    AttachmentError::Full | AttachmentError::Io { .. } | AttachmentError::Damaged { .. }
                )
                | AppError::StoredEvent { .. }
                | AppError::Database { .. }
                | AppError::File { .. }
                | AppError::Knowledge(_)
                | AppError::Entropy(_)
        )
    }

    /// In words, for the person.
    pub fn message(&self, lang: Lang) -> String {
        self.text().get(lang).to_owned()
    }

    /// In words, in both languages.
    pub fn text(&self) -> Text {
        match self {
            AppError::Refused(refused) => {
                refused.refusals.first().map_or_else(Text::default, |refusal| refusal.text().what)
            }
            AppError::SignIn => Text::new("Name or password is wrong.", "帳號或密碼錯誤。"),
            AppError::Throttled { wait_s } => Text::new(
                format!("Too many wrong passwords. Wait {wait_s} s."),
                format!("密碼錯誤次數過多，請等待 {wait_s} 秒。"),
            ),
            AppError::NoSession => Text::new("Sign in again.", "請重新登入。"),
            AppError::NotPermitted(text) | AppError::Input(text) => text.clone(),
            AppError::SignatureNeeded => Text::new("Enter your password to sign.", "請輸入密碼以簽署。"),
            AppError::SamePerson => {
                Text::new("The second person must be another person.", "第二人須為不同人員。")
            }
            AppError::Duplicate(_) => Text::new(
                "A patient with this record number, or this name and birth date, is known already.",
                "已有相同病歷號，或相同姓名與出生日期之病人。",
            ),
            AppError::NotFound(what) => Text::new(format!("There is no {what}."), format!("查無 {what}。")),
            AppError::KeyReused => Text::new(
                "This form was sent before with other content. Open it anew.",
                "此表單曾以不同內容送出，請重新開啟。",
            ),
            AppError::Busy => Text::new(
                "Others are writing to this journey. Try again.",
                "其他人正在寫入此療程，請再試一次。",
            ),
            AppError::Storage(StorageFault::Full) | AppError::Attachment(AttachmentError::Full) => {
                Text::new("The disk is full. Nothing was recorded.", "磁碟已滿，未記錄任何內容。")
            }
            AppError::Attachment(AttachmentError::TooLarge { limit_bytes }) => Text::new(
                format!("The file is larger than {limit_bytes} bytes."),
                format!("檔案超過 {limit_bytes} 位元組。"),
            ),
            AppError::Vault(VaultError::Restricted { .. }) => {
                Text::new("This identity is restricted.", "此身分資料已限制存取。")
            }
            fault => Text::new(
                format!("Something broke: {fault}. Tell the administrator."),
                format!("系統故障：{fault}。請通知系統管理者。"),
            ),
        }
    }
}

impl From<AppendError> for AppError {
    fn from(error: AppendError) -> AppError {
        match error {
            AppendError::Conflict { .. } => AppError::Busy,
            AppendError::KeyReused { .. } => AppError::KeyReused,
            AppendError::Invalid { .. } => AppError::Input(Text::same(error.to_string())),
            AppendError::Fault(fault) => AppError::Storage(fault),
        }
    }
}
