//! Who the patients are: names, record number, birth date, sex, weight, allergies. All of it lives
//! encrypted in the vault; the ledger, the read models and the logs have the pseudonymous id only.
//!
//! Display names are decrypted for the rows a page shows and kept in memory, bounded; they are never
//! written into a read model, so a stolen database file names nobody.
//!
//! Must not know: pages, grades.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};
use vena_base::{
    Answer, Bound, Concept, Decimal, Fact, Quantity, Value, When,
    ids::{PatientId, SiteId},
    told::ToldPerson,
};
use vena_journey::{Role, step::IdentityField};
use vena_ledger::{Identity, Vault, VaultError};

const NAME_ZH: &str = "name-zh";
const NAME_LATIN: &str = "name-latin";
const SEX: &str = "sex";
const WEIGHT_KG: &str = "weight-kg";
const WEIGHED: &str = "weighed";
const ALLERGIES: &str = "allergies";
const CHANGED_BY: &str = "changed-by";
const CHANGED_AT: &str = "changed-at";
const CHANGED_BECAUSE: &str = "changed-because";
const CHANGED_WORDS: &str = "changed-words";

/// Who wrote a version of an identity, when and why. Kept beside it in the vault, for the reason may
/// itself tell who the patient is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Pseudonymous id of who did it.
    pub by: String,
    /// When.
    pub at: String,
    /// The kind of reason, as in the event.
    pub because: String,
    /// The reason in words; may be empty.
    pub words: String,
}

impl Change {
    pub(crate) fn from_vault(identity: &Identity) -> Option<Change> {
        let other = |key: &str| identity.other.get(key).cloned();
        Some(Change {
            by: other(CHANGED_BY)?,
            at: other(CHANGED_AT)?,
            because: other(CHANGED_BECAUSE).unwrap_or_default(),
            words: other(CHANGED_WORDS).unwrap_or_default(),
        })
    }
}

/// A patient's identity as forms and bands have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonIdentity {
    /// Name in Chinese characters.
    pub name_zh: Option<String>,
    /// Name in Latin letters.
    pub name_latin: Option<String>,
    /// Record number of the hospital.
    pub record_number: Option<String>,
    /// Birth date as written (ISO 8601).
    pub birth_date: Option<String>,
    /// The catalogue's answer: female, male, other, unknown.
    pub sex: Option<String>,
    /// Weight in kg as written.
    pub weight_kg: Option<String>,
    /// When it was weighed (ISO 8601).
    pub weighed: Option<String>,
    /// Allergies as written; `None`: not asked, empty: asked and none.
    pub allergies: Option<Vec<String>>,
}

/// What is asked when a journey is registered.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// Who it is.
    pub identity: PersonIdentity,
    /// The diagnosis, as the catalogue names it.
    pub diagnosis: Option<Answer>,
    /// The product intended.
    pub product_intended: Option<Answer>,
    /// Site that refers.
    pub referring_site: Option<SiteId>,
    /// When the patient was referred.
    pub when: When,
    /// A patient known already, for a further journey; `None` registers a new patient.
    pub patient: Option<PatientId>,
    /// A possible duplicate was looked at and is somebody else.
    pub is_somebody_else: bool,
}

fn filled(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl PersonIdentity {
    /// The name in the order of preference for a language's readers.
    pub fn name(&self, chinese_first: bool) -> Option<&str> {
        let (zh, latin) = (self.name_zh.as_deref(), self.name_latin.as_deref());
        if chinese_first { zh.or(latin) } else { latin.or(zh) }
    }

    /// What two identities say differently.
    pub fn differing(&self, other: &PersonIdentity) -> Vec<IdentityField> {
        let (mine, theirs) = (crate::patients::parts(self), crate::patients::parts(other));
        let pairs = mine.into_iter().zip(theirs);
        pairs.filter(|(mine, theirs)| mine.1 != theirs.1).map(|((field, _), _)| field).collect()
    }

    /// What it says, part by part, in the order of forms.
    pub fn parts(&self) -> [(IdentityField, Option<String>); 7] {
        crate::patients::parts(self)
    }

    pub(crate) fn to_vault(&self) -> Identity {
        self.to_vault_with(None)
    }

    pub(crate) fn to_vault_with(&self, change: Option<&Change>) -> Identity {
        let mut other = BTreeMap::new();
        let mut put = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                other.insert(key.to_owned(), value);
            }
        };
        put(NAME_ZH, filled(self.name_zh.as_ref()));
        put(NAME_LATIN, filled(self.name_latin.as_ref()));
        put(SEX, filled(self.sex.as_ref()));
        put(WEIGHT_KG, filled(self.weight_kg.as_ref()));
        put(WEIGHED, filled(self.weighed.as_ref()));
        put(ALLERGIES, self.allergies.as_ref().map(|allergies| allergies.join("\n")));
        if let Some(change) = change {
            put(CHANGED_BY, Some(change.by.clone()));
            put(CHANGED_AT, Some(change.at.clone()));
            put(CHANGED_BECAUSE, Some(change.because.clone()));
            put(CHANGED_WORDS, Some(change.words.clone()).filter(|words| !words.is_empty()));
        }
        Identity {
            names: [&self.name_zh, &self.name_latin].into_iter().filter_map(|n| filled(n.as_ref())).collect(),
            record_numbers: filled(self.record_number.as_ref()).into_iter().collect(),
            birth_date: filled(self.birth_date.as_ref()),
            other,
        }
    }

    pub(crate) fn from_vault(identity: &Identity) -> PersonIdentity {
        let other = |key: &str| identity.other.get(key).cloned();
        let lines = |text: String| text.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect();
        PersonIdentity {
            name_zh: other(NAME_ZH),
            name_latin: other(NAME_LATIN),
            record_number: identity.record_numbers.first().cloned(),
            birth_date: identity.birth_date.clone(),
            sex: other(SEX),
            weight_kg: other(WEIGHT_KG),
            weighed: other(WEIGHED),
            allergies: other(ALLERGIES).map(lines),
        }
    }

    /// The facts grading needs that are identity and so stand outside the ledger.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        let birth = self.birth_date.as_deref().and_then(|text| When::parse(text, None).ok());
        if let Some(birth) = birth {
            facts.push(Fact::new(Concept::known("birth-date"), Value::Moment(birth), birth));
        }
        if let (Some(sex), Some(birth)) = (self.sex.as_deref(), birth) {
            facts.push(Fact::new(Concept::known("sex"), Value::Answer(Answer::of(sex)), birth));
        }
        let weighed = self.weighed.as_deref().and_then(|text| When::parse(text, None).ok());
        let weight = self.weight_kg.as_deref().and_then(|text| Decimal::parse(text).ok());
        if let (Some(when), Some(weight)) = (weighed, weight)
            && let Ok(quantity) = Quantity::new(weight, "kg", "kg", Bound::Exact, None)
        {
            facts.push(Fact::new(Concept::known("body-weight"), Value::Quantity(quantity), when));
        }
        facts
    }
}

/// Who a pseudonymous patient is, and who may know.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// Nothing is kept.
    Unknown,
    /// Everybody signed in may know.
    Open(Arc<PersonIdentity>),
    /// Only these roles.
    Restricted(Arc<PersonIdentity>, Arc<[Role]>),
}

impl From<&ToldPerson> for PersonIdentity {
    fn from(told: &ToldPerson) -> PersonIdentity {
        PersonIdentity {
            name_zh: Some(told.name_chinese.clone()),
            name_latin: Some(told.name_latin.clone()),
            record_number: Some(told.record_number.clone()),
            birth_date: Some(told.birth_date.to_string()),
            sex: Some(told.sex.clone()),
            weight_kg: Some(told.weight_kg.clone()),
            weighed: Some(told.weighed.to_string()),
            allergies: Some(told.allergies.clone()),
        }
    }
}

struct Kept {
    who: Who,
    used: AtomicU64,
}

/// Decrypted identities kept in memory. Readers do not wait for each other.
pub(crate) struct People {
    kept: RwLock<HashMap<String, Kept>>,
    clock: AtomicU64,
    most: usize,
}

impl People {
    pub(crate) fn new(most: usize) -> People {
        People { kept: RwLock::new(HashMap::new()), clock: AtomicU64::new(0), most: most.max(1) }
    }

    /// Who a pseudonymous patient is, and who may know.
    pub(crate) fn get(&self, vault: &Vault, patient: &str) -> Result<Who, VaultError> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        if let Some(kept) = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(patient) {
            kept.used.store(now, Ordering::Relaxed);
            return Ok(kept.who.clone());
        }
        let who = match vault.get_even_restricted(patient) {
            Ok(found) => {
                let person = Arc::new(PersonIdentity::from_vault(&found.identity));
                match found.restriction {
                    None => Who::Open(person),
                    Some(restriction) => Who::Restricted(person, crate::access::roles(&restriction).into()),
                }
            }
            Err(VaultError::Unknown(_)) => Who::Unknown,
            Err(fault) => return Err(fault),
        };
        let mut memory = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= self.most {
            // Half at once: looking for the single oldest on every miss would cost more than it saves.
            let used = |kept: &Kept| kept.used.load(Ordering::Relaxed);
            let mut ages: Vec<u64> = memory.values().map(used).collect();
            let middle = ages.len() / 2;
            let (_, median, _) = ages.select_nth_unstable(middle);
            let median = *median;
            memory.retain(|_, kept| used(kept) > median);
        }
        memory.insert(patient.to_owned(), Kept { who: who.clone(), used: AtomicU64::new(now) });
        Ok(who)
    }

    /// Forgets one, because it changed.
    pub(crate) fn forget(&self, patient: &str) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).remove(patient);
    }
}
