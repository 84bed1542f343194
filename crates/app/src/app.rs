//! The program without a face: opens a data folder, holds ledger, vault, accounts, rules and read
//! models together, and gives the use cases (in the files beside this one).
//!
//! Must not know: HTML, HTTP, arguments.

use crate::{
    AppError, Clock, Config,
    access::Glass,
    accounts::Accounts,
    clock::Entropy,
    identity::People,
    journeys::{Journeys, Loaded, stream, written},
    patients::Merges,
    projection::Projection,
    row::{self, Row},
    site_knowledge::{self, Activations},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
};
use vena_base::ids::{JourneyId, UserId};
use vena_journey::JourneyRules;
use vena_knowledge::Knowledge;
use vena_ledger::{
    Append, AttachmentStore, CheckpointKey, KeyKind, Ledger, NewEvent, PublicKey, Secret, SqliteLedger, Vault,
};

/// Folder of the key files in the data folder; back it up apart from the rest.
pub const KEYS_FOLDER: &str = "keys";
/// Rows computed anew at most in one tick.
const ROWS_PER_TICK: usize = 32;

/// The rules in use.
pub struct Rules {
    /// Numbers of gates and tasks, and the zone.
    pub journey: JourneyRules,
    /// Rule sets of the grades.
    pub clinical: vena_clinical::Rules,
}

/// The program.
pub struct App {
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) ledger: SqliteLedger,
    pub(crate) vault: Vault,
    pub(crate) accounts: Accounts,
    pub(crate) attachments: AttachmentStore,
    pub(crate) attachments_key: Secret,
    pub(crate) checkpoint_key: CheckpointKey,
    pub(crate) knowledge: Cow<'static, Knowledge>,
    pub(crate) rules: Rules,
    pub(crate) journeys: Journeys,
    pub(crate) people: People,
    pub(crate) projection: Projection,
    pub(crate) boards: crate::board::Boards,
    pub(crate) activations: RwLock<Activations>,
    pub(crate) merges: RwLock<Merges>,
    pub(crate) glass: Glass,
    pub(crate) assay_memory: crate::assays::memory::Memory,
    watchers: Mutex<Vec<Sender<u64>>>,
    checkpointed: AtomicU64,
}

impl App {
    /// Opens a data folder.
    ///
    /// # Errors
    /// No ledger there, open in another program, damaged, keys missing, or a rule set that is not there.
    pub fn open(folder: &Path, config: Config, clock: impl Clock + 'static) -> Result<App, AppError> {
        App::start(folder, config, Box::new(clock), SqliteLedger::open(folder)?)
    }

    /// Makes a new data folder with an empty ledger and new keys.
    ///
    /// # Errors
    /// There is a ledger already, or the folder cannot be written.
    pub fn create(folder: &Path, config: Config, clock: impl Clock + 'static) -> Result<App, AppError> {
        let ledger = SqliteLedger::create(folder, Entropy::new().bytes::<16>()?)?;
        App::start(folder, config, Box::new(clock), ledger)
    }

    /// Opens a data folder, or makes it.
    ///
    /// # Errors
    /// As [`App::open`] and [`App::create`].
    pub fn open_or_create(
        folder: &Path,
        config: Config,
        clock: impl Clock + 'static,
    ) -> Result<App, AppError> {
        let ledger = SqliteLedger::open_or_create(folder, Entropy::new().bytes::<16>()?)?;
        App::start(folder, config, Box::new(clock), ledger)
    }

    fn start(
        folder: &Path,
        config: Config,
        clock: Box<dyn Clock>,
        ledger: SqliteLedger,
    ) -> Result<App, AppError> {
        let entropy = Entropy::new();
        let key = |name: &str, kind| {
            let path = folder.join(KEYS_FOLDER).join(name);
            Secret::load_or_create(&path, kind, entropy.bytes::<32>()?).map_err(|cause| AppError::File {
                path: path.display().to_string(),
                cause: cause.to_string(),
            })
        };
        let checkpoint_key = CheckpointKey::new(&key("checkpoint.key", KeyKind::Checkpoint)?);
        let attachments_key = key("attachments.key", KeyKind::Attachments)?;
        let vault = Vault::open(folder, &key("vault.key", KeyKind::Vault)?)?;
        let knowledge = site_knowledge::with_sites(&config.site_knowledge)?;
        let using: Vec<&str> = config.rules.iter().map(String::as_str).collect();
        let no_rule = |cause: vena_knowledge::RuleError| AppError::Knowledge(cause.to_string());
        let rules = Rules {
            journey: JourneyRules::choose(&knowledge, config.zone.clone()).map_err(no_rule)?,
            clinical: vena_clinical::Rules::choose(&knowledge, &using).map_err(no_rule)?,
        };
        let last = ledger.position()?.0;
        let code = site_knowledge::fingerprint(row::CODE_VERSION, &knowledge, &using, config.zone.name());
        let app = App {
            accounts: Accounts::open(folder, &config, &entropy)?,
            attachments: AttachmentStore::new(folder, config.attachment_max_bytes),
            projection: Projection::open(folder, ledger.ledger_id(), last, code)?,
            boards: crate::board::Boards::default(),
            assay_memory: crate::assays::memory::Memory::default(),
            journeys: Journeys::new(config.journeys_in_memory),
            people: People::new(config.names_in_memory),
            activations: RwLock::default(),
            merges: RwLock::default(),
            glass: Glass::default(),
            checkpointed: AtomicU64::new(
                ledger.checkpoints()?.last().map_or(0, |checkpoint| checkpoint.position.0),
            ),
            folder: folder.to_owned(),
            watchers: Mutex::new(Vec::new()),
            config,
            clock,
            entropy,
            ledger,
            vault,
            attachments_key,
            checkpoint_key,
            knowledge,
            rules,
        };
        let (activations, merges) = (app.read_activations()?, app.read_merges()?);
        *app.activations.write().unwrap_or_else(PoisonError::into_inner) = activations;
        *app.merges.write().unwrap_or_else(PoisonError::into_inner) = merges;
        app.catch_up(&mut |_, _| {})?;
        Ok(app)
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Now, by the app's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The knowledge in use: the program's own, with what the site signed over it.
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The rules in use.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The key others check this installation's checkpoints with.
    pub fn public_key(&self) -> PublicKey {
        self.checkpoint_key.public()
    }

    /// A channel that receives the ledger position after the board has caught up with it. Drop the
    /// receiver to end it.
    pub fn subscribe(&self) -> Receiver<u64> {
        let (sender, receiver) = channel();
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// The ledger position the board shows.
    pub fn position(&self) -> u64 {
        self.projection.position()
    }

    /// Work for a quiet moment, once a second: catches up, computes anew a bounded number of rows
    /// that have grown old, signs a checkpoint when enough was recorded. True when something changed
    /// on the board.
    ///
    /// # Errors
    /// A fault of storage.
    pub fn tick(&self) -> Result<bool, AppError> {
        let caught_up = self.catch_up(&mut |_, _| {})?;
        let refreshed = self.projection.refresh(
            self.now(),
            SignedDuration::from_mins(self.config.row_age_acute_min),
            SignedDuration::from_mins(self.config.row_age_other_min),
            ROWS_PER_TICK,
            &|journey| self.compute_row(journey, self.now()),
        )?;
        let position = self.ledger.position()?.0;
        if position >= self.checkpointed.load(Ordering::Acquire) + self.config.checkpoint_every_events {
            self.checkpoint()?;
        }
        if refreshed > 0 {
            self.tell();
        }
        Ok(caught_up + refreshed > 0)
    }

    /// Signs a checkpoint over all streams.
    ///
    /// # Errors
    /// A fault of storage.
    pub fn checkpoint(&self) -> Result<vena_ledger::CheckpointFile, AppError> {
        let made_at = written(self.now(), &self.config.zone);
        let file = self.ledger.write_checkpoint(&self.checkpoint_key, &made_at)?;
        self.checkpointed.store(file.checkpoint.position.0, Ordering::Release);
        Ok(file)
    }

    /// Ends cleanly: a checkpoint over what was recorded since the last, and the ledger sealed.
    ///
    /// # Errors
    /// A fault of storage; nothing recorded is lost by it.
    pub fn close(self) -> Result<(), AppError> {
        if self.ledger.position()?.0 > self.checkpointed.load(Ordering::Acquire) {
            self.checkpoint()?;
        }
        Ok(self.ledger.close()?)
    }

    pub(crate) fn catch_up(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<usize, AppError> {
        let now = self.now();
        let rows =
            self.projection.catch_up(&self.ledger, &|journey| self.compute_row(journey, now), progress)?;
        if rows > 0 {
            self.tell();
        }
        Ok(rows)
    }

    pub(crate) fn tell(&self) {
        let position = self.projection.position();
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.retain(|watcher| watcher.send(position).is_ok());
    }

    /// The stream of a journey exists.
    ///
    /// # Errors
    /// A fault.
    pub fn journey_exists(&self, journey: &JourneyId) -> Result<bool, AppError> {
        Ok(self.ledger.head(&stream(journey))?.is_some())
    }

    pub(crate) fn load(&self, journey: &JourneyId) -> Result<Loaded, AppError> {
        self.journeys.load(&self.ledger, journey, true)
    }

    pub(crate) fn compute_row(&self, journey: &JourneyId, now: Timestamp) -> Result<Option<Row>, AppError> {
        let loaded = self.journeys.load(&self.ledger, journey, false)?;
        let identity = match &loaded.state.registration {
            Some(registration) => self.identity_facts(registration.patient.as_str())?,
            None => Vec::new(),
        };
        Ok(row::compute(journey, &loaded.state, identity, &self.rules, now))
    }

    pub(crate) fn identity_facts(&self, patient: &str) -> Result<Vec<vena_base::Fact>, AppError> {
        // Restricted identities still have their age, or their grades would change by the restriction.
        match self.vault.get_even_restricted(patient) {
            Ok(found) => Ok(crate::PersonIdentity::from_vault(&found.identity).facts()),
            Err(vena_ledger::VaultError::Unknown(_)) => Ok(Vec::new()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// A fresh identifier: a letter, a dash and ten random characters that are not mixed up when read aloud.
    pub(crate) fn fresh_id(&self, letter: char) -> Result<String, AppError> {
        Ok(readable_id(letter, &self.entropy.bytes::<10>()?))
    }

    /// A fresh idempotency key, beginning with the time as the ledger likes them.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn fresh_key(&self) -> Result<String, AppError> {
        let random = vena_ledger::to_hex(&self.entropy.bytes::<12>()?);
        Ok(format!("{:013}-{random}", self.now().as_millisecond().max(0)))
    }

    /// Records an event that belongs to no journey (accounts, audit).
    pub(crate) fn note(
        &self,
        stream: String,
        kind: &str,
        by: &UserId,
        body: Vec<u8>,
    ) -> Result<(), AppError> {
        let now = written(self.now(), &self.config.zone);
        let event = NewEvent::new(stream, kind, 1, now, by.as_str(), body);
        self.ledger.append(Append::new(self.fresh_key()?, vec![event]))?;
        Ok(())
    }
}

/// An identifier from random or derived bytes, in digits and letters that are not mixed up (no I, L, O, U).
pub(crate) fn readable_id(letter: char, bytes: &[u8]) -> String {
    const CHARACTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let characters = bytes.iter().map(|byte| char::from(CHARACTERS[usize::from(byte & 31)]));
    [letter, '-'].into_iter().chain(characters).collect()
}

/// Rules in a form that can be shared.
pub type SharedApp = Arc<App>;
