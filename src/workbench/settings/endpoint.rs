//! The form of one endpoint. The key can only be written: what was saved never comes back.

use leptos::prelude::*;
use link::settings::{Provider, ProxyState, Wish};
use wire::reach;

use crate::{
    i18n::texts,
    page::Desk,
    ui::{Button, ButtonKind, Select, TextArea, TextField},
};

/// A well-known endpoint: what is filled in for it.
struct Preset {
    id: &'static str,
    name: &'static str,
    kind: &'static str,
    base_url: &'static str,
    needs_key: bool,
}

const COMPATIBLE: &str = "openai-compatible";

/// What a provider may speak, by whose way of asking it is.
const DIALECTS: [(&str, &str); 8] = [
    (COMPATIBLE, "OpenAI"),
    ("openai-responses", "OpenAI Responses"),
    ("anthropic", "Anthropic"),
    ("gemini", "Google Gemini"),
    ("ollama", "Ollama"),
    ("azure", "Azure OpenAI"),
    ("bedrock", "Amazon Bedrock"),
    ("vertex", "Google Vertex AI"),
];

/// Where a key is kept.
const PROXY: &str = "proxy";
const BROWSER: &str = "browser";

const BEDROCK: &str = "https://bedrock-runtime.us-east-1.amazonaws.com";

const VERTEX: &str =
    "https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global/publishers/google";

const PRESETS: [Preset; 11] = [
    preset("openai", "OpenAI", COMPATIBLE, "https://api.openai.com/v1", true),
    preset("anthropic", "Anthropic", "anthropic", "https://api.anthropic.com", true),
    preset("gemini", "Google Gemini", "gemini", "https://generativelanguage.googleapis.com", true),
    preset("openrouter", "OpenRouter", COMPATIBLE, "https://openrouter.ai/api/v1", true),
    preset("ollama", "Ollama", COMPATIBLE, "http://localhost:11434/v1", false),
    preset("llama-cpp", "llama.cpp", COMPATIBLE, "http://localhost:8080/v1", false),
    preset("lm-studio", "LM Studio", COMPATIBLE, "http://localhost:1234/v1", false),
    preset("azure", "Azure OpenAI", "azure", "https://RESOURCE.openai.azure.com", true),
    preset("bedrock", "Amazon Bedrock", "bedrock", BEDROCK, true),
    preset("vertex", "Google Vertex AI", "vertex", VERTEX, true),
    preset("custom", "", COMPATIBLE, "", true),
];

const fn preset(
    id: &'static str,
    name: &'static str,
    kind: &'static str,
    base_url: &'static str,
    needs_key: bool,
) -> Preset {
    Preset { id, name, kind, base_url, needs_key }
}

#[component]
pub fn Endpoint(known: Option<Provider>, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let fresh = known.is_none();
    let key_state = known.as_ref().filter(|it| it.has_key).map(|it| it.key.clone());
    let start = known.unwrap_or_else(|| filled(&PRESETS[0]));
    let title = if fresh { text.add_title.to_owned() } else { (text.edit_of)(&start.id) };
    let chosen = RwSignal::new(PRESETS[0].id.to_owned());
    let (was_direct, was_url) = (start.direct, StoredValue::new(start.base_url.clone()));
    let id = RwSignal::new(start.id);
    let kind = RwSignal::new(start.kind);
    let base_url = RwSignal::new(start.base_url);
    // Without a proxy there is one place.
    let away =
        desk.views.settings.with_untracked(|it| !matches!(it.proxy, ProxyState::Connected { .. }));
    let here = start.direct || fresh && away;
    let place = RwSignal::new(if here { BROWSER } else { PROXY }.to_owned());
    let direct = Memo::new(move |_| *place.read() == BROWSER);
    let key = RwSignal::new(String::new());
    let models = RwSignal::new(start.models.join("\n"));

    let choose = move |it: String| {
        if let Some(preset) = PRESETS.iter().find(|preset| preset.id == it) {
            let start = filled(preset);
            id.set(start.id);
            kind.set(start.kind);
            base_url.set(start.base_url);
        }
        chosen.set(it);
    };
    let wrong_id =
        Signal::derive(
            move || {
                if is_id(&id.read()) { String::new() } else { text.name_wrong.to_owned() }
            },
        );
    let wrong_url = Signal::derive(move || {
        let url = base_url.read();
        let wrong = match (is_url(&url), direct.get()) {
            (false, _) => text.base_url_wrong,
            (true, true) if !reach::allows(url.trim()) => text.base_url_far,
            (true, _) => "",
        };
        wrong.to_owned()
    });
    let wrong = Signal::derive(move || !wrong_id.read().is_empty() || !wrong_url.read().is_empty());
    // A key stays where it is, for the address that it was typed for.
    let stays =
        move || direct.get() == was_direct && same_origin(&was_url.read_value(), &base_url.read());
    let key_hint = Signal::derive(move || {
        let needs = PRESETS.iter().find(|it| it.id == *chosen.read()).is_none_or(|it| it.needs_key);
        match &key_state {
            Some(state) if stays() => (text.key_stays)(state),
            Some(_) => text.key_again.to_owned(),
            None if fresh && !needs => text.key_not_needed.to_owned(),
            None if direct.get() => text.key_kept_here.to_owned(),
            None => text.key_kept.to_owned(),
        }
    });
    let save = Callback::new(move |()| {
        if wrong.get_untracked() {
            return;
        }
        let saved = id.get_untracked();
        let typed = std::mem::take(&mut *key.write());
        let typed = typed.trim().to_owned();
        desk.wish(link::Wish::Settings(Wish::SaveProvider {
            id: saved.clone(),
            kind: kind.get_untracked(),
            base_url: base_url.read_untracked().trim().trim_end_matches('/').to_owned(),
            key: (!typed.is_empty()).then_some(typed),
            models: lines(&models.read_untracked()),
            direct: direct.get_untracked(),
        }));
        desk.wish(link::Wish::Settings(Wish::TestProvider { id: saved }));
        on_done.run(());
    });
    let presets = PRESETS.map(|it| {
        let name = if it.name.is_empty() { text.custom } else { it.name };
        (it.id.to_owned(), name.to_owned())
    });
    let kinds = DIALECTS.map(|(kind, name)| (kind.to_owned(), name.to_owned())).to_vec();
    let places = [(PROXY, text.at_proxy), (BROWSER, text.in_browser)];
    let places = places.map(|(id, name)| (id.to_owned(), name.to_owned())).to_vec();
    let name = title.clone();
    view! {
        <form
            class="form settings__form"
            aria-label=name
            on:submit=move |ev| {
                ev.prevent_default();
                save.run(());
            }
        >
            <h4>{title}</h4>
            {fresh.then(|| view! {
                <Select label=text.preset value=chosen options=presets.to_vec() on_choose=choose />
                <TextField label=text.name value=id hint=text.name_hint wrong=wrong_id />
            })}
            <Select
                label=text.dialect
                value=kind
                options=kinds
                on_choose=move |it| kind.set(it)
            />
            <TextField label=text.base_url value=base_url kind="url" wrong=wrong_url />
            <Select
                label=text.key_place
                value=place
                options=places
                on_choose=move |it| place.set(it)
            />
            <TextField
                label=text.key
                value=key
                kind="password"
                autocomplete="new-password"
                hint=key_hint
                on_enter=save
            />
            <TextArea label=text.model_names value=models hint=text.model_names_hint rows=3 />
            <div class="form__actions">
                <Button label=text.cancel on_press=on_done />
                <Button
                    label=text.save_and_test
                    kind=ButtonKind::Primary
                    disabled=wrong
                    on_press=save
                />
            </div>
        </form>
    }
}

fn filled(preset: &Preset) -> Provider {
    Provider {
        id: preset.id.to_owned(),
        kind: preset.kind.to_owned(),
        base_url: preset.base_url.to_owned(),
        key: String::new(),
        has_key: false,
        direct: false,
        models: Vec::new(),
        test: link::settings::Test::NotRun,
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}

fn is_url(url: &str) -> bool {
    let url = url.trim();
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|it| !it.is_empty() && !it.contains(char::is_whitespace))
}

/// Whether two addresses are of one server.
fn same_origin(one: &str, other: &str) -> bool {
    let origin = |it: &str| it.trim().split('/').take(3).collect::<Vec<_>>().join("/");
    origin(one) == origin(other)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_saved_as_it_is() {
        for it in PRESETS.iter().filter(|it| it.id != "custom") {
            assert!(is_id(it.id) && is_url(it.base_url), "{}", it.id);
            assert!(DIALECTS.iter().any(|dialect| dialect.0 == it.kind), "{}", it.id);
        }
    }

    #[test]
    fn an_address_must_be_one() {
        let bad =
            ["", "example.org", "ftp://example.org", "http://", "https://a b", "javascript:x"];
        assert!(bad.into_iter().all(|it| !is_url(it)));
        assert!(is_url(" http://localhost:1234/v1/ "));
    }

    #[test]
    fn a_name_is_part_of_models_names() {
        assert!(is_id("my-box-2"));
        assert!(["", "My Box", "a/b", "ä"].into_iter().all(|it| !is_id(it)));
    }

    #[test]
    fn a_key_stays_for_one_server() {
        assert!(same_origin("https://a.example/v1", " https://a.example "));
        assert!(!same_origin("https://a.example/v1", "https://b.example/v1"));
        assert!(!same_origin("http://localhost:1/v1", "http://localhost:2/v1"));
    }

    #[test]
    fn models_are_listed_one_per_line() {
        assert_eq!(lines(" a \n\n b/c\n"), ["a", "b/c"]);
    }
}
