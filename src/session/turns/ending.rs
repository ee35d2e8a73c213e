//! How a turn ends: the reply is closed, its changes become a proposal, what went wrong is said.

use agent::{
    chat::{self, Message, Part},
    id::MessageId,
    turn::{Outcome, unresolved},
};
use link::{Panel, status::Level};
use store::schema::{self, SpentRecord, key};
use wire::Usage;

use super::Run;
use crate::{
    i18n::said,
    session::{Session, workspace::Workspace},
};

impl Session {
    /// Closes the reply, makes its changes a proposal, and applies it when no review is wanted.
    pub(super) async fn end_turn(&self, run: &Run, outcome: Outcome) {
        let Run { workspace, reply, turn, .. } = run;
        let mut writing = workspace.write().await;
        let proposal = {
            let mut state = workspace.state.borrow_mut();
            let turning = state.turning.take();
            let staged =
                turning.filter(|it| !it.staging.is_empty()).map(|it| it.staging.proposal());
            let usage = turn.usage();
            spend(&mut state.record.spent, &usage);
            if let Some(message) = state.conversation.get_mut(reply) {
                message.parts = turn.parts().to_vec();
                message.usage = Some(usage).filter(|it| *it != wire::Usage::default());
                message.state = ended_as(&outcome);
                message.ended_at_ms = Some(self.now_ms());
                writing.batch.put(key::message(reply.as_str()), chat::record::encode(message));
            }
            if !matches!(outcome, Outcome::Failed(_)) {
                // Edits made while it ran are news for the next one.
                state.record.edited.retain(|path, it| run.told.get(path) != Some(it));
            }
            state.forget_estimate();
            writing.batch.put(key::STATE, schema::encode(&state.record));
            staged
        };
        let error = said::outcome(&outcome, self.is_direct(&run.model.provider))
            .map(|(text, remedy)| self.error_message(workspace, text, remedy));
        if let Some(error) = &error {
            writing.batch.put(key::message(error.id.as_str()), chat::record::encode(error));
        }
        if let Some(proposal) = &proposal {
            self.put_proposal(workspace, proposal, reply, &mut writing.batch);
        }
        if let Err(why) = writing.finish().await {
            self.notify_error("turn", &said::not_kept(&why), None);
        }
        self.touch(
            &workspace.id,
            &[Panel::Chat, Panel::Changes, Panel::Status, Panel::Preview, Panel::Files],
        );
        let Some(proposal) = proposal else { return };
        self.preview_changed(workspace, proposal.changes.iter().map(|it| it.path.clone()));
        if !matches!(outcome, Outcome::Answered) || !workspace.state.borrow().record.auto_apply {
            return;
        }
        if let Some(refused) = unresolved(turn.parts()).first() {
            // The batch is not what the model meant: it waits for somebody who looks at it.
            let title = &refused.call.title;
            self.notify("changes", Level::Warning, &said::batch_refused(refused.n, title), None);
        } else if let Err(why) = self.apply_pending(workspace).await {
            self.notify_error("changes", &said::not_applied(&why.text()), None);
        }
    }

    /// Puts a row into the conversation that says what went wrong.
    pub(super) fn error_message(
        &self,
        workspace: &Workspace,
        text: String,
        remedy: chat::Remedy,
    ) -> Message {
        let mut state = workspace.state.borrow_mut();
        let message = Message {
            id: MessageId::new(self.new_id("msg")),
            parent: state.conversation.last().map(|it| it.id.clone()),
            role: chat::Role::System,
            kind: chat::Kind::Error,
            parts: vec![Part::Error { text, remedy }],
            at_ms: self.now_ms(),
            ended_at_ms: None,
            model: String::new(),
            usage: None,
            state: chat::State::Complete,
        };
        // Its id is new and its parent is there.
        state.conversation.push(message.clone()).ok();
        message
    }
}

/// Adds what a reply took to what the project has spent.
pub(in crate::session) fn spend(spent: &mut SpentRecord, usage: &Usage) {
    spent.input_tokens +=
        u64::from(usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens);
    spent.output_tokens += u64::from(usage.output_tokens + usage.reasoning_tokens);
    spent.cost_nano += usage.cost_nano.unwrap_or_default();
}

fn ended_as(outcome: &Outcome) -> chat::State {
    match outcome {
        Outcome::Answered => chat::State::Complete,
        Outcome::Cancelled => chat::State::Stopped,
        Outcome::Interrupted | Outcome::CutShort { .. } => chat::State::Interrupted,
        Outcome::StepLimit { .. }
        | Outcome::Stuck { .. }
        | Outcome::Failed(_)
        | Outcome::Malformed { .. } => chat::State::Failed,
    }
}
