//! The ledger: rows, sums, exports, names of requests.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

use easel_proxy::{
    accounts::{KeyId, NewKey, Patterns, Scope},
    ledger::{Begun, By, Filter, Idempotency, Operation, Retention, Row, Sessions, Spent},
};
use expect_test::expect;
use futures::TryStreamExt as _;
use wire::Usage;

use super::place::{ANN, NOW_MS, Place, book, local, row};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_booked_is_listed_as_it_was() {
    for place in Place::both().await {
        let ledger = place.ledger().await;
        let model = ledger.model("anthropic/claude-sonnet-4-5").await.unwrap();
        let full = Row {
            status: 429,
            operation: Operation::PlanFix,
            usage: Usage {
                input_tokens: 1,
                cache_read_tokens: 2,
                cache_write_tokens: 3,
                cache_write_long_tokens: 4,
                audio_input_tokens: 5,
                output_tokens: 6,
                reasoning_tokens: 7,
                audio_output_tokens: 8,
                cost_nano: None,
                estimated: true,
            },
            ..row(KeyId(7), model, 1)
        };
        book(&ledger, full).await;
        book(&ledger, row(KeyId(7), model, 2)).await;
        ledger.flush().await;
        let last = ledger.last(None, 10).await.unwrap();
        assert_eq!(
            last.iter().map(|it| it.row).collect::<Vec<_>>(),
            [row(KeyId(7), model, 2), full]
        );
        assert_eq!(last[0].model_name, "anthropic/claude-sonnet-4-5");
        let before = ledger.last(Some(last[0].number), 10).await.unwrap();
        assert_eq!(before, last[1..]);
        ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_are_by_hour_day_key_model_operation_person_and_project() {
    let mut texts = Vec::new();
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let app = local(&accounts).await;
        let organisation = app.organisation;
        let service = NewKey {
            name: "service",
            organisation,
            project: None,
            person: None,
            models: Patterns::all(),
            expires_at_ms: None,
        };
        let (service, _) = accounts.make_key(service, ANN, NOW_MS).await.unwrap();
        let ledger = place.ledger().await;
        let small = ledger.model("small").await.unwrap();
        let large = ledger.model("large").await.unwrap();
        for (key, model, hours, operation, status) in [
            (app.key, small, 0, Operation::Chat, 200),
            (app.key, small, 0, Operation::Chat, 200),
            (app.key, large, 1, Operation::MainBuild, 500),
            (service, large, 30, Operation::Update, 200),
        ] {
            let at_ms = NOW_MS + hours * HOUR_MS;
            book(&ledger, Row { at_ms, operation, status, ..row(key, model, 0) }).await;
        }
        ledger.flush().await;
        let mut text = String::new();
        for by in [By::Hour, By::Day, By::Key, By::Model, By::Operation, By::Person, By::Project] {
            for line in ledger.usage(Filter::default(), by).await.unwrap() {
                // Keys have other numbers elsewhere.
                let of = if matches!(by, By::Hour | By::Day) { line.of } else { 0 };
                let sums = line.sums;
                text += &format!(
                    "{by:?} {of} {:?}: {} requests, {} failed, {} in, {} out, {} nano, {} ms, {} s\n",
                    line.name,
                    sums.requests,
                    sums.failed,
                    sums.input_tokens + sums.cache_read_tokens,
                    sums.output_tokens,
                    sums.cost_nano,
                    sums.ms,
                    sums.secs
                );
            }
        }
        texts.push(text);
        let requests = async |filter| {
            let lines = ledger.usage(filter, By::Operation).await.unwrap();
            lines.iter().map(|it| it.sums.requests).sum::<u64>()
        };
        let all = Filter::default();
        for (filter, expected) in [
            (all, 4),
            (Filter { from_ms: NOW_MS + HOUR_MS, ..all }, 2),
            (Filter { to_ms: NOW_MS + HOUR_MS, ..all }, 2),
            (Filter { scope: Some(Scope::Key(service)), ..all }, 1),
            (Filter { scope: Some(Scope::Person(app.person.unwrap())), ..all }, 3),
            (Filter { scope: Some(Scope::Project(app.project.unwrap())), ..all }, 3),
            (Filter { scope: Some(Scope::Organisation(organisation)), ..all }, 4),
        ] {
            assert_eq!(requests(filter).await, expected, "{filter:?}");
        }
        ledger.close().await;
    }
    assert_eq!(texts[0], texts[1]);
    expect![[r#"
        Hour 1800000000000 "": 2 requests, 0 failed, 2000 in, 240 out, 2000000 nano, 4800 ms, 6 s
        Hour 1800003600000 "": 1 requests, 1 failed, 1000 in, 120 out, 1000000 nano, 2400 ms, 3 s
        Hour 1800108000000 "": 1 requests, 0 failed, 1000 in, 120 out, 1000000 nano, 2400 ms, 3 s
        Day 1799971200000 "": 3 requests, 1 failed, 3000 in, 360 out, 3000000 nano, 7200 ms, 9 s
        Day 1800057600000 "": 1 requests, 0 failed, 1000 in, 120 out, 1000000 nano, 2400 ms, 3 s
        Key 0 "You": 3 requests, 1 failed, 3000 in, 360 out, 3000000 nano, 7200 ms, 9 s
        Key 0 "service": 1 requests, 0 failed, 1000 in, 120 out, 1000000 nano, 2400 ms, 3 s
        Model 0 "small": 2 requests, 0 failed, 2000 in, 240 out, 2000000 nano, 4800 ms, 6 s
        Model 0 "large": 2 requests, 1 failed, 2000 in, 240 out, 2000000 nano, 4800 ms, 6 s
        Operation 0 "chat": 2 requests, 0 failed, 2000 in, 240 out, 2000000 nano, 4800 ms, 6 s
        Operation 0 "main_build": 1 requests, 1 failed, 1000 in, 120 out, 1000000 nano, 2400 ms, 3 s
        Operation 0 "update": 1 requests, 0 failed, 1000 in, 120 out, 1000000 nano, 2400 ms, 3 s
        Person 0 "You": 3 requests, 1 failed, 3000 in, 360 out, 3000000 nano, 7200 ms, 9 s
        Person 0 "": 1 requests, 0 failed, 1000 in, 120 out, 1000000 nano, 2400 ms, 3 s
        Project 0 "Local": 3 requests, 1 failed, 3000 in, 360 out, 3000000 nano, 7200 ms, 9 s
        Project 0 "": 1 requests, 0 failed, 1000 in, 120 out, 1000000 nano, 2400 ms, 3 s
    "#]]
    .assert_eq(&texts[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_is_known_for_each_scope_and_period() {
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let app = local(&accounts).await;
        let other = NewKey {
            name: "other",
            organisation: app.organisation,
            project: app.project,
            person: None,
            models: Patterns::all(),
            expires_at_ms: None,
        };
        let (other, _) = accounts.make_key(other, ANN, NOW_MS).await.unwrap();
        let ledger = place.ledger().await;
        let model = ledger.model("m").await.unwrap();
        // Now, some hours, days and months ago; and one without a price.
        for (key, ago_ms, cost_nano) in [
            (app.key, 0, Some(1)),
            (app.key, 3 * HOUR_MS, Some(10)),
            (app.key, 3 * DAY_MS, Some(100)),
            (app.key, 40 * DAY_MS, Some(1000)),
            (app.key, 0, None),
            (other, 0, Some(20000)),
        ] {
            let mut row = Row { at_ms: NOW_MS - ago_ms, ..row(key, model, 0) };
            row.usage.cost_nano = cost_nano;
            book(&ledger, row).await;
        }
        ledger.flush().await;
        let mine = Spent { total: 1111, month: 111, day: 11, hour: 1 };
        let others = Spent { total: 20000, month: 20000, day: 20000, hour: 20000 };
        let both = Spent { total: 21111, month: 20111, day: 20011, hour: 20001 };
        let expected = BTreeMap::from([
            (Scope::Key(app.key), mine),
            (Scope::Person(app.person.unwrap()), mine),
            (Scope::Key(other), others),
            (Scope::Project(app.project.unwrap()), both),
            (Scope::Organisation(app.organisation), both),
        ]);
        assert_eq!(ledger.spent(NOW_MS).await.unwrap(), expected);
        ledger.close().await;
        let ledger = place.ledger().await;
        assert_eq!(ledger.spent(NOW_MS).await.unwrap(), expected);
        ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_go_and_their_sums_stay() {
    for place in Place::both().await {
        let ledger = place.ledger().await;
        let model = ledger.model("m").await.unwrap();
        for day in 0..100 {
            for n in 0..30 {
                let at_ms = NOW_MS - day * DAY_MS;
                book(&ledger, Row { at_ms, ..row(KeyId(1), model, n) }).await;
            }
        }
        ledger.flush().await;
        assert_eq!(ledger.tidy(Retention::default(), NOW_MS).await.unwrap(), 9 * 30);
        assert_eq!(ledger.last(None, 10_000).await.unwrap().len(), 91 * 30);
        let days = ledger.usage(Filter::default(), By::Day).await.unwrap();
        assert_eq!((days.len(), days[0].sums.requests), (100, 30));
        assert_eq!(ledger.tidy(Retention { rows_ms: 0 }, NOW_MS + 1).await.unwrap(), 91 * 30);
        assert_eq!(ledger.usage(Filter::default(), By::Day).await.unwrap(), days);
        ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_summed_from_their_first_request_to_their_last_answer() {
    for place in Place::both().await {
        let ledger = place.ledger().await;
        let model = ledger.model("m").await.unwrap();
        // Of the first key two sessions, one of which comes in two folds and not in order.
        for (key, session, ago_ms) in [(1, u64::MAX, 0), (1, 5, 0), (2, 5, 40 * DAY_MS)] {
            let at_ms = NOW_MS - ago_ms;
            book(&ledger, Row { at_ms, session, ..row(KeyId(key), model, 0) }).await;
        }
        book(&ledger, row(KeyId(1), model, 0)).await;
        ledger.flush().await;
        let at_ms = NOW_MS - HOUR_MS;
        book(&ledger, Row { at_ms, session: 5, ..row(KeyId(1), model, 0) }).await;
        ledger.flush().await;
        let all = Filter::default();
        for (filter, sessions, requests, lasted_ms) in [
            (all, 3, 4, HOUR_MS + 3 * 2400),
            (Filter { from_ms: NOW_MS, ..all }, 2, 3, HOUR_MS + 2 * 2400),
            (Filter { to_ms: NOW_MS, ..all }, 1, 1, 2400),
            (Filter { scope: Some(Scope::Key(KeyId(2))), ..all }, 1, 1, 2400),
            (Filter { scope: Some(Scope::Key(KeyId(3))), ..all }, 0, 0, 0),
        ] {
            let (tokens, cost_nano) = (requests * 1120, requests * 1_000_000);
            let expected = Sessions { sessions, requests, tokens, cost_nano, lasted_ms };
            assert_eq!(ledger.sessions(filter).await.unwrap(), expected, "{filter:?}");
        }
        ledger.tidy(Retention { rows_ms: 30 * DAY_MS }, NOW_MS).await.unwrap();
        assert_eq!(ledger.sessions(all).await.unwrap().sessions, 2);
        ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_every_row_of_its_time_once() {
    let mut texts = Vec::new();
    for place in Place::both().await {
        let ledger = place.ledger().await;
        let model = ledger.model("vendor/m,1").await.unwrap();
        // Many at one time, and more than one part of the answer holds.
        for number in 0..1300 {
            let at_ms = NOW_MS + number / 600;
            book(&ledger, Row { at_ms, ..row(KeyId(3), model, number) }).await;
        }
        ledger.flush().await;
        let parts: Vec<_> = ledger.export(NOW_MS, NOW_MS + 2).try_collect().await.unwrap();
        assert!(parts.len() > 3 && parts.iter().all(|it| it.len() < 100_000));
        let text = String::from_utf8(parts.concat()).unwrap();
        let lines: Vec<_> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 1201);
        texts.push(format!("{}\n{}\n{}\n", lines[0], lines[1], lines[1200]));
        let ids: std::collections::BTreeSet<_> =
            lines[1..].iter().map(|it| it.rsplit_once(',').unwrap().1).collect();
        assert_eq!(ids.len(), 1200);
        ledger.close().await;
    }
    assert_eq!(texts[0], texts[1]);
    expect![[r#"
        at,key,organisation,project,person,model,status,operation,input_tokens,cache_read_tokens,cache_write_tokens,cache_write_long_tokens,audio_input_tokens,output_tokens,reasoning_tokens,audio_output_tokens,cost_nano,ms,secs,estimated,request
        1800000000000,,,,,"vendor/m,1",200,chat,900,100,0,0,0,120,0,0,1000000,2400,3,0,0000000000000000
        1800000000001,,,,,"vendor/m,1",200,chat,900,100,0,0,0,120,0,0,1000000,2400,3,0,00000000000004af
    "#]]
    .assert_eq(&texts[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_name_is_paid_once() {
    for place in Place::both().await {
        let ledger = place.ledger().await;
        let model = ledger.model("m").await.unwrap();
        let it = Idempotency { key: KeyId(1), name: "order 66", body: [1; 32] };
        let Begun::First(claim) = ledger.begin(it, NOW_MS).await.unwrap() else { panic!() };
        assert!(matches!(ledger.begin(it, NOW_MS).await.unwrap(), Begun::Running));
        let other = Idempotency { body: [2; 32], ..it };
        assert!(matches!(ledger.begin(other, NOW_MS).await.unwrap(), Begun::Differs));
        // Another key's names are its own.
        let theirs = Idempotency { key: KeyId(2), ..it };
        let Begun::First(free) = ledger.begin(theirs, NOW_MS).await.unwrap() else { panic!() };

        let paid = row(KeyId(1), model, 5);
        ledger.admit().await.unwrap().book(paid, Some(claim)).unwrap();
        // At once, before the database has it, and afterwards.
        for _ in 0..2 {
            let Begun::Again(row) = ledger.begin(it, NOW_MS + 9).await.unwrap() else { panic!() };
            assert_eq!(*row, paid);
            assert!(matches!(ledger.begin(other, NOW_MS).await.unwrap(), Begun::Differs));
            ledger.flush().await;
        }
        // One that ended without a row is free again.
        drop(free);
        ledger.flush().await;
        tokio::time::timeout(std::time::Duration::from_secs(5), async {
            while !matches!(ledger.begin(theirs, NOW_MS).await.unwrap(), Begun::First(_)) {}
        })
        .await
        .unwrap();

        ledger.close().await;
        let ledger = place.ledger().await;
        assert!(matches!(ledger.begin(it, NOW_MS + 9).await.unwrap(), Begun::Again(_)));
        // A day later the name is free, whether somebody tidied up or not.
        assert!(matches!(ledger.begin(it, NOW_MS + DAY_MS).await.unwrap(), Begun::First(_)));
        assert_eq!(ledger.last(None, 10).await.unwrap().len(), 1);
        ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_with_one_name_one_is_the_first() {
    for place in Place::both().await {
        let ledger = std::sync::Arc::new(place.ledger().await);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let ledger = std::sync::Arc::clone(&ledger);
            tasks.spawn(async move {
                let it = Idempotency { key: KeyId(1), name: "n", body: [0; 32] };
                ledger.begin(it, NOW_MS).await.unwrap()
            });
        }
        let begun = tasks.join_all().await;
        assert_eq!(begun.iter().filter(|it| matches!(it, Begun::First(_))).count(), 1);
        assert_eq!(begun.iter().filter(|it| matches!(it, Begun::Running)).count(), 39);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invented_models_do_not_fill_the_table() {
    let place = Place::sqlite();
    let ledger = place.ledger().await;
    let other = ledger.model("other").await.unwrap();
    assert_eq!(ledger.model(&"x".repeat(201)).await.unwrap(), other);
    assert_eq!(ledger.model("zero\0byte").await.unwrap(), other);
    let known = ledger.model("known").await.unwrap();
    assert_ne!(known, other);
    assert_eq!(ledger.model("known").await.unwrap(), known);
    ledger.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_does_not_stop_the_others() {
    for place in Place::both().await {
        let ledger = place.ledger().await;
        let model = ledger.model("m").await.unwrap();
        let most = Row {
            at_ms: u64::MAX,
            status: u16::MAX,
            usage: Usage {
                input_tokens: u32::MAX,
                output_tokens: u32::MAX,
                cost_nano: Some(u64::MAX),
                ..Usage::default()
            },
            ms: u32::MAX,
            ..row(KeyId(i64::MAX), model, 1)
        };
        for _ in 0..30 {
            book(&ledger, most).await;
        }
        book(&ledger, row(KeyId(1), model, 1)).await;
        ledger.flush().await;
        assert_eq!(ledger.health().trouble, None);
        assert_eq!(ledger.last(None, 100).await.unwrap().len(), 31);
        ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_reads_what_lies_in_the_folder() {
    let place = Place::sqlite();
    let accounts = place.accounts().await;
    let key = local(&accounts).await.key;
    let ledger = place.ledger().await;
    let model = ledger.model("m").await.unwrap();
    book(&ledger, row(key, model, 1)).await;
    let mut seen = Vec::new();
    let mut folders = vec![place.data()];
    while let Some(folder) = folders.pop() {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
            // Its number, and which journal it is of.
            let name = path.file_name().unwrap().to_str().unwrap();
            let of = name.find('-').filter(|_| name.ends_with(".journal"));
            seen.push(of.map_or(name.to_owned(), |it| {
                format!("{}.journal", name[..it].trim_start_matches('0'))
            }));
        }
    }
    seen.sort();
    assert_eq!(seen, ["1.journal", "easel.db", "easel.db-shm", "easel.db-wal", "lock", "pepper"]);
    ledger.close().await;
}
