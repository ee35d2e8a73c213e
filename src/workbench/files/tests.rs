//! The tree: its rows, its keys, what typed names mean, and how it is drawn.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::files::{File, Mark, View};

use super::{
    FilesPanel,
    draft::{Draft, Meaning, dropped_on},
    tree::{self, Kind, Row, State, Step},
};
use crate::{
    i18n,
    page::{self, Views},
    workbench::chat::outline::outline,
};

#[test]
fn folders_come_first_and_letters_count_alike() {
    check_rows(
        &["README.md", "a.txt", "src/main.ts", "src/ui/b.ts", "Zoo/x"],
        &[],
        None,
        expect![[r#"
            v src 1/4
              v ui 1/2
                b.ts 1/1
              main.ts 2/2
            v Zoo 2/4
              x 1/1
            a.txt 3/4
            README.md 4/4
        "#]],
    );
}

#[test]
fn names_that_begin_alike_are_kept_apart() {
    check_rows(
        &["a-b", "a.c", "a/b", "a/c/d", "ab"],
        &[],
        None,
        expect![[r#"
        v a 1/4
          v c 1/2
            d 1/1
          b 2/2
        a-b 2/4
        a.c 3/4
        ab 4/4
    "#]],
    );
}

#[test]
fn a_closed_folder_hides_what_is_in_it_and_a_new_name_opens_it() {
    check_rows(
        &["src/a/b.ts", "src/c.ts", "d.ts"],
        &["src"],
        None,
        expect![[r#"
        > src 1/2
        d.ts 2/2
    "#]],
    );
    check_rows(
        &["src/a/b.ts", "src/c.ts", "d.ts"],
        &["src"],
        Some("src"),
        expect![[r#"
        v src 1/2
          [new in "src"]
          v a 1/2
            b.ts 1/1
          c.ts 2/2
        d.ts 2/2
    "#]],
    );
    check_rows(
        &["d.ts"],
        &[],
        Some("not/there"),
        expect![[r#"
        [new in "not/there"]
        d.ts 1/1
    "#]],
    );
    check_rows(
        &[],
        &[],
        Some(""),
        expect![[r#"
        [new in ""]
    "#]],
    );
}

#[test]
fn keys_move_among_the_rows() {
    let rows = rows(&["a/b/c", "a/d", "e"], &[], None);
    let from = |at, key| tree::step(&rows, at, key);
    assert_eq!(from(0, Step::Up(1)), 0);
    assert_eq!(from(3, Step::Down(9)), 4);
    assert_eq!(from(2, Step::Parent), 1);
    assert_eq!(from(3, Step::Parent), 0);
    assert_eq!(from(4, Step::Parent), 4);
    assert_eq!(tree::step(&[], 0, Step::Last), 0);
    assert_eq!(tree::step(&[], 7, Step::Parent), 7);
}

#[test]
fn letters_lead_to_the_next_row_that_begins_with_them() {
    let rows = rows(&["apple", "beta", "bingo", "cat"], &[], None);
    assert_eq!(tree::named(&rows, 0, "b"), Some(1));
    assert_eq!(tree::named(&rows, 1, "b"), Some(2));
    assert_eq!(tree::named(&rows, 2, "b"), Some(1));
    assert_eq!(tree::named(&rows, 1, "bi"), Some(2));
    assert_eq!(tree::named(&rows, 0, "x"), None);
    assert_eq!(tree::named(&[], 0, "x"), None);
}

#[test]
fn a_typed_name_means_one_thing() {
    let new = Draft::NewFile { folder: "src".to_owned() };
    assert_eq!(read(&new, " ui/button.ts "), Ok(Meaning::Create("src/ui/button.ts".to_owned())));
    assert_eq!(read(&new, ""), Ok(Meaning::Nothing));
    let first = Meaning::Then(Draft::NewFile { folder: "src/ui".to_owned() });
    assert_eq!(read(&new, "ui/"), Ok(first.clone()));
    assert_eq!(read(&Draft::NewFolder { folder: "src".to_owned() }, "ui"), Ok(first));
    let rename = Draft::Rename { path: "src/old.ts".to_owned() };
    assert_eq!(read(&rename, "old.ts"), Ok(Meaning::Nothing));
    let to = |to: &str| Meaning::Move { from: "src/old.ts".to_owned(), to: to.to_owned() };
    assert_eq!(read(&rename, "new.ts"), Ok(to("src/new.ts")));
}

#[test]
fn a_name_that_leads_nowhere_good_is_refused_with_what_would_do() {
    let new = Draft::NewFile { folder: String::new() };
    let refusals: Vec<_> = ["../x", "/etc/passwd", ".git/config", "a\\b", "a//b", "taken.ts"]
        .map(|typed| read(&new, typed).unwrap_err())
        .into();
    expect![[r#"
        `../x` leads out of the project; write the path without `..`
        `/etc/passwd` is absolute; paths start at the project's root, like `src/main.js`
        `.git/config` is reserved for git; choose a name that is not `.git`
        `a\b` holds a backslash or a control character; use `/` and visible characters
        `a//b` has an empty part or a `.` in it; write it like `src/main.js`
        `taken.ts` is there already; choose another name"#]]
    .assert_eq(&refusals.join("\n"));
}

#[test]
fn nothing_can_be_dropped_into_itself() {
    assert_eq!(dropped_on("a/b", "c").as_deref(), Some("c/b"));
    assert_eq!(dropped_on("a/b", "").as_deref(), Some("b"));
    assert_eq!(dropped_on("a/b", "a"), None);
    assert_eq!(dropped_on("a", "a"), None);
    assert_eq!(dropped_on("a", "a/b/c"), None);
    assert_eq!(dropped_on("a", "ab").as_deref(), Some("ab/a"));
}

#[test]
fn the_panel_shows_rows_with_their_marks_and_the_way_back() {
    let mut files = made(&["src/main.ts", "src/new.ts", "style.css"]);
    files[1].mark = Mark::Added;
    check(
        View { files, undo: "Deleted old.css".to_owned() },
        expect![[r#"
        section aria-label="Files" class="files"
          header class="files__bar"
            h2 class="files__title"
              "Files"
            button type="button" aria-label="New file" title="New file" class="icon-button"
            button type="button" aria-label="New folder" title="New folder" class="icon-button"
            button type="button" aria-label="Upload files" title="Upload files" class="icon-button"
            button type="button" aria-label="Close all folders" title="Close all folders" class="icon-button"
            input type="file" multiple hidden aria-label="Upload files" class="files__upload"
          div class="files__scroller"
            div role="tree" tabindex="0" aria-label="Files" class="files__tree"
              div role="presentation" style="height:0px;"
              div role="treeitem" id="file-src" title="src" aria-label="src" aria-level="1" aria-posinset="1" aria-setsize="2" aria-expanded="true" aria-selected="false" aria-description="Holds changes since the last commit" data-state="inside" draggable="true" class="files__row"
                span class="files__indent" style="width:0px;"
                span class="files__turn"
                bdi class="files__name"
                  "src"
                span aria-hidden="true" data-letter="•" class="files__mark"
                button type="button" tabindex="-1" aria-label="More for src" class="files__more"
              div role="treeitem" id="file-src/main.ts" title="src/main.ts" aria-label="main.ts" aria-level="2" aria-posinset="1" aria-setsize="2" aria-selected="false" draggable="true" class="files__row"
                span class="files__indent" style="width:12px;"
                span class="files__turn"
                bdi class="files__name"
                  "main.ts"
                button type="button" tabindex="-1" aria-label="More for main.ts" class="files__more"
              div role="treeitem" id="file-src/new.ts" title="src/new.ts" aria-label="new.ts" aria-level="2" aria-posinset="2" aria-setsize="2" aria-selected="false" aria-description="Added since the last commit" data-state="added" draggable="true" class="files__row"
                span class="files__indent" style="width:12px;"
                span class="files__turn"
                bdi class="files__name"
                  "new.ts"
                span aria-hidden="true" data-letter="A" class="files__mark"
                button type="button" tabindex="-1" aria-label="More for new.ts" class="files__more"
              div role="treeitem" id="file-style.css" title="style.css" aria-label="style.css" aria-level="1" aria-posinset="2" aria-setsize="2" aria-selected="false" draggable="true" class="files__row"
                span class="files__indent" style="width:0px;"
                span class="files__turn"
                bdi class="files__name"
                  "style.css"
                button type="button" tabindex="-1" aria-label="More for style.css" class="files__more"
              div role="presentation" style="height:0px;"
          div role="status" class="files__undo"
            span class="files__undone"
              "Deleted old.css"
            button type="button" class="button"
              span class="button__label"
                "Undo"
            button type="button" aria-label="Dismiss" title="Dismiss" class="icon-button"
          div popover="auto" role="menu" tabindex="-1" aria-label="File actions" class="menu__list"
    "#]],
    );
}

#[test]
fn an_empty_project_says_how_to_begin() {
    check(
        View::default(),
        expect![[r#"
        section aria-label="Files" class="files"
          header class="files__bar"
            h2 class="files__title"
              "Files"
            button type="button" aria-label="New file" title="New file" class="icon-button"
            button type="button" aria-label="New folder" title="New folder" class="icon-button"
            button type="button" aria-label="Upload files" title="Upload files" class="icon-button"
            button type="button" aria-label="Close all folders" title="Close all folders" class="icon-button"
            input type="file" multiple hidden aria-label="Upload files" class="files__upload"
          div class="empty"
            p class="empty__title"
              "No files yet"
            p class="empty__text"
              "Ask for something in the chat, make a file, or drop files here."
            div class="empty__actions"
              button type="button" class="button"
                span class="button__label"
                  "New file"
          div role="status" class="files__undo"
          div popover="auto" role="menu" tabindex="-1" aria-label="File actions" class="menu__list"
    "#]],
    );
}

#[test]
fn ten_thousand_files_are_drawn_as_the_few_in_sight() {
    let paths: Vec<String> =
        (0..10_000).map(|n| format!("dir{:03}/file{n:05}.ts", n / 100)).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let html = html(View { files: made(&paths), undo: String::new() });
    let n_drawn = html.matches("role=\"treeitem\"").count();
    assert!(n_drawn > 20 && n_drawn < 80, "{n_drawn} rows");
}

fn read(draft: &Draft, typed: &str) -> Result<Meaning, String> {
    draft.read(typed, |path| path == "taken.ts", &i18n::EN.files)
}

fn made(paths: &[&str]) -> Vec<File> {
    let mut paths = paths.to_vec();
    paths.sort_unstable();
    let file = |path: &&str| File { path: (*path).to_owned(), size_bytes: 1, mark: Mark::Same };
    paths.iter().map(file).collect()
}

fn rows(paths: &[&str], closed: &[&str], draft: Option<&str>) -> Vec<Row> {
    let closed: BTreeSet<String> = closed.iter().map(|it| (*it).to_owned()).collect();
    tree::rows(&made(paths), &closed, draft)
}

fn check_rows(paths: &[&str], closed: &[&str], draft: Option<&str>, expected: Expect) {
    let lines = rows(paths, closed, draft).into_iter().map(|row| {
        let indent = "  ".repeat(row.level - 1);
        let (at, of) = row.place;
        let mark = if row.state == State::Same { "" } else { "*" };
        match row.kind {
            Kind::Draft => format!("{indent}[new in {:?}]\n", row.path),
            Kind::File => format!("{indent}{}{mark} {at}/{of}\n", row.name),
            Kind::Folder { open } => {
                format!("{indent}{} {}{mark} {at}/{of}\n", if open { "v" } else { ">" }, row.name)
            }
        }
    });
    expected.assert_eq(&lines.collect::<String>());
}

fn check(view: View, expected: Expect) {
    expected.assert_eq(&outline(&html(view), "files"));
}

fn html(view: View) -> String {
    Owner::new().with(|| {
        let views = Views::empty();
        views.files.set(view);
        page::provide(views, Callback::new(|_| ()));
        view! { <FilesPanel views /> }.into_view().to_html()
    })
}
