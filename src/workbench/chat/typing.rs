//! The text being typed: how it is told to the core, sent, kept over a reload, and completed.
//!
//! How it looks is in `composer`.

use leptos::{html, prelude::*};
use link::chat::{EntryKind, Status, View, Wish};

use super::{draft::Draft, mention::Mention};
use crate::{browser::dom, page::Desk};

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

impl Typing {
    pub fn new(chat: RwSignal<View>) -> Self {
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
    pub fn follow_view(self) {
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
        on_cleanup(move || self.left());
        // What was typed in the last moment before a reload has no time to reach the core.
        let hiding = StoredValue::new_local(None);
        Effect::new(move |_| {
            let listener = dom::before_hiding(move || {
                let text = self.text.get_untracked();
                let told = self.draft.with_value(|it| it.is_told(&text));
                let Some(project) = project.get_untracked() else { return };
                if told {
                    dom::take_note(&note_of(&project));
                } else {
                    dom::leave_note(&note_of(&project), &text);
                }
            });
            hiding.set_value(Some(listener));
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

    /// The area is left, perhaps for another project: nothing waits any more.
    pub fn left(self) {
        self.mention.set(None);
        // A browser may tell of the blur when the area is gone already.
        if self.timer.try_with_value(dom::Timer::stop).is_some() {
            self.keep_draft();
        }
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

    /// What stands in the area is on its way. Tracks.
    pub fn is_sent(self) -> bool {
        self.sent.read().is_some()
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

    pub fn take(self, path: &str) {
        let Some(mention) = self.mention.get_untracked() else { return };
        let (text, cursor) = mention.complete(&self.text.get_untracked(), path);
        self.mention.set(None);
        self.retype(&text, cursor);
        self.keep_draft();
        self.wish(Wish::AddFile { path: path.to_owned() });
    }

    /// Returns whether the key belonged to the list of offered files.
    pub fn key_in_offers(self, key: &str, offers: &[String]) -> bool {
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

    pub fn key(self, key: &str, shift: bool) -> bool {
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
