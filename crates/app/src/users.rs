//! People who use the program: accounts, roles, signing in and out, signatures; each change an event.
//!
//! Must not know: how passwords are kept, what a role may record.

use crate::{
    App, AppError,
    accounts::{NewUser, Session, UserInfo},
};
use serde::{Deserialize, Serialize};
use vena_base::{Text, ids::UserId};
use vena_journey::Role;

/// What happens to accounts, as stored in `user/<id>`, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum UserEvent {
    /// An account was made.
    Added {
        /// Its role.
        role: Role,
    },
    /// A new password was set.
    PasswordChanged,
    /// The account may no longer sign in.
    Disabled,
    /// The account may sign in again.
    Enabled,
    /// Signed in.
    SignedIn,
    /// Was given another role.
    RoleChanged {
        /// The role before.
        from: Role,
        /// The role now.
        to: Role,
    },
    /// Everything the person had open was signed out by an administrator.
    SignedOutEverywhere,
}

/// People and sessions.
impl App {
    /// Makes an account. The first may be made by anybody who can reach the data folder; further
    /// ones by an administrator.
    ///
    /// # Errors
    /// Not permitted, login taken, password too short, or a fault.
    pub fn add_user(&self, by: Option<&Session>, new: &NewUser) -> Result<UserInfo, AppError> {
        match by {
            Some(session) => only_administrator(session)?,
            None if self.accounts.users().is_empty() => {}
            None => return Err(AppError::NoSession),
        }
        self.add_user_unasked(by.map(|session| session.user.clone()), new)
    }

    pub(crate) fn add_user_unasked(&self, by: Option<UserId>, new: &NewUser) -> Result<UserInfo, AppError> {
        let user = UserId::new(&self.fresh_id('U')?)
            .map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
        let info = self.accounts.add(&user, new, &self.config, &self.entropy)?;
        self.note_user(&user, by.as_ref().unwrap_or(&user), &UserEvent::Added { role: new.role })?;
        Ok(info)
    }

    /// Accounts, by login.
    pub fn users(&self) -> Vec<UserInfo> {
        self.accounts.users()
    }

    /// A person as others see them.
    pub fn user(&self, user: &UserId) -> Option<UserInfo> {
        self.accounts.user(user)
    }

    /// Signs in; gives the token to keep with the person and the session.
    ///
    /// # Errors
    /// Wrong name or password, too many wrong ones, or a fault.
    pub fn sign_in(&self, login: &str, password: &str) -> Result<(String, Session), AppError> {
        let now = self.now();
        let user = self.accounts.check(login, password, &self.config, now)?;
        let token = self.accounts.begin(&user, &self.entropy, now)?;
        self.note_user(&user.user, &user.user, &UserEvent::SignedIn)?;
        let session = self.session(&token)?;
        Ok((token, session))
    }

    /// The session of a token; using it keeps it alive.
    ///
    /// # Errors
    /// [`AppError::NoSession`].
    pub fn session(&self, token: &str) -> Result<Session, AppError> {
        self.accounts.session(token, &self.config, self.now())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// A fault.
    pub fn sign_out(&self, token: &str) -> Result<(), AppError> {
        self.accounts.end(token)
    }

    /// Sets one's own password (the old one is asked) or, as administrator, another's. All sessions
    /// of the account end.
    ///
    /// # Errors
    /// Not permitted, wrong old password, new one too short, or a fault.
    pub fn set_password(
        &self,
        by: &Session,
        user: &UserId,
        old: Option<&str>,
        new: &str,
    ) -> Result<(), AppError> {
        if by.user == *user {
            self.check_signature(by, old)?;
        } else {
            only_administrator(by)?;
        }
        self.accounts.set_password(user, new, &self.config, &self.entropy)?;
        self.note_user(user, &by.user, &UserEvent::PasswordChanged)
    }

    /// Stops an account from signing in, or lets it again.
    ///
    /// # Errors
    /// Not permitted, the last administrator, or a fault.
    pub fn set_disabled(&self, by: &Session, user: &UserId, disabled: bool) -> Result<(), AppError> {
        only_administrator(by)?;
        if disabled {
            self.not_the_last_administrator(user)?;
        }
        self.accounts.set_disabled(user, disabled)?;
        let event = if disabled { UserEvent::Disabled } else { UserEvent::Enabled };
        self.note_user(user, &by.user, &event)
    }

    /// Gives an account another role. Everything it has open is signed out.
    ///
    /// # Errors
    /// Not permitted, the last administrator, no such account, or a fault.
    pub fn set_role(&self, by: &Session, user: &UserId, role: Role) -> Result<(), AppError> {
        only_administrator(by)?;
        let info = self.accounts.user(user).ok_or_else(|| AppError::NotFound(user.to_string()))?;
        if info.role == role {
            return Ok(());
        }
        self.not_the_last_administrator(user)?;
        self.accounts.set_role(user, role)?;
        self.note_user(user, &by.user, &UserEvent::RoleChanged { from: info.role, to: role })
    }

    /// Signs an account out wherever it is signed in.
    ///
    /// # Errors
    /// Not permitted, or a fault.
    pub fn end_sessions(&self, by: &Session, user: &UserId) -> Result<(), AppError> {
        only_administrator(by)?;
        self.accounts.end_all_of(user)?;
        self.note_user(user, &by.user, &UserEvent::SignedOutEverywhere)
    }

    /// How many sessions an account has open.
    pub fn sessions_of(&self, user: &UserId) -> usize {
        self.accounts.sessions_of(user, &self.config, self.now())
    }

    /// Without an administrator nobody could let anybody in again.
    fn not_the_last_administrator(&self, user: &UserId) -> Result<(), AppError> {
        let administers = |info: &UserInfo| info.role == Role::Administrator && !info.disabled;
        let users = self.accounts.users();
        let is_one = users.iter().any(|info| info.user == *user && administers(info));
        let another = users.iter().any(|info| info.user != *user && administers(info));
        if is_one && !another {
            return Err(AppError::Input(Text::new(
                "This is the last administrator. Make another one first.",
                "這是最後一位系統管理者，請先新增另一位。",
            )));
        }
        Ok(())
    }

    /// A named person's signature given without signing in: for the command line.
    ///
    /// # Errors
    /// Wrong name or password, too many wrong ones, or a fault.
    pub fn signing(&self, login: &str, password: &str) -> Result<Session, AppError> {
        let info = self.accounts.check(login, password, &self.config, self.now())?;
        Ok(Session { user: info.user, name: info.name, role: info.role, ends: self.now() })
    }

    /// Checks the password again, for a signature.
    pub(crate) fn check_signature(&self, session: &Session, password: Option<&str>) -> Result<(), AppError> {
        let password = password.ok_or(AppError::SignatureNeeded)?;
        let info = self.accounts.user(&session.user).ok_or(AppError::NoSession)?;
        self.accounts.check(&info.login, password, &self.config, self.now()).map(|_| ())
    }

    fn note_user(&self, user: &UserId, by: &UserId, event: &UserEvent) -> Result<(), AppError> {
        let kind = match event {
            UserEvent::Added { .. } => "user-added",
            UserEvent::PasswordChanged => "user-password-changed",
            UserEvent::Disabled => "user-disabled",
            UserEvent::Enabled => "user-enabled",
            UserEvent::SignedIn => "user-signed-in",
            UserEvent::RoleChanged { .. } => "user-role-changed",
            UserEvent::SignedOutEverywhere => "user-signed-out",
        };
        let body =
            serde_json::to_vec(event).map_err(|cause| AppError::Input(Text::same(cause.to_string())))?;
        self.note(format!("user/{user}"), kind, by, body)
    }
}

pub(crate) fn only_administrator(session: &Session) -> Result<(), AppError> {
    if session.role == Role::Administrator {
        Ok(())
    } else {
        Err(AppError::NotPermitted(Text::new("Only an administrator may do this.", "僅系統管理者可執行。")))
    }
}
