//! What calls are understood, what is refused and how, and what looking answers.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};

use super::*;

#[test]
fn good_calls_are_understood() {
    check("read", r#"{"path":"src/a.ts"}"#, expect!["Read src/a.ts"]);
    check("read", r#"{"path":"./a.ts","offset":"5","limit":20}"#, expect!["Read a.ts from line 5"]);
    check("list", "", expect!["List the project"]);
    check("list", r#"{"path":"src/"}"#, expect!["List src"]);
    check("list", r#"{"path":"."}"#, expect!["List the project"]);
    check("search", r#"{"pattern":"a+","path":null}"#, expect!["Search “a+”"]);
    check("write", r#"{"path":"a","content":""}"#, expect!["Write a"]);
    check(
        "edit",
        r#"{"path":"a","search":"x","replace":"","replace_all":true}"#,
        expect!["Edit a"],
    );
    check("move", r#"{"from":"a","to":"b"}"#, expect!["Move a to b"]);
    check("run", r#"{"code":"console.log(1)"}"#, expect!["Run a script"]);
    check("configure", r#"{"name":"theme","value":"dark"}"#, expect!["Set theme"]);
    check("configure", r#"{"name":"env.VITE_A","value":""}"#, expect!["Set env.VITE_A"]);
}

#[test]
fn bad_calls_say_what_would_be_accepted() {
    check(
        "bash",
        "{}",
        expect![
            "there is no tool `bash`; use read, list, search, write, edit, remove, move, run or configure"
        ],
    );
    check(
        "read",
        "[]",
        expect![
            "the arguments of `read` are not valid JSON (it is not an object); send one JSON object"
        ],
    );
    check(
        "read",
        "{}",
        expect!["`read` needs the argument `path`, a text; it accepts `path`, `offset`, `limit`"],
    );
    check("read", r#"{"path":7}"#, expect!["the argument `path` of `read` must be a text"]);
    check(
        "read",
        r#"{"path":"a","limit":-1}"#,
        expect!["the argument `limit` of `read` must be a whole number"],
    );
    check(
        "read",
        r#"{"path":"a","limit":1.5}"#,
        expect!["the argument `limit` of `read` must be a whole number"],
    );
    check(
        "edit",
        r#"{"path":"a","old_string":"x","new_string":"y"}"#,
        expect![
            "`edit` has no argument `old_string`; it accepts `path`, `search`, `replace`, `replace_all`"
        ],
    );
    check(
        "edit",
        r#"{"path":"a","search":"x","replace":"y","replace_all":"yes"}"#,
        expect!["the argument `replace_all` of `edit` must be a boolean"],
    );
    check(
        "write",
        r#"{"path":"a"}"#,
        expect!["`write` needs the argument `content`, a text; it accepts `path`, `content`"],
    );
    check(
        "configure",
        r#"{"name":"auto_apply","value":"on"}"#,
        expect![
            "`configure` cannot set `auto_apply`; it sets theme, project.name, project.instructions and env.NAME"
        ],
    );
    check(
        "configure",
        r#"{"name":"theme","value":"pink"}"#,
        expect!["`theme` takes `system`, `light` or `dark`"],
    );
    check(
        "configure",
        r#"{"name":"project.name","value":" "}"#,
        expect!["`project.name` takes one line of at most 100 characters"],
    );
    check(
        "configure",
        r#"{"name":"env.1A","value":""}"#,
        expect!["`env.NAME` takes a name of letters, digits and `_`, like env.VITE_TITLE"],
    );
}

#[test]
fn a_call_is_named_as_soon_as_its_path_is_there() {
    let check = |tool: &str, json: &str, title: Option<&str>| {
        assert_eq!(title_so_far(tool, json).as_deref(), title, "{json}");
    };
    check("write", "", None);
    check("write", "{\"path\": \"src/a", None);
    check("write", "{\"path\": \"src/a.ts\"", Some("Write src/a.ts"));
    check("write", "{\"path\":\"src/a.ts\",\"content\":\"\\\"path\\\":\"", Some("Write src/a.ts"));
    check("write", "{\"path\":\"../a.ts\"", None);
    check("move", "{\"from\":\"a\"", Some("Move a"));
    check("bash", "{\"path\":\"a\"", None);
    check("write", &format!("{{\"content\":\"{}\",\"path\":\"a\"", "é".repeat(2_000)), None);
}

#[test]
fn paths_never_leave_the_project() {
    for path in [
        "../x",
        "/etc/passwd",
        "a/../../x",
        "C:/x",
        "C:\\x",
        "a\\b",
        "",
        ".",
        "./",
        "a//b",
        "a/./b",
        ".git/config",
        ".GIT/hooks/x",
        "a/.git/x",
        "a\u{0}b",
        "a\nb",
        "./../x",
        "~/../x",
    ] {
        let json = serde_json::json!({ "path": path }).to_string();
        let refused = ToolCall::parse("remove", &json);
        assert!(matches!(refused, Err(BadCall::Path(_))), "{path:?}: {refused:?}");
        let json = serde_json::json!({ "from": "a", "to": path }).to_string();
        assert!(ToolCall::parse("move", &json).is_err(), "{path:?}");
    }
}

#[test]
fn hostile_arguments_are_only_refused() {
    let deep = "[".repeat(10_000);
    let long = format!("{{\"{}\":1}}", "x".repeat(100_000));
    for json in ["{", "nul", "{\"path\":\"\\ud800\"}", "{\"path\":{}}", &deep, &long] {
        let told = ToolCall::parse("read", json).unwrap_err().to_string();
        assert!(told.len() < 400, "{told}");
    }
    let told = ToolCall::parse(&"x".repeat(10_000), "{}").unwrap_err().to_string();
    assert!(told.len() < 400, "{told}");
}

#[test]
fn the_specs_are_always_the_same_bytes() {
    let once = serde_json::to_string(&specs()).unwrap();
    assert_eq!(once, serde_json::to_string(&specs()).unwrap());
    let names: Vec<String> = specs().into_iter().map(|it| it.name).collect();
    assert_eq!(
        names,
        ["read", "list", "search", "write", "edit", "remove", "move", "run", "configure"]
    );
    for spec in specs() {
        let listed: Vec<&String> =
            spec.parameters["properties"].as_object().unwrap().keys().collect();
        let tool = Tool::named(&spec.name).unwrap();
        assert_eq!(listed.len(), specs::arguments(tool).len());
        let required = spec.parameters["required"].as_array().unwrap();
        assert!(required.iter().all(|it| listed.contains(&&it.as_str().unwrap().to_owned())));
    }
}

#[test]
fn lines_are_read_with_their_numbers() {
    let long: String = (1..=10_000).map(|n| format!("line {n}\n")).collect();
    let files =
        files(&[("long", &long), ("empty", ""), ("bin", "a\0b"), ("crlf", "\u{feff}a\r\nb")]);
    let read = |path: &str, offset, limit| {
        reading::read(&files, &FilePath::parse(path).unwrap(), offset, limit)
    };
    let answer = read("long", 5000, 20).unwrap();
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines[0], "5000\tline 5000");
    assert_eq!(lines[19], "5019\tline 5019");
    assert_eq!(lines[20..], ["(10000 lines in all; go on with `offset` 5020)"]);
    assert_eq!(read("crlf", 1, 9).unwrap(), "1\ta\n2\tb\n");
    assert_eq!(read("empty", 1, 9).unwrap(), "`empty` is empty");
    assert_eq!(
        read("long", 10_001, 1).unwrap_err(),
        "`long` has 10000 lines; `offset` 10001 is behind its end"
    );
    assert_eq!(
        read("bin", 1, 9).unwrap_err(),
        "`bin` is not text (3 bytes); it cannot be read as lines"
    );
    assert_eq!(read("x/LONG", 1, 9).unwrap_err(), "there is no file `x/LONG`; there is `long`");
    assert_eq!(
        read("nope", 1, 9).unwrap_err(),
        "there is no file `nope`; `list` shows what there is"
    );
}

#[test]
fn answers_are_bounded() {
    let wide = "é".repeat(3_000_000);
    let files = files(&[("wide", &wide), ("many", &"x\n".repeat(100_000))]);
    let path = |text| FilePath::parse(text).unwrap();
    let answer = reading::read(&files, &path("wide"), 1, 1).unwrap();
    assert!(answer.ends_with("… (5996000 bytes more)\n") && answer.len() < 5_000);
    assert!(reading::read(&files, &path("many"), 1, LINES_READ).unwrap().len() < 110_000);
    let answer = reading::search(&files, "x", None, false).unwrap();
    assert_eq!(answer.lines().count(), 201);
}

#[test]
fn folders_are_listed_one_level_deep() {
    let files = files(&[("a.ts", ""), ("src/b.ts", ""), ("src/ui/c.ts", ""), ("src/ui/d.ts", "")]);
    let list = |folder: Option<&str>| {
        reading::list(&files, folder.map(|it| FilePath::parse(it).unwrap()).as_ref())
    };
    assert_eq!(list(None).unwrap(), "a.ts\nsrc/ (3 files)\n");
    assert_eq!(list(Some("src")).unwrap(), "b.ts\nui/ (2 files)\n");
    assert_eq!(list(Some("a.ts")).unwrap_err(), "`a.ts` is a file; use `read`");
    assert_eq!(list(Some("sr")).unwrap_err(), "there is no folder `sr`");
    assert_eq!(reading::list(&BTreeMap::new(), None).unwrap(), "the project has no files yet");
}

#[test]
fn search_takes_patterns_and_plain_text() {
    let files = files(&[
        ("a.ts", "let a = f(1);\nlet b = 2;\n"),
        ("src/b.ts", "f(\n"),
        (".env", "SECRET=f(1)\n"),
        ("bin", "f(1)\0"),
    ]);
    let search = |pattern: &str, place: Option<&str>, literal| {
        let place = place.map(|it| FilePath::parse(it).unwrap());
        reading::search(&files, pattern, place.as_ref(), literal).unwrap()
    };
    assert_eq!(search(r"f\(\d\)", None, false), "a.ts:1: let a = f(1);\n");
    assert_eq!(search("f(", None, false), "a.ts:1: let a = f(1);\nsrc/b.ts:1: f(\n");
    assert_eq!(search("a.=", None, true), "nothing found\n");
    assert_eq!(search("^let", Some("a.ts"), false).lines().count(), 2);
    assert_eq!(search("f", Some("src"), false), "src/b.ts:1: f(\n");
    assert_eq!(search("f", Some(".env"), false), ".env:1: SECRET=f(1)\n", "it was asked for");
    assert!(reading::search(&files, "", None, false).is_err());
    assert!(reading::search(&files, &"a".repeat(2_000), None, false).is_err());
}

#[test]
fn a_hostile_pattern_is_answered_soon() {
    let files = files(&[("a", &"a".repeat(20_000))]);
    for pattern in ["(a*)*b", "(a|aa)+$b", "(((((a{9}){9}){9}){9}){9}){9}", "(?:a?){50}a{50}b"] {
        assert_eq!(reading::search(&files, pattern, None, false).unwrap(), "nothing found\n");
    }
}

fn files(list: &[(&str, &str)]) -> BTreeMap<FilePath, Vec<u8>> {
    let file =
        |(path, text): &(&str, &str)| (FilePath::parse(path).unwrap(), text.as_bytes().to_vec());
    list.iter().map(file).collect()
}

#[track_caller]
fn check(tool: &str, json: &str, expected: Expect) {
    let told = match ToolCall::parse(tool, json) {
        Ok(call) => call.title(),
        Err(refusal) => refusal.to_string(),
    };
    expected.assert_eq(&told);
}
