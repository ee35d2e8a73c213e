//! Where replies come from: the endpoints, their keys' state and whether they work.

use leptos::prelude::*;
use link::settings::{Provider, ProxyState, Test, Wish};

use super::endpoint::Endpoint;
use crate::{
    i18n::texts,
    page::{Desk, Dialog, Section},
    ui::{Button, ButtonKind, Empty, Icon, Pictogram, Select},
    workbench::home::ModelSelect,
};

#[component]
pub fn Models() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    // The endpoint being edited; an empty id is a new one.
    let edited = RwSignal::new(None::<String>);
    let ids = Memo::new(move |_| {
        desk.views
            .settings
            .with(|it| it.providers.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
    });
    let none = Memo::new(move |_| ids.with(Vec::is_empty));
    let form = move || {
        edited.get().map(|id| {
            let known = desk.views.settings.with_untracked(|it| find(&it.providers, &id));
            view! { <Endpoint known on_done=move |()| edited.set(None) /> }
        })
    };
    view! {
        <p class="settings__about">{text.models_about}</p>
        <Waiting />
        <Unreached />
        <Show when=move || none.get() && edited.read().is_none()>
            <Empty icon=Icon::Bot title=text.no_providers text=text.no_providers_text />
        </Show>
        <ul class="settings__list" hidden=move || edited.read().is_some()>
            <For each=move || ids.get() key=String::clone let:id>
                <Row id edited />
            </For>
        </ul>
        {form}
        <Show when=move || edited.read().is_none()>
            <div class="form__actions form__actions--start">
                <Button
                    label=text.add
                    icon=Icon::Plus
                    kind=ButtonKind::Primary
                    on_press=move |()| edited.set(Some(String::new()))
                />
                <Show when=move || !none.get()>
                    <Button
                        label=text.refresh
                        icon=Icon::Refresh
                        on_press=move |()| desk.wish(link::Wish::Settings(Wish::RefreshModels))
                    />
                </Show>
            </div>
            <Names />
        </Show>
    }
}

/// Which model gives names, of those on offer; one that is chosen and not on offer is shown as well.
#[component]
fn Names() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let chosen = Memo::new(move |_| desk.views.settings.with(|it| it.names_model.clone()));
    let options = Memo::new(move |_| {
        let mut options = vec![(String::new(), text.names_model_none.to_owned())];
        desk.views.chat.with(|it| {
            let models = it.composer.models.iter();
            options.extend(models.map(|it| (it.id.clone(), it.name.clone())));
        });
        let chosen = chosen.get();
        if options.iter().all(|(id, _)| *id != chosen) {
            options.push((chosen.clone(), chosen));
        }
        options
    });
    let choose = move |model| desk.wish(link::Wish::Settings(Wish::SetNamesModel { model }));
    view! {
        <Show when=move || options.read().len() != 1>
            <div class="field">
                <Select label=text.names_model value=chosen options on_choose=choose />
                <p class="field__hint">{text.names_model_about}</p>
            </div>
        </Show>
    }
}

/// A prompt is kept until there is a model; then it goes on from here.
#[component]
fn Waiting() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().home;
    let model = Memo::new(move |_| desk.views.chat.with(|it| it.composer.model.clone()));
    let some = Memo::new(move |_| desk.views.chat.with(|it| !it.composer.models.is_empty()));
    view! {
        <Show when=move || desk.prompt_waits.get()>
            <div class="settings__note" data-tone="accent" role="status">
                <Pictogram icon=Icon::Message />
                <p>{text.needs_model}</p>
                <Show when=move || some.get()>
                    <ModelSelect model />
                </Show>
                <Show when=move || !model.read().is_empty()>
                    <Button
                        label=text.go_on
                        kind=ButtonKind::Primary
                        on_press=move |()| desk.dialog.set(None)
                    />
                </Show>
            </div>
        </Show>
    }
}

/// Without a proxy only an endpoint whose key is here helps, so that is said first.
#[component]
fn Unreached() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let why = Memo::new(move |_| {
        desk.views.settings.with(|it| match &it.proxy {
            ProxyState::Unreachable { why } if !it.providers.iter().any(|it| it.direct) => {
                Some(why.clone())
            }
            ProxyState::Unreachable { .. } | ProxyState::Unknown | ProxyState::Connected { .. } => {
                None
            }
        })
    });
    let open = move |()| desk.dialog.set(Some(Dialog::Settings(Section::Proxy)));
    view! {
        {move || why.get().map(|why| view! {
            <div class="settings__note" data-tone="warning" role="status">
                <Pictogram icon=Icon::Warning />
                <p>{(text.proxy_unreachable)(&why)}</p>
                <Button label=text.proxy on_press=open />
            </div>
        })}
    }
}

#[component]
fn Row(id: String, edited: RwSignal<Option<String>>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let name = id.clone();
    let (test_of, edit_of, remove_of) =
        ((text.test_of)(&id), (text.edit_of)(&id), (text.remove_of)(&id));
    let id = StoredValue::new(id);
    let provider = Memo::new(move |_| {
        desk.views.settings.with(|it| id.with_value(|id| find(&it.providers, id)))
    });
    let wish =
        move |wish: fn(String) -> Wish| desk.wish(link::Wish::Settings(wish(id.get_value())));
    let about = move || {
        let Some(it) = provider.get() else { return String::new() };
        let mut about = vec![it.base_url];
        about.push((text.key_is)(&it.key));
        about.push((text.n_models)(it.models.len()));
        about.retain(|it| !it.is_empty());
        about.join(" · ")
    };
    let test = Memo::new(move |_| provider.with(|it| it.as_ref().map(|it| it.test.clone())));
    let running = Signal::derive(move || *test.read() == Some(Test::Running));
    let scripted =
        Memo::new(move |_| provider.with(|it| it.as_ref().is_some_and(|it| it.kind == "script")));
    view! {
        <li class="settings__row">
            <div class="settings__row-head">
                <span class="settings__row-name"><bdi>{name}</bdi></span>
                <span class="settings__row-about">{about}</span>
            </div>
            <div class="settings__row-actions">
                <Button
                    label=text.test
                    title=test_of
                    disabled=running
                    on_press=move |()| wish(|id| Wish::TestProvider { id })
                />
                <Show when=move || !scripted.get()>
                    <Button
                        label=text.edit
                        title=edit_of.clone()
                        on_press=move |()| edited.set(Some(id.get_value()))
                    />
                    <Button
                        label=text.remove
                        title=remove_of.clone()
                        kind=ButtonKind::Quiet
                        on_press=move |()| wish(|id| Wish::RemoveProvider { id })
                    />
                </Show>
            </div>
            <Outcome test />
        </li>
    }
}

/// What the test of an endpoint came to, and at which hop it failed.
#[component]
fn Outcome(test: Memo<Option<Test>>) -> impl IntoView {
    let text = &texts().settings;
    let shown = move || match test.get() {
        None | Some(Test::NotRun) => None,
        Some(Test::Running) => Some((Icon::Loader, "neutral", text.testing.to_owned())),
        Some(Test::Works { message }) => Some((Icon::Check, "good", (text.works)(&message))),
        Some(Test::Failed { hop, message }) => {
            Some((Icon::Error, "bad", (text.failed)(&hop, &message)))
        }
    };
    view! {
        <div class="settings__outcome" role="status">
            {move || shown().map(|(icon, tone, text)| view! {
                <p class="settings__note" data-tone=tone>
                    <Pictogram icon />
                    <span>{text}</span>
                </p>
            })}
        </div>
    }
}

fn find(providers: &[Provider], id: &str) -> Option<Provider> {
    providers.iter().find(|it| it.id == id).cloned()
}
