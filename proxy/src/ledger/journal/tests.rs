//! The journal's files after kills, losses of power and strangers.

use std::{fs, io::Write as _, os::unix::fs::FileExt as _};

use super::*;
use crate::{
    accounts::KeyId,
    ledger::row::{ModelId, Operation, RequestId},
};

#[test]
fn records_wait_in_order_until_they_are_folded() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.last(), 0);
    append(&journal, 0..10);
    let batch = journal.batch(4).unwrap();
    assert_eq!(numbers(&batch), [1, 2, 3, 4]);
    // Reading changes nothing.
    assert_eq!(numbers(&journal.batch(4).unwrap()), [1, 2, 3, 4]);
    journal.folded(&batch);
    assert_eq!(journal.n_waiting(), 6);
    let batch = journal.batch(100).unwrap();
    assert_eq!(numbers(&batch), [5, 6, 7, 8, 9, 10]);
    journal.folded(&batch);
    assert!(journal.batch(100).unwrap().records.is_empty());
    drop(journal);
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.n_waiting(), 0);
}

#[test]
fn each_start_has_a_journal_of_its_own_after_those_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for start in 0..3 {
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!((journal.n_waiting(), journal.last()), (4 * start, 4 * start));
        assert!(ids.iter().all(|it| journal.earlier.contains(it) && *it != journal.id));
        ids.push(journal.id);
        append(&journal, 0..4);
    }
    let journal = Journal::open(folder.path()).unwrap();
    for id in ids {
        let batch = journal.batch(100).unwrap();
        assert_eq!((batch.id, batch.records.len()), (id, 4));
        journal.folded(&batch);
    }
    // What was begun and never used is removed with the next start.
    drop(journal);
    drop(Journal::open(folder.path()).unwrap());
    assert_eq!(paths(folder.path()).unwrap().len(), 1);
}

#[test]
fn files_follow_each_other_and_go_when_they_are_folded() {
    let folder = tempfile::tempdir().unwrap();
    let n_records = 2 * MOST_BYTES / SIZE as u64 + 10;
    let journal = Journal::open(folder.path()).unwrap();
    append(&journal, 0..n_records);
    assert_eq!(paths(folder.path()).unwrap().len(), 3);
    drop(journal);
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!((journal.last(), journal.n_waiting()), (n_records, n_records));
    let mut next = 1;
    loop {
        let batch = journal.batch(2000).unwrap();
        if batch.records.is_empty() {
            break;
        }
        for record in &batch.records {
            assert_eq!(record.sequence, next);
            next += 1;
        }
        journal.folded(&batch);
    }
    assert_eq!(next, n_records + 1);
    assert_eq!(paths(folder.path()).unwrap().len(), 1);
    append(&journal, 0..1000);
    let batch = journal.batch(2000).unwrap();
    journal.folded(&batch);
    // The last file is emptied, and the numbers go on.
    let length = fs::metadata(&paths(folder.path()).unwrap()[0]).unwrap().len();
    assert_eq!(length, HEADER);
    append(&journal, 0..1);
    assert_eq!(numbers(&journal.batch(10).unwrap()), [n_records + 1001]);
}

#[test]
fn a_record_that_was_torn_is_none() {
    for torn in [1, 40, SIZE - 1] {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        append(&journal, 0..3);
        drop(journal);
        let path = &paths(folder.path()).unwrap()[0];
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(&vec![7; torn]).unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let batch = journal.batch(10).unwrap();
        assert_eq!((numbers(&batch), batch.n_damaged), (vec![1, 2, 3], 0), "{torn}");
    }
}

#[test]
fn a_loss_of_power_takes_what_it_takes_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    append(&journal, 0..10);
    drop(journal);
    // A block of the middle was never written, and the end is missing.
    let path = &paths(folder.path()).unwrap()[0];
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[0; 2 * SIZE], 4 * SIZE as u64).unwrap();
    file.set_len(9 * SIZE as u64).unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let batch = journal.batch(100).unwrap();
    assert_eq!((numbers(&batch), batch.n_damaged), (vec![1, 2, 3, 6, 7, 8], 2));
}

#[test]
fn a_file_that_was_only_begun_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    append(&journal, 0..3);
    drop(journal);
    let begun = folder.path().join("0000000000000004.journal");
    fs::write(&begun, "easel").unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!((journal.n_waiting(), journal.last()), (3, 3));
    assert!(!begun.exists());
}

#[test]
fn strangers_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let err = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(err, BadJournal::InUse { .. }));
    drop(journal);
    let stranger = folder.path().join("0000000000000002.journal");
    fs::write(&stranger, "something else altogether ".repeat(10)).unwrap();
    let err = Journal::open(folder.path()).unwrap_err();
    assert!(err.to_string().ends_with("move it away"), "{err}");
}

#[test]
fn what_finds_no_room_is_kept_and_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    append(&journal, 0..2);
    // A device that is always full takes the file's place.
    let full = Arc::new(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let real = std::mem::replace(&mut journal.state().active().file, full);
    for number in 2..5 {
        let Unsaved(err) = journal.append(0, row(number)).unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::StorageFull);
    }
    assert!(journal.save_again().is_err());
    assert_eq!((journal.n_unsaved(), journal.n_waiting()), (3, 5));
    journal.state().active().file = real;
    append(&journal, 5..6);
    assert_eq!((journal.n_unsaved(), journal.n_waiting()), (0, 6));
    let batch = journal.batch(10).unwrap();
    assert_eq!(numbers(&batch), [1, 2, 3, 4, 5, 6]);
    let ids: Vec<_> = batch.records.iter().map(|it| u64::from_be_bytes(it.row.request.0)).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
}

fn append(journal: &Journal, numbers: std::ops::Range<u64>) {
    for number in numbers {
        journal.append(0, row(number)).unwrap();
    }
}

fn numbers(batch: &Batch) -> Vec<u64> {
    batch.records.iter().map(|it| it.sequence).collect()
}

fn row(number: u64) -> Row {
    Row {
        at_ms: 1,
        key: KeyId(1),
        model: ModelId(1),
        status: 200,
        operation: Operation::Chat,
        usage: wire::Usage::default(),
        ms: 1,
        request: RequestId(number.to_be_bytes()),
        session: number,
    }
}
