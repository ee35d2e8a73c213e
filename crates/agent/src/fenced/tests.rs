//! Replies as models write them, in any pieces.

use expect_test::{Expect, expect};

use super::*;

#[test]
fn a_block_names_its_file_in_many_ways() {
    let expected = || {
        expect![[r#"
            edit src/a.ts
            --- old
            +++ new
        "#]]
    };
    let block = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n";
    for text in [
        format!("src/a.ts\n```ts\n{block}```\n"),
        format!("src/a.ts\n\n```ts\n{block}```\n"),
        format!("```ts\nsrc/a.ts\n{block}```\n"),
        format!("```ts src/a.ts\n{block}```\n"),
        format!("```src/a.ts\n{block}```\n"),
        format!("### `src/a.ts`\n{block}"),
        format!("**src/a.ts**:\n~~~~\n{block}~~~~\n"),
        format!("src/a.ts\r\n{}", block.replace('\n', "\r\n")),
        format!(
            "src/a.ts\n{}",
            block
                .replace("<<<<<<<", "<<<<<<<<<")
                .replace("=======", "=========")
                .replace(">>>>>>>", ">>>>>>>>>")
        ),
        format!("src/a.ts\n{}", block.trim_end()),
    ] {
        check(&text, expected());
    }
}

#[test]
fn several_blocks_in_one_fence_share_its_file() {
    check(
        "a.ts\n```ts\n<<<<<<< SEARCH\none\n=======\n1\n>>>>>>> REPLACE\n\n<<<<<<< SEARCH\ntwo\n=======\n2\n>>>>>>> REPLACE\n```\nText.\nb.ts\n```\n<<<<<<< SEARCH\n=======\nnew file\n>>>>>>> REPLACE\n```\n",
        expect![[r#"
            edit a.ts
            --- one
            +++ 1
            edit a.ts
            --- two
            +++ 2
            edit b.ts
            +++ new file
        "#]],
    );
}

#[test]
fn whole_files_are_fences_that_name_one() {
    check(
        "Here it is:\n\n```ts src/new.ts\nlet a = 1;\n```\n\n`style.css`:\n```css\na { }\n```\n\nAn example:\n```ts\nonly shown\n```\n",
        expect![[r#"
            write src/new.ts
            let a = 1;
            write style.css
            a { }
        "#]],
    );
}

#[test]
fn fences_in_a_markdown_file_are_its_content() {
    check(
        "```md README.md\n# Use\n```sh\nnpm start\n```\nDone.\n```\n````md b.md\n```\ncode\n```\n````\n",
        expect![[r##"
            write README.md
            # Use
            ```sh
            npm start
            ```
            Done.
            write b.md
            ```
            code
            ```
        "##]],
    );
}

#[test]
fn code_that_holds_markers_is_not_cut_apart() {
    check(
        "a.md\n<<<<<<< SEARCH\nTitle\n=======\n=======\nTitel\n>>>>>>> REPLACE\n",
        expect![[r#"
            problem at 2: a `=======` line occurs in the code itself; use longer markers with equal length (`<<<<<<<<< SEARCH`, `=========`, `>>>>>>>>> REPLACE`)
        "#]],
    );
    check(
        "a.md\n<<<<<<<<< SEARCH\nTitle\n=======\n=========\nTitel\n=======\n>>>>>>>>> REPLACE\n",
        expect![[r#"
            edit a.md
            --- Title
            --- =======
            +++ Titel
            +++ =======
        "#]],
    );
}

#[test]
fn what_is_not_finished_is_never_an_edit() {
    for text in [
        "a.ts\n<<<<<<< SEARCH\nold\n=======\nnew\n",
        "a.ts\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLAC",
        "a.ts\n<<<<<<< SEARCH\nold\n",
        "```ts a.ts\nlet a = 1;\n",
        "```ts a.ts\nlet a = 1;\n``",
    ] {
        let mut parser = Parser::default();
        assert_eq!(parser.push(text), []);
        assert!(matches!(parser.finish()[..], [Found::Problem { .. }]), "{text:?}");
    }
}

#[test]
fn what_cannot_be_used_says_why() {
    check(
        "Look:\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n",
        expect![[r#"
            problem at 2: no file is named; write its path on the line before the block
        "#]],
    );
    check(
        "../../etc/passwd\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n",
        expect![[r#"
            problem at 2: no file is named; write its path on the line before the block
        "#]],
    );
    check(
        "a.ts\n<<<<<<< SEARCH\nold\n>>>>>>> REPLACE\n",
        expect![[r#"
            problem at 2: the block has no `=======` line between SEARCH and REPLACE
        "#]],
    );
    check(
        "```diff a.ts\n-old\n+new\n```\n",
        expect![[r#"
            problem at 1: diffs are not understood; write SEARCH/REPLACE blocks
        "#]],
    );
}

#[test]
fn prose_is_not_an_edit() {
    check(
        "Change src/a.ts so that it works.\n\nsrc/a.ts\n\nThe file above is important:\n```\nexample\n```\n< SEARCH\n=======\n",
        expect![""],
    );
}

#[test]
fn hostile_text_is_bounded() {
    let mut parser = Parser::default();
    parser.push("a.ts\n<<<<<<< SEARCH\n");
    let line = "x".repeat(1024 * 1024) + "\n";
    let found: Vec<Found> = (0..5).flat_map(|_| parser.push(&line)).collect();
    assert!(matches!(found[..], [Found::Problem { line: 2, .. }]), "too long a block");
    let mut parser = Parser::default();
    parser.push("```ts a.ts\n");
    (0..5).for_each(|_| drop(parser.push(&line)));
    assert_eq!(parser.push("```\n"), [], "too long a file");
}

/// Whole, then byte by byte, then in pieces: always the same.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let whole = parse([text]);
    for size in [1, 2, 3, 7, 64] {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let at = rest.ceil_char_boundary(size.min(rest.len()));
            pieces.push(&rest[..at]);
            rest = &rest[at..];
        }
        assert_eq!(parse(pieces), whole, "pieces of {size}");
    }
    expected.assert_eq(&whole.iter().map(told).collect::<String>());
}

fn parse<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Vec<Found> {
    let mut parser = Parser::default();
    let mut found: Vec<Found> = pieces.into_iter().flat_map(|piece| parser.push(piece)).collect();
    found.extend(parser.finish());
    found
}

fn told(found: &Found) -> String {
    match found {
        Found::Call(ToolCall::Edit(edit)) => {
            let side = |sign: &str, text: &str| -> String {
                text.lines().map(|line| format!("{sign} {line}\n")).collect()
            };
            format!(
                "edit {}\n{}{}",
                edit.path,
                side("---", &edit.search),
                side("+++", &edit.replace)
            )
        }
        Found::Call(ToolCall::Write { path, content }) => format!("write {path}\n{content}"),
        Found::Call(other) => panic!("{other:?}"),
        Found::Problem { line, what } => format!("problem at {line}: {what}\n"),
    }
}
