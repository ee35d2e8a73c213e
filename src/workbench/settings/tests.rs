//! The settings rendered to HTML.

use expect_test::{Expect, expect};
use leptos::prelude::*;
use link::settings::{Grant, Provider, ProxyState, Storage, Test, View};

use super::SettingsDialog;
use crate::{
    page::{self, Dialog, Section, Views},
    workbench::chat::outline::outline,
};

#[test]
fn every_section_can_be_shown() {
    for section in super::SECTIONS {
        let html = html(section, View::default());
        assert!(html.contains("settings__section"), "{section:?}");
    }
}

#[test]
fn without_an_endpoint_it_says_how_to_get_one() {
    check(
        Section::Models,
        View::default(),
        "empty",
        expect![[r#"
        div class="empty"
          p class="empty__title"
            "No model is set up"
          p class="empty__text"
            "Add an endpoint: a provider with a key, or a model on this machine"
    "#]],
    );
}

#[test]
fn a_failed_test_names_the_hop() {
    let failed = Test::Failed { hop: "key".to_owned(), message: "the key was refused".to_owned() };
    let view = View { providers: vec![provider(failed)], ..View::default() };
    check(
        Section::Models,
        view,
        "settings__list",
        expect![[r#"
        ul class="settings__list"
          li class="settings__row"
            div class="settings__row-head"
              span class="settings__row-name"
                bdi
                  "ollama"
              span class="settings__row-about"
                "http://localhost:11434/v1 · Key not needed · 1 model"
            div class="settings__row-actions"
              button type="button" title="Test the connection to ollama" class="button"
                span class="button__label"
                  "Test connection"
              button type="button" title="Edit ollama" class="button"
                span class="button__label"
                  "Edit"
              button type="button" title="Remove ollama" class="button button--quiet"
                span class="button__label"
                  "Remove"
            div role="status" class="settings__outcome"
              p data-tone="bad" class="settings__note"
                span
                  "Failed at the key: the key was refused"
    "#]],
    );
}

#[test]
fn a_model_for_names_is_one_on_offer_or_none() {
    let model = |name: &str| link::chat::ModelChoice {
        id: format!("test/{name}"),
        name: name.to_owned(),
        provider: "test".to_owned(),
        scripted: false,
    };
    let composer = link::chat::Composer {
        models: vec![model("big"), model("small")],
        ..link::chat::Composer::default()
    };
    let view = View { names_model: "gone/model".to_owned(), ..View::default() };
    let html = with_chat(
        Section::Models,
        view,
        link::chat::View { composer, ..link::chat::View::default() },
    );
    expect![[r#"
        select aria-label="Model for names" class="field__select"
          option value=""
            "None: from the first words"
          option value="test/big"
            "big"
          option value="test/small"
            "small"
          option value="gone/model" selected
            "gone/model"
    "#]]
    .assert_eq(&outline(&html, "field__select"));
}

#[test]
fn a_test_that_runs_cannot_be_started_again() {
    let view = View { providers: vec![provider(Test::Running)], ..View::default() };
    let html = html(Section::Models, view);
    assert!(html.contains("disabled") && html.contains("Testing…"), "{html}");
}

#[test]
fn an_endpoint_says_where_its_key_is() {
    let direct = Provider {
        key: "in this browser".to_owned(),
        has_key: true,
        direct: true,
        ..provider(Test::NotRun)
    };
    let proxy = ProxyState::Unreachable { why: "nothing answers".to_owned() };
    let html = html(Section::Models, View { providers: vec![direct], proxy, ..View::default() });
    assert!(html.contains("Key in this browser"), "{html}");
    assert!(!html.contains("nothing answers"), "it needs no proxy: {html}");
}

#[test]
fn without_a_proxy_models_say_so_first() {
    let proxy = ProxyState::Unreachable { why: "nothing answers".to_owned() };
    check(
        Section::Models,
        View { proxy, ..View::default() },
        "settings__note",
        expect![[r#"
        div data-tone="warning" role="status" class="settings__note"
          p
            "Not reached: nothing answers"
          button type="button" class="button"
            span class="button__label"
              "Proxy"
    "#]],
    );
}

#[test]
fn what_was_allowed_can_be_revoked() {
    let grant = Grant {
        id: "g".to_owned(),
        pattern: "edit src/**".to_owned(),
        project: "notes".to_owned(),
    };
    let view = View { permissions: vec![grant], ..View::default() };
    check(
        Section::Permissions,
        view,
        "settings__list",
        expect![[r#"
        ul class="settings__list"
          li class="settings__row"
            div class="settings__row-head"
              code class="settings__row-name"
                bdi
                  "edit src/**"
              span class="settings__row-about"
                bdi
                  "notes"
            button type="button" title="Revoke edit src/**" class="button"
              span class="button__label"
                "Revoke"
    "#]],
    );
}

#[test]
fn storage_says_whether_it_is_kept() {
    let storage = Storage {
        used_bytes: 42_000_000,
        quota_bytes: 3_000_000_000,
        persisted: false,
        backed_up: false,
    };
    check(
        Section::Storage,
        View { storage, ..View::default() },
        "settings__section",
        expect![[r#"
            section aria-label="Storage" class="settings__section"
              h3 class="settings__heading"
                "Storage"
              p
                "42 MB of 3.0 GB used"
              div role="meter" aria-label="Storage used" aria-valuemin="0" aria-valuemax="100" aria-valuenow="1" data-tone="accent" class="meter"
                div class="meter__bar" style="inline-size:1.4%;"
              p data-tone="warning" class="settings__note"
                span
                  "The browser may throw it away when the disk gets full"
              button type="button" class="button"
                span class="button__label"
                  "Ask the browser to keep it"
              p role="status" class="settings__about"
              section class="settings__section"
                h3 class="settings__legend"
                  "Diagnostics"
                p class="settings__about"
                  "A file for whoever helps you: versions, counts, which models are chosen, and what went wrong. No key, no message, no file and no name of yours is in it"
                button type="button" class="button"
                  span class="button__label"
                    "Download diagnostics"
        "#]],
    );
}

#[test]
fn the_token_is_never_shown() {
    check(
        Section::Proxy,
        View::default(),
        "field__input",
        expect![[r#"
        input type="password" autocomplete="off" spellcheck="false" placeholder="" aria-description="The proxy prints it when it starts. Opening the address that it prints does the same" class="field__input"
    "#]],
    );
}

#[test]
fn every_shortcut_is_listed() {
    let html = html(Section::Shortcuts, View::default());
    for command in crate::workbench::commands::all().filter(|it| !it.keys.is_empty()) {
        let title = (command.title)(&crate::i18n::EN.commands);
        assert!(html.contains(title), "{title}");
    }
}

fn provider(test: Test) -> Provider {
    Provider {
        id: "ollama".to_owned(),
        kind: "openai-compatible".to_owned(),
        base_url: "http://localhost:11434/v1".to_owned(),
        key: "not needed".to_owned(),
        has_key: false,
        direct: false,
        models: vec!["a".to_owned()],
        test,
    }
}

#[track_caller]
fn check(section: Section, view: View, class: &str, expected: Expect) {
    expected.assert_eq(&outline(&html(section, view), class));
}

fn html(section: Section, view: View) -> String {
    with_chat(section, view, link::chat::View::default())
}

fn with_chat(section: Section, view: View, chat: link::chat::View) -> String {
    Owner::new().with(|| {
        let views = Views::empty();
        views.settings.set(view);
        views.chat.set(chat);
        let desk = page::provide(views, Callback::new(|_| ()));
        desk.dialog.set(Some(Dialog::Settings(section)));
        view! { <SettingsDialog /> }.into_view().to_html()
    })
}
