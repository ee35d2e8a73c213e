//! Small dialogs that belong to no panel. Style: `style/ui/field.css`.

use leptos::prelude::*;

use crate::{
    i18n::texts,
    page::{self, Desk},
    ui::{self, Button, ButtonKind, TextField},
};

/// Another name for a project.
#[component]
pub fn RenameDialog() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let asked = Memo::new(move |_| {
        desk.dialog.with(|it| match it {
            Some(page::Dialog::Rename { project, name }) => Some((project.clone(), name.clone())),
            Some(
                page::Dialog::Settings(_)
                | page::Dialog::Palette
                | page::Dialog::Files
                | page::Dialog::Notices,
            )
            | None => None,
        })
    });
    view! {
        <ui::Dialog
            open=Signal::derive(move || asked.read().is_some())
            title=text.rename_title
            on_close=move |()| desk.dialog.set(None)
            close_label=text.close
        >
            {move || asked.get().map(|(project, name)| view! { <Rename project name /> })}
        </ui::Dialog>
    }
}

#[component]
fn Rename(project: String, name: String) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let value = RwSignal::new(name);
    let blank = Signal::derive(move || value.read().trim().is_empty());
    let rename = Callback::new(move |()| {
        if blank.get_untracked() {
            return;
        }
        let name = value.read_untracked().trim().to_owned();
        let project = project.clone();
        desk.wish(link::Wish::Home(link::home::Wish::Rename { project, name }));
        desk.dialog.set(None);
    });
    view! {
        <div class="form">
            <TextField label=text.new_name value autofocus=true on_enter=rename />
            <div class="form__actions">
                <Button label=text.cancel on_press=move |()| desk.dialog.set(None) />
                <Button
                    label=text.rename.trim_end_matches('…')
                    kind=ButtonKind::Primary
                    disabled=blank
                    on_press=rename
                />
            </div>
        </div>
    }
}
