//! The audit log: it grows, and shows what was done to it.

use easel_proxy::store::{
    Location,
    audit::{Audit, Entry, Verdict},
};
use sqlx::{AnyConnection, Connection as _, Executor as _};

use super::place::{NOW_MS, Place};

#[tokio::test(flavor = "multi_thread")]
async fn entries_come_back_and_are_whole() {
    for place in Place::both().await {
        let audit = Audit::new(place.store().await);
        assert_eq!(audit.verify().await.unwrap(), Verdict::Whole { n_entries: 0, digest: [0; 32] });
        fill(&audit, 20).await;
        let Verdict::Whole { n_entries: 20, digest } = audit.verify().await.unwrap() else {
            panic!()
        };
        let last = audit.read(None, 3).await.unwrap();
        assert_eq!(last.iter().map(|it| it.number).collect::<Vec<_>>(), [20, 19, 18]);
        assert_eq!(last[0].digest, digest);
        assert_eq!(last[0].before, last[1].digest);
        assert_eq!((last[0].actor.as_str(), last[0].session.as_str()), ("Ann", "7"));
        assert_eq!(audit.read(Some(18), 1).await.unwrap()[0].number, 17);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_broken_entry_is_found() {
    for place in Place::both().await {
        for (tampering, expected) in [
            ("UPDATE audit SET detail = 'nothing' WHERE id = 7", 7),
            ("UPDATE audit SET actor = 'x', digest = before WHERE id = 12", 12),
            ("UPDATE audit SET at = at + 1 WHERE id IN (3, 15)", 3),
            ("DELETE FROM audit WHERE id = 9", 9),
            ("DELETE FROM audit WHERE id = 1", 1),
            ("DELETE FROM audit WHERE id = 20", 20),
            ("DELETE FROM audit", 1),
            ("UPDATE audit SET digest = before WHERE id = 20", 20),
            ("UPDATE marks SET digest = NULL WHERE name = 'audit'", 20),
        ] {
            let place = match place.location {
                Location::Folder(_) => Place::sqlite(),
                Location::Postgres(_) => Place::postgres().await,
            };
            let audit = Audit::new(place.store().await);
            fill(&audit, 20).await;
            let mut by_hand = by_hand(&place).await;
            by_hand.execute(tampering).await.unwrap();
            let verdict = audit.verify().await.unwrap();
            assert_eq!(verdict, Verdict::Broken { number: expected }, "{tampering}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_one_chain() {
    for place in Place::both().await {
        let audit = Audit::new(place.store().await);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let audit = audit.clone();
            tasks.spawn(async move { audit.append(entry("x"), NOW_MS).await.unwrap() });
        }
        let mut numbers = tasks.join_all().await;
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
        assert!(matches!(audit.verify().await.unwrap(), Verdict::Whole { n_entries: 50, .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_slips_in_is_masked_and_long_texts_are_cut() {
    for place in Place::both().await {
        let audit = Audit::new(place.store().await);
        let secret = format!("easel-{}", "0123456789abcdef".repeat(4));
        let long = "é".repeat(10_000);
        let detail = format!("key {secret}\nnext\0");
        let entry = Entry { detail: &detail, subject: &long, user_agent: &secret, ..entry("") };
        audit.append(entry, NOW_MS).await.unwrap();
        let kept = audit.read(None, 1).await.unwrap().remove(0);
        assert_eq!(kept.detail, "key easel-012345… next ");
        assert_eq!(kept.user_agent, "easel-012345…");
        assert!(kept.subject.len() <= 512 && kept.subject.ends_with("é…"));
        assert!(matches!(audit.verify().await.unwrap(), Verdict::Whole { .. }));
    }
}

async fn fill(audit: &Audit, n: u64) {
    for number in 0..n {
        audit.append(entry(&format!("detail {number}")), NOW_MS + number).await.unwrap();
    }
}

fn entry(detail: &str) -> Entry<'_> {
    Entry {
        actor: "Ann",
        action: "key.make",
        subject: "key 3",
        detail,
        ip: "192.0.2.1",
        user_agent: "browser",
        session: "7",
    }
}

pub async fn by_hand(place: &Place) -> AnyConnection {
    let url = match &place.location {
        Location::Folder(folder) => format!("sqlite://{}/easel.db", folder.display()),
        Location::Postgres(url) => url.clone(),
    };
    AnyConnection::connect(&url).await.unwrap()
}
