//! The three layers of what is sent before every message.

use leptos::prelude::*;
use link::settings::Wish;

use crate::{i18n::texts, page::Desk, ui::TextArea};

#[component]
pub fn Instructions() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let (own, everywhere, project) = desk.views.settings.with_untracked(|it| {
        (it.built_in_instructions.clone(), it.instructions.clone(), it.project_instructions.clone())
    });
    let (own, everywhere, project) =
        (RwSignal::new(own), RwSignal::new(everywhere), RwSignal::new(project));
    let wish = move |wish| desk.wish(link::Wish::Settings(wish));
    let at_work = untrack(|| desk.at_work());
    view! {
        <div class="form">
            <TextArea
                label=text.everywhere
                value=everywhere
                hint=text.everywhere_hint
                on_change=move |text| wish(Wish::SetInstructions { text })
            />
            {at_work.then(|| view! {
                <TextArea
                    label=text.this_project
                    value=project
                    hint=text.this_project_hint
                    on_change=move |text| wish(Wish::SetProjectInstructions { text })
                />
            })}
            <TextArea label=text.built_in value=own hint=text.built_in_hint readonly=true />
        </div>
    }
}
