//! What a running project says of itself: console, errors, paintings, answers to its dialogs.
//!
//! All of it was written by the project's code or could have been: it is bounded and shown.

use ::preview::protocol::{Given, Level, Report, ToWorker};
use link::{
    Panel, Reveal, TabId,
    preview::{self as view, Line},
};
use project::path::FilePath;

use super::{LINE_LIMIT_BYTES, N_LINES, N_LINES_AROUND};
use crate::{
    i18n::said,
    session::{
        Session,
        workspace::{State, Workspace},
    },
};

impl Session {
    /// A page behind a service worker tells of itself.
    pub(super) fn page_said(
        &self,
        workspace: &Workspace,
        port: &str,
        client: String,
        report: Report,
    ) {
        match report {
            Report::Console { level, text } => {
                let level = match level {
                    Level::Log => view::Level::Log,
                    Level::Warning => view::Level::Warning,
                    Level::Error => view::Level::Error,
                };
                self.print(workspace, level, &text, None);
            }
            Report::Error { id, text, url, path, line, column } => {
                let site = workspace.state.borrow().preview.site.clone();
                let place = site
                    .as_ref()
                    .and_then(|site| site.place(path.as_deref(), url.as_deref(), line, column));
                let text = site.map_or(text.clone(), |it| it.readable(&text));
                self.print(workspace, view::Level::Error, &text, place.as_ref());
                if let Some(place) = place {
                    let (path, line, column) = (place.path, place.line, place.column);
                    let located = ToWorker::Located { client, id, text, path, line, column };
                    self.0.ports.world.tell_preview(port, located);
                }
            }
            Report::Painted { generation } => {
                self.painted(workspace, generation);
                let newest = self.with_preview(workspace, |it| it.generation);
                if generation < newest {
                    // Who was not there yet when it was said hears it now.
                    let changed = ToWorker::Changed { generation: newest, styles: None };
                    self.0.ports.world.tell_preview(port, changed);
                }
            }
            Report::Navigated { path } => {
                self.with_preview(workspace, |it| it.path = bounded(path));
            }
            Report::FixThis { text, path, line, column } => {
                let place = path.map(|path| ::preview::Place {
                    path,
                    line: line.unwrap_or(1),
                    column: column.unwrap_or(1),
                });
                let prompt = fix_prompt(&workspace.state.borrow(), &bounded(text), place.as_ref());
                self.reveal_in_tabs(&workspace.id, &Reveal::Composer { text: prompt });
            }
        }
        self.touch(&workspace.id, &[Panel::Preview, Panel::Status]);
    }

    /// The self-contained document tells of itself.
    pub(super) fn document_said(&self, workspace: &Workspace, report: view::Report) {
        match report {
            view::Report::Console { level, text } => self.print(workspace, level, &text, None),
            view::Report::Error { text, line, column, .. } => {
                let place = line.map(|line| ::preview::Place {
                    path: "index.html".to_owned(),
                    line,
                    column: column.unwrap_or(1),
                });
                self.print(workspace, view::Level::Error, &text, place.as_ref());
            }
            view::Report::Painted { generation } => self.painted(workspace, generation),
            view::Report::Navigated { path } => {
                self.with_preview(workspace, |it| it.path = bounded(path));
            }
        }
    }

    fn painted(&self, workspace: &Workspace, generation: u64) {
        let now = self.now_ms();
        self.with_preview(workspace, |it| {
            if generation == it.generation && it.painted_generation < Some(generation) {
                // The first page of a core answers to no change.
                let after = now.saturating_sub(it.changed_at_ms);
                it.painted_after_ms = u32::try_from(after).ok().filter(|_| it.changed_at_ms > 0);
            }
            let painted = Some(generation.min(it.generation));
            it.painted_generation = it.painted_generation.max(painted);
        });
    }

    fn print(
        &self,
        workspace: &Workspace,
        level: view::Level,
        text: &str,
        place: Option<&::preview::Place>,
    ) {
        let text = bounded(text.to_owned());
        self.with_preview(workspace, |it| {
            let path = place.map(|it| it.path.clone());
            if let Some(last) = it.console.last_mut()
                && (last.level, &last.text, &last.path) == (level, &text, &path)
            {
                last.n += 1;
                return;
            }
            let id = it.next_line;
            it.next_line += 1;
            let (line, column) = (place.map(|it| it.line), place.map(|it| it.column));
            it.console.push(Line { id, level, text, path, line, column, n: 1 });
            if it.console.len() > N_LINES {
                it.console.remove(0);
            }
        });
    }

    pub(super) fn fix_this(&self, tab: &TabId, workspace: &Workspace, line: u64) {
        let state = workspace.state.borrow();
        let Some(line) = state.preview.console.iter().find(|it| it.id == line) else { return };
        let place = line.path.clone().map(|path| ::preview::Place {
            path,
            line: line.line.unwrap_or(1),
            column: line.column.unwrap_or(1),
        });
        let text = fix_prompt(&state, &line.text, place.as_ref());
        drop(state);
        self.reveal(tab, Reveal::Composer { text });
    }

    pub(super) fn answer_dialog(&self, workspace: &Workspace, dialog: u64, answer: Option<String>) {
        let asked = self.with_preview(workspace, |it| it.dialog.take());
        let Some((port, id, asked)) = asked.filter(|it| it.2.id == dialog) else { return };
        let value = match asked.kind {
            view::DialogKind::Alert => None,
            view::DialogKind::Confirm => Some(Given::Choice(answer.is_some())),
            view::DialogKind::Prompt => answer.map(Given::Text),
        };
        self.0.ports.world.tell_preview(&port, ToWorker::DialogAnswer { id, value });
    }

    fn reveal_in_tabs(&self, project: &str, what: &Reveal) {
        let tabs: Vec<TabId> = {
            let tabs = self.0.tabs.borrow();
            let showing = tabs.iter().filter(|(_, it)| it.project.as_deref() == Some(project));
            showing.map(|(id, _)| id.clone()).collect()
        };
        for tab in tabs {
            self.reveal(&tab, what.clone());
        }
    }
}

/// A prompt that names an error, its place and the lines around it.
fn fix_prompt(state: &State, text: &str, place: Option<&::preview::Place>) -> String {
    let Some(place) = place else { return said::fix_this(text) };
    let source = FilePath::parse(&place.path).ok();
    let source = source.and_then(|it| state.project.read_text(&it).ok()).unwrap_or_default();
    let first = place.line.saturating_sub(N_LINES_AROUND).max(1);
    let around = source.lines().zip(1..).skip(first as usize - 1);
    let around: Vec<String> = around
        .take_while(|(_, number)| *number <= place.line + N_LINES_AROUND)
        .map(|(line, number)| format!("{number}: {line}"))
        .collect();
    said::fix_this_at(text, &place.path, place.line, &around.join("\n"))
}

/// Cuts what a preview sends to a size that can be shown.
pub(super) fn bounded(mut text: String) -> String {
    if text.len() > LINE_LIMIT_BYTES {
        let end = (0..=LINE_LIMIT_BYTES).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}
