//! Databases of other versions, and files that are none.

use std::fs;

use easel_proxy::{
    accounts::{Accounts, Denied, PersonId, Role},
    ledger::{By, Filter, Ledger},
    store::{
        Location, Store, StoreError,
        audit::{Audit, Verdict},
        signatures::Signatures,
    },
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::{
    audit::by_hand,
    place::{NOW_MS, Place},
};

/// Shipped once, never edited: a database of schema 3 with a key, two rows and two audit entries.
const SQLITE_3: &str = include_str!("../../fixtures/store/3.sqlite.sql");
const POSTGRES_3: &str = include_str!("../../fixtures/store/3.postgres.sql");

/// What was in the data folder beside it.
const PEPPER: &str = include_str!("../../fixtures/store/3.pepper");

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_version_before_is_brought_to_this_one() {
    for place in Place::both().await {
        let text = match &place.location {
            Location::Folder(folder) => {
                fs::create_dir(folder).unwrap();
                fs::write(folder.join("easel.db"), "").unwrap();
                SQLITE_3
            }
            Location::Postgres(_) => {
                fs::create_dir(place.data()).unwrap();
                POSTGRES_3
            }
        };
        fs::write(place.data().join("pepper"), PEPPER).unwrap();
        // It installs the drivers, too.
        drop(Place::sqlite().store().await);
        let mut connection = by_hand(&place).await;
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();

        let store = place.store().await;
        let accounts = Accounts::open(store.clone(), &place.data()).await.unwrap();
        let directory = accounts.directory();
        let client = directory.clients.values().find(|it| it.name == "editor").unwrap();
        assert_eq!(client.may_ask(NOW_MS), Ok(()));
        assert_eq!(client.may_ask(u64::MAX), Err(Denied::Expired));
        assert_eq!(directory.role(PersonId(1), client.organisation, None), Some(Role::Owner));
        assert_eq!(client.scopes[0].1.per_minute, Some(60));
        let ledger = Ledger::open(store.clone(), &place.data()).await.unwrap();
        let lines = ledger.usage(Filter::default(), By::Key).await.unwrap();
        assert_eq!((lines[0].name.as_str(), lines[0].sums.requests), ("editor", 2));
        assert_eq!(ledger.last(None, 9).await.unwrap().len(), 2);
        let verdict = Audit::new(store.clone()).verify().await.unwrap();
        assert!(
            matches!(verdict, Verdict::Whole { n_entries, .. } if n_entries > 0),
            "{verdict:?}"
        );
        // And what is new works.
        let signatures = Signatures::open(store, 10).await.unwrap();
        signatures.keep("{}", NOW_MS).await.unwrap();
        ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_later_version_is_left_alone() {
    for place in Place::both().await {
        place.store().await.close().await;
        let mut connection = by_hand(&place).await;
        let later = "INSERT INTO _sqlx_migrations
            SELECT 99, description, installed_on, success, checksum, execution_time
            FROM _sqlx_migrations WHERE version = 1";
        connection.execute(later).await.unwrap();
        let err = Store::open(&place.location).await.unwrap_err();
        assert!(matches!(err, StoreError::Newer(99)), "{err}");
        assert!(err.to_string().contains("newer version of this program"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_version_is_never_edited() {
    for place in Place::both().await {
        place.store().await.close().await;
        let mut connection = by_hand(&place).await;
        let edited = "UPDATE _sqlx_migrations SET checksum = (SELECT checksum
            FROM _sqlx_migrations WHERE version = 2) WHERE version = 1";
        connection.execute(edited).await.unwrap();
        let err = Store::open(&place.location).await.unwrap_err();
        assert!(matches!(err, StoreError::NotMigrated(_)), "{err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_told() {
    let place = Place::sqlite();
    fs::create_dir(place.data()).unwrap();
    fs::write(place.data().join("easel.db"), "no database ".repeat(1000)).unwrap();
    let err = Store::open(&place.location).await.unwrap_err();
    assert!(matches!(err, StoreError::Damaged(_)), "{err:?}");

    let place = Place::sqlite();
    fs::write(place.data(), "a file where the folder should be").unwrap();
    let err = Store::open(&place.location).await.unwrap_err();
    assert!(matches!(err, StoreError::NoFolder { .. }), "{err:?}");

    let nowhere = Location::Postgres("postgres://easel:hunter2@127.0.0.1:1/x".to_owned());
    let err = Store::open(&nowhere).await.unwrap_err();
    assert!(err.passes(), "{err:?}");
    assert!(!format!("{err} {err:?} {nowhere:?}").contains("hunter2"));
}
