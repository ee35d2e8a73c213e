//! The big composer: a prompt, what to start from, and the model.
//!
//! Without a model, sending opens the models' settings, keeps the prompt and goes on when there is
//! one.

use leptos::prelude::*;
use link::home::{Template, View, Wish};

use crate::{
    i18n::texts,
    page::{self, Desk, Section},
    ui::{Button, ButtonKind, Icon, Select},
};

/// The template that is chosen at first, and for the demo: the first one there is.
pub(super) fn first_template(view: &View) -> String {
    view.templates.first().map(|it| it.id.clone()).unwrap_or_default()
}

#[component]
pub fn Composer() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().home;
    let draft = RwSignal::new(String::new());
    let template = RwSignal::new(String::new());
    let waiting = desk.prompt_waits;
    let chosen = Memo::new(move |_| {
        let template = template.get();
        if template.is_empty() { desk.views.home.with(first_template) } else { template }
    });
    let model = Memo::new(move |_| desk.views.chat.with(|it| it.composer.model.clone()));
    let scripted = Memo::new(move |_| {
        desk.views.chat.with(|it| {
            let it = &it.composer;
            it.models.iter().any(|model| model.id == it.model && model.scripted)
        })
    });
    let make = Callback::new(move |()| {
        let prompt = draft.get_untracked().trim().to_owned();
        if !prompt.is_empty() && model.read_untracked().is_empty() {
            waiting.set(true);
            desk.dialog.set(Some(page::Dialog::Settings(Section::Models)));
            return;
        }
        waiting.set(false);
        let wish = Wish::Create {
            name: None,
            template: chosen.get_untracked(),
            prompt: (!prompt.is_empty()).then_some(prompt),
            demo: scripted.get_untracked(),
        };
        desk.wish(link::Wish::Home(wish));
    });
    Effect::new(move |_| {
        let closed = desk.dialog.read().is_none();
        let known = !model.read().is_empty();
        if closed && waiting.get_untracked() {
            waiting.set(false);
            if known {
                make.run(());
            }
        }
    });
    Effect::new(move |_| {
        // What a wish could not send comes back here.
        if !untrack(|| desk.at_work())
            && let Some(more) = desk.composing.get()
        {
            draft.set(more);
            desk.composing.set(None);
        }
    });
    let on_key = move |ev: leptos::ev::KeyboardEvent| {
        if ev.key() == "Enter" && !ev.shift_key() && !ev.is_composing() {
            ev.prevent_default();
            make.run(());
        }
    };
    view! {
        <div class="home__composer">
            <textarea
                class="home__prompt"
                rows="3"
                aria-label=text.prompt
                aria-description=text.keys
                placeholder=text.placeholder
                autofocus=true
                prop:value=draft
                on:input:target=move |ev| draft.set(ev.target().value())
                on:keydown=on_key
            ></textarea>
            <div class="home__row">
                <ModelSelect model />
                <Button
                    label=text.make
                    icon=Icon::ArrowUp
                    kind=ButtonKind::Primary
                    on_press=make
                />
            </div>
        </div>
        <Templates chosen on_choose=move |it| template.set(it) />
    }
}

/// Which model replies; without any, the way to the settings.
#[component]
pub fn ModelSelect(model: Memo<String>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().home;
    let models = Memo::new(move |_| {
        desk.views.chat.with(|it| {
            let models = it.composer.models.iter().map(|it| {
                let name = if it.scripted { (text.scripted)(&it.name) } else { it.name.clone() };
                (it.id.clone(), name)
            });
            models.collect::<Vec<_>>()
        })
    });
    let options = Signal::derive(move || {
        let mut options = models.get();
        if model.read().is_empty() {
            options.insert(0, (String::new(), text.no_model.to_owned()));
        }
        options
    });
    let choose = move |model: String| {
        if !model.is_empty() {
            desk.wish(link::Wish::Chat(link::chat::Wish::SetModel { model }));
        }
    };
    let settings = move |()| desk.dialog.set(Some(page::Dialog::Settings(Section::Models)));
    view! {
        <Show
            when=move || !models.read().is_empty()
            fallback=move || view! {
                <Button
                    label=text.no_model
                    icon=Icon::Bot
                    kind=ButtonKind::Quiet
                    on_press=settings
                />
            }
        >
            <Select label=text.model value=model options on_choose=choose bare=true />
        </Show>
    }
}

/// What a project starts from, one of a group.
#[component]
fn Templates(chosen: Memo<String>, #[prop(into)] on_choose: Callback<String>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().home;
    let templates = move || desk.views.home.with(|it| it.templates.clone());
    view! {
        <fieldset class="home__templates">
            <legend class="home__legend">{text.start_from}</legend>
            <For each=templates key=|it| it.id.clone() let:template>
                <Choice template chosen on_choose />
            </For>
        </fieldset>
    }
}

#[component]
fn Choice(template: Template, chosen: Memo<String>, on_choose: Callback<String>) -> impl IntoView {
    let id = StoredValue::new(template.id.clone());
    let checked = move || id.with_value(|id| *chosen.read() == *id);
    view! {
        <label class="home__template">
            <input
                type="radio"
                name="template"
                value=template.id
                prop:checked=checked
                checked=checked
                on:change=move |_| on_choose.run(id.get_value())
            />
            <span class="home__template-name">{template.name}</span>
            <span class="home__hint">{template.about}</span>
        </label>
    }
}
