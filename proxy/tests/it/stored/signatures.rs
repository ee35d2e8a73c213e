//! Signed thoughts that were put aside.

use easel_proxy::store::signatures::{Handle, MOST_BYTES, NotKept, Signatures};

use super::place::{NOW_MS, Place};

const DAY_MS: u64 = 24 * 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_comes_back_for_a_day() {
    for place in Place::both().await {
        let signatures = Signatures::open(place.store().await, 100).await.unwrap();
        let payload = "{\"anthropic\":{\"thinking\":\"é\",\"signature\":\"c2ln\"}}";
        let handle = signatures.keep(payload, NOW_MS).await.unwrap();
        assert_eq!(Handle::read(&handle.to_string()), Some(handle.clone()));
        let find = async |now_ms| signatures.find(&handle, now_ms).await.unwrap();
        assert_eq!(find(NOW_MS + DAY_MS - 1).await.as_deref(), Some(payload));
        assert_eq!(find(NOW_MS + DAY_MS).await, None);
        // Kept again, it stays longer; and it is one.
        assert_eq!(signatures.keep(payload, NOW_MS + 5).await.unwrap(), handle);
        assert_eq!(find(NOW_MS + DAY_MS).await.as_deref(), Some(payload));
        signatures.tidy(NOW_MS + 5 + DAY_MS).await.unwrap();
        assert_eq!(find(NOW_MS).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_make_room() {
    for place in Place::both().await {
        let signatures = Signatures::open(place.store().await, 100).await.unwrap();
        let mut handles = Vec::new();
        for number in 0..250 {
            handles.push(signatures.keep(&number.to_string(), NOW_MS + number).await.unwrap());
        }
        let mut kept = Vec::new();
        for (number, handle) in handles.iter().enumerate() {
            if signatures.find(handle, NOW_MS).await.unwrap().is_some() {
                kept.push(number);
            }
        }
        assert!((85..=100).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept, (250 - kept.len()..250).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_payload_comes_back_whole_or_not_at_all() {
    for place in Place::both().await {
        let signatures = Signatures::open(place.store().await, 100).await.unwrap();
        // No two rows of it are equal.
        let payload: String = (0..MOST_BYTES / 16).map(|it| format!("é…{it:09}")).collect();
        let handle = signatures.keep(&payload, NOW_MS).await.unwrap();
        assert!(signatures.find(&handle, NOW_MS).await.unwrap() == Some(payload));
        // Its rows count: the oldest of them make room for others.
        for number in 0..60 {
            signatures.keep(&number.to_string(), NOW_MS + 1).await.unwrap();
        }
        assert!(signatures.find(&handle, NOW_MS).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_told() {
    let place = Place::sqlite();
    let signatures = Signatures::open(place.store().await, 100).await.unwrap();
    signatures.keep(&"x".repeat(MOST_BYTES), NOW_MS).await.unwrap();
    let err = signatures.keep(&"x".repeat(MOST_BYTES + 1), NOW_MS).await.unwrap_err();
    assert!(matches!(err, NotKept::TooLarge { n_bytes } if n_bytes == MOST_BYTES + 1));
    for none in ["", "0123", "0123456789abcdeg", "0123456789abcdef0"] {
        assert_eq!(Handle::read(none), None);
    }
}
