//! What only a browser can answer: `cargo xtask test-web` runs this in Chromium, in a worker like the core's.
//!
//! Natively there is nothing here; what every store must do is tested natively on the one in memory.

#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is its job")]

use easel::browser::indexed_db::IndexedDbShelf;
use store::{Batch, Shelf as _, Store, StoreError, conformance};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn indexed_db_does_what_every_store_must() {
    let store = IndexedDbShelf.open("conformance").await.unwrap();
    conformance::check(&*store).await;
    drop(store);
    IndexedDbShelf.remove("conformance").await.unwrap();
}

#[wasm_bindgen_test]
async fn what_is_written_is_there_for_another_connection() {
    let writer = IndexedDbShelf.open("connections").await.unwrap();
    put(&*writer, "kept", "yes").await.unwrap();
    let reader = IndexedDbShelf.open("connections").await.unwrap();
    assert_eq!(reader.get("kept").await, Ok(Some(b"yes".to_vec())));
}

#[wasm_bindgen_test]
async fn a_core_that_was_followed_by_another_cannot_write() {
    let old = IndexedDbShelf.open("fenced").await.unwrap();
    put(&*old, "epoch", "1").await.unwrap();
    let new = IndexedDbShelf.open("fenced").await.unwrap();
    put(&*new, "epoch", "2").await.unwrap();
    let mut late = Batch::default();
    late.expect("epoch", Some(b"1".to_vec())).put("file", "lost?");
    assert_eq!(old.commit(late).await, Err(StoreError::Superseded));
    assert_eq!(new.get("file").await, Ok(None));
}

#[wasm_bindgen_test]
async fn a_removed_store_is_empty_when_it_is_made_again() {
    let store = IndexedDbShelf.open("removed").await.unwrap();
    put(&*store, "old", "yes").await.unwrap();
    drop(store);
    IndexedDbShelf.remove("removed").await.unwrap();
    let store = IndexedDbShelf.open("removed").await.unwrap();
    assert_eq!(store.get("old").await, Ok(None));
}

async fn put(store: &dyn Store, key: &str, value: &str) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.put(key, value);
    store.commit(batch).await
}
