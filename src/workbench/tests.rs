//! The shell rendered to HTML, natively.

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::{
    home::ProjectCard,
    status::{Level, Notice, Saved, Task},
    workbench::{Column, Layout},
};

use super::{Workbench, chat::outline::outline, too_old};
use crate::page::{self, Desk, Dialog, Views};

#[test]
fn without_a_project_there_is_the_front_door() {
    let html = html(|_| ());
    assert!(html.contains("class=\"home\"") && !html.contains("class=\"frame\""));
}

#[test]
fn the_workbench_has_its_landmarks() {
    let html = html(at_work);
    for part in ["<header", "<nav", "<aside", "<main", "<footer", "href=\"#main\""] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn the_rail_says_what_is_shown() {
    check(
        at_work,
        "rail",
        expect![[r#"
        nav aria-label="Panels" data-part="rail" tabindex="-1" class="rail"
          button type="button" aria-label="Files" title="Files (Ctrl+B)" aria-pressed="true" class="icon-button"
          button type="button" aria-label="Chat" title="Chat (Ctrl+Alt+B)" aria-pressed="true" class="icon-button"
          hr class="rail__line"
          button type="button" aria-label="Preview" title="Preview (Alt+P)" aria-pressed="true" class="icon-button"
          span class="rail__counted"
            button type="button" aria-label="Changes" title="Changes (Ctrl+Shift+G)" aria-pressed="false" class="icon-button"
          button type="button" aria-label="History" title="History (Alt+H)" aria-pressed="false" class="icon-button"
    "#]],
    );
}

#[test]
fn a_narrow_window_shows_one_panel() {
    let narrow = |name: &'static str| {
        let html = html(move |desk| {
            at_work(desk);
            desk.narrow.set(true);
            desk.layout.update(|it| name.clone_into(&mut it.narrow));
        });
        let shown = ["frame__side", "frame__chat", "frame__main"].map(|class| {
            let line = outline(&html, class);
            !line.lines().next().unwrap_or_default().contains("hidden")
        });
        (shown, html.contains("class=\"more\""))
    };
    assert_eq!(narrow("chat"), ([false, true, false], false));
    assert_eq!(narrow("preview"), ([false, false, true], false));
    assert_eq!(narrow("code"), ([false, false, true], false));
    assert_eq!(narrow("files"), ([true, false, false], false));
    assert_eq!(narrow("more"), ([false, false, false], true));
}

#[test]
fn hidden_panels_are_hidden() {
    let html = html(|desk| {
        at_work(desk);
        desk.layout.update(|it| {
            it.side = String::new();
            it.chat_open = false;
        });
    });
    for class in ["frame__side", "frame__chat"] {
        assert!(outline(&html, class).lines().next().is_some_and(|it| it.contains("hidden")));
    }
}

#[test]
fn an_empty_column_says_what_it_is_for() {
    check(
        |desk| {
            at_work(desk);
            desk.layout.update(|it| it.columns = vec![Column::default()]);
        },
        "columns__column",
        expect![[r#"
            div data-front="" class="columns__column" style="--share:1.0000;"
              div class="columns__head"
                div role="tablist" aria-label="Tabs of column 1" class="tabs"
                button type="button" aria-label="Move this tab beside" title="Move this tab beside" disabled class="icon-button"
              div class="empty"
                p class="empty__title"
                  "Nothing open"
                p class="empty__text"
                  "The preview, changes, history and files open here"
                div class="empty__actions"
                  button type="button" class="button"
                    span class="button__label"
                      "Open the preview"
                  button type="button" class="button"
                    span class="button__label"
                      "Open a file…"
        "#]],
    );
}

#[test]
fn two_columns_have_two_rows_of_tabs() {
    let html = html(|desk| {
        at_work(desk);
        let column = |tab: &str| Column { tabs: vec![tab.to_owned()], active: 0 };
        desk.layout.set(Layout {
            columns: vec![column("changes"), column("history")],
            ..Layout::default()
        });
    });
    assert_eq!(html.matches("role=\"tablist\"").count(), 2);
    assert_eq!(html.matches("role=\"tabpanel\"").count(), 2);
}

#[test]
fn the_status_line_says_what_to_worry_about() {
    check(
        |desk| {
            at_work(desk);
            desk.views.history.update(|it| it.branch = "main".to_owned());
            desk.views.chat.update(|it| {
                it.composer.estimate.tokens = 12_400;
                it.composer.estimate.window = 200_000;
            });
            desk.views.status.update(|it| {
                it.spent = "$0.03".to_owned();
                it.tasks = vec![Task {
                    id: "t".to_owned(),
                    title: "Indexing".to_owned(),
                    progress: Some(0.5),
                    can_cancel: true,
                }];
            });
        },
        "status",
        expect![[r#"
            footer aria-label="Status" data-part="status" tabindex="-1" class="status"
              span title="Branch main" class="status__item"
                bdi
                  "main"
              button type="button" class="status__item"
                "0 errors"
              span class="status__item status__task"
                span
                  "Indexing"
                progress max="1" aria-label="Indexing" value="0.500" class="progress"
                button type="button" aria-label="Cancel: Indexing" title="Cancel: Indexing" class="icon-button"
              span class="status__space"
              button type="button" title="An estimate of what the next message sends, and the model's limit" class="status__item"
                "12.4k/200k tokens"
              span title="Spent on this project so far" class="status__item"
                "$0.03"
              button type="button" data-tone="warning" title="The proxy does not answer: its models cannot be reached, everything else works" class="status__item"
                "No proxy"
              button type="button" title="This project is in this browser only. Press to export it" class="status__item"
                "Not backed up"
        "#]],
    );
}

#[test]
fn what_could_not_be_saved_is_told_at_the_top() {
    check(
        |desk| {
            at_work(desk);
            let why = "the disk is full".to_owned();
            desk.views.status.update(|it| it.saved = Saved::NotSaved { why });
        },
        "top-bar__saved",
        expect![[r#"
            span data-status="failed" class="top-bar__saved"
              span
                "Not saved: the disk is full"
        "#]],
    );
}

#[test]
fn three_of_a_kind_are_one_toast() {
    let notice = Notice {
        id: "n".to_owned(),
        level: Level::Error,
        text: "The provider is busy. Your message is kept".to_owned(),
        action: Some("Try again".to_owned()),
        n: 3,
        toast: true,
    };
    check(
        move |desk| desk.views.status.update(|it| it.notices.push(notice)),
        "toasts",
        expect![[r#"
        div class="toasts"
          div role="alert" data-tone="bad" class="toast"
            p class="toast__text"
              "The provider is busy. Your message is kept (3 times)"
            button type="button" class="button button--quiet"
              span class="button__label"
                "Try again"
            button type="button" aria-label="Dismiss" title="Dismiss" class="icon-button"
    "#]],
    );
}

#[test]
fn what_was_removed_can_be_brought_back() {
    let card =
        ProjectCard { id: "p".to_owned(), name: "notes".to_owned(), used_at_ms: 0, n_files: 1 };
    check(
        move |desk| desk.views.home.update(|it| it.removed = Some(card)),
        "toasts",
        expect![[r#"
        div class="toasts"
          div role="status" data-tone="neutral" class="toast"
            p class="toast__text"
              "notes was removed"
            button type="button" class="button button--quiet"
              span class="button__label"
                "Undo"
            button type="button" aria-label="Dismiss" title="Dismiss" class="icon-button"
    "#]],
    );
}

#[test]
fn a_stopped_core_is_one_line_over_what_there_is() {
    let html = html(|desk| {
        at_work(desk);
        desk.views.broken.set(Some("index out of bounds".to_owned()));
    });
    assert!(html.contains("class=\"frame\""), "the work stays in sight");
    expect![[r#"
        div role="alert" class="app__stopped"
          p
            "Easel's core has stopped. What was shown as saved is kept. Reload to go on. (index out of bounds)"
          button type="button" class="button button--primary"
            span class="button__label"
              "Reload"
    "#]].assert_eq(&outline(&html, "app__stopped"));
}

#[test]
fn an_old_browser_gets_a_page_that_can_be_read() {
    let html = Owner::new().with(|| too_old(&["navigator.locks"]).into_view().to_html());
    expect![[r#"
        main class="app__not-started"
          h1
            "This browser cannot run Easel"
          p
            "Easel needs a newer browser: a current Chrome, Edge, Firefox or Safari. This one lacks navigator.locks. Nothing was changed"
    "#]].assert_eq(&outline(&html, "app__not-started"));
}

#[test]
fn the_palette_offers_only_what_can_be_done() {
    let open = |desk: Desk| desk.dialog.set(Some(Dialog::Palette));
    let (away, there) = (html(open), html(|desk| (at_work(desk), open(desk)).0));
    for title in ["Export the project as zip", "Go to file…"] {
        assert!(!away.contains(title) && there.contains(title), "{title}");
    }
    assert!(!there.contains("Apply the accepted changes"), "nothing is pending");
}

#[test]
fn quick_open_lists_recent_files_first() {
    let html = html(|desk| {
        at_work(desk);
        let file = |path: &str| link::files::File {
            path: path.to_owned(),
            size_bytes: 1,
            mark: link::files::Mark::Same,
        };
        desk.views.files.update(|it| it.files = ["a.ts", "b.ts", "c.ts"].map(file).to_vec());
        desk.layout.update(|it| it.recent = vec!["c.ts".to_owned()]);
        desk.dialog.set(Some(Dialog::Files));
    });
    let list = outline(&html, "palette__list");
    let at = |path: &str| list.find(&format!("{path:?}")).unwrap();
    assert!(at("c.ts") < at("a.ts") && at("a.ts") < at("b.ts"), "{list}");
}

fn at_work(desk: Desk) {
    desk.views.home.update(|it| it.open = Some("p".to_owned()));
    desk.views.workbench.update(|it| it.name = "notes".to_owned());
}

#[track_caller]
fn check(fill: impl FnOnce(Desk), class: &str, expected: Expect) {
    expected.assert_eq(&outline(&html(fill), class));
}

fn html(fill: impl FnOnce(Desk)) -> String {
    Owner::new().with(|| {
        let views = Views::empty();
        let desk = page::provide(views, Callback::new(|_| ()));
        fill(desk);
        view! { <Workbench views /> }.into_view().to_html()
    })
}
