//! The name that a model gives a project, asked for once, behind the first prompt.
//!
//! Nothing waits for it and nobody is told when it fails: the project has a name from the prompt's first
//! words already. What is asked and what of the answer is a name is decided in `agent::naming`.

use std::rc::Rc;

use agent::{context::secrets::secrets, naming};
use futures::stream::{LocalBoxStream, StreamExt as _};
use wire::{ModelEvent, StopReason, Usage};

use super::{
    Session,
    ports::{Operation, Purpose},
    turns::spend,
    workspace::Workspace,
};

/// A name is not longer, whatever else a model says.
const READ_BYTES: usize = 4_000;

impl Session {
    /// Asks the model for names, if one is chosen, for a better name than the prompt's first words.
    pub(super) fn ask_for_name(
        &self,
        workspace: &Rc<Workspace>,
        prompt: &str,
        first_words: String,
    ) {
        let model = self.profile(|it| {
            it.models.iter().find(|model| model.id == it.settings.names_model).cloned()
        });
        let Some(model) = model else { return };
        // Whoever sends a secret on purpose sends it to the chat's model, and to no other.
        if !secrets(prompt).is_empty() {
            return;
        }
        let request = naming::request(&model, prompt);
        let purpose = Purpose { operation: Operation::Naming, session: workspace.id.clone() };
        let (session, workspace) = (self.clone(), Rc::clone(workspace));
        self.spawn(async move {
            let asked = session.way(&model.provider).turn(request, &purpose);
            let Ok(stream) = asked.await else { return };
            let (text, usage) = read(stream).await;
            if session.profile(|it| !it.projects.contains_key(&workspace.id)) {
                return; // It was thrown away meanwhile.
            }
            if usage != Usage::default() {
                session.change_record(&workspace, |it| spend(&mut it.spent, &usage)).await;
            }
            let Some(name) = text.as_deref().and_then(naming::name_in) else { return };
            session
                .change_card(&workspace.id, |it| {
                    if it.name == first_words {
                        it.name = name;
                    }
                })
                .await;
        });
    }
}

/// Returns what a model said, if it came to an end of its own, and what that took.
async fn read(mut stream: LocalBoxStream<'static, ModelEvent>) -> (Option<String>, Usage) {
    let (mut text, mut usage) = (String::new(), Usage::default());
    while let Some(event) = stream.next().await {
        match event {
            ModelEvent::TextDelta { text: more } => text.push_str(&more),
            ModelEvent::Usage(it) => usage = it,
            ModelEvent::Finish { reason, .. } => {
                let whole = matches!(reason, StopReason::EndOfTurn | StopReason::OutputLimit);
                return (whole.then_some(text), usage);
            }
            ModelEvent::Error(_) => break,
            ModelEvent::Reasoning { .. }
            | ModelEvent::ReasoningEnd { .. }
            | ModelEvent::ToolCallStart { .. }
            | ModelEvent::ToolCallDelta { .. }
            | ModelEvent::ToolCallEnd { .. } => {}
        }
        if text.len() > READ_BYTES {
            break;
        }
    }
    (None, usage)
}

#[cfg(test)]
mod tests;
