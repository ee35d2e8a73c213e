//! The editor pane in each of its states, as HTML; typing is tried in a browser.

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::editor::{Document, View};

use super::EditorPane;
use crate::{
    page::{self, Views},
    workbench::chat::outline::outline,
};

#[test]
fn until_the_editor_is_loaded_there_is_a_plain_field() {
    check(
        "hello",
        "",
        expect![[r#"
        section aria-label="Editor" class="editor"
          header class="editor__bar"
            bdi dir="ltr" class="editor__path"
              "src/main.ts"
            span data-state="saved" role="status" class="editor__state"
              "Saved"
            span class="editor__language"
              "TypeScript"
            button type="button" aria-label="Wrap lines" title="Wrap lines (Alt+Z)" aria-pressed="false" class="icon-button"
          div class="editor__surface"
          textarea spellcheck="false" autocapitalize="off" aria-label="Text of src/main.ts" class="editor__plain"
    "#]],
    );
}

#[test]
fn what_is_not_text_says_why() {
    check(
        "",
        "This file is binary",
        expect![[r#"
        section aria-label="Editor" class="editor"
          header class="editor__bar"
            bdi dir="ltr" class="editor__path"
              "src/main.ts"
            span data-state="saved" role="status" class="editor__state"
              "Saved"
            span class="editor__language"
              "TypeScript"
            button type="button" aria-label="Wrap lines" title="Wrap lines (Alt+Z)" aria-pressed="false" class="icon-button"
          div class="empty"
            p class="empty__title"
              "This file is not shown as text"
            p class="empty__text"
              "This file is binary"
    "#]],
    );
}

#[test]
fn a_file_that_has_not_come_yet_is_opening() {
    let html = html(View::default());
    assert!(html.contains("Opening…"), "{html}");
}

fn check(text: &str, note: &str, expected: Expect) {
    let document = Document {
        path: "src/main.ts".to_owned(),
        text: text.to_owned(),
        version: "v1".to_owned(),
        note: note.to_owned(),
    };
    expected.assert_eq(&outline(&html(View { documents: vec![document] }), "editor"));
}

fn html(view: View) -> String {
    Owner::new().with(|| {
        let views = Views::empty();
        views.editor.set(view);
        page::provide(views, Callback::new(|_| ()));
        let path = Signal::stored("src/main.ts".to_owned());
        view! { <EditorPane views path /> }.into_view().to_html()
    })
}
