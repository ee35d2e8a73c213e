//! Accounts and keys: who may ask, and what happens when that changes.

use std::{collections::BTreeMap, fs};

use easel_proxy::{
    accounts::{
        Accounts, Caps, Denied, KeyChange, NewKey, NotChanged, NotOpened, OrganisationId, Patterns,
        PersonId, ProjectId, Role, Scope, import_clients,
    },
    budget::Period,
    keys::Clients,
    store::audit::{Audit, Verdict},
};
use expect_test::expect;

use super::place::{ANN, NOW_MS, Place, local};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_says_whom_it_belongs_to() {
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let team = Team::make(&accounts).await;
        let models = Patterns::new(vec!["openai/*".to_owned()]).unwrap();
        let expires_at_ms = Some(NOW_MS + 1000);
        let new = NewKey { models, expires_at_ms, ..team.key("editor") };
        let (id, secret) = accounts.make_key(new, ANN, NOW_MS).await.unwrap();
        let client = accounts.find(secret.expose(), NOW_MS).unwrap();
        assert_eq!((client.key, client.name.as_str()), (id, "editor"));
        assert_eq!(client.prefix, &secret.expose()[..12]);
        assert_eq!(client.organisation, team.organisation);
        assert_eq!((client.project, client.person), (Some(team.project), Some(team.person)));
        assert!(client.models.allow("openai/gpt-4o") && !client.models.allow("anthropic/claude"));
        assert_eq!(accounts.find(secret.expose(), NOW_MS + 1000), Err(Denied::Expired));
        assert_eq!(accounts.find("easel-x", NOW_MS), Err(Denied::Unknown));
        assert_eq!(accounts.find("", NOW_MS), Err(Denied::Unknown));

        let change = KeyChange { name: "pen", models: Patterns::all(), expires_at_ms: None };
        accounts.change_key(id, change, ANN, NOW_MS).await.unwrap();
        let client = accounts.find(secret.expose(), NOW_MS + 1000).unwrap();
        assert!(client.name == "pen" && client.models.allow("anthropic/claude"));
        accounts.end(Scope::Key(id), ANN, NOW_MS).await.unwrap();
        assert_eq!(accounts.find(secret.expose(), NOW_MS), Err(Denied::Revoked));

        // All of it is there after a start, and the key itself is nowhere.
        drop(accounts);
        let accounts = place.accounts().await;
        assert_eq!(accounts.find(secret.expose(), NOW_MS), Err(Denied::Revoked));
        let hidden = secret.expose().strip_prefix("easel-").unwrap();
        for file in ["easel.db", "easel.db-wal"] {
            if let Ok(bytes) = fs::read(place.data().join(file)) {
                assert!(memchr::memmem::find(&bytes, hidden.as_bytes()).is_none(), "{file}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_stop_with_what_they_belong_to() {
    for place in Place::both().await {
        let accounts = place.accounts().await;
        for what in ["organisation", "project", "person", "membership"] {
            let team = Team::named(&accounts, what).await;
            let (_, secret) = accounts.make_key(team.key("k"), ANN, NOW_MS).await.unwrap();
            assert!(accounts.find(secret.expose(), NOW_MS).is_ok());
            match what {
                "organisation" => end(&accounts, Scope::Organisation(team.organisation)).await,
                "project" => end(&accounts, Scope::Project(team.project)).await,
                "person" => end(&accounts, Scope::Person(team.person)).await,
                _ => {
                    let (person, organisation) = (team.person, team.organisation);
                    accounts.set_role(person, organisation, None, None, ANN, NOW_MS).await.unwrap();
                }
            }
            assert_eq!(accounts.find(secret.expose(), NOW_MS), Err(Denied::Orphaned), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_in_a_project_is_for_that_project() {
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let team = Team::make(&accounts).await;
        let (organisation, project) = (team.organisation, Some(team.project));
        let guest = accounts.make_person("Guest", None, ANN, NOW_MS).await.unwrap();
        accounts
            .set_role(guest, organisation, project, Some(Role::Admin), ANN, NOW_MS)
            .await
            .unwrap();
        let role = |person, project| accounts.directory().role(person, organisation, project);
        assert_eq!((role(guest, project), role(guest, None)), (Some(Role::Admin), None));
        assert_eq!((role(team.person, project), role(team.person, None)).0, Some(Role::Owner));
        let mine = NewKey { person: Some(guest), ..team.key("g") };
        assert!(accounts.make_key(mine.clone(), ANN, NOW_MS).await.is_ok());
        let wide = NewKey { project: None, ..mine };
        let refused = accounts.make_key(wide, ANN, NOW_MS).await;
        assert!(matches!(refused, Err(NotChanged::Unknown("member of this organisation"))));
        // The place of somebody who signed in is made once.
        let seat = accounts.seat(guest, organisation, project, NOW_MS).await.unwrap();
        assert_eq!(accounts.seat(guest, organisation, project, NOW_MS).await.unwrap(), seat);
        assert!(accounts.seat(guest, organisation, None, NOW_MS).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_counts_for_everything_above_its_key() {
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let team = Team::make(&accounts).await;
        let (key, secret) = accounts.make_key(team.key("k"), ANN, NOW_MS).await.unwrap();
        let scopes = [
            Scope::Key(key),
            Scope::Person(team.person),
            Scope::Project(team.project),
            Scope::Organisation(team.organisation),
        ];
        let mut expected = Vec::new();
        for (most, scope) in (1..).zip(scopes) {
            let caps = Caps {
                budgets: BTreeMap::from([(Period::Month, most), (Period::Total, 10 * most)]),
                per_minute: Some(7),
                per_hour: None,
                parallel: Some(3),
            };
            accounts.set_caps(scope, &caps, ANN, NOW_MS).await.unwrap();
            expected.push((scope, caps));
        }
        assert_eq!(accounts.find(secret.expose(), NOW_MS).unwrap().scopes, expected);
        accounts.set_caps(Scope::Key(key), &Caps::default(), ANN, NOW_MS).await.unwrap();
        let found = accounts.find(secret.expose(), NOW_MS).unwrap();
        assert_eq!(found.scopes[0], (Scope::Key(key), Caps::default()));
        assert_eq!(found.scopes[1..], expected[1..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_told() {
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let team = Team::make(&accounts).await;
        let organisation = team.organisation;
        let taken = accounts.make_organisation("Team", ANN, NOW_MS).await;
        assert!(matches!(taken, Err(NotChanged::Taken)), "{taken:?}");
        let taken = accounts.make_person("B", Some("ANN@example.com"), ANN, NOW_MS).await;
        assert!(matches!(taken, Err(NotChanged::Taken)), "{taken:?}");
        let taken = accounts.make_project(organisation, " Site ", ANN, NOW_MS).await;
        assert!(matches!(taken, Err(NotChanged::Taken)), "{taken:?}");
        for name in ["", " ", "two\nlines", "zero\0", &"x".repeat(101)] {
            let bad = accounts.make_organisation(name, ANN, NOW_MS).await;
            assert!(matches!(bad, Err(NotChanged::Bad(_))), "{name:?}");
        }
        for email in ["", "ann", "ann@", "a b@example.com", "a@b@c"] {
            let bad = accounts.make_person("B", Some(email), ANN, NOW_MS).await;
            assert!(matches!(bad, Err(NotChanged::Bad(_))), "{email:?}");
        }
        let nobody = accounts.make_project(OrganisationId(99), "x", ANN, NOW_MS).await;
        assert!(matches!(nobody, Err(NotChanged::Unknown("organisation"))));
        let elsewhere = accounts.make_organisation("Elsewhere", ANN, NOW_MS).await.unwrap();
        let wrong = NewKey { organisation: elsewhere, person: None, ..team.key("k") };
        let wrong = accounts.make_key(wrong, ANN, NOW_MS).await;
        assert!(matches!(wrong, Err(NotChanged::Unknown("project"))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_in_the_audit_log_without_a_secret() {
    let mut texts = Vec::new();
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let team = Team::make(&accounts).await;
        let (key, secret) = accounts.make_key(team.key("editor"), ANN, NOW_MS).await.unwrap();
        let caps = Caps { per_hour: Some(100), ..Caps::default() };
        accounts.set_caps(Scope::Person(team.person), &caps, ANN, NOW_MS).await.unwrap();
        accounts.end(Scope::Key(key), ANN, NOW_MS).await.unwrap();
        // What is refused leaves nothing.
        assert!(accounts.make_organisation("Team", ANN, NOW_MS).await.is_err());
        let audit = Audit::new(place.store().await);
        let mut kept = audit.read(None, 100).await.unwrap();
        kept.reverse();
        let text: String = kept
            .iter()
            .map(|it| format!("{} {} {}: {}\n", it.actor, it.action, it.subject, it.detail))
            .collect();
        texts.push(text.replace(&secret.expose()[..12], "easel-012345"));
        assert!(matches!(audit.verify().await.unwrap(), Verdict::Whole { n_entries: 7, .. }));
    }
    assert_eq!(texts[0], texts[1]);
    expect![[r#"
        Ann organisation.make organisation 1: Team
        Ann project.make project 1: Site
        Ann person.make person 1: ann@example.com
        Ann person.role person 1: owner in organisation 1
        Ann key.make key 1: editor easel-012345 for ["*"]
        Ann caps.set person 1: 100 requests an hour
        Ann key.revoke key 1: 
    "#]]
    .assert_eq(&texts[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_the_file_go_on_with_their_keys() {
    for place in Place::both().await {
        let data = place.data();
        let mut clients = Clients::read(&data).unwrap();
        let editor = clients.add("editor").unwrap();
        let odd = clients.add(&"long ".repeat(100)).unwrap();
        let accounts = place.accounts().await;
        assert_eq!(import_clients(&accounts, &clients, NOW_MS).await.unwrap(), 2);
        let client = accounts.find(editor.expose(), NOW_MS).unwrap();
        assert_eq!(client.name, "editor");
        assert_eq!(client.organisation, local(&accounts).await.organisation);
        assert_eq!(accounts.find(odd.expose(), NOW_MS).unwrap().name, "client");
        // Once is enough, and what is revoked stays so.
        accounts.end(Scope::Key(client.key), ANN, NOW_MS).await.unwrap();
        let shell = clients.add("shell").unwrap();
        drop(accounts);
        let accounts = place.accounts().await;
        let clients = Clients::read(&data).unwrap();
        assert_eq!(import_clients(&accounts, &clients, NOW_MS).await.unwrap(), 1);
        assert_eq!(import_clients(&accounts, &clients, NOW_MS).await.unwrap(), 0);
        assert_eq!(accounts.find(editor.expose(), NOW_MS), Err(Denied::Revoked));
        assert!(accounts.find(shell.expose(), NOW_MS).is_ok());
        assert_eq!(clients.find(editor.expose()), Some("editor"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_alone_has_accounts_without_asking_for_them() {
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let app = local(&accounts).await;
        assert_eq!(local(&accounts).await, app);
        assert!(app.may_ask(NOW_MS).is_ok() && app.models.allow("any/model"));
        let role = accounts.directory().role(app.person.unwrap(), app.organisation, app.project);
        assert_eq!(role, Some(Role::Owner));
        drop(accounts);
        assert_eq!(local(&place.accounts().await.clone()).await, app);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_pepper_is_told_at_the_start() {
    for place in Place::both().await {
        let accounts = place.accounts().await;
        let store = place.store().await;
        let elsewhere = tempfile::tempdir().unwrap();
        let err = Accounts::open(store.clone(), elsewhere.path()).await.unwrap_err();
        assert!(matches!(err, NotOpened::OtherPepper), "{err}");
        fs::write(place.data().join("pepper"), "short").unwrap();
        let err = Accounts::open(store, &place.data()).await.unwrap_err();
        assert!(matches!(err, NotOpened::Data(_)), "{err}");
        drop(accounts);
    }
}

async fn end(accounts: &Accounts, scope: Scope) {
    accounts.end(scope, ANN, NOW_MS).await.unwrap();
}

struct Team {
    organisation: OrganisationId,
    project: ProjectId,
    person: PersonId,
}

impl Team {
    async fn make(accounts: &Accounts) -> Self {
        Self::named(accounts, "Team").await
    }

    async fn named(accounts: &Accounts, name: &str) -> Self {
        let organisation = accounts.make_organisation(name, ANN, NOW_MS).await.unwrap();
        let project = accounts.make_project(organisation, "Site", ANN, NOW_MS).await.unwrap();
        let email = if name == "Team" { "Ann@Example.com" } else { &format!("{name}@example.com") };
        let person = accounts.make_person("Ann", Some(email), ANN, NOW_MS).await.unwrap();
        accounts
            .set_role(person, organisation, None, Some(Role::Owner), ANN, NOW_MS)
            .await
            .unwrap();
        Self { organisation, project, person }
    }

    fn key<'a>(&self, name: &'a str) -> NewKey<'a> {
        NewKey {
            name,
            organisation: self.organisation,
            project: Some(self.project),
            person: Some(self.person),
            models: Patterns::all(),
            expires_at_ms: None,
        }
    }
}
