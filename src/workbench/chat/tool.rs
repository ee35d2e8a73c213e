//! What a reply did with a tool: its state at a glance, what went in and came out when opened.

use leptos::prelude::*;
use link::chat::{Tool, ToolState};

use crate::{
    i18n::texts,
    ui::{Icon, Pictogram},
};

#[component]
pub fn ToolRow(tool: Memo<Option<Tool>>) -> impl IntoView {
    let text = &texts().chat;
    let state =
        Memo::new(move |_| tool.with(|it| it.as_ref().map_or(ToolState::Pending, |it| it.state)));
    let title = Memo::new(move |_| read(tool, |it| it.title.clone()));
    // Arguments stream in many small pieces: nothing of them is rendered until someone looks.
    let open = RwSignal::new(false);
    view! {
        <details
            class="fold fold--tool"
            data-state=move || name(state.get())
            on:toggle:target=move |ev| open.set(ev.target().open())
        >
            <summary class="fold__head">
                <Pictogram icon=Signal::derive(move || icon(state.get())) />
                <span class="fold__title">{title}</span>
                <span class="fold__state">{move || label(state.get())}</span>
            </summary>
            <Show when=move || open.get()>
                <Detail label=text.tool_input value=Memo::new(move |_| read(tool, |it| it.input.clone())) />
                <Detail label=text.tool_output value=Memo::new(move |_| read(tool, |it| it.output.clone())) />
            </Show>
        </details>
    }
}

#[component]
fn Detail(label: &'static str, value: Memo<String>) -> impl IntoView {
    view! {
        <Show when=move || !value.read().is_empty()>
            <p class="fold__label">{label}</p>
            <pre class="fold__code" tabindex="0" dir="ltr">{value}</pre>
        </Show>
    }
}

fn read(tool: Memo<Option<Tool>>, of: impl FnOnce(&Tool) -> String) -> String {
    tool.with(|it| it.as_ref().map(of).unwrap_or_default())
}

fn name(state: ToolState) -> &'static str {
    match state {
        ToolState::Pending => "pending",
        ToolState::Running => "running",
        ToolState::Done => "done",
        ToolState::Error => "error",
    }
}

fn label(state: ToolState) -> &'static str {
    let text = &texts().chat;
    match state {
        ToolState::Pending => text.tool_pending,
        ToolState::Running => text.tool_running,
        ToolState::Done => text.tool_done,
        ToolState::Error => text.tool_error,
    }
}

fn icon(state: ToolState) -> Icon {
    match state {
        ToolState::Pending => Icon::Circle,
        ToolState::Running => Icon::Loader,
        ToolState::Done => Icon::Check,
        ToolState::Error => Icon::Error,
    }
}
