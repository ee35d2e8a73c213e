//! Widgets rendered to HTML, natively: what a screen reader and a style sheet will find.

use expect_test::{Expect, expect};
use leptos::prelude::*;

use super::*;
use crate::workbench::chat::outline::outline;

#[test]
fn a_button_says_what_it_does() {
    check(
        || view! { <Button label="Send" kind=ButtonKind::Primary on_press=|()| () /> },
        "button",
        expect![[r#"
            button type="button" class="button button--primary"
              span class="button__label"
                "Send"
        "#]],
    );
    check(
        || view! { <Button label="Send" disabled=true on_press=|()| () /> },
        "button",
        expect![[r#"
        button type="button" disabled class="button"
          span class="button__label"
            "Send"
    "#]],
    );
}

#[test]
fn an_icon_is_named_and_a_toggle_says_its_state() {
    check(
        || {
            let pressed = Signal::stored(true);
            view! {
                <IconButton icon=Icon::Folder label="Files" pressed keys="Ctrl+B" on_press=|()| () />
            }
        },
        "icon-button",
        expect![[r#"
            button type="button" aria-label="Files" title="Files (Ctrl+B)" aria-pressed="true" class="icon-button"
        "#]],
    );
}

#[test]
fn a_field_tells_what_is_wrong() {
    check(
        || {
            view! { <TextField label="Base URL" value=RwSignal::default() hint="Where" wrong="Begin with https://" /> }
        },
        "field",
        expect![[r#"
            div class="field"
              label class="field__label"
                span
                  "Base URL"
                input type="text" autocomplete="off" spellcheck="false" placeholder="" aria-description="Begin with https://" aria-invalid="true" class="field__input"
              p data-wrong="" class="field__hint"
                "Begin with https://"
        "#]],
    );
}

#[test]
fn a_select_marks_what_is_chosen() {
    check(
        || {
            let options = vec![("a".to_owned(), "A".to_owned()), ("b".to_owned(), "B".to_owned())];
            view! { <Select label="Model" value="b" options on_choose=|_| () bare=true /> }
        },
        "field__label",
        expect![[r#"
            label class="field__label"
              span hidden
                "Model"
              select aria-label="Model" class="field__select"
                option value="a"
                  "A"
                option value="b" selected
                  "B"
        "#]],
    );
}

#[test]
fn a_switch_is_one() {
    check(
        || view! { <Switch label="Apply without asking" on=true on_change=|_| () /> },
        "switch",
        expect![[r#"
            label class="switch"
              input type="checkbox" role="switch" checked class="switch__input"
              span class="switch__label"
                "Apply without asking"
        "#]],
    );
}

#[test]
fn tabs_can_be_walked_and_closed() {
    let tab = |id: &str, badge: &str, closable, unsaved| Tab {
        id: id.to_owned(),
        label: id.to_uppercase(),
        title: id.to_owned(),
        icon: Icon::File,
        badge: badge.to_owned(),
        closable,
        unsaved,
    };
    check(
        || {
            let tabs = vec![tab("a b", "3", false, false), tab("c", "", true, true)];
            view! {
                <Tabs
                    label="Open"
                    tabs
                    active="c"
                    on_choose=|_| ()
                    on_close=Callback::new(|_: String| ())
                />
            }
        },
        "tabs",
        expect![[r#"
            div role="tablist" aria-label="Open" class="tabs"
              div role="presentation" class="tabs__item"
                button type="button" role="tab" id="tab-a_b" aria-selected="false" tabindex="-1" title="a b" draggable="false" class="tabs__tab"
                  span class="tabs__label"
                    bdi
                      "A B"
                  span data-tone="neutral" class="badge"
                    "3"
              div role="presentation" class="tabs__item"
                button type="button" role="tab" id="tab-c" aria-controls="panel-c" aria-selected="true" tabindex="0" title="c" draggable="false" class="tabs__tab"
                  span class="tabs__label"
                    bdi
                      "C"
                  span aria-hidden="true" class="tabs__unsaved"
                button type="button" tabindex="-1" aria-hidden="true" class="tabs__close"
        "#]],
    );
}

#[test]
fn a_splitter_says_where_it_is() {
    check(
        || {
            view! {
                <Splitter label="Width" along=Along::Inline value=240.4 least=100.0 most=600.0 on_change=|_| () />
            }
        },
        "splitter",
        expect![[r#"
            div role="separator" tabindex="0" aria-label="Width" aria-orientation="vertical" aria-valuemin="100" aria-valuemax="600" aria-valuenow="240" class="splitter"
        "#]],
    );
}

#[test]
fn an_error_interrupts_and_a_notice_waits() {
    let toast = |tone: Tone| {
        view! {
            <Toast
                text="Busy"
                tone
                action=Some("Try again".to_owned())
                on_action=Callback::new(|()| ())
                on_dismiss=|()| ()
                dismiss_label="Dismiss"
            />
        }
    };
    check(
        move || toast(Tone::Bad),
        "toast",
        expect![[r#"
        div role="alert" data-tone="bad" class="toast"
          p class="toast__text"
            "Busy"
          button type="button" class="button button--quiet"
            span class="button__label"
              "Try again"
          button type="button" aria-label="Dismiss" title="Dismiss" class="icon-button"
    "#]],
    );
    check(
        move || toast(Tone::Good),
        "toast",
        expect![[r#"
        div role="status" data-tone="good" class="toast"
          p class="toast__text"
            "Busy"
          button type="button" class="button button--quiet"
            span class="button__label"
              "Try again"
          button type="button" aria-label="Dismiss" title="Dismiss" class="icon-button"
    "#]],
    );
}

#[test]
fn progress_without_a_value_only_says_that_something_happens() {
    check(
        || view! { <Progress label="Indexing" value={None::<f64>} /> },
        "progress",
        expect![[r#"
        progress max="1" aria-label="Indexing" class="progress"
    "#]],
    );
    check(
        || view! { <Progress label="Indexing" value=Some(7.0) /> },
        "progress",
        expect![[r#"
        progress max="1" aria-label="Indexing" value="1.000" class="progress"
    "#]],
    );
}

#[test]
fn a_meter_without_a_limit_is_empty() {
    check(
        || view! { <Meter label="Storage" value=5.0 limit=0.0 /> },
        "meter",
        expect![[r#"
        div role="meter" aria-label="Storage" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0" data-tone="accent" class="meter"
          div class="meter__bar" style="inline-size:0.0%;"
    "#]],
    );
    check(
        || view! { <Meter label="Storage" value=95.0 limit=100.0 /> },
        "meter",
        expect![[r#"
        div role="meter" aria-label="Storage" aria-valuemin="0" aria-valuemax="100" aria-valuenow="95" data-tone="warning" class="meter"
          div class="meter__bar" style="inline-size:95.0%;"
    "#]],
    );
}

#[test]
fn a_closed_dialog_holds_nothing() {
    let dialog = |open: bool| {
        view! {
            <Dialog open title="Settings" on_close=|()| () close_label="Close">
                <p>"Body"</p>
            </Dialog>
        }
    };
    check(
        move || dialog(false),
        "dialog",
        expect![[r#"
        dialog data-size="small" aria-label="Settings" class="dialog"
    "#]],
    );
    check(
        move || dialog(true),
        "dialog",
        expect![[r#"
        dialog data-size="small" aria-label="Settings" class="dialog"
          div class="dialog__head"
            h2 class="dialog__title"
              "Settings"
            button type="button" aria-label="Close" title="Close" class="icon-button"
          div class="dialog__body"
            p
              "Body"
    "#]],
    );
}

#[test]
fn a_menu_is_one() {
    check(
        || {
            let choices = vec![
                Choice::new("Rename…", || ()).icon(Icon::Pencil).keys("F2"),
                Choice::new("Remove", || ()).danger(),
            ];
            view! { <Menu label="Actions" choices /> }
        },
        "menu",
        expect![[r#"
            span class="menu"
              button type="button" aria-label="Actions" title="Actions" aria-haspopup="menu" aria-expanded="false" class="icon-button"
              div popover="auto" role="menu" tabindex="-1" aria-label="Actions" class="menu__list"
                button type="button" role="menuitem" tabindex="-1" class="menu__item"
                  span class="menu__label"
                    "Rename…"
                  kbd class="menu__keys"
                    "F2"
                button type="button" role="menuitem" tabindex="-1" data-danger="" class="menu__item"
                  span class="menu__label"
                    "Remove"
        "#]],
    );
}

#[track_caller]
fn check<V: IntoView>(view: impl FnOnce() -> V, class: &str, expected: Expect) {
    let html = Owner::new().with(|| view().into_view().to_html());
    expected.assert_eq(&outline(&html, class));
}
