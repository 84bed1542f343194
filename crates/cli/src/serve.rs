//! `vena serve` and `vena demo`: a data folder behind a web server on loopback, ended by Ctrl-C or SIGTERM.
//! Must not know pages or how journeys are made up.

use crate::{
    exit::{Ended, Outcome},
    files,
    record::ended,
    settings::Settings,
};
use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};
use vena_app::{
    App, SystemClock,
    demo::{self, DemoLogin},
};
use vena_base::Lang;
use vena_journey::Role;
use vena_sim::show::Show;
use vena_web::server::{Server, serve as serve_pages};

/// How long pages that are open may hold the program up after Ctrl-C.
const GOODBYE: Duration = Duration::from_secs(2);

/// What `vena serve` is asked.
#[derive(Debug, clap::Args)]
pub struct ServeWords {
    /// The address listened on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 7341)]
    port: u16,
    /// Listen on an address other machines reach. Passwords and names then cross the network: put a server
    /// that speaks TLS in front.
    #[arg(long)]
    allow_remote: bool,
}

/// What `vena demo` is asked.
#[derive(Debug, clap::Args)]
pub struct DemoWords {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 7341)]
    port: u16,
    /// How many journeys a new folder is filled with.
    #[arg(long, default_value_t = 18)]
    journeys: u64,
    /// The seed of the made-up programme.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs `vena serve`.
pub fn serve(words: &ServeWords, folder: &Path, lang: Lang) -> Outcome {
    if !words.host.is_loopback() && !words.allow_remote {
        return Err(Ended::Usage(match lang {
            Lang::En => format!(
                "{} can be reached from other machines, and Vena speaks no TLS. Put a server that does in front of 127.0.0.1, \
                 or say --allow-remote",
                words.host
            ),
            Lang::ZhTw => format!(
                "{} 可由其他電腦連線，而 Vena 本身不提供 TLS。請在 127.0.0.1 前架設 TLS 伺服器，或加上 --allow-remote",
                words.host
            ),
        }));
    }
    let listener = listen(SocketAddr::new(words.host, words.port))?;
    let app = crate::record::open_or_create(folder, lang)?;
    if !words.host.is_loopback() {
        eprintln!(
            "vena: {}",
            match lang {
                Lang::En => "listening beyond this machine: TLS must stand in front",
                Lang::ZhTw => "已開放其他電腦連線：前端必須有 TLS",
            }
        );
    }
    if app.users().iter().all(|user| user.login == "command-line") {
        eprintln!(
            "vena: {}",
            match lang {
                Lang::En => "nobody can sign in yet: vena user add LOGIN --role administrator",
                Lang::ZhTw => "尚無可登入的帳號：vena user add LOGIN --role administrator",
            }
        );
    }
    let synthetic = Settings::read(folder)?.synthetic;
    run(listener, app, synthetic, lang, announce)
}

/// Runs `vena demo`.
pub fn demo(words: &DemoWords, folder: &Path, lang: Lang) -> Outcome {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], words.port)))?;
    if folder.join("ledger.db").exists() && !Settings::read(folder)?.synthetic {
        return Err(Ended::Usage(match lang {
            Lang::En => format!(
                "{} holds a record that is not synthetic; name another folder with --data",
                folder.display()
            ),
            Lang::ZhTw => format!("{} 內有非合成的記錄；請以 --data 指定其他資料夾", folder.display()),
        }));
    }
    Settings::made_up().write_first(folder)?;
    let settings = Settings::read(folder)?;
    if !settings.synthetic {
        return Err(Ended::Usage(format!(
            "{}: {}: synthetic is not true",
            folder.display(),
            crate::settings::FILE
        )));
    }
    let config = settings.config(folder)?;
    let wrong = |problem: vena_app::AppError| ended(&problem, lang);
    let app = App::open_or_create(folder, config, SystemClock).map_err(wrong)?;
    let logins = demo::logins(&app).map_err(wrong)?;
    demo::activate_all(&app).map_err(wrong)?;
    if app.journeys().map_err(wrong)?.is_empty() {
        let now = app.now();
        let today = app.config().zone.day_of(now);
        let journeys = (0..words.journeys).map(|number| {
            let day = demo::infusion_day(number, today);
            vena_sim::show::showing(words.seed, number, day, now, shown(number)).told()
        });
        let bar = files::progress(words.journeys);
        let filled = demo::fill(&app, journeys, &mut |done| bar.set_position(done));
        bar.finish_and_clear();
        filled.map_err(wrong)?;
    }
    files::print(match lang {
        Lang::En => "Everything here is synthetic: nobody in it exists.\n",
        Lang::ZhTw => "此處一切皆為合成資料，並無真實人物。\n",
    })?;
    run(listener, app, true, lang, |address| {
        announce(address)?;
        for DemoLogin { login, password, role } in &logins {
            let word = if *role == Role::QualityAssurance { "qa" } else { role.as_str() };
            files::print(&format!("  {word:<14} {login:<18} {password}\n"))?;
        }
        Ok(())
    })
}

/// What the board shows at each place: the ward on a day on which something happens.
fn shown(number: u64) -> Show {
    match number % 16 {
        0 => Show::Both,
        2 => Show::Fever,
        3 => Show::Vasopressor,
        4 => Show::Unstable,
        13 => Show::Brain,
        _ => Show::Any,
    }
}

fn listen(address: SocketAddr) -> Result<std::net::TcpListener, Ended> {
    std::net::TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|problem| Ended::Machine(format!("{address}: {problem}")))
}

fn announce(address: SocketAddr) -> Outcome {
    files::print(&format!("http://{address}\n"))
}

/// Serves until asked to stop. `ready` is told the address when the wish to stop would already be heard.
fn run(
    listener: std::net::TcpListener,
    app: App,
    synthetic: bool,
    lang: Lang,
    ready: impl FnOnce(SocketAddr) -> Outcome,
) -> Outcome {
    let failed = |problem: std::io::Error| Ended::Machine(problem.to_string());
    let app = Arc::new(app);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    let shared = Arc::clone(&app);
    let served = runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        let asked = Asked::listen().map_err(failed)?;
        ready(listener.local_addr().map_err(failed)?)?;
        let (told, hear) = tokio::sync::watch::channel(false);
        let stop = {
            let mut hear = hear.clone();
            async move {
                // An error means that the sender is gone: that too is the end.
                let _ = hear.wait_for(|stop| *stop).await;
            }
        };
        let pages = serve_pages(listener, Server::new(shared, synthetic), stop);
        tokio::pin!(pages);
        tokio::select! {
            served = &mut pages => return served.map_err(failed),
            () = asked.stopped() => {}
        }
        let _ = told.send(true);
        // A page that listens for changes never ends by itself.
        tokio::time::timeout(GOODBYE, pages).await.unwrap_or(Ok(())).map_err(failed)
    });
    runtime.shutdown_timeout(GOODBYE);
    close(app, lang)?;
    served
}

/// Ctrl-C, or the system's wish to end; heard from the moment this exists.
#[cfg(unix)]
struct Asked {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Asked {
    fn listen() -> std::io::Result<Asked> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Asked { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn stopped(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
impl Asked {
    fn listen() -> std::io::Result<Asked> {
        Ok(Asked)
    }

    async fn stopped(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Ends the record cleanly. A thread that still waits for a page's answer leaves within moments.
fn close(mut app: Arc<App>, lang: Lang) -> Outcome {
    for _ in 0..100 {
        match Arc::try_unwrap(app) {
            Ok(alone) => return alone.close().map_err(|problem| ended(&problem, lang)),
            Err(shared) => app = shared,
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Everything recorded is on the disk; what is missing is only the last checkpoint.
    app.checkpoint().map(|_| ()).map_err(|problem| ended(&problem, lang))
}
