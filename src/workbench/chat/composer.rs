//! Where messages are written, and what goes along with them.
//!
//! The text being typed is this tab's; the core keeps a copy of it and counts what would be sent.
//! A message leaves the text area when the conversation shows it, so that nothing is lost when the
//! core has to ask for something first.

use leptos::{html, prelude::*};
use link::chat::{EntryKind, Status, View, Wish};

use super::{
    context::{Bar, Context},
    draft::Draft,
    mention::{Mention, offered},
    secrets::SecretsDialog,
};
use crate::{
    browser::dom,
    i18n::texts,
    page::{Desk, Views},
    ui::{Button, ButtonKind, Icon},
};

const DRAFT_DELAY_MS: i32 = 300;
/// The same text within this time is the same wish, pressed twice.
const TWICE_MS: i32 = 700;

/// What is being typed, and the ways it changes. Copied into every handler.
#[derive(Debug, Clone, Copy)]
pub struct Typing {
    pub text: RwSignal<String>,
    pub area: NodeRef<html::Textarea>,
    pub mention: RwSignal<Option<Mention>>,
    /// The offered file that Enter would take.
    pub chosen: RwSignal<usize>,
    pub working: Memo<bool>,
    /// A message on its way: its text, and the newest message before it.
    sent: RwSignal<Option<(String, Option<String>)>>,
    /// What was sent a moment ago.
    pressed: StoredValue<String>,
    /// The list of secrets is open.
    pub asking: RwSignal<bool>,
    draft: StoredValue<Draft>,
    timer: StoredValue<dom::Timer, LocalStorage>,
    chat: RwSignal<View>,
    desk: Desk,
}

#[component]
pub fn Composer(views: Views) -> impl IntoView {
    let chat = views.chat;
    let text = &texts().chat;
    let typing = Typing::new(chat);
    typing.follow_view();
    let offers = Memo::new(move |_| match &*typing.mention.read() {
        Some(mention) => views
            .files
            .with(|it| offered(it.files.iter().map(|file| file.path.as_str()), &mention.query)),
        None => Vec::new(),
    });
    view! {
        <form
            class="composer"
            aria-label=text.composer
            on:submit=move |ev| {
                ev.prevent_default();
                typing.send(false);
            }
        >
            <Doing chat />
            <Context chat />
            <div class="composer__box">
                <Area typing offers />
                <Offers typing offers />
                <SendOrStop typing />
            </div>
            <Bar typing chat />
            <SecretsDialog typing chat />
        </form>
    }
}

/// What the turn does, while it does.
#[component]
fn Doing(chat: RwSignal<View>) -> impl IntoView {
    let doing = Memo::new(move |_| {
        chat.with(|it| match &it.status {
            Status::Ready => String::new(),
            Status::Working { doing } => doing.clone(),
        })
    });
    view! {
        <p class="composer__doing" role="status" data-working=move || {
            (!doing.read().is_empty()).then_some("")
        }>
            {doing}
        </p>
    }
    .into_any()
}

#[component]
fn Area(typing: Typing, offers: Memo<Vec<String>>) -> impl IntoView {
    let text = &texts().chat;
    let active =
        move || (!offers.read().is_empty()).then(|| format!("mention-{}", typing.chosen.get()));
    view! {
        <textarea
            class="composer__text"
            rows="2"
            dir="auto"
            aria-label=text.message
            placeholder=text.placeholder
            aria-autocomplete="list"
            aria-controls="mentions"
            aria-activedescendant=active
            node_ref=typing.area
            prop:value=typing.text
            on:input:target=move |ev| {
                typing.typed(ev.target().value(), dom::cursor(&ev.target()));
            }
            on:blur=move |_| typing.mention.set(None)
            on:keydown=move |ev| {
                if ev.is_composing() {
                    return;
                }
                let taken = offers.with_untracked(|it| typing.key_in_offers(&ev.key(), it))
                    || typing.key(&ev.key(), ev.shift_key());
                if taken {
                    ev.prevent_default();
                    ev.stop_propagation();
                }
            }
        ></textarea>
    }
    .into_any()
}

#[component]
fn Offers(typing: Typing, offers: Memo<Vec<String>>) -> impl IntoView {
    let text = &texts().chat;
    let open = Memo::new(move |_| typing.mention.read().is_some());
    view! {
        <ul
            class="composer__offers"
            id="mentions"
            role="listbox"
            aria-label=text.files
            hidden=move || !open.get()
        >
            {move || {
                let chosen = typing.chosen.get();
                offers.get().into_iter().enumerate().map(|(at, path)| {
                    let taken = path.clone();
                    view! {
                        <li
                            id=format!("mention-{at}")
                            class="composer__offer"
                            role="option"
                            aria-selected=(at == chosen).to_string()
                            // Before the text area loses the focus.
                            on:pointerdown=move |ev| {
                                ev.prevent_default();
                                typing.take(&taken);
                            }
                        >
                            <bdi>{path}</bdi>
                        </li>
                    }
                }).collect_view()
            }}
            <Show when=move || open.get() && offers.read().is_empty()>
                <li class="composer__offer" role="option" aria-disabled="true" aria-selected="false">
                    {text.no_file}
                </li>
            </Show>
        </ul>
    }
    .into_any()
}

#[component]
fn SendOrStop(typing: Typing) -> impl IntoView {
    let text = &texts().chat;
    let empty = Memo::new(move |_| typing.text.read().trim().is_empty());
    view! {
        <div class="composer__go">
            <Show when=move || typing.working.get()>
                <Show when=move || !empty.get()>
                    <span class="composer__why">{text.busy}</span>
                </Show>
                <Button
                    label=text.stop
                    icon=Icon::Stop
                    on_press=move |()| typing.stop()
                />
            </Show>
            <Button
                label=text.send
                icon=Icon::Send
                kind=ButtonKind::Primary
                disabled=Signal::derive(move || empty.get() || typing.working.get())
                on_press=move |()| typing.send(false)
            />
        </div>
    }
    .into_any()
}

impl Typing {
    fn new(chat: RwSignal<View>) -> Self {
        Self {
            text: RwSignal::default(),
            area: NodeRef::new(),
            mention: RwSignal::new(None),
            chosen: RwSignal::new(0),
            working: Memo::new(move |_| chat.with(|it| it.status != Status::Ready)),
            sent: RwSignal::new(None),
            pressed: StoredValue::default(),
            asking: RwSignal::new(false),
            draft: StoredValue::default(),
            timer: StoredValue::new_local(dom::Timer::default()),
            chat,
            desk: expect_context(),
        }
    }

    /// Takes in what the core and other panels put here.
    fn follow_view(self) {
        let kept = Memo::new(move |_| self.chat.with(|it| it.composer.draft.clone()));
        let project = Memo::new(move |_| self.desk.views.home.with(|it| it.open.clone()));
        Effect::new(move |_| {
            let (kept, project) = (kept.get(), project.get());
            let typed = self.text.get_untracked();
            let shown = self.draft.try_update_value(|it| it.heard(&kept, &typed)).flatten();
            if let Some(shown) = shown {
                self.text.set(shown);
            }
            let note = project.and_then(|it| dom::take_note(&note_of(&it)));
            if let Some(note) = note {
                self.text.set(note);
                self.keep_draft();
            }
        });
        // What was typed in the last moment before a reload has no time to reach the core.
        Effect::new(move |_| {
            dom::before_hiding(move || {
                let text = self.text.try_get_untracked().unwrap_or_default();
                let told = self.draft.try_with_value(|it| it.is_told(&text)).unwrap_or(true);
                let Some(project) = project.try_get_untracked().flatten() else { return };
                if told {
                    dom::take_note(&note_of(&project));
                } else {
                    dom::leave_note(&note_of(&project), &text);
                }
            });
        });
        let newest = Memo::new(move |_| self.chat.with(newest_of_mine));
        Effect::new(move |_| self.shown(newest.get()));
        let n_secrets = Memo::new(move |_| self.chat.with(|it| it.composer.secrets.len()));
        Effect::new(move |_| {
            if n_secrets.get() > 0 && self.sent.get_untracked().is_some() {
                self.asking.set(true);
            }
        });
        Effect::new(move |_| {
            let Some(added) = self.desk.composing.get() else { return };
            self.desk.composing.set(None);
            let typed = self.text.get_untracked();
            let gap = if typed.trim().is_empty() { "" } else { "\n\n" };
            self.retype(&format!("{}{gap}{added}", typed.trim_end()), usize::MAX);
        });
    }

    /// Removes a sent message from the area once the conversation has it; what was typed since
    /// stays.
    fn shown(self, newest: Option<String>) {
        let Some((text, before)) = self.sent.get_untracked() else { return };
        if newest == before {
            return;
        }
        self.sent.set(None);
        let typed = self.text.get_untracked();
        if let Some(rest) = typed.strip_prefix(&text) {
            self.text.set(rest.trim_start().to_owned());
            self.keep_draft();
        }
    }

    pub fn typed(self, text: String, cursor: usize) {
        let mention = Mention::at(&text, cursor);
        if *self.mention.read_untracked() != mention {
            self.chosen.set(0);
            self.mention.set(mention);
        }
        self.text.set(text);
        self.sent.set(None);
        let keep = move || self.keep_draft();
        self.timer.with_value(|it| it.put_off(DRAFT_DELAY_MS, keep));
    }

    fn keep_draft(self) {
        let text = self.text.get_untracked();
        if self.draft.try_update_value(|it| it.tell(&text)).unwrap_or(false) {
            self.wish(Wish::Draft { text });
        }
    }

    pub fn send(self, despite_secrets: bool) {
        let text = self.text.get_untracked();
        if text.trim().is_empty() || self.working.get_untracked() {
            return;
        }
        let secret = self.chat.with_untracked(|it| !it.composer.secrets.is_empty());
        if !despite_secrets && secret {
            self.asking.set(true);
            return;
        }
        if self.pressed.with_value(|it| *it == text) && !despite_secrets {
            return;
        }
        self.pressed.set_value(text.clone());
        dom::after(TWICE_MS, move || self.pressed.set_value(String::new()));
        self.timer.with_value(dom::Timer::stop);
        self.sent.set(Some((text.clone(), self.chat.with_untracked(newest_of_mine))));
        self.wish(Wish::Send { text, despite_secrets });
        dom::focus(".composer__text");
    }

    pub fn stop(self) {
        self.wish(Wish::Stop);
        dom::focus(".composer__text");
    }

    /// Starts a mention, as if `@` had been typed.
    pub fn mention_file(self) {
        let typed = self.text.get_untracked();
        let gap = if typed.is_empty() || typed.ends_with(char::is_whitespace) { "" } else { " " };
        let text = format!("{typed}{gap}@");
        self.retype(&text, usize::MAX);
        self.typed(text, usize::MAX);
    }

    fn take(self, path: &str) {
        let Some(mention) = self.mention.get_untracked() else { return };
        let (text, cursor) = mention.complete(&self.text.get_untracked(), path);
        self.mention.set(None);
        self.retype(&text, cursor);
        self.keep_draft();
        self.wish(Wish::AddFile { path: path.to_owned() });
    }

    /// Returns whether the key belonged to the list of offered files.
    fn key_in_offers(self, key: &str, offers: &[String]) -> bool {
        if self.mention.read_untracked().is_none() {
            return false;
        }
        let chosen = self.chosen.get_untracked();
        match key {
            "Escape" => self.mention.set(None),
            "ArrowDown" if !offers.is_empty() => self.chosen.set((chosen + 1) % offers.len()),
            "ArrowUp" if !offers.is_empty() => {
                self.chosen.set((chosen + offers.len() - 1) % offers.len());
            }
            "Enter" | "Tab" => match offers.get(chosen) {
                Some(path) => self.take(path),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    fn key(self, key: &str, shift: bool) -> bool {
        match key {
            "Enter" if !shift => self.send(false),
            "Escape" if self.working.get_untracked() => self.stop(),
            "ArrowUp" if self.text.read_untracked().is_empty() => {
                let Some(last) = self.chat.with_untracked(last_of_mine) else { return false };
                self.retype(&last, usize::MAX);
            }
            _ => return false,
        }
        true
    }

    fn retype(self, text: &str, cursor: usize) {
        self.text.set(text.to_owned());
        if let Some(area) = self.area.get_untracked() {
            dom::retype(&area, text, cursor);
        }
    }

    fn wish(self, wish: Wish) {
        self.desk.wish(link::Wish::Chat(wish));
    }
}

/// What was typed in a project and has not reached the core.
fn note_of(project: &str) -> String {
    format!("draft:{project}")
}

fn newest_of_mine(chat: &View) -> Option<String> {
    let newest = chat.entries.iter().rfind(|it| matches!(it.kind, EntryKind::User { .. }))?;
    Some(newest.id.clone())
}

fn last_of_mine(chat: &View) -> Option<String> {
    chat.entries.iter().rev().find_map(|it| match &it.kind {
        EntryKind::User { text, .. } => Some(text.clone()),
        EntryKind::Assistant(_) | EntryKind::Checkpoint(_) | EntryKind::Error { .. } => None,
    })
}
