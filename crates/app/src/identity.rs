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
};
use vena_ledger::{Identity, Vault, VaultError};

const NAME_ZH: &str = "name-zh";
const NAME_LATIN: &str = "name-latin";
const SEX: &str = "sex";
const WEIGHT_KG: &str = "weight-kg";
const WEIGHED: &str = "weighed";
const ALLERGIES: &str = "allergies";

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

    pub(crate) fn to_vault(&self) -> Identity {
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

struct Kept {
    person: Option<Arc<PersonIdentity>>,
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

    /// Who a pseudonymous patient is; `None` where nothing is kept or it is restricted.
    pub(crate) fn get(
        &self,
        vault: &Vault,
        patient: &str,
    ) -> Result<Option<Arc<PersonIdentity>>, VaultError> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        if let Some(kept) = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(patient) {
            kept.used.store(now, Ordering::Relaxed);
            return Ok(kept.person.clone());
        }
        let person = match vault.get(patient) {
            Ok(identity) => Some(Arc::new(PersonIdentity::from_vault(&identity))),
            Err(VaultError::Unknown(_) | VaultError::Restricted { .. }) => None,
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
        memory.insert(patient.to_owned(), Kept { person: person.clone(), used: AtomicU64::new(now) });
        Ok(person)
    }

    /// Forgets one, because it changed.
    pub(crate) fn forget(&self, patient: &str) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).remove(patient);
    }
}
