//! Persisted read models: sorted, filtered, paged, brought forward with their
//! position, rebuilt to the same digest.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use vena_ledger::{
    Change, ModelRow, ModelState, OrderBy, Position, Query, ReadModelError, ReadModelStore, SortValue,
};

const BEGUN: ModelState = ModelState { code_version: 3, position: Position(0) };

fn row(number: i64) -> ModelRow {
    let site = if number % 2 == 0 { "taipei" } else { "tainan" };
    let phase = format!("phase-{}", number % 3);
    let due = (number % 5 != 0).then_some(SortValue::Integer(1_000 - number));
    ModelRow {
        key: format!("journey/{number:05}"),
        sort: [due, Some(SortValue::Text(format!("name {:03}", number * 7 % 1000))), None, None],
        filter: [Some(site.to_owned()), Some(phase), None, None],
        bytes: format!("row {number}").into_bytes(),
    }
}

fn filled(store: &ReadModelStore, count: i64) {
    store.reset("board", 3).unwrap();
    let changes: Vec<Change> = (0..count).map(|number| Change::Put(row(number))).collect();
    store.update("board", BEGUN, Position(500), &changes).unwrap();
}

fn keys(store: &ReadModelStore, query: &Query) -> Vec<String> {
    let page = store.page("board", query).unwrap();
    page.rows.into_iter().map(|(key, _)| key).collect()
}

#[test]
fn ten_thousand_rows_are_paged_sorted_and_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let store = ReadModelStore::open(folder.path()).unwrap();
    filled(&store, 10_000);
    let mut rows: Vec<ModelRow> = (0..10_000).map(row).collect();
    rows.retain(|row| row.filter[0].as_deref() == Some("taipei"));
    rows.retain(|row| row.filter[1].as_deref() != Some("phase-2"));
    rows.sort_by(|one, other| (&one.sort[1], &one.key).cmp(&(&other.sort[1], &other.key)));
    let mut query = Query {
        order_by: OrderBy::Column(1),
        filters: vec![(0, vec!["taipei".to_owned()]), (1, vec!["phase-0".to_owned(), "phase-1".to_owned()])],
        limit: 50,
        ..Query::default()
    };
    for offset in [0, 50, 3_000] {
        query.offset = offset;
        let page = store.page("board", &query).unwrap();
        assert_eq!(page.total, rows.len() as u64);
        let at = offset as usize;
        let expected = rows[at..at + 50].iter().map(|r| (r.key.clone(), r.bytes.clone()));
        assert_eq!(page.rows, expected.collect::<Vec<_>>());
    }
    query.descending = true;
    query.offset = 0;
    assert_eq!(keys(&store, &query)[0], rows[rows.len() - 1].key);
}

#[test]
fn missing_values_come_last() {
    let folder = tempfile::tempdir().unwrap();
    let store = ReadModelStore::open(folder.path()).unwrap();
    filled(&store, 7);
    let query = Query { order_by: OrderBy::Column(0), limit: 10, ..Query::default() };
    let order: Vec<String> = keys(&store, &query).iter().map(|key| key[12..].to_owned()).collect();
    assert_eq!(order, ["6", "4", "3", "2", "1", "0", "5"]);
    let wrong = Query { order_by: OrderBy::Column(4), ..Query::default() };
    assert_eq!(store.page("board", &wrong), Err(ReadModelError::NoColumn(4)));
}

#[test]
fn rows_and_position_move_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = ReadModelStore::open(folder.path()).unwrap();
    assert_eq!(store.state("board").unwrap(), None);
    filled(&store, 5);
    let state = store.state("board").unwrap().unwrap();
    assert_eq!(state.position, Position(500));
    let stale = store.update("board", BEGUN, Position(501), &[Change::Put(row(9))]);
    assert!(matches!(stale, Err(ReadModelError::Moved { found: Some(found), .. }) if found == state));
    assert_eq!(store.get("board", "journey/00009").unwrap(), None);
    let mut changed = row(1);
    changed.bytes = b"changed".to_vec();
    let changes = [Change::Put(changed), Change::Delete("journey/00002".to_owned())];
    store.update("board", state, Position(502), &changes).unwrap();
    assert_eq!(store.get("board", "journey/00001").unwrap().unwrap(), b"changed");
    assert_eq!(store.page("board", &Query::default()).unwrap().total, 4);
    drop(store);
    let store = ReadModelStore::open(folder.path()).unwrap();
    assert_eq!(store.state("board").unwrap().unwrap().position, Position(502));
}

#[test]
fn rebuilding_gives_the_same_digest_and_a_difference_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = ReadModelStore::open(folder.path()).unwrap();
    filled(&store, 20);
    let digest = store.digest("board").unwrap();
    store.reset("board", 3).unwrap();
    assert_ne!(store.digest("board").unwrap(), digest);
    // In another order and in pieces.
    let mut state = BEGUN;
    for number in (0..20).rev() {
        let to = Position(state.position.0 + 1);
        store.update("board", state, to, &[Change::Put(row(number))]).unwrap();
        state.position = to;
    }
    assert_eq!(store.digest("board").unwrap(), digest);
    let mut changed = row(3);
    changed.sort[2] = Some(SortValue::Integer(0));
    store.update("board", state, Position(99), &[Change::Put(changed)]).unwrap();
    assert_ne!(store.digest("board").unwrap(), digest);
}

/// A damaged or foreign file is begun anew: everything in it can be computed.
#[test]
fn a_broken_file_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("read-models.db"), vec![7; 9_000]).unwrap();
    let store = ReadModelStore::open(folder.path()).unwrap();
    assert_eq!(store.state("board").unwrap(), None);
    filled(&store, 3);
}
