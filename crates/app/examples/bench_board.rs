//! Measures the board: a folder is filled with journeys, then a fresh process opens it, times the
//! first page, and lets client threads ask for pages while a nurse goes on recording.
//!
//! `cargo run --release -p vena-app --example bench_board -- [journeys] [events] [clients] [folder]`
//! (10000, 500, 16 and a temporary folder unless given). A folder that is filled already is used as it is.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use jiff::{SignedDuration, Timestamp};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use vena_app::{App, BoardFilter, Config, FixedClock, PastStep, PersonIdentity, Registration, Request, demo};
use vena_base::{Answer, Bound, Concept, Decimal, Fact, Quantity, Stamp, Value, When, Zone, ids::UserId};
use vena_journey::{Phase, Role, Step};

const REQUESTS_PER_CLIENT: usize = 1_000;
const PASSWORD: &str = "bench password";

fn zone() -> Zone {
    Zone::named("Asia/Taipei").unwrap()
}

fn now() -> Timestamp {
    "2026-06-01T02:00:00Z".parse().unwrap()
}

fn config() -> Config {
    Config { argon2_memory_kib: 8, argon2_passes: 1, ..Config::new(zone()) }
}

fn instant(at: Timestamp) -> When {
    When::Instant(Stamp::in_zone(at, &zone()))
}

fn measured(concept: &'static str, value: f64, unit: &'static str, at: Timestamp) -> Fact {
    let written = Decimal::parse(&format!("{value:.1}")).unwrap();
    let quantity = Quantity::new(written, unit, unit, Bound::Exact, None).unwrap();
    Fact::new(Concept::known(concept), Value::Quantity(quantity), instant(at))
}

fn hours(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours)).unwrap()
}

/// A journey's events after registration: an infusion read from a file, then the ward's entries.
fn events(number: usize, count: usize, nurse: &UserId, manager: &UserId) -> Vec<PastStep> {
    let days_ago = i64::try_from(number % 120).unwrap();
    let infusion = hours(now(), -24 * days_ago - 3);
    let past =
        |at, by: &UserId, role, step| PastStep { at, by: by.clone(), role, step, attachments: Vec::new() };
    let told = Fact::new(
        Concept::known("infusion"),
        Value::Answer(Answer::known("tisagenlecleucel")),
        instant(infusion),
    );
    let mut steps =
        vec![past(infusion, manager, Role::DataManager, Step::Imported { file: None, facts: vec![told] })];
    let span_min = (now().duration_since(infusion).as_mins() - 5).max(60);
    for index in 1..count {
        let minute = span_min * i64::try_from(index).unwrap() / i64::try_from(count).unwrap();
        let at = infusion.checked_add(SignedDuration::from_mins(minute)).unwrap();
        let wave = ((index * 7 + number) % 40) as f64 / 10.0;
        let step = match index % 8 {
            0 => Step::Laboratory(vec![
                measured("anc", 100.0 + 90.0 * wave * 4.0, "/uL", at),
                measured("platelets", 40_000.0, "/uL", at),
            ]),
            4 => Step::Assessment(vec![Fact::new(
                Concept::known("hypotension"),
                Value::Answer(Answer::known("none")),
                instant(at),
            )]),
            _ => Step::VitalSigns(vec![
                measured("body-temperature", 36.2 + wave, "Cel", at),
                measured("oxygen-saturation", 97.0, "%", at),
            ]),
        };
        steps.push(past(at, nurse, Role::Nurse, step));
    }
    steps
}

fn fill(folder: &Path, journeys: usize, count: usize) {
    let clock = Arc::new(FixedClock::new(now()));
    let app = App::create(folder, config(), clock).unwrap();
    demo::logins(&app).unwrap();
    let user = |role: Role| app.users().into_iter().find(|user| user.role == role).unwrap().user;
    let administrator_free = vena_app::NewUser {
        login: "bench".into(),
        name: Role::Nurse.name(),
        role: Role::Nurse,
        password: PASSWORD.into(),
    };
    let token_holder =
        app.add_user(Some(&session_of(&app, Role::Administrator)), &administrator_free).unwrap();
    let (nurse, manager) = (token_holder.user, user(Role::DataManager));
    let coordinator = session_of(&app, Role::Coordinator);
    let started = Instant::now();
    for number in 0..journeys {
        let identity = PersonIdentity {
            name_zh: Some(format!("合成{number}")),
            name_latin: Some(format!("Synthetic, No-{number}")),
            record_number: Some(format!("SYN-{number:06}")),
            birth_date: Some("1970-01-01".into()),
            ..PersonIdentity::default()
        };
        let registration = Registration {
            identity,
            diagnosis: Some(Answer::known("dlbcl")),
            product_intended: Some(Answer::known("tisagenlecleucel")),
            referring_site: None,
            when: When::Date(zone().day_of(hours(now(), -24 * 200))),
            patient: None,
            is_somebody_else: true,
        };
        let journey = app.enrol_quietly(&coordinator, registration).unwrap();
        app.record_history(&journey, &events(number, count, &nurse, &manager)).unwrap();
        if number % 500 == 499 {
            eprintln!(
                "filled {} of {journeys} journeys in {:.0} s",
                number + 1,
                started.elapsed().as_secs_f64()
            );
        }
    }
    println!("fill: {} events in {:.1} s", journeys * (count + 1), started.elapsed().as_secs_f64());
    let rows = Instant::now();
    app.tick().unwrap();
    println!("board rows computed: {journeys} in {:.1} s", rows.elapsed().as_secs_f64());
    app.close().unwrap();
}

fn session_of(app: &App, role: Role) -> vena_app::Session {
    let info = app.users().into_iter().find(|user| user.role == role).unwrap();
    vena_app::Session { user: info.user, name: info.name, role, ends: Timestamp::MAX }
}

fn rss_mb(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|l| l.strip_prefix(line)).unwrap_or("0");
    found.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0
}

fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share) as usize).min(sorted.len() - 1);
    sorted[index].as_secs_f64() * 1000.0
}

/// `pause` is how long a client waits between its pages; without one the clients never let go of the
/// processors, and with one the figures say what a person at a screen sees.
fn ask(app: &App, token: &str, clients: usize, pause: Duration, name: &str) {
    let filters = [
        BoardFilter::default(),
        BoardFilter { page: 3, ..BoardFilter::default() },
        BoardFilter { phase: Some(Phase::Acute), ..BoardFilter::default() },
        BoardFilter { role: Some(Role::Nurse), page: 40, ..BoardFilter::default() },
        BoardFilter { mine: true, page: 100, ..BoardFilter::default() },
    ];
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|client| {
                let filters = &filters;
                scope.spawn(move || {
                    let one = |request: usize| {
                        let started = Instant::now();
                        let session = app.session(token).unwrap();
                        let page = app.board(&session, &filters[(client + request) % filters.len()]).unwrap();
                        assert!(!page.rows.is_empty());
                        let took = started.elapsed();
                        std::thread::sleep(pause);
                        took
                    };
                    (0..REQUESTS_PER_CLIENT).map(one).collect::<Vec<_>>()
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    times.sort();
    println!(
        "board, {clients} clients, {name}: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms ({} pages)",
        percentile(&times, 0.5),
        percentile(&times, 0.99),
        percentile(&times, 1.0),
        times.len()
    );
}

fn measure(folder: &Path, clients: usize) {
    let started = Instant::now();
    let clock = Arc::new(FixedClock::new(now()));
    let app = App::open(folder, config(), clock.clone()).unwrap();
    let opened = started.elapsed();
    let first = app.board(&session_of(&app, Role::Nurse), &BoardFilter::default()).unwrap();
    println!(
        "reopen: opened in {:.3} s, first page ({} of {} journeys) after {:.3} s, RSS {:.0} MB",
        opened.as_secs_f64(),
        first.rows.len(),
        first.matching,
        started.elapsed().as_secs_f64(),
        rss_mb("VmRSS:")
    );
    let (token, session) = app.sign_in("bench", PASSWORD).unwrap();
    ask(&app, &token, clients, Duration::ZERO, "quiet, without pause");
    let going = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let (mut recorded, mut spent, mut slowest) = (0_u32, Duration::ZERO, Duration::ZERO);
            while going.load(Ordering::Acquire) {
                clock.advance(SignedDuration::from_millis(200));
                let begun = Instant::now();
                let row = &first.rows[recorded as usize % first.rows.len()].row;
                let step = Step::VitalSigns(vec![measured("body-temperature", 37.0, "Cel", app.now())]);
                app.act(&session, Request::new(row.journey.clone(), app.fresh_key().unwrap(), step)).unwrap();
                recorded += 1;
                slowest = slowest.max(begun.elapsed());
                spent += begun.elapsed();
                std::thread::sleep(Duration::from_millis(50));
            }
            println!(
                "recorded meanwhile: {recorded}, each {:.1} ms with its board row, slowest {:.1} ms",
                spent.as_secs_f64() * 1000.0 / f64::from(recorded.max(1)),
                slowest.as_secs_f64() * 1000.0
            );
        });
        ask(&app, &token, clients, Duration::from_millis(10), "while vital signs are recorded");
        going.store(false, Ordering::Release);
        writer.join().unwrap();
    });
    println!("RSS {:.0} MB, highest {:.0} MB", rss_mb("VmRSS:"), rss_mb("VmHWM:"));
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize, otherwise: usize| {
        arguments.get(index).and_then(|a| a.parse().ok()).unwrap_or(otherwise)
    };
    if arguments.get(1).is_some_and(|a| a == "measure") {
        return measure(Path::new(&arguments[2]), number(3, 16));
    }
    let (journeys, count, clients) = (number(1, 10_000), number(2, 500), number(3, 16));
    let temporary = std::env::temp_dir().join(format!("vena-bench-board-{}", std::process::id()));
    let folder = arguments.get(4).map_or(temporary.clone(), PathBuf::from);
    if !folder.join("ledger.db").exists() {
        fill(&folder, journeys, count);
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .arg("measure")
        .arg(&folder)
        .arg(clients.to_string())
        .status()
        .unwrap();
    if folder == temporary {
        let _ = std::fs::remove_dir_all(&temporary);
    }
    std::process::exit(status.code().unwrap_or(1));
}
