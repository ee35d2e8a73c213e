//! A file about this Easel for whoever is to help: versions, counts, choices, what went wrong last.
//!
//! It holds nothing of the person's: no key, no token, no message, no instruction, no name of theirs, no
//! file and no path. So it counts where it could list, and of the notices it takes only the texts that
//! speak of Easel itself.

use std::rc::Rc;

use link::{
    DownKind, TabId,
    settings::Test,
    status::{Notice, Page},
};
use serde_json::{Value, json};
use wire::{KeyState, Provider};

use super::{Session, profile::Profile, workspace::Workspace};

const NAME: &str = "easel-diagnostics.json";
/// Notices whose texts name nothing of the person's. Of all others only the group is told.
const OWN: [&str; 6] = ["busy", "model", "not-kept", "profile", "open", "turn"];
/// A history is not counted further.
const MOST_COMMITS: usize = 10_000;

impl Session {
    /// Makes the file and sends it down, once the proxy and the browser have answered.
    pub(super) fn diagnose(&self, tab: &TabId, page: Page) {
        let (session, tab) = (self.clone(), tab.clone());
        self.spawn(async move {
            let proxy = match session.0.ports.gateway.health().await {
                Ok(health) => json!({ "reached": true, "version": health.version }),
                Err(rejection) => json!({ "reached": false, "code": rejection.code }),
            };
            let (used_bytes, quota_bytes) = session.0.ports.world.storage().await;
            let about = json!({
                "easel": {
                    "version": env!("CARGO_PKG_VERSION"),
                    "build": session.0.build,
                    "tabs": session.0.tabs.borrow().len(),
                    "at": agent::iso::utc(session.now_ms()),
                },
                "page": page,
                "storage": { "used_bytes": used_bytes, "quota_bytes": quota_bytes },
                "proxy": proxy,
                "open_project": session.workspace_of(&tab).map(|it| counts(&it)),
                "profile": session.profile(chosen),
                "notices": session.profile(|it| it.notices.iter().map(told).collect::<Vec<_>>()),
            });
            let bytes = serde_json::to_vec_pretty(&about).expect("it is plain data");
            let (name, media_type) = (NAME.to_owned(), "application/json".to_owned());
            session.send(&tab, DownKind::Download { name, media_type, bytes });
        });
    }
}

fn counts(workspace: &Rc<Workspace>) -> Value {
    let state = workspace.state.borrow();
    let head = state.project.head();
    let n_commits = head.map_or(0, |head| state.project.log(head, MOST_COMMITS).len());
    json!({
        "files": state.project.entries().len(),
        "bytes": state.project.entries().map(|(_, it)| it.size_bytes).sum::<u64>(),
        "messages": state.conversation.messages().len(),
        "commits": n_commits,
        "model": state.record.model,
        "auto_apply": state.record.auto_apply,
        "turn_under_way": state.turning.is_some(),
        "not_saved": state.not_saved.is_some(),
    })
}

fn chosen(profile: &Profile) -> Value {
    let settings = &profile.settings;
    let providers = |all: &[Provider], direct: bool| -> Vec<Value> {
        all.iter().map(|it| provider(it, profile.tests.get(&it.id), direct)).collect()
    };
    json!({
        "projects": profile.projects.len(),
        "persisted": settings.persisted,
        "offline_ready": profile.offline_ready,
        "theme": settings.theme,
        "model": settings.model,
        "names_model": settings.names_model,
        "models_on_offer": profile.models.len(),
        "paired": settings.token.is_some(),
        "proxy": origin(&settings.proxy),
        "preview_hosts": !settings.preview_suffix.is_empty(),
        "through_the_proxy": providers(&profile.providers, false),
        "from_the_browser": providers(&profile.direct, true),
    })
}

fn provider(provider: &Provider, test: Option<&Test>, direct: bool) -> Value {
    let key = if matches!(provider.key, KeyState::Missing | KeyState::NotNeeded) {
        "none"
    } else {
        "set"
    };
    json!({
        "id": provider.id,
        "kind": provider.kind,
        "origin": origin(&provider.base_url),
        "key": key,
        "direct": direct,
        "own_models": provider.models.len(),
        "test": match test {
            None | Some(Test::NotRun) => "not run".to_owned(),
            Some(Test::Running) => "running".to_owned(),
            Some(Test::Works { .. }) => "works".to_owned(),
            Some(Test::Failed { hop, .. }) => format!("failed at the {hop}"),
        },
    })
}

/// Returns where an address is, without what may be secret in it: a name, a password, a path.
fn origin(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return String::new() };
    let place = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = place.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

fn told(notice: &Notice) -> Value {
    // What follows the colon says about what it is.
    let group = notice.id.split(':').next().unwrap_or_default();
    let text = if OWN.contains(&group) { unquoted(&notice.text) } else { String::new() };
    json!({ "group": group, "level": notice.level, "n": notice.n, "text": text })
}

/// Returns a text up to what it quotes: that is somebody else's.
fn unquoted(text: &str) -> String {
    let end = text.find(['"', '“', '`', '\n']);
    end.map_or_else(|| text.to_owned(), |end| format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests;
