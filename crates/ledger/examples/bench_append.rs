//! Measures durable appends against raw SQLite and verification against
//! hashing, interleaved in one run because disks drift. Prints ratios with
//! their spread; asserts nothing.
//!
//! `cargo run --release -p vena-ledger --example bench_append [FOLDER [single|import|group|verify]…]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, params};
use vena_ledger::{
    Append, CheckpointKey, Digest, Ledger, NewEvent, RawStore, Secret, SqliteLedger, SqliteRaw,
    VerifyOptions, verify_folder,
};

const ROUNDS: usize = 13;
const SINGLES_PER_ROUND: usize = 400;
/// So many that every round has its share of what the ledger does only now and then.
const GROUPS_PER_ROUND: usize = 128;
const EVENTS_PER_GROUP: usize = 256;
const STREAMS: usize = 1_000;
const VERIFY_ROUNDS: usize = 7;
const CHECKPOINTS: usize = 20;

struct Source {
    made: u64,
}

impl Source {
    fn event(&mut self, stream: usize) -> NewEvent {
        self.made += 1;
        let number = self.made;
        let body = format!(
            "{{\"fact\":{{\"about\":\"01J{number:023}\",\"what\":\"neutrophils\",\"value\":\"0.{:02}\",\
             \"unit\":\"10*9/L\",\"route\":\"laboratory\"}},\"from\":{{\"file\":\"table.csv\",\
             \"line\":{number}}},\"note\":\"{:0>220}\"}}",
            number % 100,
            number
        );
        NewEvent::new(
            format!("journey/01JD{stream:022}"),
            "fact-recorded",
            1,
            "2026-11-20T08:30:00+08:00",
            "user/01JACTOR0000000000000000",
            body,
        )
        .happened("2026-11-20T08:00+08:00")
    }

    fn key(&mut self) -> String {
        self.made += 1;
        // Begins with its time, as a ULID does.
        format!("01JK{:022}", self.made)
    }

    fn single(&mut self) -> Append {
        let stream = (self.made as usize * 7919) % STREAMS;
        let event = self.event(stream);
        Append::new(self.key(), vec![event])
    }

    fn import(&mut self) -> Append {
        let stream = (self.made as usize * 7919) % STREAMS;
        let events = (0..EVENTS_PER_GROUP).map(|_| self.event(stream)).collect();
        Append::new(self.key(), events)
    }
}

fn raw_database(path: &Path) -> Connection {
    let raw = Connection::open(path).unwrap();
    raw.pragma_update(None, "journal_mode", "WAL").unwrap();
    raw.pragma_update(None, "synchronous", "FULL").unwrap();
    raw.pragma_update(None, "wal_autocheckpoint", 4_000).unwrap();
    raw.execute_batch("CREATE TABLE raw (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)").unwrap();
    raw
}

fn raw_insert(raw: &mut Connection, records: &[Vec<u8>], per_commit: usize) {
    for group in records.chunks(per_commit) {
        let transaction = raw.transaction().unwrap();
        for bytes in group {
            transaction
                .prepare_cached("INSERT INTO raw (bytes) VALUES (?1)")
                .unwrap()
                .execute(params![bytes])
                .unwrap();
        }
        transaction.commit().unwrap();
    }
}

fn last_records(folder: &Path, count: usize, last: u64) -> Vec<Vec<u8>> {
    let store = SqliteRaw::open(folder).unwrap();
    (last + 1 - count as u64..=last).map(|position| store.raw_record(position).unwrap().unwrap()).collect()
}

/// Processor time of this thread in seconds, where the system tells it:
/// on a shared machine the fairer number.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// Processor time that `work` takes on this thread; wall time elsewhere.
fn cost(work: impl FnOnce()) -> f64 {
    let (wall, processor) = (Instant::now(), processor_seconds());
    work();
    match (processor, processor_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => wall.elapsed().as_secs_f64(),
    }
}

fn quantiles(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    (at(0.5), at(0.1), at(0.9))
}

/// What one round of one side took: by the clock on the wall, and of this thread's processor time.
struct Took {
    wall: f64,
    processor: f64,
}

fn took(work: impl FnOnce()) -> Took {
    let begun = Instant::now();
    let processor = cost(work);
    Took { wall: begun.elapsed().as_secs_f64(), processor }
}

/// Runs both in turn, swapping who goes first.
fn compare(
    name: &str,
    target: f64,
    events: usize,
    mut ours: impl FnMut() -> Took,
    mut theirs: impl FnMut() -> Took,
) {
    let (mut walls, mut processors) = (Vec::new(), Vec::new());
    let (mut own_rates, mut raw_rates) = (Vec::new(), Vec::new());
    let (mut own_costs, mut raw_costs) = (Vec::new(), Vec::new());
    let each = 1e6 / events as f64;
    for round in 0..=ROUNDS {
        let (own, raw) = if round % 2 == 0 {
            let own = ours();
            (own, theirs())
        } else {
            let raw = theirs();
            (ours(), raw)
        };
        if round == 0 {
            continue;
        }
        walls.push(raw.wall / own.wall);
        processors.push(raw.processor / own.processor);
        own_rates.push(events as f64 / own.wall);
        raw_rates.push(events as f64 / raw.wall);
        own_costs.push(own.processor * each);
        raw_costs.push(raw.processor * each);
    }
    let (wall, low, high) = quantiles(walls);
    let (processor, processor_low, processor_high) = quantiles(processors);
    println!("{name}: {wall:.2} x raw SQLite (10-90 %: {low:.2}-{high:.2}; target {target})");
    // On a busy machine the quickest round of each is the least disturbed.
    let quickest = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max);
    println!(
        "  quickest round of each {:.2} x ({:.0} and {:.0} events/s)",
        quickest(&own_rates) / quickest(&raw_rates),
        quickest(&own_rates),
        quickest(&raw_rates)
    );
    println!(
        "  by processor time of the thread {processor:.2} x ({processor_low:.2}-{processor_high:.2}); \
         ledger {:.0} events/s, {:.2} us each; raw {:.0} events/s, {:.2} us each",
        quantiles(own_rates).0,
        quantiles(own_costs).0,
        quantiles(raw_rates).0,
        quantiles(raw_costs).0
    );
}

fn single(folder: &Path, ledger: &SqliteLedger, raw: &mut Connection, source: &mut Source) {
    let bytes = last_records(folder, SINGLES_PER_ROUND, ledger.position().unwrap().0);
    compare(
        "1 event a commit",
        0.8,
        SINGLES_PER_ROUND,
        || {
            let work: Vec<_> = (0..SINGLES_PER_ROUND).map(|_| source.single()).collect();
            took(|| {
                for append in work {
                    ledger.append(append).unwrap();
                }
            })
        },
        || took(|| raw_insert(raw, &bytes, 1)),
    );
}

fn import(folder: &Path, ledger: &SqliteLedger, raw: &mut Connection, source: &mut Source) {
    let total = GROUPS_PER_ROUND * EVENTS_PER_GROUP;
    for _ in 0..GROUPS_PER_ROUND {
        ledger.append(source.import()).unwrap();
    }
    let bytes = last_records(folder, total, ledger.position().unwrap().0);
    compare(
        "256 events a commit (one append of 256 events)",
        0.7,
        total,
        || {
            let work: Vec<_> = (0..GROUPS_PER_ROUND).map(|_| source.import()).collect();
            took(|| {
                for append in work {
                    ledger.append(append).unwrap();
                }
            })
        },
        || took(|| raw_insert(raw, &bytes, EVENTS_PER_GROUP)),
    );
}

fn group(folder: &Path, ledger: &SqliteLedger, raw: &mut Connection, source: &mut Source) {
    let total = GROUPS_PER_ROUND * EVENTS_PER_GROUP;
    let waiting = |source: &mut Source| -> Vec<Vec<Append>> {
        (0..GROUPS_PER_ROUND).map(|_| (0..EVENTS_PER_GROUP).map(|_| source.single()).collect()).collect()
    };
    let append = |work: Vec<Vec<Append>>| {
        for group in work {
            for answer in ledger.append_all(group) {
                answer.unwrap();
            }
        }
    };
    append(waiting(source));
    let bytes = last_records(folder, total, ledger.position().unwrap().0);
    compare(
        "256 events a commit (256 waiting appends of 1 event, 1000 streams)",
        0.7,
        total,
        || {
            let work = waiting(source);
            took(|| append(work))
        },
        || took(|| raw_insert(raw, &bytes, EVENTS_PER_GROUP)),
    );
}

fn appends(folder: &Path, ledger: &SqliteLedger, raw: &mut Connection, parts: &[String]) {
    let mut source = Source { made: 0 };
    for append in (0..SINGLES_PER_ROUND.max(EVENTS_PER_GROUP)).map(|_| source.single()) {
        ledger.append(append).unwrap();
    }
    type Part = fn(&Path, &SqliteLedger, &mut Connection, &mut Source);
    for (name, part) in [("single", single as Part), ("import", import), ("group", group)] {
        if parts.is_empty() || parts.iter().any(|wanted| wanted == name) {
            part(folder, ledger, raw, &mut source);
        }
    }
}

fn verification(folder: &Path) {
    let mut records = Vec::new();
    SqliteRaw::open(folder)
        .unwrap()
        .raw_records(&mut |_, bytes| {
            records.push(bytes.to_vec());
            true
        })
        .unwrap();
    let names = [
        "hashing the records one by one in memory",
        "reading and hashing them one by one",
        "verifying records, chains, heads, keys",
        "page checksums (on a second thread beside it)",
    ];
    let mut costs: [Vec<f64>; 4] = Default::default();
    let mut all = 0_u8;
    for _ in 0..VERIFY_ROUNDS {
        let hashing = cost(|| {
            for bytes in &records {
                all ^= Digest::of(bytes).0[0];
            }
        });
        let reading = cost(|| {
            let mut hash = |_, bytes: &[u8]| {
                all ^= Digest::of(bytes).0[0];
                true
            };
            SqliteRaw::open(folder).unwrap().raw_records(&mut hash).unwrap();
        });
        let verifying = cost(|| {
            let report = verify_folder(folder, VerifyOptions::default());
            assert!(report.is_sound(), "{:?}", report.first());
        });
        let files = cost(|| {
            SqliteRaw::open(folder).unwrap().check_files().unwrap();
        });
        for (list, seconds) in costs.iter_mut().zip([hashing, reading, verifying, files]) {
            list.push(seconds / records.len() as f64 * 1e6);
        }
    }
    std::hint::black_box(all);
    println!("processor time a record, {} records:", records.len());
    for (name, list) in names.iter().zip(&costs) {
        println!("  {name}: {:.2} us", quantiles(list.clone()).0);
    }
    for (base, name) in [(0, names[0]), (1, names[1])] {
        let ratio = |files: f64| {
            let pairs = costs[2].iter().zip(&costs[3]).zip(&costs[base]);
            quantiles(pairs.map(|((own, pages), base)| (own + files * pages) / base).collect())
        };
        let ((alone, low, high), (both, _, _)) = (ratio(0.0), ratio(1.0));
        println!(
            "verification: {alone:.2} x {name} (10-90 %: {low:.2}-{high:.2}; target 3); \
             with page checksums on the same core {both:.2} x"
        );
    }
    let checkpoints = SqliteLedger::open(folder).unwrap().checkpoints().unwrap();
    let begun = Instant::now();
    for checkpoint in &checkpoints {
        checkpoint.check_signature(None).unwrap();
    }
    println!(
        "checkpoint signatures: {:.0} us each",
        begun.elapsed().as_secs_f64() / checkpoints.len() as f64 * 1e6
    );
}

fn main() {
    let mut words = std::env::args().skip(1);
    let base = words.next().unwrap_or_else(|| ".".to_owned());
    let parts: Vec<String> = words.collect();
    let folder = tempfile::tempdir_in(base).unwrap();
    let data = folder.path().join("ledger");
    let ledger = SqliteLedger::create(&data, [7; 16]).unwrap();
    let mut raw = raw_database(&folder.path().join("raw.db"));
    appends(&data, &ledger, &mut raw, &parts);
    let key = CheckpointKey::new(&Secret::new([3; 32]));
    for _ in 0..CHECKPOINTS {
        ledger.write_checkpoint(&key, "2026-11-20T09:00:00+08:00").unwrap();
    }
    ledger.close().unwrap();
    if parts.is_empty() || parts.iter().any(|wanted| wanted == "verify") {
        verification(&data);
    }
}
