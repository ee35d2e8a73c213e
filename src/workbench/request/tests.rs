//! The request inspector, open and closed, as HTML.

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::chat::{Composer, Estimate, Meter, Request, Section, View};

use super::RequestDialog;
use crate::{
    page::{self, Views},
    workbench::chat::outline::outline,
};

#[test]
fn closed_it_shows_nothing() {
    check(
        View::default(),
        expect![[r#"
            dialog data-size="large" aria-label="What will be sent" class="dialog"
        "#]],
    );
}

#[test]
fn every_section_says_why_it_is_in_and_what_it_takes() {
    let request = Request {
        sections: vec![Section {
            name: "Your edits".to_owned(),
            reason: "changed since the last message".to_owned(),
            tokens: 42,
            text: "-<b>\n+<i>".to_owned(),
        }],
        total_tokens: 1_234,
    };
    let estimate = Estimate {
        tokens: 1_234,
        window: 128_000,
        cost: String::new(),
        meters: vec![Meter { name: "Context".to_owned(), tokens: 1_000, limit: 80_000 }],
        takes: String::new(),
        measured: false,
        left_out: vec!["data.csv: too large".to_owned()],
    };
    let composer = Composer { estimate, ..Composer::default() };
    check(
        View { composer, request: Some(request), ..View::default() },
        expect![[r#"
        dialog data-size="large" aria-label="What will be sent" class="dialog"
          div class="dialog__head"
            h2 class="dialog__title"
              "What will be sent"
            button type="button" aria-label="Close" title="Close" class="icon-button"
          div class="dialog__body"
            div class="request"
              p
                "The next request, section by section, as it goes to the model"
              ul aria-label="Shares of the model's window" class="request__meters"
                li class="request__meter"
                  span
                    "Context"
                  div role="meter" aria-label="Context: 1.0k of 80k tokens" aria-valuemin="0" aria-valuemax="100" aria-valuenow="1" data-tone="accent" class="meter"
                    div class="meter__bar" style="inline-size:1.2%;"
                  span class="request__amount"
                    "1.0k of 80k tokens"
              section class="request__left-out"
                p
                  "Left out, because it did not fit"
                ul
                  li
                    "data.csv: too large"
              table class="request__sections"
                thead
                  tr
                    th scope="col"
                      "Section"
                    th scope="col"
                      "Why it is in"
                    th scope="col" class="request__amount"
                      "Tokens"
                tbody
                  tr
                    td
                      details data-section="Your edits" class="request__section"
                        summary
                          "Your edits"
                        pre tabindex="0" dir="auto" class="request__text"
                          "-&lt;b&gt;\n+&lt;i&gt;"
                    td
                      "changed since the last message"
                    td class="request__amount"
                      "42"
                tfoot
                  tr
                    th scope="row" colspan="2"
                      "Total"
                    td class="request__amount"
                      "1.2k of 128k tokens"
              p class="request__note"
                "Tokens are estimated from the length of the text"
    "#]],
    );
}

#[track_caller]
fn check(view: View, expected: Expect) {
    let html = Owner::new().with(|| {
        let views = Views::empty();
        views.chat.set(view);
        page::provide(views, Callback::new(|_| ()));
        view! { <RequestDialog views /> }.into_view().to_html()
    });
    expected.assert_eq(&outline(&html, "dialog"));
}
