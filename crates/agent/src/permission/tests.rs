//! Who may do what, in both modes.

use expect_test::{Expect, expect};

use super::*;

#[test]
fn in_review_staging_never_asks() {
    check(
        &Permissions::default(),
        expect![[r#"
            Allow: Read src/a.ts
            Allow: List the project
            Allow: Search “x”
            Allow: Write src/a.ts
            Allow: Edit src/a.ts
            Allow: Remove src/a.ts
            Allow: Move src/a.ts to b.ts
            Allow: Write .env
            Ask(Secrets): Read .env
            Ask(Secrets): Edit .env.local
            Ask(Secrets): Move .env to public.txt
            Ask(Secrets): Search “KEY” in keys/server.pem
            Allow: Write .github/workflows/ci.yml
            Allow: Edit package-lock.json
            Ask(Runs): Run a script
            Ask(Configures): Set theme
            Allow: Set env.VITE_TITLE
        "#]],
    );
}

#[test]
fn in_auto_apply_reading_is_free_and_changing_asks() {
    check(
        &auto(&[]),
        expect![[r#"
            Allow: Read src/a.ts
            Allow: List the project
            Allow: Search “x”
            Ask(Changes): Write src/a.ts
            Ask(Changes): Edit src/a.ts
            Ask(Changes): Remove src/a.ts
            Ask(Changes): Move src/a.ts to b.ts
            Ask(Sensitive): Write .env
            Ask(Secrets): Read .env
            Ask(Secrets): Edit .env.local
            Ask(Secrets): Move .env to public.txt
            Ask(Secrets): Search “KEY” in keys/server.pem
            Ask(Sensitive): Write .github/workflows/ci.yml
            Ask(Sensitive): Edit package-lock.json
            Ask(Runs): Run a script
            Ask(Configures): Set theme
            Ask(Sensitive): Set env.VITE_TITLE
        "#]],
    );
}

#[test]
fn a_pattern_covers_its_tool_and_folder_but_nothing_special() {
    let grants = [grant(Tool::Edit, "**"), grant(Tool::Write, "src/**"), grant(Tool::Read, ".env")];
    check(
        &auto(&grants),
        expect![[r#"
            Allow: Read src/a.ts
            Allow: List the project
            Allow: Search “x”
            Allow: Write src/a.ts
            Allow: Edit src/a.ts
            Ask(Changes): Remove src/a.ts
            Ask(Changes): Move src/a.ts to b.ts
            Ask(Sensitive): Write .env
            Allow: Read .env
            Ask(Secrets): Edit .env.local
            Ask(Secrets): Move .env to public.txt
            Ask(Secrets): Search “KEY” in keys/server.pem
            Ask(Sensitive): Write .github/workflows/ci.yml
            Ask(Sensitive): Edit package-lock.json
            Ask(Runs): Run a script
            Ask(Configures): Set theme
            Ask(Sensitive): Set env.VITE_TITLE
        "#]],
    );
}

#[test]
fn both_ends_of_a_move_must_be_covered() {
    let call = ToolCall::parse("move", r#"{"from":"src/a","to":"b"}"#).unwrap();
    assert_eq!(auto(&[grant(Tool::Move, "src/**")]).decide(&call), Decision::Ask(Why::Changes));
    let both = [grant(Tool::Move, "src/**"), grant(Tool::Move, "b")];
    assert_eq!(auto(&both).decide(&call), Decision::Allow);
}

#[test]
fn always_covers_both_ends_of_a_move() {
    for (from, to, pattern) in [
        ("src/a", "src/ui/a", "move src/**"),
        ("src/ui/a", "src/ui/b", "move src/ui/**"),
        ("src/a", "b", "move **"),
    ] {
        let mut permissions = auto(&[]);
        let json = serde_json::json!({ "from": from, "to": to }).to_string();
        let call = ToolCall::parse("move", &json).unwrap();
        let request = permissions.request("c1", &call, Why::Changes);
        assert_eq!(request.pattern, pattern);
        permissions.grant(&request);
        assert_eq!(permissions.decide(&call), Decision::Allow);
    }
}

#[test]
fn a_pattern_for_files_covers_no_script_and_no_setting() {
    let run = ToolCall::parse("run", r#"{"code":"1"}"#).unwrap();
    let theme = ToolCall::parse("configure", r#"{"name":"theme","value":"dark"}"#).unwrap();
    let all = [grant(Tool::Run, "**"), grant(Tool::Configure, "**")];
    for mode in [Mode::Review, Mode::AutoApply] {
        let mut permissions = Permissions { mode, ..auto(&all) };
        for (call, why, pattern) in
            [(&run, Why::Runs, "run scripts"), (&theme, Why::Configures, "configure theme")]
        {
            assert_eq!(permissions.decide(call), Decision::Ask(why));
            let request = permissions.request("c1", call, why);
            assert_eq!(request.pattern, pattern);
            permissions.grant(&request);
            assert_eq!(permissions.decide(call), Decision::Allow);
        }
        let name = ToolCall::parse("configure", r#"{"name":"project.name","value":"x"}"#).unwrap();
        assert_eq!(permissions.decide(&name), Decision::Ask(Why::Configures));
    }
}

#[test]
fn a_denial_wins_in_both_modes() {
    let mut deny = grant(Tool::Write, "src/secret/**");
    deny.effect = Effect::Deny;
    let grants = [grant(Tool::Write, "**"), deny];
    let call = ToolCall::parse("write", r#"{"path":"src/secret/a","content":""}"#).unwrap();
    for mode in [Mode::Review, Mode::AutoApply] {
        let permissions = Permissions { mode, ..auto(&grants) };
        assert_eq!(permissions.decide(&call), Decision::Deny);
    }
}

#[test]
fn grants_of_other_agents_and_projects_do_not_count() {
    let call = ToolCall::parse("write", r#"{"path":"a","content":""}"#).unwrap();
    for (agent, project) in [("plan", "prj_1"), ("build", "prj_2")] {
        let mut foreign = grant(Tool::Write, "**");
        (foreign.agent, foreign.project) = (agent.to_owned(), project.to_owned());
        assert_eq!(auto(&[foreign]).decide(&call), Decision::Ask(Why::Changes));
    }
}

#[test]
fn always_grants_what_the_card_said_and_can_be_revoked() {
    let mut permissions = auto(&[]);
    let call = ToolCall::parse("edit", r#"{"path":"src/a","search":"x","replace":"y"}"#).unwrap();
    let request = permissions.request("c1", &call, Why::Changes);
    assert_eq!(request.pattern, "edit src/**");
    let grant = permissions.grant(&request);
    permissions.grant(&request);
    assert_eq!(permissions.grants, [grant]);
    assert_eq!(permissions.decide(&call), Decision::Allow);
    permissions.grants.clear();
    assert_eq!(permissions.decide(&call), Decision::Ask(Why::Changes));
    let json = serde_json::to_string(&self::grant(Tool::Edit, "src/**")).unwrap();
    expect![[
        r#"{"agent":"build","project":"prj_1","tool":"edit","pattern":"src/**","effect":"allow"}"#
    ]]
    .assert_eq(&json);
}

fn auto(grants: &[Grant]) -> Permissions {
    Permissions {
        agent: "build".to_owned(),
        project: "prj_1".to_owned(),
        mode: Mode::AutoApply,
        grants: grants.to_vec(),
    }
}

fn grant(tool: Tool, pattern: &str) -> Grant {
    Grant {
        agent: "build".to_owned(),
        project: "prj_1".to_owned(),
        tool,
        pattern: pattern.to_owned(),
        effect: Effect::Allow,
    }
}

const CALLS: [(&str, &str); 17] = [
    ("read", r#"{"path":"src/a.ts"}"#),
    ("list", "{}"),
    ("search", r#"{"pattern":"x"}"#),
    ("write", r#"{"path":"src/a.ts","content":""}"#),
    ("edit", r#"{"path":"src/a.ts","search":"x","replace":"y"}"#),
    ("remove", r#"{"path":"src/a.ts"}"#),
    ("move", r#"{"from":"src/a.ts","to":"b.ts"}"#),
    ("write", r#"{"path":".env","content":""}"#),
    ("read", r#"{"path":".env"}"#),
    ("edit", r#"{"path":".env.local","search":"x","replace":"y"}"#),
    ("move", r#"{"from":".env","to":"public.txt"}"#),
    ("search", r#"{"pattern":"KEY","path":"keys/server.pem"}"#),
    ("write", r#"{"path":".github/workflows/ci.yml","content":""}"#),
    ("edit", r#"{"path":"package-lock.json","search":"x","replace":"y"}"#),
    ("run", r#"{"code":"1"}"#),
    ("configure", r#"{"name":"theme","value":"dark"}"#),
    ("configure", r#"{"name":"env.VITE_TITLE","value":"x"}"#),
];

#[track_caller]
fn check(permissions: &Permissions, expected: Expect) {
    let mut told = String::new();
    for (tool, json) in CALLS {
        let call = ToolCall::parse(tool, json).unwrap();
        told += &format!("{:?}: {}\n", permissions.decide(&call), call.title());
    }
    expected.assert_eq(&told);
}
