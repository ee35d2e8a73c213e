//! The time line in each of its states, as HTML.

use expect_test::{Expect, expect};
use leptos::prelude::*;

use link::history::{Commit, CommitKind, Shown, View};

use super::HistoryPanel;
use crate::{
    page::{self, Views},
    workbench::chat::outline::outline,
};

#[test]
fn no_history_yet() {
    check(
        View { branch: "main".to_owned(), ..View::default() },
        expect![[r#"
            section aria-label="History" class="history"
              div role="region" tabindex="0" aria-label="Commits of main" class="history__scroll"
                div class="empty"
                  p class="empty__title"
                    "No history yet"
                  p class="empty__text"
                    "Each applied change becomes a commit that you can come back to."
        "#]],
    );
}

#[test]
fn commits_of_every_kind_and_work_that_is_not_committed() {
    let view = View {
        branch: "main".to_owned(),
        commits: vec![
            commit("d", CommitKind::Rewind, true),
            commit("c", CommitKind::Safety, false),
            commit("b", CommitKind::Assisted, false),
            commit("a", CommitKind::Own, false),
        ],
        has_more: true,
        shown: None,
        can_undo: true,
        uncommitted: true,
    };
    check(
        view,
        expect![[r#"
            section aria-label="History" class="history"
              header class="history__head"
                button type="button" class="button"
                  span class="button__label"
                    "Undo rewind"
              div role="region" tabindex="0" aria-label="Commits of main" class="history__scroll"
                section aria-label="Work that is not committed" class="history__uncommitted"
                  p class="history__title"
                    "Work that is not committed"
                  div class="history__commit"
                    div class="field"
                      label class="field__label"
                        span
                          "What changed"
                        input type="text" autocomplete="off" spellcheck="false" placeholder="Say what changed" aria-description="" class="field__input"
                    button type="button" disabled class="button button--primary"
                      span class="button__label"
                        "Commit"
                ol class="history__commits"
                  li class="commit"
                    button type="button" aria-expanded="false" data-kind="rewind" data-commit="d" data-current="" class="commit__head"
                      span class="commit__dot" aria-hidden="true"
                      span class="commit__title"
                        "Commit d"
                      span data-tone="good" class="badge"
                        "You are here"
                      span class="commit__about"
                        span data-tone="neutral" class="badge"
                          "rewind"
                        bdi
                          "Ada"
                        span
                          "just now"
                  li class="commit"
                    button type="button" aria-expanded="false" data-kind="safety" data-commit="c" class="commit__head"
                      span class="commit__dot" aria-hidden="true"
                      span class="commit__title"
                        "Commit c"
                      span class="commit__about"
                        span data-tone="warning" class="badge"
                          "kept for safety"
                        bdi
                          "Ada"
                        span
                          "just now"
                  li class="commit"
                    button type="button" aria-expanded="false" data-kind="assisted" data-commit="b" class="commit__head"
                      span class="commit__dot" aria-hidden="true"
                      span class="commit__title"
                        "Commit b"
                      span class="commit__about"
                        span data-tone="accent" class="badge"
                          "from a reply"
                        bdi
                          "Ada"
                        span
                          "just now"
                  li class="commit"
                    button type="button" aria-expanded="false" data-kind="own" data-commit="a" class="commit__head"
                      span class="commit__dot" aria-hidden="true"
                      span class="commit__title"
                        "Commit a"
                      span class="commit__about"
                        span data-tone="neutral" class="badge"
                          "by you"
                        bdi
                          "Ada"
                        span
                          "just now"
                button type="button" class="button button--quiet"
                  span class="button__label"
                    "Load more"
        "#]],
    );
}

#[test]
fn a_commit_that_is_looked_at_offers_the_way_back() {
    let shown = Shown {
        commit: "a".to_owned(),
        message: "Start\n\nWith a body.".to_owned(),
        files: vec![],
    };
    let view = View {
        branch: "main".to_owned(),
        commits: vec![commit("a", CommitKind::Own, false)],
        shown: Some(shown),
        ..View::default()
    };
    check(
        view,
        expect![[r#"
            section aria-label="History" class="history"
              div role="region" tabindex="0" aria-label="Commits of main" class="history__scroll"
                ol class="history__commits"
                  li data-open="" class="commit"
                    button type="button" aria-expanded="true" data-kind="own" data-commit="a" class="commit__head"
                      span class="commit__dot" aria-hidden="true"
                      span class="commit__title"
                        "Commit a"
                      span class="commit__about"
                        span data-tone="neutral" class="badge"
                          "by you"
                        bdi
                          "Ada"
                        span
                          "just now"
                    div class="commit__detail"
                      pre tabindex="0" dir="auto" class="commit__message"
                        "Start\n\nWith a body."
                      button type="button" title="Makes a new commit whose files equal this one's. It can be undone" class="button"
                        span class="button__label"
                          "Rewind to here"
                      p class="diff-file__note"
                        "This commit changes no file"
        "#]],
    );
}

fn commit(id: &str, kind: CommitKind, current: bool) -> Commit {
    Commit {
        id: id.to_owned(),
        title: format!("Commit {id}"),
        author: "Ada".to_owned(),
        at_ms: 1000,
        kind,
        current,
    }
}

#[track_caller]
fn check(view: View, expected: Expect) {
    let html = Owner::new().with(|| {
        let views = Views::empty();
        views.history.set(view);
        page::provide(views, Callback::new(|_| ()));
        view! { <HistoryPanel views /> }.into_view().to_html()
    });
    expected.assert_eq(&outline(&html, "history"));
}
