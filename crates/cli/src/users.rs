//! Accounts from the command line. Whoever can write the data folder may make them; what is done is recorded
//! as done by the account `command-line`. Must not know how passwords are kept.

use crate::{
    exit::{Ended, Outcome},
    files,
    record::{ended, open_or_create},
};
use std::{
    io::{BufRead as _, IsTerminal as _},
    path::Path,
};
use vena_app::{App, NewUser, Session, UserInfo};
use vena_base::{Lang, Text};
use vena_journey::Role;

/// What `vena user` is asked.
#[derive(Debug, clap::Subcommand)]
pub enum UserWords {
    /// Make an account; the password is asked, or read from standard input.
    Add {
        /// What is typed to sign in.
        login: String,
        /// nurse, physician, coordinator, technician, pharmacist, quality-assurance, data-manager, administrator.
        #[arg(long, value_parser = role)]
        role: Role,
        /// The name others see; else the login.
        #[arg(long)]
        name: Option<String>,
        /// The name in Chinese.
        #[arg(long)]
        name_zh: Option<String>,
    },
    /// Set a new password; it is asked, or read from standard input.
    Password {
        /// Whose.
        login: String,
    },
    /// List accounts.
    List,
    /// Stop an account from signing in.
    Disable {
        /// Whose.
        login: String,
    },
    /// Let an account sign in again.
    Enable {
        /// Whose.
        login: String,
    },
    /// Give an account another role; it is signed out wherever it is signed in.
    Role {
        /// Whose.
        login: String,
        /// The new role.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Sign an account out wherever it is signed in.
    SignOut {
        /// Whose.
        login: String,
    },
}

fn role(word: &str) -> Result<Role, String> {
    let word = if word == "qa" { "quality-assurance" } else { word };
    Role::parse(word).ok_or_else(|| {
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("“{word}” is none of {}", roles.join(", "))
    })
}

/// Runs `vena user`.
pub fn user(words: &UserWords, folder: &Path, lang: Lang) -> Outcome {
    let app = open_or_create(folder, lang)?;
    let done = act(&app, words, lang);
    app.close().map_err(|problem| ended(&problem, lang))?;
    files::print(&done?)
}

fn act(app: &App, words: &UserWords, lang: Lang) -> Result<String, Ended> {
    let wrong = |problem: vena_app::AppError| ended(&problem, lang);
    let by = administrator(app).map_err(wrong)?;
    match words {
        UserWords::Add { login, role, name, name_zh } => {
            let name_en = name.clone().unwrap_or_else(|| login.clone());
            let name = Text { zh_tw: name_zh.clone().unwrap_or_else(|| name_en.clone()), en: name_en };
            let new = NewUser { login: login.clone(), name, role: *role, password: new_password(lang)? };
            let info = app.add_user(Some(&by), &new).map_err(wrong)?;
            Ok(line(&info, lang))
        }
        UserWords::Password { login } => {
            let info = named(app, login, lang)?;
            app.set_password(&by, &info.user, None, &new_password(lang)?).map_err(wrong)?;
            Ok(line(&info, lang))
        }
        UserWords::List => Ok(app.users().iter().map(|info| line(info, lang)).collect()),
        UserWords::Disable { login } | UserWords::Enable { login } => {
            let info = named(app, login, lang)?;
            let disabled = matches!(words, UserWords::Disable { .. });
            app.set_disabled(&by, &info.user, disabled).map_err(wrong)?;
            Ok(line(&UserInfo { disabled, ..info }, lang))
        }
        UserWords::Role { login, role } => {
            let info = named(app, login, lang)?;
            app.set_role(&by, &info.user, *role).map_err(wrong)?;
            Ok(line(&UserInfo { role: *role, ..info }, lang))
        }
        UserWords::SignOut { login } => {
            let info = named(app, login, lang)?;
            app.end_sessions(&by, &info.user).map_err(wrong)?;
            Ok(line(&info, lang))
        }
    }
}

/// The command line acting as administrator: the operating system's account stands for the person.
fn administrator(app: &App) -> Result<Session, vena_app::AppError> {
    Ok(Session { role: Role::Administrator, ..app.command_line_session()? })
}

fn named(app: &App, login: &str, lang: Lang) -> Result<UserInfo, Ended> {
    let wanted = login.trim().to_lowercase();
    app.users().into_iter().find(|info| info.login == wanted).ok_or_else(|| {
        Ended::Usage(match lang {
            Lang::En => format!("there is no account “{login}”"),
            Lang::ZhTw => format!("沒有帳號「{login}」"),
        })
    })
}

fn line(info: &UserInfo, lang: Lang) -> String {
    let disabled = match (info.disabled, lang) {
        (false, _) => "",
        (true, Lang::En) => "  (may not sign in)",
        (true, Lang::ZhTw) => "  （已停用）",
    };
    format!("{:<20} {:<18} {}{disabled}\n", info.login, info.role.as_str(), info.name.get(lang))
}

/// A password that exists, asked once on a terminal, unseen; one line of standard input otherwise.
pub fn known_password(login: &str, lang: Lang) -> Result<String, Ended> {
    let failed = |problem: std::io::Error| Ended::Machine(format!("the password cannot be read: {problem}"));
    if std::io::stdin().is_terminal() {
        eprint!(
            "{}: ",
            match lang {
                Lang::En => format!("Password of {login}"),
                Lang::ZhTw => format!("{login} 的密碼"),
            }
        );
        return console::Term::stderr().read_secure_line().map_err(failed);
    }
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).map_err(failed)?;
    Ok(password.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asked twice on a terminal, unseen; one line of standard input otherwise.
fn new_password(lang: Lang) -> Result<String, Ended> {
    let failed = |problem: std::io::Error| Ended::Machine(format!("the password cannot be read: {problem}"));
    if !std::io::stdin().is_terminal() {
        let mut password = String::new();
        std::io::stdin().lock().read_line(&mut password).map_err(failed)?;
        return Ok(password.trim_end_matches(['\r', '\n']).to_owned());
    }
    let ask = |words: &str| {
        eprint!("{words}: ");
        console::Term::stderr().read_secure_line().map_err(failed)
    };
    let (first, again, differ) = match lang {
        Lang::En => ("New password", "Once more", "the two passwords differ"),
        Lang::ZhTw => ("新密碼", "再輸入一次", "兩次輸入的密碼不同"),
    };
    let password = ask(first)?;
    if ask(again)? == password { Ok(password) } else { Err(Ended::Usage(differ.to_owned())) }
}
