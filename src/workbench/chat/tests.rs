//! The conversation in each of its states, as HTML: what a screen reader and a style sheet find.

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::{
    changes::{FileStatus, FileSummary},
    chat::{
        Block, ChangeCard, ChangeState, Checkpoint, Composer, ContextItem, ContextKind, Entry,
        EntryKind, Estimate, Kept, ModelChoice, Part, Permission, Remedy, Reply, ReplyState,
        Secret, Status, Tool, ToolState, View,
    },
};

use super::{ChatPanel, outline::outline};
use crate::page::{self, Views};

#[test]
fn an_empty_conversation_says_what_to_do() {
    check(
        View::default(),
        "chat__messages",
        expect![[r#"
            div class="chat__messages"
              div role="region" tabindex="0" aria-label="Messages" class="chat__scroll"
                div role="log" aria-busy="false" class="chat__page"
                  div class="empty"
                    p class="empty__title"
                      "What do you want to make?"
                    p class="empty__text"
                      "Say it in your own words. You see every change before it counts."
                  ol class="chat__entries"
        "#]],
    );
}

#[test]
fn a_reply_streams_with_all_its_parts() {
    let reply = Reply {
        parts: vec![
            Part::Reasoning { text: "They want a page.".to_owned() },
            Part::Text {
                blocks: vec![
                    Block::Html("<p>Here <em>is</em> a page.</p>".to_owned()),
                    Block::Code {
                        language: "html".to_owned(),
                        path: Some("index.html".to_owned()),
                        text: "<h1>Hi</h1>".to_owned(),
                    },
                ],
            },
            Part::Tool(Tool {
                call: "c1".to_owned(),
                title: "Read index.html".to_owned(),
                state: ToolState::Running,
                input: "{\"path\"".to_owned(),
                output: String::new(),
            }),
        ],
        scripted: true,
        model: "script/demo".to_owned(),
        ..Reply::default()
    };
    let view = View {
        entries: vec![
            mine("1", "Make a page", Kept::Saving),
            entry("2", EntryKind::Assistant(reply)),
        ],
        has_earlier: true,
        status: Status::Working { doing: "Reading 1 file".to_owned() },
        ..View::default()
    };
    check(
        view,
        "chat__messages",
        expect![[r#"
            div class="chat__messages"
              div role="region" tabindex="0" aria-label="Messages" class="chat__scroll"
                div role="log" aria-busy="true" class="chat__page"
                  div class="chat__earlier"
                    button type="button" class="button button--quiet"
                      span class="button__label"
                        "Earlier messages"
                  ol class="chat__entries"
                    li class="chat__entry"
                      article aria-label="You" data-state="saving" class="message message--user"
                        p dir="auto" class="message__text"
                          "Make a page"
                        span title="Saving" class="message__kept"
                          span class="visually-hidden"
                            "Saving"
                    li class="chat__entry"
                      article aria-label="script/demo" aria-busy="true" data-state="streaming" class="message message--reply"
                        p class="message__scripted"
                          "Scripted demo: recorded, not made by a model"
                        details class="fold fold--reasoning"
                          summary class="fold__head"
                            span class="fold__title"
                              "Reasoning"
                          p dir="auto" class="fold__text"
                        div dir="auto" class="prose"
                          p
                            "Here"
                            em
                              "is"
                            "a page."
                        figure class="code"
                          figcaption class="code__head"
                            span class="code__title"
                              bdi
                                "index.html"
                            button type="button" class="button button--quiet"
                              span class="button__label"
                                "Copy"
                            button type="button" class="button button--quiet"
                              span class="button__label"
                                "Apply to file…"
                          pre tabindex="0" dir="ltr" class="code__text"
                            code
                              "&lt;h1&gt;Hi&lt;/h1&gt;"
                        details data-state="running" class="fold fold--tool"
                          summary class="fold__head"
                            span class="fold__title"
                              "Read index.html"
                            span class="fold__state"
                              "running"
        "#]],
    );
}

#[test]
fn changes_wait_for_a_decision_and_say_how_it_went() {
    let card = |state| {
        Part::Changes(ChangeCard { action: "a1".to_owned(), files: vec![summary()], state })
    };
    let reply = |state| {
        EntryKind::Assistant(Reply {
            parts: vec![card(state)],
            state: ReplyState::Complete,
            model: "m".to_owned(),
            cost: "1.2k tokens · $0.01".to_owned(),
            ..Reply::default()
        })
    };
    let view = View {
        entries: vec![
            entry("1", reply(ChangeState::Pending)),
            entry("2", reply(ChangeState::Applied)),
            entry(
                "3",
                EntryKind::Checkpoint(Checkpoint {
                    commit: "abc".to_owned(),
                    title: "Make a page".to_owned(),
                    current: true,
                }),
            ),
            entry(
                "4",
                EntryKind::Checkpoint(Checkpoint {
                    commit: "def".to_owned(),
                    title: "Start".to_owned(),
                    current: false,
                }),
            ),
        ],
        ..View::default()
    };
    check(
        view,
        "chat__entries",
        expect![[r#"
            ol class="chat__entries"
              li class="chat__entry"
                article aria-label="m" aria-busy="false" data-state="complete" class="message message--reply"
                  div role="group" aria-label="1 file changed" data-state="pending" data-action="a1" class="change-card"
                    header class="change-card__head"
                      span class="change-card__title"
                        "1 file changed"
                      span class="change-card__state"
                        "Waits for your decision"
                    ul class="change-card__files"
                      li
                        span data-status="modified" class="file-name"
                          span aria-label="changed" role="img" title="changed" class="file-name__status"
                            "M"
                          bdi class="file-name__path"
                            "index.html"
                          span role="img" aria-label="14 lines added, 3 removed" class="file-name__counts"
                            span class="file-name__added"
                              "+14"
                            span class="file-name__removed"
                              "−3"
                    div class="change-card__actions"
                      button type="button" class="button"
                        span class="button__label"
                          "Review"
                      button type="button" class="button button--primary"
                        span class="button__label"
                          "Apply"
                      button type="button" class="button"
                        span class="button__label"
                          "Reject"
                  p class="message__cost"
                    "1.2k tokens · $0.01"
              li class="chat__entry"
                article aria-label="m" aria-busy="false" data-state="complete" class="message message--reply"
                  div role="group" aria-label="1 file changed" data-state="applied" data-action="a1" class="change-card"
                    header class="change-card__head"
                      span class="change-card__title"
                        "1 file changed"
                      span class="change-card__state"
                        "Applied"
                    ul class="change-card__files"
                      li
                        span data-status="modified" class="file-name"
                          span aria-label="changed" role="img" title="changed" class="file-name__status"
                            "M"
                          bdi class="file-name__path"
                            "index.html"
                          span role="img" aria-label="14 lines added, 3 removed" class="file-name__counts"
                            span class="file-name__added"
                              "+14"
                            span class="file-name__removed"
                              "−3"
                  p class="message__cost"
                    "1.2k tokens · $0.01"
              li class="chat__entry"
                div data-current="" data-commit="abc" class="checkpoint"
                  span class="checkpoint__title"
                    span class="visually-hidden"
                      "Checkpoint:"
                    "Make a page"
                  span class="checkpoint__here"
                    "You are here"
              li class="chat__entry"
                div data-commit="def" class="checkpoint"
                  span class="checkpoint__title"
                    span class="visually-hidden"
                      "Checkpoint:"
                    "Start"
                  button type="button" class="button button--quiet"
                    span class="button__label"
                      "Rewind to here"
        "#]],
    );
}

#[test]
fn an_error_and_a_broken_off_reply_offer_what_helps() {
    let broken = Reply {
        state: ReplyState::Interrupted,
        model: "m".to_owned(),
        parts: vec![Part::Text { blocks: vec![Block::Html("<p>Half</p>".to_owned())] }],
        ..Reply::default()
    };
    let error = |remedy| EntryKind::Error {
        text: "The key was refused. Nothing was changed.".to_owned(),
        remedy,
    };
    let view = View {
        entries: vec![
            mine("1", "Go", Kept::Saved),
            entry("2", EntryKind::Assistant(broken)),
            entry("3", error(Remedy::OpenSettings)),
            entry("4", error(Remedy::None)),
        ],
        ..View::default()
    };
    check(
        view,
        "chat__entries",
        expect![[r#"
            ol class="chat__entries"
              li class="chat__entry"
                article aria-label="You" data-state="saved" class="message message--user"
                  p dir="auto" class="message__text"
                    "Go"
                  span title="Saved" class="message__kept"
                    span class="visually-hidden"
                      "Saved"
              li class="chat__entry"
                article aria-label="m" aria-busy="false" data-state="interrupted" class="message message--reply"
                  div dir="auto" class="prose"
                    p
                      "Half"
                  div class="message__ending"
                    p
                      "This reply was broken off. What was written is kept"
                    button type="button" class="button"
                      span class="button__label"
                        "Continue"
              li class="chat__entry"
                article aria-label="Something went wrong" class="message message--error"
                  p dir="auto" class="message__text"
                    "The key was refused. Nothing was changed."
                  button type="button" class="button"
                    span class="button__label"
                      "Open settings"
              li class="chat__entry"
                article aria-label="Something went wrong" class="message message--error"
                  p dir="auto" class="message__text"
                    "The key was refused. Nothing was changed."
        "#]],
    );
}

#[test]
fn a_permission_shows_what_it_would_allow() {
    let permission = Some(Permission {
        id: "p1".to_owned(),
        title: "Edit src/main.ts".to_owned(),
        detail: "-a\n+b".to_owned(),
        pattern: "edit src/**".to_owned(),
    });
    check(
        View { permission, ..View::default() },
        "permission-slot",
        expect![[r#"
        div role="alert" class="permission-slot"
          section aria-label="Permission needed" class="permission"
            p class="permission__title"
              strong
                "Permission needed:"
              "Edit src/main.ts"
            pre tabindex="0" dir="ltr" class="permission__detail"
              "-a\n+b"
            div class="permission__actions"
              button type="button" class="button button--primary"
                span class="button__label"
                  "Allow once"
              span class="permission__always"
                button type="button" class="button"
                  span class="button__label"
                    "Always allow"
                code class="permission__pattern"
                  "edit src/**"
              button type="button" class="button button--danger"
                span class="button__label"
                  "Do not allow"
    "#]],
    );
}

#[test]
fn the_composer_says_what_goes_along_and_what_it_costs() {
    let composer = Composer {
        model: "anthropic/one".to_owned(),
        models: vec![model("anthropic", "one"), model("anthropic", "two"), model("script", "demo")],
        context: vec![ContextItem {
            id: "i1".to_owned(),
            kind: ContextKind::File,
            name: "src/main.ts".to_owned(),
            tokens: 1234,
        }],
        estimate: Estimate {
            tokens: 1234,
            window: 200_000,
            cost: "≈ $0.0031".to_owned(),
            takes: "about 1 min".to_owned(),
            left_out: vec!["big.csv".to_owned()],
            ..Estimate::default()
        },
        auto_apply: true,
        secrets: vec![Secret {
            place: "your message".to_owned(),
            line: 3,
            looks_like: "a private key".to_owned(),
        }],
        ..Composer::default()
    };
    check(
        View { composer, ..View::default() },
        "composer",
        expect![[r#"
            form aria-label="Write a message" class="composer"
              p role="status" class="composer__doing"
              ul aria-label="What goes along" class="composer__context"
                li title="1.2k tokens" class="chip"
                  bdi class="chip__name"
                    "src/main.ts"
                  span aria-hidden="true" class="chip__tokens"
                    "1.2k"
                  button type="button" aria-label="Remove src/main.ts" title="Remove src/main.ts" class="icon-button"
              div class="composer__box"
                textarea rows="2" dir="auto" aria-label="Message" placeholder="Say what should change. @ adds a file" aria-autocomplete="list" aria-controls="mentions" class="composer__text"
                ul id="mentions" role="listbox" aria-label="Files" hidden class="composer__offers"
                div class="composer__go"
                  button type="button" disabled class="button button--primary"
                    span class="button__label"
                      "Send"
              div class="composer__bar"
                button type="button" aria-label="Add file" title="Add file (@)" class="icon-button"
                button type="button" aria-label="Add note…" title="Add note…" class="icon-button"
                dialog data-size="small" aria-label="Note" class="dialog"
                select aria-label="Model" class="composer__model"
                  optgroup label="anthropic"
                    option value="anthropic/one" selected
                      "one"
                    option value="anthropic/two"
                      "two"
                  optgroup label="script"
                    option value="script/demo"
                      "demo"
                label title="Changes of a reply become a commit at once. You can rewind each of them" class="switch"
                  input type="checkbox" role="switch" checked class="switch__input"
                  span class="switch__label"
                    "Apply without asking"
                span class="composer__estimate"
                  button type="button" title="Show what will be sent" class="button button--quiet"
                    span class="button__label"
                      "≈ 1.2k tokens · $0.0031"
                  span title="How long the reply may take: a rough guess" class="composer__takes"
                    "about 1 min"
                  span class="composer__left-out"
                    "1 item left out"
              dialog data-size="small" aria-label="This looks like a secret" class="dialog"
        "#]],
    );
}

#[test]
fn a_working_turn_can_be_stopped_and_sending_waits() {
    let status = Status::Working { doing: "Writing index.html".to_owned() };
    check(
        View { status, ..View::default() },
        "composer__go",
        expect![[r#"
            div class="composer__go"
              button type="button" class="button"
                span class="button__label"
                  "Stop"
              button type="button" disabled class="button button--primary"
                span class="button__label"
                  "Send"
        "#]],
    );
}

#[test]
fn what_a_person_writes_is_never_markup() {
    let hostile = "<img src=x onerror=alert(1)>";
    let view = View { entries: vec![mine("1", hostile, Kept::Saved)], ..View::default() };
    let html = html(view);
    assert!(!html.contains("<img"), "{html}");
}

fn mine(id: &str, text: &str, state: Kept) -> Entry {
    entry(id, EntryKind::User { text: text.to_owned(), state })
}

fn entry(id: &str, kind: EntryKind) -> Entry {
    Entry { id: id.to_owned(), kind, at_ms: 0 }
}

fn summary() -> FileSummary {
    FileSummary {
        path: "index.html".to_owned(),
        from: None,
        status: FileStatus::Modified,
        n_added: 14,
        n_removed: 3,
    }
}

fn model(provider: &str, name: &str) -> ModelChoice {
    ModelChoice {
        id: format!("{provider}/{name}"),
        name: name.to_owned(),
        provider: provider.to_owned(),
        scripted: provider == "script",
    }
}

fn html(view: View) -> String {
    Owner::new().with(|| {
        let views = Views::empty();
        views.chat.set(view);
        page::provide(views, Callback::new(|_| ()));
        view! { <ChatPanel views /> }.into_view().to_html()
    })
}

/// Shows the panel and looks at the element with this class.
#[track_caller]
fn check(view: View, class: &str, expected: Expect) {
    expected.assert_eq(&outline(&html(view), class));
}
