//! Each test is a script of calls over three files, what the model hears, and what is proposed.
//!
//! Lines after a call that begin with `|` are the content, with `/` for the line that separates the
//! sides of an edit.

use expect_test::{Expect, expect};

use super::*;
use crate::actions::Kind;

#[test]
fn one_of_each() {
    check(
        "
write new.ts
|let n = 1;
edit src/a.ts
|two
|/
|TWO
remove old.css
move index.html public/index.html
",
        expect![[r#"
            write: created `new.ts` (1 lines)
            edit: edited `src/a.ts` at line 2
            remove: removed `old.css`
            move: moved `index.html` to `public/index.html`
            = Created new.ts
            let n = 1;
            = Removed old.css
            = Moved public/index.html from index.html
            <h1>Hi</h1>
            = Modified src/a.ts
            one
            TWO
            three
        "#]],
    );
}

#[test]
fn a_turn_reads_what_it_wrote() {
    check(
        "
write new.ts
|let n = 1;
read new.ts
edit new.ts
|1
|/
|2
read new.ts
remove old.css
read old.css
list
search let
",
        expect![[r#"
            write: created `new.ts` (1 lines)
            read: 1	let n = 1;
            edit: edited `new.ts` at line 1
            read: 1	let n = 2;
            remove: removed `old.css`
            read refused: there is no file `old.css`; `list` shows what there is
            list: index.html
            new.ts
            src/ (1 file)
            search: new.ts:1: let n = 2;
            = Created new.ts
            let n = 2;
            = Removed old.css
        "#]],
    );
}

#[test]
fn what_is_undone_is_not_proposed() {
    check(
        "
edit src/a.ts
|two
|/
|TWO
edit src/a.ts
|TWO
|/
|two
write new.ts
|x
remove new.ts
move old.css b.css
move b.css old.css
",
        expect![[r#"
            edit: edited `src/a.ts` at line 2
            edit: edited `src/a.ts` at line 2
            write: created `new.ts` (1 lines)
            remove: removed `new.ts`
            move: moved `old.css` to `b.css`
            move: moved `b.css` to `old.css`
        "#]],
    );
}

#[test]
fn moves_follow_their_file() {
    check(
        "
move old.css b.css
move b.css c.css
edit c.css
|red
|/
|blue
",
        expect![[r#"
            move: moved `old.css` to `b.css`
            move: moved `b.css` to `c.css`
            edit: edited `c.css` at line 1
            = Moved c.css from old.css
            a { color: blue }
        "#]],
    );
    check(
        "
move old.css b.css
write old.css
|fresh
",
        expect![[r#"
            move: moved `old.css` to `b.css`
            write: created `old.css` (1 lines)
            = Created b.css
            a { color: red }
            = Modified old.css
            fresh
        "#]],
    );
}

#[test]
fn a_refused_call_changes_nothing() {
    check(
        "
remove nope
move nope b
move old.css index.html
move old.css old.css
move old.css src
move old.css index.html/x
write src
|x
write index.html/x
|x
write old.css
|a { color: red }
edit nope.ts
|x
|/
|y
",
        expect![[r#"
            remove refused: there is no file `nope`; `list` shows what there is
            move refused: there is no file `nope`; `list` shows what there is
            move refused: `index.html` is there already; remove it first or choose another path
            move refused: `old.css` is there already; remove it first or choose another path
            move refused: `src` is a folder; name a file in it
            move refused: `index.html` is a file; nothing can be put below it
            write refused: `src` is a folder; name a file in it
            write refused: `index.html` is a file; nothing can be put below it
            write refused: `old.css` has this content already; nothing was changed
            edit refused: there is no file `nope.ts`; `list` shows what there is
        "#]],
    );
}

#[test]
fn an_edit_that_keeps_failing_is_told_to_change_its_way() {
    let once = "edit src/a.ts\n|nowhere\n|/\n|x\n";
    check(
        &format!("\n{once}{once}{once}"),
        expect![[r#"
            edit refused: `src/a.ts` was not changed: `search` was not found. No line of it is in the file; read the file before editing it
            edit refused: `src/a.ts` was not changed: `search` was not found. No line of it is in the file; read the file before editing it
            edit refused: `src/a.ts` was not changed: `search` was not found. No line of it is in the file; read the file before editing it. This is not working: read the file, then give its whole content with `write`
        "#]],
    );
}

#[test]
fn code_that_is_left_out_is_refused() {
    check(
        "
write src/a.ts
|one
|// ... rest of the code unchanged
write new.ts
|// rest of the file remains the same
",
        expect![[r#"
            write refused: `content` leaves code out (`// ... rest of the code unchanged`); nothing was changed. Write the complete file, or change a part of it with `edit`
            write refused: `content` leaves code out (`// rest of the file remains the same`); nothing was changed. Write the complete file, or change a part of it with `edit`
        "#]],
    );
}

#[test]
fn a_long_file_does_not_shrink_suddenly() {
    let mut files = files();
    let path = path("long.ts");
    files.insert(path.clone(), "line\n".repeat(100).into_bytes());
    let mut staging = Staging::new(ActionId::new("act_1"));
    let write = |n: usize| ToolCall::Write { path: path.clone(), content: "x\n".repeat(n) };
    let refusal = staging.stage(&write(39), &files).unwrap_err();
    assert!(refusal.starts_with("`long.ts` has 100 lines and would have 39; nothing was changed"));
    assert!(staging.is_empty());
    staging.stage(&write(41), &files).unwrap();
    staging.stage(&ToolCall::Remove { path: path.clone() }, &files).unwrap();
    staging.stage(&write(3), &files).unwrap();
    assert_eq!(staging.proposal().changes[0].kind(), Kind::Modified);
}

#[test]
fn limits_are_kept() {
    let files = files();
    let mut staging = Staging::new(ActionId::new("act_1"));
    let write = |name: &str, n_bytes: usize| ToolCall::Write {
        path: path(name),
        content: "x".repeat(n_bytes),
    };
    staging.stage(&write("exact", LIMIT_FILE_BYTES), &files).unwrap();
    let refusal = staging.stage(&write("large", LIMIT_FILE_BYTES + 1), &files).unwrap_err();
    assert_eq!(refusal, "`large` would have 52428801 bytes; the limit is 50 MB");
    for n in 1..LIMIT_FILES {
        staging.stage(&write(&format!("f{n}"), 1), &files).unwrap();
    }
    assert_eq!(
        staging.stage(&write("more", 1), &files).unwrap_err(),
        "one action may change 500 files; finish this one first"
    );
    staging.stage(&write("f1", 2), &files).unwrap();
}

#[test]
fn line_ends_of_a_rewritten_file_stay() {
    let mut files = files();
    files.insert(path("dos.txt"), b"a\r\nb\r\n".to_vec());
    let mut staging = Staging::new(ActionId::new("act_1"));
    let content = "a\nc\n".to_owned();
    staging.stage(&ToolCall::Write { path: path("dos.txt"), content }, &files).unwrap();
    assert_eq!(staging.proposal().changes[0].after.as_deref(), Some(&b"a\r\nc\r\n"[..]));
}

#[test]
fn a_proposal_can_be_taken_up_again() {
    let files = files();
    let mut staging = Staging::new(ActionId::new("act_1"));
    for call in [
        ToolCall::Move { from: path("old.css"), to: path("b.css") },
        ToolCall::Remove { path: path("index.html") },
        ToolCall::Write { path: path("new.ts"), content: "x\n".to_owned() },
        ToolCall::Write { path: path("src/a.ts"), content: "y\n".to_owned() },
    ] {
        staging.stage(&call, &files).unwrap();
    }
    let proposal = staging.proposal();
    let again = Staging::resume(ActionId::new("act_1"), &proposal);
    assert_eq!(again.proposal(), proposal);
    let paths = again.over(&files).paths();
    assert_eq!(paths, [path("b.css"), path("new.ts"), path("src/a.ts")]);
}

#[test]
fn broken_syntax_is_told_before_anything_is_applied() {
    let files = files();
    let mut staging = Staging::new(ActionId::new("act_1"));
    let edit = Edit {
        path: path("src/a.ts"),
        search: "two".to_owned(),
        replace: "two {".to_owned(),
        all: false,
        whole_lines: false,
    };
    staging.stage(&ToolCall::Edit(edit), &files).unwrap();
    let broken = staging.proposal().broken(&crate::syntax::tests::Braces);
    let told: Vec<String> =
        broken.iter().map(|(path, it)| format!("{path}:{} {}", it.line, it.message)).collect();
    assert_eq!(told, ["src/a.ts:2 `{` is never closed"]);
}

#[test]
fn versions_follow_the_content() {
    let files = files();
    let mut staging = Staging::new(ActionId::new("act_1"));
    let before = files.version(&path("old.css"));
    let write =
        |content: &str| ToolCall::Write { path: path("old.css"), content: content.to_owned() };
    staging.stage(&write("b\n"), &files).unwrap();
    assert_ne!(staging.over(&files).version(&path("old.css")), before);
    staging.stage(&write("a { color: red }\n"), &files).unwrap();
    assert_eq!(staging.over(&files).version(&path("old.css")), before);
    assert!(staging.is_empty());
}

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

fn files() -> BTreeMap<FilePath, Vec<u8>> {
    let list = [
        ("index.html", "<h1>Hi</h1>\n"),
        ("old.css", "a { color: red }\n"),
        ("src/a.ts", "one\ntwo\nthree\n"),
    ];
    list.into_iter().map(|(name, text)| (path(name), text.as_bytes().to_vec())).collect()
}

#[track_caller]
fn check(script: &str, expected: Expect) {
    let files = files();
    let mut staging = Staging::new(ActionId::new("act_1"));
    let mut told = String::new();
    let mut lines = script.trim_matches('\n').lines().peekable();
    while let Some(line) = lines.next() {
        let mut body = String::new();
        while let Some(more) = lines.next_if(|line| line.starts_with('|')) {
            body += &format!("{}\n", &more[1..]);
        }
        let words: Vec<&str> = line.split(' ').collect();
        let call = match words[..] {
            ["read", name] => ToolCall::Read { path: path(name), offset: 1, limit: 100 },
            ["list"] => ToolCall::List { path: None },
            ["search", pattern] => {
                ToolCall::Search { pattern: pattern.to_owned(), path: None, literal: true }
            }
            ["write", name] => ToolCall::Write { path: path(name), content: body },
            ["edit", name] => {
                let (search, replace) = body.split_once("\n/\n").unwrap();
                ToolCall::Edit(Edit {
                    path: path(name),
                    search: search.to_owned(),
                    replace: replace.trim_end().to_owned(),
                    all: false,
                    whole_lines: false,
                })
            }
            ["remove", name] => ToolCall::Remove { path: path(name) },
            ["move", from, to] => ToolCall::Move { from: path(from), to: path(to) },
            _ => panic!("cannot read the line {line:?}"),
        };
        told += &match staging.stage(&call, &files) {
            Ok(answer) => format!("{}: {}\n", words[0], answer.trim_end()),
            Err(refusal) => format!("{} refused: {refusal}\n", words[0]),
        };
    }
    for change in staging.proposal().changes {
        let from = change.from.as_ref().map(|it| format!(" from {it}")).unwrap_or_default();
        told += &format!("= {:?} {}{from}\n", change.kind(), change.path);
        told += &String::from_utf8(change.after.unwrap_or_default()).unwrap();
    }
    expected.assert_eq(&told);
}
