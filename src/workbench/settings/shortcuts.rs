//! Every command that has a shortcut, with its alternatives.

use leptos::prelude::*;

use crate::{
    i18n::texts,
    page::Desk,
    workbench::commands::{self, keys},
};

#[component]
pub fn Shortcuts() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let titles = &texts().commands;
    let rows = move || {
        let apple = desk.apple.get();
        let with_keys = commands::all().filter(|it| !it.keys.is_empty());
        with_keys
            .map(|it| {
                let keys = it.keys.iter().map(|it| view! { <kbd>{keys::shown(it, apple)}</kbd> });
                view! {
                    <tr>
                        <td>{(it.title)(titles)}</td>
                        <td class="settings__keys">{keys.collect_view()}</td>
                    </tr>
                }
            })
            .collect_view()
    };
    view! {
        <p class="settings__about">{text.shortcuts_about}</p>
        <table class="settings__table">
            <thead>
                <tr>
                    <th scope="col">{text.command}</th>
                    <th scope="col">{text.keys}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
