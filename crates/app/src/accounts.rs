//! People who use the program: hashed passwords and sessions in their own file (never in the hash
//! chain), their roles and what happened to their accounts as events in the stream `user/<id>`.
//!
//! Must not know: cookies, pages, what a role may record.

use crate::{AppError, clock::Entropy, config::Config};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicI64, Ordering},
    },
};
use vena_base::{Text, ids::UserId};
use vena_journey::Role;

/// File of accounts and sessions in the data folder.
pub const ACCOUNTS_FILE: &str = "accounts.db";
/// Names whose wrong passwords are remembered; the oldest are forgotten first.
const THROTTLED_NAMES_MAX: usize = 10_000;
/// A session's last use is written at most once in so many seconds.
const SEEN_EVERY_S: i64 = 60;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS users (
  id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, name_en TEXT NOT NULL, name_zh TEXT NOT NULL,
  role TEXT NOT NULL, password TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
  token BLOB PRIMARY KEY, user TEXT NOT NULL, began_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
  name BLOB PRIMARY KEY, count INTEGER NOT NULL, until_ms INTEGER NOT NULL
) WITHOUT ROWID;
";

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// What is typed to sign in; letters in any case.
    pub login: String,
    /// The name others see.
    pub name: Text,
    /// The role.
    pub role: Role,
    /// The password.
    pub password: String,
}

/// A person as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// Pseudonymous id, as in the ledger.
    pub user: UserId,
    /// What is typed to sign in.
    pub login: String,
    /// The name others see.
    pub name: Text,
    /// The role.
    pub role: Role,
    /// May no longer sign in.
    pub disabled: bool,
}

/// A person who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: UserId,
    /// The name others see.
    pub name: Text,
    /// In which role.
    pub role: Role,
    /// When the session ends at the latest.
    pub ends: Timestamp,
}

/// A session in memory; times in milliseconds, so that a reader can move them on.
struct Live {
    user: UserId,
    began: Timestamp,
    seen_ms: AtomicI64,
    written_ms: AtomicI64,
}

impl Live {
    fn new(user: UserId, began: Timestamp, seen_ms: i64) -> Live {
        Live { user, began, seen_ms: AtomicI64::new(seen_ms), written_ms: AtomicI64::new(seen_ms) }
    }
}

struct Failures {
    count: u32,
    until: Timestamp,
}

/// Accounts and sessions.
pub(crate) struct Accounts {
    database: Mutex<Connection>,
    users: RwLock<HashMap<UserId, UserInfo>>,
    live: RwLock<HashMap<[u8; 32], Live>>,
    /// By the digest of the name: what is typed there by mistake may be a password.
    failures: Mutex<HashMap<[u8; 32], Failures>>,
    /// Checked when the name is unknown, so that the answer takes as long.
    dummy: String,
}

fn database(cause: rusqlite::Error) -> AppError {
    AppError::Database { file: ACCOUNTS_FILE, cause: cause.to_string() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn token_key(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

impl Accounts {
    pub(crate) fn open(folder: &Path, config: &Config, entropy: &Entropy) -> Result<Accounts, AppError> {
        let connection = Connection::open(folder.join(ACCOUNTS_FILE)).map_err(database)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(database)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(database)?;
        connection.execute_batch(SCHEMA).map_err(database)?;
        let failures = read_failures(&connection)?;
        let accounts = Accounts {
            users: RwLock::new(read_users(&connection)?),
            live: RwLock::new(read_sessions(&connection)?),
            database: Mutex::new(connection),
            failures: Mutex::new(failures),
            dummy: hash("not anybody's password", config, entropy)?,
        };
        Ok(accounts)
    }

    pub(crate) fn users(&self) -> Vec<UserInfo> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<UserInfo> = users.values().cloned().collect();
        all.sort_by(|a, b| a.login.cmp(&b.login));
        all
    }

    pub(crate) fn user(&self, user: &UserId) -> Option<UserInfo> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).get(user).cloned()
    }

    pub(crate) fn by_login(&self, login: &str) -> Option<UserInfo> {
        let login = folded(login);
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.values().find(|user| user.login == login).cloned()
    }

    pub(crate) fn add(
        &self,
        user: &UserId,
        new: &NewUser,
        config: &Config,
        entropy: &Entropy,
    ) -> Result<UserInfo, AppError> {
        let login = folded(&new.login);
        if login.is_empty() {
            return Err(AppError::Input(Text::new("The login is missing.", "缺少帳號。")));
        }
        if self.by_login(&login).is_some() {
            return Err(AppError::Input(Text::new("This login is taken.", "此帳號已存在。")));
        }
        check_password(&new.password, config)?;
        let password = hash(&new.password, config, entropy)?;
        lock(&self.database)
            .execute(
                "INSERT INTO users (id, login, name_en, name_zh, role, password) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![user.as_str(), login, new.name.en, new.name.zh_tw, new.role.as_str(), password],
            )
            .map_err(database)?;
        let info =
            UserInfo { user: user.clone(), login, name: new.name.clone(), role: new.role, disabled: false };
        self.users.write().unwrap_or_else(PoisonError::into_inner).insert(user.clone(), info.clone());
        Ok(info)
    }

    pub(crate) fn set_password(
        &self,
        user: &UserId,
        password: &str,
        config: &Config,
        entropy: &Entropy,
    ) -> Result<(), AppError> {
        check_password(password, config)?;
        let password = hash(password, config, entropy)?;
        lock(&self.database)
            .execute("UPDATE users SET password = ?2 WHERE id = ?1", params![user.as_str(), password])
            .map_err(database)?;
        self.end_all_of(user)
    }

    pub(crate) fn set_disabled(&self, user: &UserId, disabled: bool) -> Result<(), AppError> {
        lock(&self.database)
            .execute("UPDATE users SET disabled = ?2 WHERE id = ?1", params![user.as_str(), disabled])
            .map_err(database)?;
        if let Some(info) = self.users.write().unwrap_or_else(PoisonError::into_inner).get_mut(user) {
            info.disabled = disabled;
        }
        self.end_all_of(user)
    }

    pub(crate) fn set_role(&self, user: &UserId, role: Role) -> Result<(), AppError> {
        lock(&self.database)
            .execute("UPDATE users SET role = ?2 WHERE id = ?1", params![user.as_str(), role.as_str()])
            .map_err(database)?;
        if let Some(info) = self.users.write().unwrap_or_else(PoisonError::into_inner).get_mut(user) {
            info.role = role;
        }
        // What the person has open was drawn for the old role.
        self.end_all_of(user)
    }

    /// Sessions of a person that have not been ended.
    pub(crate) fn sessions_of(&self, user: &UserId, config: &Config, now: Timestamp) -> usize {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let idle_ms = config.session_idle_min.saturating_mul(60_000);
        let open = |live: &&Live| {
            let seen_ms = live.seen_ms.load(Ordering::Acquire);
            live.user == *user && now.as_millisecond().saturating_sub(seen_ms) <= idle_ms
        };
        live.values().filter(open).count()
    }

    /// Checks a name and password, with waiting after wrong ones.
    pub(crate) fn check(
        &self,
        login: &str,
        password: &str,
        config: &Config,
        now: Timestamp,
    ) -> Result<UserInfo, AppError> {
        let login = folded(login);
        let name = token_key(&login);
        if let Some(failures) = lock(&self.failures).get(&name)
            && failures.until > now
        {
            let wait_s = failures.until.duration_since(now).as_secs() + 1;
            return Err(AppError::Throttled { wait_s });
        }
        let user = self.by_login(&login);
        let stored: Option<String> = match &user {
            None => None,
            Some(user) => lock(&self.database)
                .query_row("SELECT password FROM users WHERE id = ?1", [user.user.as_str()], |row| row.get(0))
                .optional()
                .map_err(database)?,
        };
        let right = verify(password, stored.as_deref().unwrap_or(&self.dummy));
        match (user, stored) {
            (Some(user), Some(_)) if right && !user.disabled => {
                if lock(&self.failures).remove(&name).is_some() {
                    self.forget_failures(&name)?;
                }
                Ok(user)
            }
            _ => {
                self.failed(name, config, now)?;
                Err(AppError::SignIn)
            }
        }
    }

    fn forget_failures(&self, name: &[u8; 32]) -> Result<(), AppError> {
        lock(&self.database)
            .execute("DELETE FROM failures WHERE name = ?1", params![&name[..]])
            .map(|_| ())
            .map_err(database)
    }

    /// Counts a wrong password, on disk too: a restart must not give a guesser a fresh start.
    fn failed(&self, name: [u8; 32], config: &Config, now: Timestamp) -> Result<(), AppError> {
        let (count, until, forgotten) = self.counted(name, config, now);
        if let Some(forgotten) = forgotten {
            self.forget_failures(&forgotten)?;
        }
        lock(&self.database)
            .execute(
                "INSERT OR REPLACE INTO failures (name, count, until_ms) VALUES (?1, ?2, ?3)",
                params![&name[..], count, until.as_millisecond()],
            )
            .map(|_| ())
            .map_err(database)
    }

    /// The count in memory: so many wrong ones now, until when to wait, whose count was given up.
    fn counted(&self, name: [u8; 32], config: &Config, now: Timestamp) -> (u32, Timestamp, Option<[u8; 32]>) {
        let mut forgotten = None;
        let mut failures = lock(&self.failures);
        if failures.len() >= THROTTLED_NAMES_MAX
            && !failures.contains_key(&name)
            && let Some(oldest) = failures.iter().min_by_key(|(_, f)| f.until).map(|(name, _)| *name)
        {
            failures.remove(&oldest);
            forgotten = Some(oldest);
        }
        let entry = failures.entry(name).or_insert(Failures { count: 0, until: now });
        entry.count = entry.count.saturating_add(1);
        let over = entry.count.saturating_sub(config.sign_in_free_attempts);
        if over > 0 {
            let wait_s = 1_i64.checked_shl(over.min(30)).unwrap_or(i64::MAX).min(config.sign_in_wait_max_s);
            entry.until = now.checked_add(SignedDuration::from_secs(wait_s)).unwrap_or(now);
        }
        (entry.count, entry.until, forgotten)
    }

    /// Begins a session; gives the token, which is kept nowhere but with the person.
    pub(crate) fn begin(
        &self,
        user: &UserInfo,
        entropy: &Entropy,
        now: Timestamp,
    ) -> Result<String, AppError> {
        let token = vena_ledger::to_hex(&entropy.bytes::<32>()?);
        let key = token_key(&token);
        lock(&self.database)
            .execute(
                "INSERT INTO sessions (token, user, began_ms, seen_ms) VALUES (?1, ?2, ?3, ?3)",
                params![&key[..], user.user.as_str(), now.as_millisecond()],
            )
            .map_err(database)?;
        self.live_mut().insert(key, Live::new(user.user.clone(), now, now.as_millisecond()));
        Ok(token)
    }

    /// The session of a token.
    pub(crate) fn session(&self, token: &str, config: &Config, now: Timestamp) -> Result<Session, AppError> {
        let key = token_key(token);
        let idle = SignedDuration::from_mins(config.session_idle_min);
        let absolute = SignedDuration::from_hours(config.session_absolute_h);
        let found = {
            let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
            let Some(session) = live.get(&key) else { return Err(AppError::NoSession) };
            let ends = session.began.checked_add(absolute).unwrap_or(session.began);
            let now_ms = now.as_millisecond();
            let seen_ms = session.seen_ms.fetch_max(now_ms, Ordering::AcqRel);
            let idle_ms = i64::try_from(idle.as_millis()).unwrap_or(i64::MAX);
            if now_ms.saturating_sub(seen_ms) > idle_ms || now > ends {
                None
            } else {
                let written_ms = session.written_ms.load(Ordering::Acquire);
                let write = now_ms.saturating_sub(written_ms) >= SEEN_EVERY_S * 1000
                    && session
                        .written_ms
                        .compare_exchange(written_ms, now_ms, Ordering::AcqRel, Ordering::Relaxed)
                        .is_ok();
                Some((session.user.clone(), ends, write))
            }
        };
        let Some((user, ends, write)) = found else {
            self.live_mut().remove(&key);
            self.forget(&key)?;
            return Err(AppError::NoSession);
        };
        if write {
            lock(&self.database)
                .execute(
                    "UPDATE sessions SET seen_ms = ?2 WHERE token = ?1",
                    params![&key[..], now.as_millisecond()],
                )
                .map_err(database)?;
        }
        let info = self.user(&user).filter(|info| !info.disabled).ok_or(AppError::NoSession)?;
        Ok(Session { user, name: info.name, role: info.role, ends })
    }

    /// Ends a session.
    pub(crate) fn end(&self, token: &str) -> Result<(), AppError> {
        let key = token_key(token);
        self.live_mut().remove(&key);
        self.forget(&key)
    }

    fn live_mut(&self) -> RwLockWriteGuard<'_, HashMap<[u8; 32], Live>> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, key: &[u8; 32]) -> Result<(), AppError> {
        lock(&self.database)
            .execute("DELETE FROM sessions WHERE token = ?1", params![&key[..]])
            .map(|_| ())
            .map_err(database)
    }

    pub(crate) fn end_all_of(&self, user: &UserId) -> Result<(), AppError> {
        self.live_mut().retain(|_, live| live.user != *user);
        lock(&self.database)
            .execute("DELETE FROM sessions WHERE user = ?1", [user.as_str()])
            .map(|_| ())
            .map_err(database)
    }
}

fn check_password(password: &str, config: &Config) -> Result<(), AppError> {
    let (least, most) = (config.password_min_characters, 1_000);
    let length = password.chars().count();
    if (least..=most).contains(&length) {
        return Ok(());
    }
    Err(AppError::Input(Text::new(
        format!("A password has {least} to {most} characters."),
        format!("密碼須為 {least} 至 {most} 個字元。"),
    )))
}

fn hash(password: &str, config: &Config, entropy: &Entropy) -> Result<String, AppError> {
    let wrong = |cause: String| AppError::Database { file: ACCOUNTS_FILE, cause };
    let cost = Params::new(config.argon2_memory_kib, config.argon2_passes, 1, None)
        .map_err(|cause| wrong(cause.to_string()))?;
    let salt = entropy.bytes::<16>()?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|cause| wrong(cause.to_string()))
}

fn verify(password: &str, stored: &str) -> bool {
    // The cost stands in the stored text, so a changed setting does not lock anybody out.
    PasswordHash::new(stored)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

fn read_users(connection: &Connection) -> Result<HashMap<UserId, UserInfo>, AppError> {
    let mut statement = connection
        .prepare("SELECT id, login, name_en, name_zh, role, disabled FROM users")
        .map_err(database)?;
    let rows = statement
        .query_map([], |row| {
            let text = |index| row.get::<_, String>(index);
            Ok((text(0)?, text(1)?, Text::new(text(2)?, text(3)?), text(4)?, row.get::<_, bool>(5)?))
        })
        .map_err(database)?;
    let mut users = HashMap::new();
    for row in rows {
        let (id, login, name, role, disabled) = row.map_err(database)?;
        let wrong =
            |cause: &str| AppError::Database { file: ACCOUNTS_FILE, cause: format!("user {id}: {cause}") };
        let user = UserId::new(&id).map_err(|cause| wrong(&cause.to_string()))?;
        let role = Role::parse(&role).ok_or_else(|| wrong("unknown role"))?;
        users.insert(user.clone(), UserInfo { user, login, name, role, disabled });
    }
    Ok(users)
}

fn read_failures(connection: &Connection) -> Result<HashMap<[u8; 32], Failures>, AppError> {
    let mut statement = connection.prepare("SELECT name, count, until_ms FROM failures").map_err(database)?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, u32>(1)?, row.get::<_, i64>(2)?)))
        .map_err(database)?;
    let mut failures = HashMap::new();
    for row in rows {
        let (name, count, until_ms) = row.map_err(database)?;
        let until = Timestamp::from_millisecond(until_ms).unwrap_or(Timestamp::MIN);
        failures.insert(name, Failures { count, until });
    }
    Ok(failures)
}

fn read_sessions(connection: &Connection) -> Result<HashMap<[u8; 32], Live>, AppError> {
    let mut statement =
        connection.prepare("SELECT token, user, began_ms, seen_ms FROM sessions").map_err(database)?;
    let rows = statement
        .query_map([], |row| {
            Ok((
                row.get::<_, [u8; 32]>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, i64>(3)?,
            ))
        })
        .map_err(database)?;
    let mut sessions = HashMap::new();
    for row in rows {
        let (token, user, began, seen) = row.map_err(database)?;
        let time = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MIN);
        if let Ok(user) = UserId::new(&user) {
            sessions.insert(token, Live::new(user, time(began), seen));
        }
    }
    Ok(sessions)
}
