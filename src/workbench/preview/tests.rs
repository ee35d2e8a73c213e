//! The preview in each of its states, as HTML.

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::preview::{Level, Line, Stage, View};

use super::PreviewPanel;
use crate::{
    page::{self, Views},
    workbench::chat::outline::outline,
};

#[test]
fn without_a_page_it_says_what_is_needed() {
    check(
        View::default(),
        "preview__stage",
        expect![[r#"
        div class="preview__stage"
          div class="preview__cover"
            div class="empty"
              p class="empty__title"
                "Nothing to run yet"
              p class="empty__text"
                "The preview shows index.html, in the project's root or in public or src. Ask for a page in the chat, or make that file."
    "#]],
    );
}

#[test]
fn while_the_host_is_not_connected_it_is_starting() {
    check(
        running(),
        "preview__stage",
        expect![[r#"
        div class="preview__stage"
          div role="status" class="preview__cover"
            p
              "Starting…"
    "#]],
    );
}

#[test]
fn a_stopped_preview_can_be_started() {
    check(
        View { stage: Stage::Stopped, ..running() },
        "preview",
        expect![[r#"
        section aria-label="Preview" class="preview"
          header class="preview__bar"
            button type="button" aria-label="Reload the preview" title="Reload the preview" disabled class="icon-button"
            button type="button" aria-label="Start the preview" title="Start the preview" class="icon-button"
            input type="text" autocomplete="off" spellcheck="false" aria-label="Path in the preview" value="/about?x=1" disabled class="preview__address"
            span class="preview__painted"
            span role="group" aria-label="Width of the preview" class="preview__sizes"
              button type="button" aria-label="Phone, 360 px" title="Phone, 360 px" aria-pressed="false" class="icon-button"
              button type="button" aria-label="Tablet, 768 px" title="Tablet, 768 px" aria-pressed="false" class="icon-button"
              button type="button" aria-label="Full width" title="Full width" aria-pressed="true" class="icon-button"
            a href="//pv-aaaaaaaa.preview.easel.localhost:9595/about?x=1" target="_blank" rel="noopener" aria-label="Open in its own tab" title="Open in its own tab" class="icon-button"
            button type="button" aria-label="Show the console: 0 errors, 0 warnings" title="Show the console: 0 errors, 0 warnings" aria-pressed="false" class="icon-button"
          div class="preview__stage"
            div class="preview__cover"
              div class="empty"
                p class="empty__title"
                  "The preview is stopped"
                p class="empty__text"
                  "Its page is unloaded, whatever it was doing. Your files are as they were."
                div class="empty__actions"
                  button type="button" class="button button--primary"
                    span class="button__label"
                      "Start the preview"
          dialog data-size="small" aria-label="The preview says" class="dialog"
    "#]],
    );
}

#[test]
fn a_preview_that_failed_says_what_was_kept() {
    check(
        View { stage: Stage::Failed, ..running() },
        "preview__stage",
        expect![[r#"
        div class="preview__stage"
          div class="preview__cover"
            div class="empty"
              p class="empty__title"
                "The preview could not start"
              p class="empty__text"
                "Your files are as they were. The console says why; reload once it is mended."
              div class="empty__actions"
                button type="button" class="button button--primary"
                  span class="button__label"
                    "Reload the preview"
    "#]],
    );
}

#[test]
fn without_a_host_the_document_has_no_origin() {
    let view = View { host: String::new(), document: Some("<p>hello".to_owned()), ..running() };
    check(
        view,
        "preview__stage",
        expect![[r#"
        div class="preview__stage"
          iframe title="The running project" src="/preview/document.html" sandbox="allow-scripts allow-forms allow-modals allow-popups allow-downloads allow-pointer-lock" allow="fullscreen; clipboard-write; autoplay; gamepad" class="preview__frame"
    "#]],
    );
}

#[test]
fn the_newest_error_is_shown_with_what_helps() {
    check(
        said(),
        "preview__error",
        expect![[r#"
        div role="alert" class="preview__error"
          span title="TypeError: x
          at main" class="preview__wrong"
            bdi
              "src/main.ts:3:7"
            ": TypeError: x"
          button type="button" class="button"
            span class="button__label"
              "Show the console"
          button type="button" class="button button--primary"
            span class="button__label"
              "Fix this"
    "#]],
    );
}

#[test]
fn the_bar_leads_to_a_tab_of_its_own() {
    check(
        View { painted_after_ms: Some(42), ..said() },
        "preview__bar",
        expect![[r#"
        header class="preview__bar"
          button type="button" aria-label="Reload the preview" title="Reload the preview" class="icon-button"
          button type="button" aria-label="Stop the preview" title="Stop the preview" class="icon-button"
          input type="text" autocomplete="off" spellcheck="false" aria-label="Path in the preview" value="/about?x=1" class="preview__address"
          span class="preview__painted"
            "painted in 42 ms"
          span role="group" aria-label="Width of the preview" class="preview__sizes"
            button type="button" aria-label="Phone, 360 px" title="Phone, 360 px" aria-pressed="false" class="icon-button"
            button type="button" aria-label="Tablet, 768 px" title="Tablet, 768 px" aria-pressed="false" class="icon-button"
            button type="button" aria-label="Full width" title="Full width" aria-pressed="true" class="icon-button"
          a href="//pv-aaaaaaaa.preview.easel.localhost:9595/about?x=1" target="_blank" rel="noopener" aria-label="Open in its own tab" title="Open in its own tab" class="icon-button"
          button type="button" aria-label="Show the console: 1 error, 1 warning" title="Show the console: 1 error, 1 warning" aria-pressed="false" class="icon-button"
          span data-tone="bad" class="badge"
            "1"
    "#]],
    );
}

#[test]
fn the_console_links_to_the_line() {
    let html = html(said(), |layout| layout.console_open = true);
    expect![[r#"
        section aria-label="Console" class="console" style="block-size:180px;"
          header class="console__bar"
            button type="button" aria-pressed="true" class="button button--quiet"
              "All"
            button type="button" aria-pressed="false" class="button button--quiet"
              "Warnings"
            button type="button" aria-pressed="false" class="button button--quiet"
              "Errors"
            input type="search" aria-label="Filter" placeholder="Filter" class="console__filter"
            button type="button" aria-label="Clear the console" title="Clear the console" class="icon-button"
            button type="button" aria-label="Hide the console" title="Hide the console" class="icon-button"
          div tabindex="0" role="log" aria-label="Console" class="console__scroller"
            ul class="console__lines"
              li data-level="log" class="console__line"
                span title="3 times"
                  span data-tone="neutral" class="badge"
                    "3"
                span class="console__text"
                  "hello &lt;b&gt;"
              li data-level="warning" class="console__line"
                span class="console__text"
                  "careful"
              li data-level="error" class="console__line"
                span class="console__text"
                  "TypeError: x\n  at main"
                button type="button" class="console__place"
                  bdi
                    "src/main.ts:3:7"
                button type="button" class="button"
                  span class="button__label"
                    "Fix this"
    "#]].assert_eq(&outline(&html, "console"));
    assert!(!html.contains("preview__error"), "the console has it");
}

fn running() -> View {
    View {
        host: "pv-aaaaaaaa.preview.easel.localhost:9595".to_owned(),
        path: "/about?x=1".to_owned(),
        stage: Stage::Running,
        generation: 3,
        ..View::default()
    }
}

fn said() -> View {
    let line = |id, level, text: &str, at: Option<(&str, u32, u32)>, n| Line {
        id,
        level,
        text: text.to_owned(),
        path: at.map(|it| it.0.to_owned()),
        line: at.map(|it| it.1),
        column: at.map(|it| it.2),
        n,
    };
    let console = vec![
        line(1, Level::Log, "hello <b>", None, 3),
        line(2, Level::Warning, "careful", None, 1),
        line(3, Level::Error, "TypeError: x\n  at main", Some(("src/main.ts", 3, 7)), 1),
    ];
    View { console, ..running() }
}

fn check(view: View, class: &str, expected: Expect) {
    expected.assert_eq(&outline(&html(view, |_| ()), class));
}

fn html(view: View, arrange: impl FnOnce(&mut link::workbench::Layout)) -> String {
    Owner::new().with(|| {
        let views = Views::empty();
        views.preview.set(view);
        let desk = page::provide(views, Callback::new(|_| ()));
        desk.layout.update(arrange);
        view! { <PreviewPanel views /> }.into_view().to_html()
    })
}
