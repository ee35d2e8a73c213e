//! The ladder, rung by rung: what is found, what is refused, and what the model is told.

use expect_test::{Expect, expect};

use super::*;

#[test]
fn an_exact_passage_is_replaced_where_it_stands() {
    check("a\nb\nc\n", "b", "x", expect!["Exact at 2\na\nx\nc\n"]);
    check("let a = 1;\n", "a = 1", "a = 2", expect!["Exact at 1\nlet a = 2;\n"]);
    check("a\nb\nc\n", "b\n", "", expect!["Exact at 2\na\nc\n"]);
    check("a\nb", "b", "$& \\1 $1", expect!["Exact at 2\na\n$& \\1 $1"]);
}

#[test]
fn line_ends_and_the_mark_stay_as_they_were() {
    check("a\r\nb\r\nc\r\n", "a\nb", "x\ny\nz", expect!["LineEnds at 1\nx␍\ny␍\nz␍\nc␍\n"]);
    check("a\nb\n", "a\r\nb\r\n", "x\r\ny\r\n", expect!["LineEnds at 1\nx\ny\n"]);
    check("\u{feff}a\nb\n", "\u{feff}a", "x", expect!["LineEnds at 1\n⟨mark⟩x\nb\n"]);
    check("a\r\nb\nc\r\n", "b", "x\ny", expect!["Exact at 2\na␍\nx\ny\nc␍\n"]);
    check("a\nb", "b", "c\n", expect!["Exact at 2\na\nc"]);
    check("a\nb\n", "b\n", "c", expect!["Exact at 2\na\nc\n"]);
}

#[test]
fn spaces_at_line_ends_do_not_matter() {
    check("a  \nb\t\nc\n", "a\nb\n", "a\nx\n", expect!["TrailingSpace at 1\na  \nx\nc\n"]);
}

#[test]
fn a_passage_may_stand_deeper_or_less_deep() {
    check(
        "if a {\n    one();\n    two();\n}\n",
        "one();\ntwo();",
        "one();\nif b {\n    two();\n}",
        expect!["Indent at 2\nif a {\n    one();\n    if b {\n        two();\n    }\n}\n"],
    );
    check(
        "one();\ntwo();\n",
        "    one();\n    two();",
        "    two();",
        expect!["Indent at 1\ntwo();\n"],
    );
    check(
        "\tone();\n\n\ttwo();\n",
        "one();\n\ntwo();",
        "one();\n\nx();\ntwo();",
        expect!["Indent at 1\n\tone();\n\n\tx();\n\ttwo();\n"],
    );
}

#[test]
fn uneven_indentation_is_refused() {
    check(
        "  one();\n      two();\n",
        "one();\n  two();",
        "x();",
        expect![[r#"
            refused: `search` was not found. The nearest lines in the file, from line 1 on, are:
              one();
                  two();
            The first difference: `search` has `one();`, the file `  one();`.
            Copy the lines exactly, without line numbers, and try again"#]],
    );
}

#[test]
fn typographic_signs_count_as_plain_ones_and_stay() {
    check(
        "say(“hi”) – now\nkeep(‘it’)\nlast\n",
        "say(\"hi\") - now\nkeep('it')\nlast",
        "say(\"hi\") - now\nkeep('it')\nmore",
        expect!["Punctuation at 1\nsay(“hi”) – now\nkeep(‘it’)\nmore\n"],
    );
    check("a\u{200b}b\u{a0}c\n", "ab c", "d", expect!["Punctuation at 1\nd\n"]);
}

#[test]
fn copied_line_numbers_are_taken_away() {
    check("a\n  b\nc\n", "1\ta\n2\t  b\n", "1\ta\n2\t  x\n", expect!["Gutter at 1\na\n  x\nc\n"]);
    check("a\nb\n", " 1 | a\n 2 | b", "x", expect!["Gutter at 1\nx\n"]);
}

#[test]
fn dots_stand_for_lines_that_stay() {
    check(
        "fn a() {\n    one();\n    two();\n    three();\n}\n",
        "fn a() {\n    ...\n    three();\n}",
        "fn b() {\n    ...\n    four();\n}",
        expect!["Elision at 1\nfn b() {\n    one();\n    two();\n    four();\n}\n"],
    );
    check(
        "x();\nfn a() {\n}\nx();\n",
        "x();\n// ... existing code ...\n",
        "y();\n// ... existing code ...\n",
        expect![[r#"
            refused: `search` fits 2 places, at lines 1, 4; add lines around the one that is meant, so that only one fits"#]],
    );
}

#[test]
fn a_comment_that_the_model_left_out_stays() {
    check(
        "fn a() {\n    one();\n    // why two\n    two();\n    three();\n    four();\n}\n",
        "fn a() {\n    one();\n    two();\n    three();\n    four();\n}",
        "fn a() {\n    one();\n    two();\n    three();\n    five();\n}",
        expect![
            "Anchors at 1\nfn a() {\n    one();\n    // why two\n    two();\n    three();\n    five();\n}\n"
        ],
    );
}

#[test]
fn a_left_out_line_where_the_edit_changes_is_refused() {
    check(
        "fn a() {\n    one();\n    // why two\n    two();\n    three();\n}\n",
        "fn a() {\n    one();\n    two();\n    three();\n}",
        "fn a() {\n    one(1);\n    two(2);\n    three();\n}",
        expect![[r#"
            refused: `search` was not found. The nearest lines in the file, from line 1 on, are:
            fn a() {
                one();
                // why two
                two();
                three();
            }
            The first difference: `search` has `    two();`, the file `    // why two`.
            Copy the lines exactly, without line numbers, and try again"#]],
    );
}

#[test]
fn at_every_rung_a_passage_must_be_unique() {
    let twice = "refused: `search` fits 2 places, at lines 1, 3; add lines around the one that is \
                 meant, so that only one fits";
    for text in ["a();\nb\na();\n", "a(); \nb\na();\t\n", "  a(); \nb\n\ta(); \n"] {
        let result = apply(text, passage("a();\n", "x();\n"));
        let Err(miss) = result else { panic!("{result:?}") };
        assert_eq!(format!("refused: {miss}"), twice, "{text:?}");
    }
    check(
        "aaa\n",
        "aa",
        "b",
        expect![[r#"
            refused: `search` fits 2 places, at lines 1, 1; add lines around the one that is meant, so that only one fits"#]],
    );
}

#[test]
fn all_places_are_replaced_when_that_is_asked_for() {
    let all = Passage { all: true, ..passage("a", "aa") };
    let applied = apply("a\nb\na\r\n", all).unwrap();
    assert_eq!((applied.text.as_str(), applied.n_places), ("aa\nb\naa\r\n", 2));
}

#[test]
fn whole_lines_do_not_match_in_the_middle_of_a_line() {
    let lines = |search, replace| Passage { whole_lines: true, ..passage(search, replace) };
    let applied = apply("xa = 1\na = 1", lines("a = 1\n", "a = 2\n")).unwrap();
    assert_eq!(applied.text, "xa = 1\na = 2");
    assert!(matches!(apply("xa = 1\n", lines("a = 1\n", "a = 2\n")), Err(Miss::NotFound { .. })));
}

#[test]
fn what_is_done_already_is_not_done_twice() {
    check(
        "import a;\nimport b;\n",
        "import a;",
        "import a;\nimport b;",
        expect![
            "refused: the replacement is in the file already, at line 1; nothing was changed, and this edit must not be repeated"
        ],
    );
    check(
        "fn renamed() { work(); }\n",
        "fn original() { work(); }",
        "fn renamed() { work(); }",
        expect![
            "refused: the replacement is in the file already, at line 1; nothing was changed, and this edit must not be repeated"
        ],
    );
}

#[test]
fn an_edit_that_changes_nothing_is_an_error() {
    check(
        "a\n",
        "a",
        "a",
        expect!["refused: nothing would change: `search` and `replace` say the same"],
    );
    check(
        "a\n",
        "",
        "b",
        expect![
            "refused: `search` is empty; copy the lines to replace from the file, or give the whole content with `write`"
        ],
    );
    check(
        "a\nb",
        "b",
        "b\n",
        expect!["refused: nothing would change: `search` and `replace` say the same"],
    );
}

#[test]
fn code_that_is_left_out_is_refused() {
    check(
        "fn a() {\n  one();\n  two();\n}\n",
        "fn a() {\n  one();\n  two();\n}",
        "fn a() {\n  // ... rest of the code unchanged\n}",
        expect![
            "refused: `replace` leaves code out (`// ... rest of the code unchanged`); write every line that shall be in the file"
        ],
    );
    let before = "// ... existing code ...\na\n";
    assert!(
        apply(before, passage("a", "b\n// ... existing code ...")).is_ok(),
        "it is there already"
    );
}

#[test]
fn the_nearest_miss_is_shown() {
    check(
        "one\ntwo\nthree\nfour\n",
        "two\nTHREE\nfour",
        "x",
        expect![[r#"
            refused: `search` was not found. The nearest lines in the file, from line 2 on, are:
            two
            three
            four
            The first difference: `search` has `THREE`, the file `three`.
            Copy the lines exactly, without line numbers, and try again"#]],
    );
    check(
        "one\n",
        "nowhere",
        "x",
        expect![
            "refused: `search` was not found. No line of it is in the file; read the file before editing it"
        ],
    );
    check(
        "",
        "x",
        "y",
        expect![
            "refused: `search` was not found. No line of it is in the file; read the file before editing it"
        ],
    );
}

#[test]
fn doubled_escapes_are_recognised() {
    check(
        "say(\"a\");\n\tend();\n",
        "say(\\\"a\\\");\\n\\tend();",
        "x",
        expect![[
            r#"refused: `search` holds `\n`, `\t` or `\"` as two characters each, and is in the file at line 1 without the backslashes; send real line breaks, tabs and quotes"#
        ]],
    );
}

/// Cuts pieces out of random texts and puts others in: exact edits do exactly that, whatever the
/// line ends, and every result keeps the file's habits.
#[test]
fn random_edits_keep_what_they_do_not_touch() {
    let mut dice = Dice(11);
    let (mut n_applied, mut n_refused) = (0, 0);
    for _ in 0..4_000 {
        let mut eol = ["\n", "\r\n"][dice.roll(2)];
        let mark = ["", "\u{feff}"][dice.roll(2)];
        let mut lines: Vec<String> = (0..1 + dice.roll(12)).map(|_| dice.line()).collect();
        lines[0].insert_str(0, mark);
        let before = lines.join(eol) + ["", eol][dice.roll(2)];
        if !before.contains('\n') {
            eol = "\n"; // It has no habit yet.
        }
        let first = dice.roll(lines.len());
        let last = first + dice.roll(lines.len() - first);
        let search = lines[first..=last].join("\n").replace(mark, "");
        let replace = (0..dice.roll(4)).map(|_| dice.line()).collect::<Vec<_>>().join("\n");
        match apply(&before, passage(&search, &replace)) {
            Ok(applied) => {
                n_applied += 1;
                let after = applied.text;
                assert_eq!(
                    after.starts_with('\u{feff}'),
                    mark == "\u{feff}",
                    "{before:?} {after:?}"
                );
                assert_eq!(after.matches('\n').count(), after.matches(eol).count(), "{after:?}");
                if !replace.lines().last().unwrap_or_default().trim().is_empty() {
                    assert_eq!(
                        after.ends_with('\n'),
                        before.ends_with('\n'),
                        "{before:?} {after:?}"
                    );
                }
                let plain = |text: &str| text.replace("\r\n", "\n");
                let expected = plain(&before).replacen(&search, &replace, 1);
                if applied.rung <= Rung::LineEnds {
                    assert_eq!(
                        plain(&after).trim_end(),
                        expected.trim_end(),
                        "{before:?} {search:?} {replace:?}"
                    );
                }
            }
            Err(_) => n_refused += 1,
        }
    }
    assert!(n_applied > 1_000 && n_refused > 500, "{n_applied} {n_refused}");
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn line(&mut self) -> String {
        let words = ["a", "bb", "  c", "", "let x = “y”;", "\tif (é) {", "}", "d  ", "\u{a0}e"];
        (0..self.roll(3)).map(|_| words[self.roll(words.len())]).collect()
    }
}

#[test]
fn hostile_texts_are_answered() {
    let long = "ab\n".repeat(20_000);
    assert!(apply(&long, passage("ab\nab\nabc", "x")).is_err());
    assert!(apply(&"\n".repeat(50_000), passage("\n\nx\n\n", "y")).is_err());
    assert!(apply(&"x".repeat(200_000), passage(&"x".repeat(150_000), "y")).is_err());
    for text in ["\r", "\r\r\n", "\u{feff}", "\u{feff}\r\n", "é", "\n", "a\rb"] {
        for search in ["\r", "é", "a", "\n", "\u{feff}"] {
            // Nothing panics, whatever is found.
            drop(apply(text, passage(search, "ü\r\n")));
        }
    }
}

#[test]
fn a_new_content_takes_the_old_ones_line_ends() {
    assert_eq!(in_the_style_of("a\r\nb\r\n", "x\ny\n"), "x\r\ny\r\n");
    assert_eq!(in_the_style_of("\u{feff}a\n", "x\n"), "\u{feff}x\n");
    assert_eq!(in_the_style_of("a\n", "x\r\ny\r\n"), "x\ny\n");
    assert_eq!(in_the_style_of("", "x\r\n"), "x\n");
    assert_eq!(in_the_style_of("a\r\nb\n", "x\r\ny\n"), "x\r\ny\n");
}

fn passage<'a>(search: &'a str, replace: &'a str) -> Passage<'a> {
    Passage { search, replace, all: false, whole_lines: false }
}

#[track_caller]
fn check(before: &str, search: &str, replace: &str, expected: Expect) {
    let told = match apply(before, passage(search, replace)) {
        Ok(applied) => format!("{:?} at {}\n{}", applied.rung, applied.line, applied.text),
        Err(miss) => format!("refused: {miss}"),
    };
    expected.assert_eq(&told.replace('\r', "␍").replace('\u{feff}', "⟨mark⟩"));
}
