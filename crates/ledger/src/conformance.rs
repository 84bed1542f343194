//! What every store behind [`Ledger`] must do, as one suite: SQLite and, later,
//! PostgreSQL run the same.
//!
//! Must not know: any store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Barrier;
use std::time::Duration;

use crate::keys::{CheckpointKey, Secret};
use crate::{Append, AppendError, Digest, Head, Ledger, NewEvent, Position, StreamId, limits, verify_proof};

const AT: &str = "2026-11-20T08:30:00+08:00";
const BY: &str = "user/01JTEST";

/// An event with a short body, for tests.
#[must_use]
pub fn event(stream: &str, body: &str) -> NewEvent {
    NewEvent::new(stream, "noted", 1, AT, BY, body)
}

/// An append of one event, for tests.
#[must_use]
pub fn one(key: &str, stream: &str, body: &str) -> Append {
    Append::new(key, vec![event(stream, body)])
}

/// Runs the whole suite; `make` gives a new, empty ledger each time. Panics
/// where the store does not conform.
pub fn run<L: Ledger>(make: impl Fn() -> L) {
    empty(&make());
    chains(&make());
    bytes_come_back(&make());
    several_streams_all_or_nothing(&make());
    idempotency(&make());
    read_sets(&make());
    limits_hold(&make());
    paging(&make());
    streams_by_prefix(&make());
    one_group_many_answers(&make());
    write_skew_fails_for_one(&make);
    many_writers_lose_nothing(&make());
    subscriptions(&make());
    checkpoints_and_proofs(&make());
}

fn empty(ledger: &dyn Ledger) {
    let stream = StreamId::from("journey/none");
    assert_eq!(ledger.position().unwrap(), Position(0));
    assert_eq!(ledger.head(&stream).unwrap(), None);
    assert_eq!(ledger.read_stream(&stream, 0).unwrap(), Vec::new());
    assert_eq!(ledger.read_all(Position(0), 10).unwrap(), Vec::new());
    assert_eq!(ledger.streams("").unwrap(), Vec::new());
    assert_eq!(ledger.latest_checkpoint().unwrap(), None);
    assert_eq!(ledger.prove(&stream).unwrap(), None);
    assert!(ledger.append_all(Vec::new()).is_empty());
}

fn chains(ledger: &dyn Ledger) {
    let mut last = None;
    for number in 1..=5_u64 {
        let append = one(&format!("k{number}"), "journey/a", &format!("{{\"n\":{number}}}"));
        let appended = ledger.append(append.read("journey/a", last)).unwrap();
        assert_eq!(appended.first_position, Position(number));
        assert_eq!(appended.heads.len(), 1);
        assert_eq!(appended.heads[0].1.seq, number);
        last = Some(appended.heads[0].1);
        assert_eq!(ledger.head(&"journey/a".into()).unwrap(), last);
    }
    let events = ledger.read_stream(&"journey/a".into(), 0).unwrap();
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(events[4].head(), last.unwrap());
    assert_eq!(ledger.load(&"journey/a".into()).unwrap(), (events.clone(), last));
    assert_eq!(ledger.load(&"journey/none".into()).unwrap(), (Vec::new(), None));
    let tail = ledger.read_stream(&"journey/a".into(), 4).unwrap();
    assert_eq!(tail, events[3..]);
    assert_eq!(ledger.read_stream(&"journey/a".into(), 6).unwrap(), Vec::new());
}

fn bytes_come_back(ledger: &dyn Ledger) {
    // Spacing, number forms and key order of the body are the caller's.
    let bodies: [&[u8]; 4] =
        [b"{ \"b\": 1.50, \"a\" : 1e3 }\n", "{\"姓\":\"王\"}".as_bytes(), b"", &[0, 255, 10]];
    for (number, body) in bodies.iter().enumerate() {
        let mut event = event("journey/b", "").happened("2026-11-20T08:00+08:00");
        event.body = body.to_vec();
        event.event_version = 7;
        event.attachments = vec![crate::AttachmentRef {
            plain_sha256: Digest::of(b"plain"),
            cipher_sha256: Digest::of(b"cipher"),
            size_bytes: 5,
        }];
        let append = Append::new(format!("b{number}"), vec![event.clone()]);
        ledger.append(append).unwrap();
        let read = ledger.read_stream(&"journey/b".into(), number as u64 + 1).unwrap();
        let stored = &read[0];
        assert_eq!(stored.body, event.body);
        assert_eq!(stored.event_type, event.event_type);
        assert_eq!(stored.event_version, 7);
        assert_eq!(stored.happened, event.happened);
        assert_eq!(stored.recorded_at, AT);
        assert_eq!(stored.by, BY);
        assert_eq!(stored.attachments, event.attachments);
        assert_eq!(stored.idempotency_key, format!("b{number}"));
    }
}

fn several_streams_all_or_nothing(ledger: &dyn Ledger) {
    let first = ledger
        .append(Append::new(
            "m1",
            vec![event("journey/m", "1"), event("container/m", "2"), event("journey/m", "3")],
        ))
        .unwrap();
    assert_eq!(first.last_position, Position(3));
    let names: Vec<&str> = first.heads.iter().map(|(stream, _)| stream.as_str()).collect();
    assert_eq!(names, ["container/m", "journey/m"]);
    let events = ledger.read_all(Position(0), 10).unwrap();
    let members: Vec<_> =
        events.iter().map(|event| (event.append_first, event.append_index, event.append_count)).collect();
    assert_eq!(members, [(Position(1), 0, 3), (Position(1), 1, 3), (Position(1), 2, 3)]);
    // One stale head refuses all streams.
    let stale =
        Append::new("m2", vec![event("journey/m", "4"), event("container/m", "5")]).read("container/m", None);
    let refused = ledger.append(stale).unwrap_err();
    assert!(matches!(refused, AppendError::Conflict { ref stream, expected: None, actual: Some(_) }
        if stream.as_str() == "container/m"));
    assert_eq!(ledger.position().unwrap(), Position(3));
    assert_eq!(ledger.read_stream(&"journey/m".into(), 0).unwrap().len(), 2);
    // The refused key is free.
    ledger.append(one("m2", "journey/m", "6")).unwrap();
}

fn idempotency(ledger: &dyn Ledger) {
    let append =
        Append::new("i1", vec![event("journey/i", "1"), event("container/i", "2")]).read("journey/i", None);
    let first = ledger.append(append.clone()).unwrap();
    assert!(!first.replayed);
    ledger.append(one("i2", "journey/i", "3")).unwrap();
    // A repeat comes later by the caller's clock and finds its read set moved.
    let mut again = append.clone();
    again.events[0].recorded_at = "2026-11-20T08:31:00+08:00".to_owned();
    let second = ledger.append(again).unwrap();
    assert!(second.replayed);
    assert_eq!(second.first_position, first.first_position);
    assert_eq!(second.last_position, first.last_position);
    assert_eq!(second.heads, first.heads);
    let mut changes: Vec<Append> = Vec::new();
    let mut other = append.clone();
    other.events[1].body = b"22".to_vec();
    changes.push(other);
    let mut fewer = append.clone();
    fewer.events.pop();
    changes.push(fewer);
    let mut more = append.clone();
    more.events.push(event("journey/i", "3"));
    changes.push(more);
    let mut by = append;
    by.events[0].by = "user/other".to_owned();
    changes.push(by);
    for change in changes {
        let refused = ledger.append(change).unwrap_err();
        assert_eq!(refused, AppendError::KeyReused { key: "i1".to_owned(), first_position: Position(1) });
    }
    assert_eq!(ledger.position().unwrap(), Position(3));
}

fn read_sets(ledger: &dyn Ledger) {
    let made = ledger.append(one("r1", "batch/r", "1")).unwrap();
    let head = made.heads[0].1;
    let moved = ledger.append(one("r2", "batch/r", "2")).unwrap().heads[0].1;
    let wrong_hash = Head { seq: moved.seq, hash: Digest::of(b"other") };
    for (number, expected) in [Some(head), None, Some(wrong_hash)].into_iter().enumerate() {
        let append = one(&format!("r-{number}"), "journey/r", "x").read("batch/r", expected);
        let refused = ledger.append(append).unwrap_err();
        assert_eq!(
            refused,
            AppendError::Conflict { stream: "batch/r".into(), expected, actual: Some(moved) }
        );
    }
    // A stream read as not there must not be there.
    let absent = one("r4", "journey/r", "x").read("batch/none", None);
    ledger.append(absent.read("batch/r", Some(moved))).unwrap();
}

fn limits_hold(ledger: &dyn Ledger) {
    let long = "x".repeat(limits::STREAM_BYTES + 1);
    let invalid = [
        Append::new("l", Vec::new()),
        one("", "journey/l", "1"),
        one(&long, "journey/l", "1"),
        one("l", "", "1"),
        one("l", &long, "1"),
    ];
    for append in invalid {
        let refused = ledger.append(append).unwrap_err();
        assert!(matches!(refused, AppendError::Invalid { .. }), "{refused}");
    }
    assert_eq!(ledger.position().unwrap(), Position(0));
    ledger.append(one("l", &long[1..], "1")).unwrap();
}

fn paging(ledger: &dyn Ledger) {
    for number in 0..25 {
        let stream = format!("journey/{}", number % 3);
        ledger.append(one(&format!("p{number}"), &stream, "{}")).unwrap();
    }
    let mut seen = Vec::new();
    let mut after = Position(0);
    loop {
        let page = ledger.read_all(after, 4).unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 4);
        after = last.position;
        seen.extend(page.iter().map(|event| event.position.0));
    }
    assert_eq!(seen, (1..=25).collect::<Vec<_>>());
    assert_eq!(ledger.read_all(Position(u64::MAX), 4).unwrap(), Vec::new());
}

fn streams_by_prefix(ledger: &dyn Ledger) {
    let names = ["a/1", "a/2", "a/10", "ab/1", "b/1", "a", "病/一"];
    for name in names {
        ledger.append(one(name, name, "1")).unwrap();
    }
    let found = |prefix: &str| -> Vec<String> {
        let streams = ledger.streams(prefix).unwrap();
        streams.iter().map(|(stream, _)| stream.as_str().to_owned()).collect()
    };
    assert_eq!(found("a/"), ["a/1", "a/10", "a/2"]);
    assert_eq!(found("病"), ["病/一"]);
    assert_eq!(found("").len(), names.len());
    assert!(found("c").is_empty());
}

fn one_group_many_answers(ledger: &dyn Ledger) {
    let mut appends: Vec<Append> = (0..600)
        .map(|number| one(&format!("g{number:04}"), &format!("journey/{}", number % 7), "1"))
        .collect();
    appends[10] = one("g0010", "journey/conflict", "1").read("journey/0", None);
    appends[20] = one("g0019", &format!("journey/{}", 19 % 7), "1");
    appends[30] = one("g0019", "journey/other", "1");
    let answers = ledger.append_all(appends);
    assert_eq!(answers.len(), 600);
    for (number, answer) in answers.iter().enumerate() {
        match number {
            10 => assert!(matches!(answer, Err(AppendError::Conflict { .. }))),
            20 => assert!(answer.as_ref().unwrap().replayed),
            30 => assert!(matches!(answer, Err(AppendError::KeyReused { .. }))),
            _ => assert!(!answer.as_ref().unwrap().replayed),
        }
    }
    assert_eq!(ledger.position().unwrap(), Position(597));
    assert_eq!(ledger.head(&"journey/conflict".into()).unwrap(), None);
}

/// Two decisions read the same two streams and each writes the other's: run
/// one after the other, the second would have decided otherwise. Only one may
/// pass, in every interleaving.
fn write_skew_fails_for_one<L: Ledger>(make: &impl Fn() -> L) {
    let ledger = make();
    for round in 0..40 {
        let (left, right) = (format!("lot/l{round}"), format!("lot/r{round}"));
        ledger.append(one(&format!("{left}-new"), &left, "free")).unwrap();
        ledger.append(one(&format!("{right}-new"), &right, "free")).unwrap();
        let barrier = Barrier::new(2);
        let decide = |writes: &str, key: &str| {
            let read = |name: &str| ledger.head(&name.into()).unwrap();
            let append =
                one(key, writes, "taken").read(left.as_str(), read(&left)).read(right.as_str(), read(&right));
            barrier.wait();
            ledger.append(append)
        };
        let answers = std::thread::scope(|scope| {
            let one = scope.spawn(|| decide(&left, &format!("skew-{round}-l")));
            let other = scope.spawn(|| decide(&right, &format!("skew-{round}-r")));
            [one.join().unwrap(), other.join().unwrap()]
        });
        let passed = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(passed, 1, "round {round}: {answers:?}");
        let refused = answers.iter().filter_map(|answer| answer.as_ref().err()).next().unwrap();
        assert!(matches!(refused, AppendError::Conflict { .. }), "{refused}");
    }
}

fn many_writers_lose_nothing(ledger: &dyn Ledger) {
    const WRITERS: usize = 8;
    const APPENDS: usize = 40;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for number in 0..APPENDS {
                    let key = format!("w{writer}-{number}");
                    let own = event(&format!("journey/w{writer}"), &key);
                    let shared = event("journey/shared", &key);
                    ledger.append(Append::new(key, vec![own, shared])).unwrap();
                }
            });
        }
    });
    let total = (WRITERS * APPENDS * 2) as u64;
    assert_eq!(ledger.position().unwrap(), Position(total));
    let shared = ledger.read_stream(&"journey/shared".into(), 0).unwrap();
    assert_eq!(shared.len(), WRITERS * APPENDS);
    for writer in 0..WRITERS {
        let own = ledger.read_stream(&format!("journey/w{writer}").into(), 0).unwrap();
        let bodies: Vec<String> =
            own.iter().map(|event| String::from_utf8(event.body.clone()).unwrap()).collect();
        let expected: Vec<String> = (0..APPENDS).map(|n| format!("w{writer}-{n}")).collect();
        assert_eq!(bodies, expected);
    }
}

fn subscriptions(ledger: &dyn Ledger) {
    let receiver = ledger.subscribe();
    drop(ledger.subscribe());
    ledger.append(one("s1", "journey/s", "1")).unwrap();
    ledger.append(one("s1", "journey/s", "1")).unwrap();
    ledger.append(one("s2", "journey/s", "2")).unwrap();
    let wait = Duration::from_secs(60);
    assert_eq!(receiver.recv_timeout(wait).unwrap(), Position(1));
    assert_eq!(receiver.recv_timeout(wait).unwrap(), Position(2));
    assert!(receiver.try_recv().is_err(), "a repeat is not news");
}

fn checkpoints_and_proofs(ledger: &dyn Ledger) {
    let key = CheckpointKey::new(&Secret::new([9; 32]));
    let empty = ledger.write_checkpoint(&key, AT).unwrap();
    empty.check(Some(key.public())).unwrap();
    for number in 0..11 {
        ledger.append(one(&format!("c{number}"), &format!("journey/{number:02}"), "1")).unwrap();
    }
    let file = ledger.write_checkpoint(&key, AT).unwrap();
    file.check(Some(key.public())).unwrap();
    assert_eq!(file.checkpoint.number, 2);
    assert_eq!(file.checkpoint.position, Position(11));
    assert_eq!(file.checkpoint.previous, empty.checkpoint.digest());
    assert_eq!(file.heads.len(), 11);
    // What comes later does not change what was proved.
    ledger.append(one("c90", "journey/03", "2")).unwrap();
    ledger.append(one("c91", "journey/033", "1")).unwrap();
    assert_eq!(ledger.latest_checkpoint().unwrap().unwrap(), file);
    assert_eq!(ledger.checkpoints().unwrap().len(), 2);
    for entry in &file.heads {
        let proof = ledger.prove(&entry.stream).unwrap().unwrap();
        verify_proof(&proof, key.public()).unwrap();
        assert_eq!(proof.head, *entry);
        let text = serde_json::to_string(&proof).unwrap();
        assert_eq!(serde_json::from_str::<crate::HeadProof>(&text).unwrap(), proof);
    }
    assert_eq!(ledger.prove(&"journey/033".into()).unwrap(), None);
}
