//! What every [`Store`] must do. Adapters call [`check`] from one test of their own.
//!
//! Durability is not tested here: a process cannot see its own death. The journeys that kill the
//! browser do that.

use crate::{Batch, Store, StoreError};

/// Runs every case against an empty store and panics at the first that fails.
pub async fn check(store: &dyn Store) {
    a_missing_key_is_none(store).await;
    the_last_write_of_a_batch_wins(store).await;
    a_removed_record_is_gone(store).await;
    bytes_come_back_as_they_were(store).await;
    a_scan_is_ordered_and_stays_in_its_prefix(store).await;
    an_unmet_expectation_writes_nothing(store).await;
    a_met_expectation_writes(store).await;
    an_empty_batch_is_fine(store).await;
    many_writes_are_one_batch(store).await;
}

async fn a_missing_key_is_none(store: &dyn Store) {
    assert_eq!(store.get("missing").await, Ok(None));
}

async fn the_last_write_of_a_batch_wins(store: &dyn Store) {
    write(store, &[("last", Some("1")), ("last", Some("2"))]).await;
    assert_eq!(store.get("last").await, Ok(Some(b"2".to_vec())));
}

async fn a_removed_record_is_gone(store: &dyn Store) {
    write(store, &[("gone", Some("1"))]).await;
    write(store, &[("gone", None), ("never-there", None)]).await;
    assert_eq!(store.get("gone").await, Ok(None));
}

async fn bytes_come_back_as_they_were(store: &dyn Store) {
    let every_byte: Vec<u8> = (0..=255).collect();
    for value in [Vec::new(), every_byte, vec![7; 5 << 20]] {
        let mut batch = Batch::default();
        batch.put("bytes", value.clone());
        assert_eq!(store.commit(batch).await, Ok(()));
        assert_eq!(store.get("bytes").await, Ok(Some(value)));
    }
}

async fn a_scan_is_ordered_and_stays_in_its_prefix(store: &dyn Store) {
    write(
        store,
        &[
            ("scan/b", Some("2")),
            ("scan/a", Some("1")),
            ("scan/é\u{10ffff}", Some("3")),
            ("scan0", Some("outside")),
            ("scam/z", Some("outside")),
        ],
    )
    .await;
    let found = store.scan("scan/").await.expect("scans");
    let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["scan/a", "scan/b", "scan/é\u{10ffff}"]);
    assert_eq!(store.scan("nothing/").await, Ok(Vec::new()));
}

async fn an_unmet_expectation_writes_nothing(store: &dyn Store) {
    write(store, &[("epoch", Some("2"))]).await;
    for expected in [Some(b"1".to_vec()), None] {
        let mut batch = Batch::default();
        batch.expect("epoch", expected).put("fenced", "x");
        assert_eq!(store.commit(batch).await, Err(StoreError::Superseded));
        assert_eq!(store.get("fenced").await, Ok(None));
    }
}

async fn a_met_expectation_writes(store: &dyn Store) {
    let mut batch = Batch::default();
    batch.expect("epoch", Some(b"2".to_vec())).expect("absent", None).put("epoch", "3");
    assert_eq!(store.commit(batch).await, Ok(()));
    assert_eq!(store.get("epoch").await, Ok(Some(b"3".to_vec())));
}

async fn an_empty_batch_is_fine(store: &dyn Store) {
    assert_eq!(store.commit(Batch::default()).await, Ok(()));
}

async fn many_writes_are_one_batch(store: &dyn Store) {
    let mut batch = Batch::default();
    for n in 0..1_000 {
        batch.put(format!("many/{n:04}"), vec![0; 100]);
    }
    assert_eq!(store.commit(batch).await, Ok(()));
    assert_eq!(store.scan("many/").await.map(|it| it.len()), Ok(1_000));
}

async fn write(store: &dyn Store, writes: &[(&str, Option<&str>)]) {
    let writes = writes
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.map(|it| it.as_bytes().to_vec())))
        .collect();
    assert_eq!(store.commit(Batch { expects: Vec::new(), writes }).await, Ok(()));
}
