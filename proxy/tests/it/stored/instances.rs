//! Several processes on one database: each sees what the others do.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use easel_proxy::{
    accounts::{Accounts, Denied, KeyId, NewKey, Patterns, Post, Role, Scope},
    ledger::{By, Filter},
    store::Store,
};

use super::place::{ANN, NOW_MS, Place, book, local, open_ledger, row};

/// What another instance changed is seen within this time.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_see_each_others_keys_within_two_seconds() {
    for place in Place::both().await {
        let one = place.accounts().await;
        let elsewhere = place.another();
        let two = Accounts::open(place.store().await, elsewhere.path()).await.unwrap();
        let client = local(&one).await;
        let new = NewKey {
            name: "editor",
            organisation: client.organisation,
            project: client.project,
            person: client.person,
            models: Patterns::all(),
            expires_at_ms: None,
        };
        let (key, secret) = one.make_key(new, ANN, NOW_MS).await.unwrap();
        until(|| two.find(secret.expose(), NOW_MS).is_ok()).await;
        two.end(Scope::Key(key), ANN, NOW_MS).await.unwrap();
        until(|| one.find(secret.expose(), NOW_MS) == Err(Denied::Revoked)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_one_instance_is_good_at_the_other() {
    let place = Place::postgres().await;
    let one = place.accounts().await;
    let elsewhere = place.another();
    let two = Accounts::open(place.store().await, elsewhere.path()).await.unwrap();
    let organisation = one.make_organisation("Team", ANN, NOW_MS).await.unwrap();
    let ann = one.make_person("Ann", Some("ann@example.com"), ANN, NOW_MS).await.unwrap();
    let role = Some(Role::Member);
    one.set_role(ann, organisation, None, role, ANN, NOW_MS).await.unwrap();
    one.ask_pin("ann@example.com", &Post::Log, NOW_MS).await.unwrap();
    // The PIN is in the log; with the pepper, six digits are soon found.
    let mut connection = super::audit::by_hand(&place).await;
    let (token, visitor) = loop {
        sqlx::query("UPDATE pins SET tries_left = 5").execute(&mut connection).await.unwrap();
        let pepper = std::fs::read_to_string(place.data().join("pepper")).unwrap();
        let pin = guess(&pepper, &mut connection).await;
        if let Ok(signed) = one.sign_in("ann@example.com", &pin, ANN, NOW_MS).await {
            break signed;
        }
    };
    let jwt = one.web_token(&visitor, NOW_MS);
    until(|| two.visitor(token.expose(), NOW_MS) == Ok(visitor)).await;
    assert_eq!(two.visitor(jwt.expose(), NOW_MS), Ok(visitor));
    two.end_session(visitor.session).await.unwrap();
    until(|| one.visitor(jwt.expose(), NOW_MS) == Err(Denied::Unknown)).await;
}

async fn guess(pepper: &str, connection: &mut sqlx::AnyConnection) -> String {
    use hmac::Mac as _;
    let digest: Vec<u8> = sqlx::query_scalar("SELECT digest FROM pins ORDER BY id DESC LIMIT 1")
        .fetch_one(connection)
        .await
        .unwrap();
    let begun = hmac::Hmac::<sha2::Sha256>::new_from_slice(pepper.trim().as_bytes()).unwrap();
    let fits = |pin: &String| {
        let mut mac = begun.clone();
        mac.update(format!("easel pin: ann@example.com {pin}").as_bytes());
        mac.finalize().into_bytes()[..] == digest
    };
    (0..1_000_000).map(|it| format!("{it:06}")).find(fits).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_of_two_instances_add_up() {
    for place in Place::both().await {
        let elsewhere = place.another();
        let one = Arc::new(place.ledger().await);
        let two = Arc::new(open_ledger(place.store().await, elsewhere.path()).await);
        let mut tasks = tokio::task::JoinSet::new();
        for ledger in [&one, &two] {
            for task in 0..4_u64 {
                let ledger = Arc::clone(ledger);
                tasks.spawn(async move {
                    let model = ledger.model("m").await.unwrap();
                    for number in 0..500 {
                        // Many sums that both write at the same time.
                        let key = KeyId(i64::try_from((task * 7 + number) % 20).unwrap());
                        book(&ledger, row(key, model, number)).await;
                    }
                });
            }
        }
        tasks.join_all().await;
        one.flush().await;
        two.flush().await;
        let lines = one.usage(Filter::default(), By::Model).await.unwrap();
        assert_eq!((lines.len(), lines[0].sums.requests), (1, 4000));
        assert_eq!(one.last(None, 10_000).await.unwrap().len(), 4000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_at_once_make_one_database() {
    for place in Place::both().await {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let location = place.location.clone();
            tasks.spawn(async move { Store::open(&location).await.map(drop) });
        }
        for opened in tasks.join_all().await {
            opened.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_serves_one_ledger_at_a_time() {
    let place = Place::sqlite();
    let first = place.ledger().await;
    let err = easel_proxy::ledger::Ledger::open(place.store().await, &place.data()).await;
    assert!(err.unwrap_err().to_string().contains("is used by another process"));
    first.close().await;
    place.ledger().await.close().await;
}

/// Somebody copied a whole data folder for a second instance.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_folder_neither_doubles_nor_loses_rows() {
    let place = Place::postgres().await;
    let ledger = place.ledger().await;
    let model = ledger.model("m").await.unwrap();
    for number in 0..100 {
        book(&ledger, row(KeyId(1), model, number)).await;
    }
    // Some of them may be folded in already.
    let copy = tempfile::tempdir().unwrap();
    let from = place.data().join("journal");
    std::fs::create_dir(copy.path().join("journal")).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = copy.path().join("journal").join(path.file_name().unwrap());
        std::fs::copy(path, to).unwrap();
    }
    let second = open_ledger(place.store().await, copy.path()).await;
    for number in 100..200 {
        book(&ledger, row(KeyId(1), model, number)).await;
        book(&second, row(KeyId(1), model, number + 100)).await;
    }
    ledger.flush().await;
    second.flush().await;
    let mut seen: Vec<_> = ledger.last(None, 1000).await.unwrap();
    seen.sort_by_key(|it| it.row.request);
    let seen: Vec<_> = seen.iter().map(|it| u64::from_be_bytes(it.row.request.0)).collect();
    assert_eq!(seen, (0..300).collect::<Vec<_>>());
}

async fn until(mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < SOON, "not seen after {SOON:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
