//! Kills a program that appends, at seeded random moments, and checks that
//! every acknowledged append is there and the chain verifies.
//!
//! Must not know: which program it kills, beyond the lines it prints.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{
    Append, CheckpointKey, Ledger, NewEvent, Position, Secret, SqliteLedger, SqliteRaw, StorageFault,
    VerifyOptions, verify_folder,
};

/// Begins every line that acknowledges an append: mark, key, position.
const MARK: &str = "acknowledged";
/// Kills after which the folder is begun anew, so that verification stays quick.
const KILLS_PER_FOLDER: u64 = 20;
const ACKNOWLEDGED_MAX: u64 = 120;
const DELAY_MICROSECONDS_MAX: u64 = 4_000;

fn append(run: u64, thread: u64, number: u64) -> Append {
    let key = format!("run{run}-{thread}-{number:06}");
    let event = |stream: String| {
        let body = format!("{{\"key\":\"{key}\",\"filler\":\"{number:0>300}\"}}");
        NewEvent::new(stream, "noted", 1, "2026-11-20T08:30:00+08:00", "user/kill", body)
    };
    let mut events = vec![event(format!("journey/{}", number % 5))];
    if number % 10 == 9 {
        events.push(event(format!("container/{thread}")));
        events.push(event("batch/all".to_owned()));
    }
    Append::new(key, events)
}

/// What the killed program does: appends without end from two threads and
/// prints each acknowledged append. Every tenth append covers three streams;
/// checkpoints are written in between.
pub fn target(folder: &Path) {
    let ledger = SqliteLedger::open_or_create(folder, [4; 16]).unwrap();
    let key = CheckpointKey::new(&Secret::new([5; 32]));
    // Keys differ between runs on the same folder.
    let run = ledger.position().unwrap().0;
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (ledger, key) = (&ledger, &key);
            scope.spawn(move || {
                for number in 0.. {
                    let append = append(run, thread, number);
                    let name = append.idempotency_key.clone();
                    let appended = ledger.append(append).unwrap();
                    // One write, so that lines of two threads do not mix.
                    let line = format!("\n{MARK} {name} {}\n", appended.first_position);
                    let mut out = std::io::stdout().lock();
                    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
                        return;
                    }
                    drop(out);
                    if number % 50 == 49 {
                        ledger.write_checkpoint(key, "2026-11-20T08:31:00+08:00").unwrap();
                    }
                }
            });
        }
    });
}

/// Next number of a seeded sequence (SplitMix64).
pub fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// What many kills came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kills {
    /// Programs killed.
    pub kills: u64,
    /// Acknowledged appends, all found again.
    pub acknowledged: u64,
    /// Records verified, counted once per kill.
    pub verified: u64,
}

/// Kills what `command` starts (it must call [`target`] on the folder given)
/// `count` times; `scratch` must be an empty folder. Panics when something
/// acknowledged is lost or the chain does not verify.
pub fn kills(
    command: impl Fn(&Path) -> Command,
    scratch: &Path,
    count: u64,
    seed: u64,
    mut progress: impl FnMut(u64),
) -> Kills {
    let mut random = seed;
    let mut sum = Kills::default();
    for kill in 0..count {
        let folder = scratch.join(format!("ledger-{}", kill / KILLS_PER_FOLDER));
        let acknowledged = run_and_kill(command(&folder), &mut random);
        let context = || format!("seed {seed}, kill {kill}, folder {}", folder.display());
        if folder.join(crate::sqlite::DATABASE_FILE).exists() {
            let report = verify_folder(&folder, VerifyOptions::default());
            // Killed while the tables were being made, there is no ledger yet.
            let begun = !matches!(SqliteRaw::open(&folder), Err(StorageFault::Missing(_)));
            assert!(begun || acknowledged.is_empty(), "{}", context());
            if begun && !report.is_sound() {
                panic!("{}: {:?}", context(), report.findings);
            }
            sum.verified += report.records;
        }
        if !acknowledged.is_empty() {
            let ledger = SqliteLedger::open(&folder).unwrap();
            for (key, position) in &acknowledged {
                let found = ledger.read_all(Position(position - 1), 1).unwrap();
                let there = found
                    .first()
                    .is_some_and(|event| event.idempotency_key == *key && event.append_index == 0);
                assert!(there, "{}: {key} at {position} is lost", context());
            }
        }
        sum.kills += 1;
        sum.acknowledged += acknowledged.len() as u64;
        progress(kill + 1);
    }
    sum
}

fn run_and_kill(mut command: Command, random: &mut u64) -> Vec<(String, u64)> {
    let wanted = next_random(random) % ACKNOWLEDGED_MAX;
    let delay = Duration::from_micros(next_random(random) % DELAY_MICROSECONDS_MAX);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let mut killed = false;
    for line in lines.map_while(Result::ok) {
        let mut words = line.split(' ');
        if let (Some(MARK), Some(key), Some(position)) = (words.next(), words.next(), words.next())
            && let Ok(position) = position.parse()
        {
            acknowledged.push((key.to_owned(), position));
        }
        // Lines printed before the kill are still read: they were acknowledged.
        if !killed && acknowledged.len() as u64 >= wanted {
            std::thread::sleep(delay);
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed, "the program ended by itself after {} appends", acknowledged.len());
    acknowledged
}
