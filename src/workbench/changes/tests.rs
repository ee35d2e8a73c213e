//! The review in each of its states, as HTML.

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::changes::{FileDiff, FileStatus, FileSummary, Hunk, Line, LineKind, View};

use super::ChangesPanel;
use crate::{
    page::{self, Views},
    workbench::chat::outline::outline,
};

#[test]
fn nothing_to_review() {
    check(
        View::default(),
        false,
        "changes",
        expect![[r#"
        section aria-label="Changes" class="changes"
          div class="empty"
            p class="empty__title"
              "Nothing to review"
            p class="empty__text"
              "When a reply proposes changes, you see each of them here before it counts."
    "#]],
    );
}

#[test]
fn every_file_has_its_lines_and_a_decision() {
    let view = View {
        action: "a1".to_owned(),
        files: vec![edited("index.html", true), note("logo.png"), conflict("src/main.ts")],
        previewed: true,
    };
    check(
        view,
        false,
        "changes",
        expect![[r#"
            section aria-label="Changes" class="changes"
              header class="changes__head"
                button type="button" title="Makes one commit of the accepted files and rejects the others" class="button button--primary"
                  span class="button__label"
                    "Apply 2 files"
                button type="button" class="button"
                  span class="button__label"
                    "Reject all"
                label title="The preview runs as if the changes were applied" class="switch"
                  input type="checkbox" role="switch" checked class="switch__input"
                  span class="switch__label"
                    "Show in preview"
                label class="switch"
                  input type="checkbox" role="switch" class="switch__input"
                  span class="switch__label"
                    "Side by side"
              div role="region" tabindex="0" aria-label="Changed lines" aria-description="j and k move, y accepts, n refuses, e opens the editor, Enter applies" class="changes__scroll"
                div role="group" aria-label="index.html" data-accepted="" class="diff-file"
                  header class="diff-file__head"
                    input type="checkbox" aria-label="Accept index.html" checked class="diff-file__accept"
                    span data-status="modified" class="file-name"
                      span aria-label="changed" role="img" title="changed" class="file-name__status"
                        "M"
                      bdi class="file-name__path"
                        "index.html"
                      span role="img" aria-label="1 lines added, 1 removed" class="file-name__counts"
                        span class="file-name__added"
                          "+1"
                        span class="file-name__removed"
                          "−1"
                    button type="button" aria-label="Open in editor" title="Open in editor (e)" class="icon-button"
                  div tabindex="0" role="group" aria-label="@@ -1 +1 @@" dir="ltr" data-hunk="0" class="diff-hunk"
                    p aria-hidden="true" class="diff-hunk__place"
                      "@@ -1 +1 @@"
                    table class="diff"
                      tbody
                        tr class="diff__row" data-kind="same"
                          td class="diff__number" aria-hidden="true"
                            "1"
                          td class="diff__number" aria-hidden="true"
                            "1"
                          td class="diff__line" data-kind="same"
                            span class="diff__sign"
                            "&lt;main&gt;"
                        tr class="diff__row" data-kind="removed"
                          td class="diff__number" aria-hidden="true"
                            "2"
                          td class="diff__number" aria-hidden="true"
                          td class="diff__line" data-kind="removed"
                            span class="diff__sign"
                              "-"
                            "old"
                        tr class="diff__row" data-kind="added"
                          td class="diff__number" aria-hidden="true"
                          td class="diff__number" aria-hidden="true"
                            "2"
                          td class="diff__line" data-kind="added"
                            span class="diff__sign"
                              "+"
                            "new"
                div role="group" aria-label="logo.png" data-accepted="" class="diff-file"
                  header class="diff-file__head"
                    input type="checkbox" aria-label="Accept logo.png" checked class="diff-file__accept"
                    span data-status="added" class="file-name"
                      span aria-label="added" role="img" title="added" class="file-name__status"
                        "A"
                      bdi class="file-name__path"
                        "logo.png"
                      span role="img" aria-label="1 lines added, 1 removed" class="file-name__counts"
                        span class="file-name__added"
                          "+1"
                        span class="file-name__removed"
                          "−1"
                    button type="button" aria-label="Open in editor" title="Open in editor (e)" class="icon-button"
                  p class="diff-file__note"
                    "A picture: no lines to show"
                div role="group" aria-label="src/main.ts" data-conflict="" class="diff-file"
                  header class="diff-file__head"
                    input type="checkbox" aria-label="Accept src/main.ts" class="diff-file__accept"
                    span data-status="moved" class="file-name"
                      span aria-label="moved" role="img" title="moved" class="file-name__status"
                        "R"
                      bdi class="file-name__from"
                        "main.ts"
                      "→"
                      bdi class="file-name__path"
                        "src/main.ts"
                      span role="img" aria-label="1 lines added, 1 removed" class="file-name__counts"
                        span class="file-name__added"
                          "+1"
                        span class="file-name__removed"
                          "−1"
                    button type="button" aria-label="Open in editor" title="Open in editor (e)" class="icon-button"
                  p role="note" class="diff-file__conflict"
                    "You changed the same lines since the reply was made, so this file cannot be applied. Your version stays: leave this file out, or ask for the change again"
        "#]],
    );
}

#[test]
fn old_and_new_can_stand_beside_each_other() {
    let view =
        View { action: "a1".to_owned(), files: vec![edited("a.txt", false)], previewed: false };
    check(
        view,
        true,
        "diff",
        expect![[r#"
        table data-split="" class="diff"
          tbody
            tr class="diff__row" data-kind="pair"
              td class="diff__number" aria-hidden="true"
                "1"
              td class="diff__line" data-kind="same"
                span class="diff__sign"
                "&lt;main&gt;"
              td class="diff__number" aria-hidden="true"
                "1"
              td class="diff__line" data-kind="same"
                span class="diff__sign"
                "&lt;main&gt;"
            tr class="diff__row" data-kind="pair"
              td class="diff__number" aria-hidden="true"
                "2"
              td class="diff__line" data-kind="removed"
                span class="diff__sign"
                  "-"
                "old"
              td class="diff__number" aria-hidden="true"
                "2"
              td class="diff__line" data-kind="added"
                span class="diff__sign"
                  "+"
                "new"
    "#]],
    );
}

#[test]
fn a_very_long_difference_is_shown_when_asked_for() {
    let mut file = edited("big.txt", true);
    let line = Line { kind: LineKind::Added, text: "x".to_owned() };
    file.hunks[0].lines = vec![line; 5000];
    let view = View { action: "a1".to_owned(), files: vec![file], previewed: false };
    check(
        view,
        false,
        "diff-file",
        expect![[r#"
            div role="group" aria-label="big.txt" data-accepted="" class="diff-file"
              header class="diff-file__head"
                input type="checkbox" aria-label="Accept big.txt" checked class="diff-file__accept"
                span data-status="modified" class="file-name"
                  span aria-label="changed" role="img" title="changed" class="file-name__status"
                    "M"
                  bdi class="file-name__path"
                    "big.txt"
                  span role="img" aria-label="1 lines added, 1 removed" class="file-name__counts"
                    span class="file-name__added"
                      "+1"
                    span class="file-name__removed"
                      "−1"
                button type="button" aria-label="Open in editor" title="Open in editor (e)" class="icon-button"
              button type="button" class="button button--quiet"
                span class="button__label"
                  "Show 5000 lines"
        "#]],
    );
}

fn edited(path: &str, accepted: bool) -> FileDiff {
    let line = |kind, text: &str| Line { kind, text: text.to_owned() };
    FileDiff {
        summary: summary(path, FileStatus::Modified),
        accepted,
        hunks: vec![Hunk {
            old_start: 1,
            new_start: 1,
            lines: vec![
                line(LineKind::Same, "<main>\n"),
                line(LineKind::Removed, "  old\n"),
                line(LineKind::Added, "  new\n"),
            ],
        }],
        note: String::new(),
        conflict: false,
    }
}

fn note(path: &str) -> FileDiff {
    FileDiff {
        summary: summary(path, FileStatus::Added),
        accepted: true,
        hunks: Vec::new(),
        note: "A picture: no lines to show".to_owned(),
        conflict: false,
    }
}

fn conflict(path: &str) -> FileDiff {
    FileDiff {
        summary: FileSummary {
            from: Some("main.ts".to_owned()),
            ..summary(path, FileStatus::Moved)
        },
        accepted: false,
        hunks: Vec::new(),
        note: String::new(),
        conflict: true,
    }
}

fn summary(path: &str, status: FileStatus) -> FileSummary {
    FileSummary { path: path.to_owned(), from: None, status, n_added: 1, n_removed: 1 }
}

#[track_caller]
fn check(view: View, side_by_side: bool, class: &str, expected: Expect) {
    let html = Owner::new().with(|| {
        let views = Views::empty();
        views.changes.set(view);
        let desk = page::provide(views, Callback::new(|_| ()));
        desk.layout.update(|it| it.side_by_side = side_by_side);
        view! { <ChangesPanel views /> }.into_view().to_html()
    });
    expected.assert_eq(&outline(&html, class));
}
