//! What each role may do here, seen from outside: owner, admin and member of one organisation, an
//! admin of one of its projects, and the owner of another organisation.

use expect_test::expect;
use serde_json::{Value, json};

use super::{by, owner, people::shared, sign_in};
use crate::easel::Easel;

const NAMES: [&str; 5] = ["owner", "admin", "member", "project", "other"];

struct World {
    easel: Easel,
    /// Sessions in the order of the names.
    sessions: Vec<String>,
    people: Vec<i64>,
}

impl World {
    /// The organisation is number 2, its project number 2, and the other organisation number 3.
    async fn start() -> Self {
        let easel = shared().await;
        for name in ["Sea", "Air"] {
            owner(&easel, "POST", "/admin/api/organisations", &json!({ "name": name })).await;
        }
        let project = json!({ "organisation": 2, "name": "Boat" });
        assert_eq!(owner(&easel, "POST", "/admin/api/projects", &project).await["id"], 2);
        let mut people = Vec::new();
        for name in NAMES {
            let (organisation, project, role) = match name {
                "project" => (2, Some(2), "admin"),
                "other" => (3, None, "owner"),
                name => (2, None, name),
            };
            let email = format!("{name}@roles.example.com");
            let person = json!({
                "name": name, "email": email,
                "organisation": organisation, "project": project, "role": role,
            });
            let made = owner(&easel, "POST", "/admin/api/people", &person).await;
            people.push(made["id"].as_i64().unwrap());
        }
        let mut sessions = Vec::new();
        for name in NAMES {
            sessions.push(sign_in(&easel, &format!("{name}@roles.example.com")).await);
        }
        Self { easel, sessions, people }
    }

    async fn ask(&self, who: usize, method: &str, path: &str, body: &Value) -> u16 {
        by(&self.easel, &self.sessions[who], (method, path), body).await.status.as_u16()
    }
}

#[tokio::test]
async fn each_role_may_what_the_matrix_says() {
    let world = World::start().await;
    // Somebody's key, in the organisation and not in the project.
    let key = json!({ "name": "admin's", "organisation": 2, "person": world.people[1] });
    let key = owner(&world.easel, "POST", "/admin/api/keys", &key).await["id"].as_i64().unwrap();
    let key = |rest: &str| format!("/admin/api/keys/{key}{rest}");
    let caps = json!({ "per_hour": 1000 });
    let member = world.people[2];
    let appoint = |role: &str| json!({ "person": member, "organisation": 2, "role": role });
    let person = json!({ "name": "new", "organisation": 2, "role": "member" });
    let mut table = format!("{:44}", "");
    for name in NAMES {
        table += &format!(" {name:>7}");
    }
    for (method, path, body) in [
        ("GET", "/admin/api/usage?by=day&scope=organisation&id=2", Value::Null),
        ("GET", "/admin/api/usage?by=day&scope=project&id=2", Value::Null),
        ("GET", "/admin/api/requests?scope=organisation&id=2", Value::Null),
        ("GET", "/admin/api/export.csv?scope=organisation&id=2", Value::Null),
        ("GET", "/admin/api/running?scope=organisation&id=2", Value::Null),
        ("GET", "/admin/api/usage?by=day", Value::Null),
        ("GET", "/admin/api/sessions?scope=organisation&id=2", Value::Null),
        ("GET", "/admin/api/diagnostics", Value::Null),
        ("GET", "/admin/api/audit", Value::Null),
        ("GET", "/admin/api/providers", Value::Null),
        ("GET", key("").as_str(), Value::Null),
        ("PUT", key("").as_str(), json!({ "name": "admin's", "models": ["*"] })),
        ("POST", "/admin/api/keys", json!({ "name": "service", "organisation": 2 })),
        ("POST", "/admin/api/keys", json!({ "name": "service", "organisation": 2, "project": 2 })),
        ("PUT", "/admin/api/caps/organisation/2", caps.clone()),
        ("PUT", "/admin/api/caps/project/2", caps.clone()),
        ("PUT", format!("/admin/api/caps/person/{member}").as_str(), caps.clone()),
        ("POST", "/admin/api/projects", json!({ "organisation": 2, "name": "" })),
        ("POST", "/admin/api/people", person),
        ("POST", "/admin/api/people", json!({ "name": "nowhere" })),
        ("POST", "/admin/api/organisations", json!({ "name": "Own" })),
        ("PUT", "/admin/api/members", appoint("member")),
        ("PUT", "/admin/api/members", appoint("admin")),
        ("DELETE", "/admin/api/people/1", Value::Null),
    ] {
        table +=
            &format!("\n{:44}", format!("{method} {}", path.trim_start_matches("/admin/api/")));
        for who in 0..NAMES.len() {
            // What one changed is as before for the next.
            if path.ends_with("/members") {
                owner(&world.easel, "PUT", path, &appoint("member")).await;
            }
            table += &format!(" {:>7}", world.ask(who, method, path, &body).await);
        }
    }
    table += "\n";
    expect![[r#"
                                                       owner   admin  member project   other
        GET usage?by=day&scope=organisation&id=2         200     200     403     403     403
        GET usage?by=day&scope=project&id=2              200     200     403     200     403
        GET requests?scope=organisation&id=2             200     200     403     403     403
        GET export.csv?scope=organisation&id=2           200     200     403     403     403
        GET running?scope=organisation&id=2              200     200     403     403     403
        GET usage?by=day                                 200     200     200     200     200
        GET sessions?scope=organisation&id=2             200     200     403     403     403
        GET diagnostics                                  403     403     403     403     403
        GET audit                                        200     200     403     403     200
        GET providers                                    200     200     403     403     200
        GET keys/2                                       200     200     404     404     404
        PUT keys/2                                       204     204     404     404     404
        POST keys                                        201     201     403     403     403
        POST keys                                        201     201     403     201     403
        PUT caps/organisation/2                          204     403     403     403     403
        PUT caps/project/2                               204     204     403     403     403
        PUT caps/person/4                                204     204     403     403     403
        POST projects                                    400     400     403     403     403
        POST people                                      201     201     403     403     403
        POST people                                      403     403     403     403     403
        POST organisations                               403     403     403     403     403
        PUT members                                      204     204     403     403     403
        PUT members                                      204     403     403     403     403
        DELETE people/1                                  403     403     403     403     403
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn a_member_makes_and_revokes_keys_of_their_own_only() {
    let world = World::start().await;
    let new = |person: i64| json!({ "name": "mine", "organisation": 2, "person": person });
    let made =
        by(&world.easel, &world.sessions[2], ("POST", "/admin/api/keys"), &new(world.people[2]))
            .await;
    assert_eq!(made.status, 201);
    let path = format!("/admin/api/keys/{}", made.json()["id"]);
    assert_eq!(world.ask(2, "POST", "/admin/api/keys", &new(world.people[0])).await, 403);
    assert_eq!(world.ask(2, "GET", &path, &Value::Null).await, 200);
    let change = json!({ "name": "wider", "models": ["*"] });
    assert_eq!(world.ask(2, "PUT", &path, &change).await, 403);
    assert_eq!(world.ask(4, "GET", &path, &Value::Null).await, 404);
    assert_eq!(world.ask(4, "DELETE", &path, &Value::Null).await, 404);
    let listed =
        by(&world.easel, &world.sessions[2], ("GET", "/admin/api/keys"), &Value::Null).await;
    let all =
        listed.json()["keys"].as_array().unwrap().iter().all(|it| it["person"] == world.people[2]);
    assert!(all, "{}", listed.text());
    assert_eq!(world.ask(2, "DELETE", &path, &Value::Null).await, 204);
}

#[tokio::test]
async fn organisations_do_not_see_each_other() {
    let world = World::start().await;
    let caps = json!({ "per_hour": 7 });
    owner(&world.easel, "PUT", "/admin/api/caps/organisation/2", &caps).await;
    let seen = |path: &'static str| {
        let (easel, session) = (&world.easel, &world.sessions[4]);
        async move { by(easel, session, ("GET", path), &Value::Null).await.json() }
    };
    assert_eq!(
        seen("/admin/api/organisations").await,
        json!([{ "id": 3, "name": "Air", "ended": false }])
    );
    assert_eq!(seen("/admin/api/projects").await, json!([]));
    let people = seen("/admin/api/people").await;
    assert_eq!(people.as_array().unwrap().len(), 1, "{people}");
    let members = seen("/admin/api/members").await;
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    let audit = seen("/admin/api/audit").await;
    let subjects: Vec<_> =
        audit["entries"].as_array().unwrap().iter().map(|it| &it["subject"]).collect();
    let own = format!("person {}", world.people[4]);
    assert!(
        subjects.iter().all(|it| **it == own.as_str() || **it == "organisation 3"),
        "{subjects:?}"
    );
    assert!(seen("/admin/api/providers").await[0]["base_url"].is_null());
    // The same person in both organisations is nobody's alone.
    let guest = json!({
        "name": "x", "email": "member@roles.example.com", "organisation": 3, "role": "member",
    });
    let added = by(&world.easel, &world.sessions[4], ("POST", "/admin/api/people"), &guest).await;
    assert_eq!(added.json()["id"], world.people[2]);
    let path = format!("/admin/api/caps/person/{}", world.people[2]);
    assert_eq!(world.ask(0, "PUT", &path, &json!({})).await, 403);
}
