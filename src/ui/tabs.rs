//! A row of tabs: arrow keys choose, Delete closes, dragging moves. Style: `style/ui/tabs.css`.

use leptos::prelude::*;

use super::{Badge, Icon, Pictogram};
use crate::browser::dom;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    pub id: String,
    pub label: String,
    /// More than the label says, as a tooltip.
    pub title: String,
    pub icon: Icon,
    /// A count; empty for none.
    pub badge: String,
    pub closable: bool,
    /// Something in it is not saved yet.
    pub unsaved: bool,
}

/// The element id of a tab's panel, for whoever renders it.
pub fn panel_id(tab: &str) -> String {
    format!("panel-{}", plain(tab))
}

pub fn tab_id(tab: &str) -> String {
    format!("tab-{}", plain(tab))
}

/// Ids are referred to in lists separated by spaces.
fn plain(tab: &str) -> String {
    tab.chars().map(|it| if it.is_whitespace() { '_' } else { it }).collect()
}

#[component]
pub fn Tabs(
    #[prop(into)] label: String,
    #[prop(into)] tabs: Signal<Vec<Tab>>,
    #[prop(into)] active: Signal<String>,
    #[prop(into)] on_choose: Callback<String>,
    #[prop(into, optional)] on_close: Option<Callback<String>>,
    /// A dragged tab was let go: its id, and the place before which it should stand.
    #[prop(into, optional)]
    on_put: Option<Callback<(String, usize)>>,
) -> impl IntoView {
    let over = RwSignal::new(None::<usize>);
    let put = move |ev: &leptos::ev::DragEvent, at: usize| {
        over.set(None);
        if let (Some(it), Some(tab)) = (on_put, dom::dragged(ev, dom::TAB)) {
            ev.prevent_default();
            ev.stop_propagation();
            it.run((tab, at));
        }
    };
    let row = move |at: usize, tab: Tab| {
        let id = StoredValue::new(tab.id.clone());
        let chosen = move || id.with_value(|id| active.read() == *id);
        let close = move || {
            if let Some(it) = on_close {
                it.run(id.get_value());
            }
        };
        let closable = tab.closable && on_close.is_some();
        view! {
            <div
                class="tabs__item"
                role="presentation"
                data-over=move || (over.get() == Some(at)).then_some("")
                on:dragover=move |ev| {
                    if on_put.is_some() && dom::carries(&ev, dom::TAB) {
                        ev.prevent_default();
                        over.set(Some(at));
                    }
                }
                on:dragleave=move |_| over.set(None)
                on:drop=move |ev| put(&ev, at)
                on:auxclick=move |ev| {
                    if ev.button() == 1 && closable {
                        close();
                    }
                }
            >
                <button
                    type="button"
                    class="tabs__tab"
                    role="tab"
                    id=tab_id(&tab.id)
                    aria-controls=move || chosen().then(|| id.with_value(|id| panel_id(id)))
                    aria-selected=move || chosen().to_string()
                    tabindex=move || if chosen() { "0" } else { "-1" }
                    title=tab.title
                    draggable=on_put.is_some().to_string()
                    on:dragstart=move |ev| dom::drag(&ev, dom::TAB, &id.get_value())
                    on:click=move |_| on_choose.run(id.get_value())
                    on:keydown=move |ev| {
                        if closable && (ev.key() == "Delete" || ev.key() == "Backspace") {
                            ev.prevent_default();
                            close();
                        }
                    }
                >
                    <Pictogram icon=tab.icon />
                    <span class="tabs__label"><bdi>{tab.label}</bdi></span>
                    {(!tab.badge.is_empty()).then(|| view! { <Badge text=tab.badge /> })}
                    {tab.unsaved.then(|| view! { <span class="tabs__unsaved" aria-hidden="true"></span> })}
                </button>
                // Hidden from screen readers: a tab list holds tabs only, and Delete does the same.
                {closable.then(|| view! {
                    <button
                        type="button"
                        class="tabs__close"
                        tabindex="-1"
                        aria-hidden="true"
                        on:click=move |_| close()
                    >
                        <Pictogram icon=Icon::Close />
                    </button>
                })}
            </div>
        }
    };
    let rows = move || tabs.get().into_iter().enumerate().collect::<Vec<_>>();
    view! {
        <div
            class="tabs"
            role="tablist"
            aria-label=label
            on:keydown=move |ev| dom::rove(&ev, "[role=tab]", dom::Axis::Horizontal)
            on:dragover=move |ev| {
                if on_put.is_some() && dom::carries(&ev, dom::TAB) {
                    ev.prevent_default();
                }
            }
            on:drop=move |ev| put(&ev, usize::MAX)
        >
            <For
                each=rows
                key=|(at, tab)| (*at, tab.clone().id, tab.label.clone(), tab.badge.clone(), tab.unsaved)
                children=move |(at, tab)| row(at, tab)
            />
        </div>
    }
}
