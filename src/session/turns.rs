//! Turns under way: what the machine of `agent::turn` asks for is done here.
//!
//! A turn runs as one task. It reads the model's stream and the person's word (stop, permission),
//! whichever comes first; the reply so far is kept every moment, so that a core that dies leaves what
//! was shown. Its changes are staged beside the files and become a proposal when it ends.

use std::{collections::BTreeMap, rc::Rc};

use agent::{
    actions::Staging,
    chat::{self, Message},
    id::{ActionId, MessageId},
    permission::{Mode, Permissions, Request},
    turn::{Effect, Event, Options, Outcome, Shown, Turn},
};
use futures::{
    channel::mpsc,
    future::{Either, select},
    stream::{LocalBoxStream, StreamExt as _},
};
use link::Panel;
use store::schema::{EditedRecord, GrantRecord, key};
use wire::ModelEvent;

mod calls;
mod ending;

use super::{
    Session,
    ports::{Operation, Purpose},
    workspace::Workspace,
};
use crate::i18n::said;
use calls::unless_stopped;

pub(super) use calls::CONFIGURED;
pub(super) use ending::spend;

/// A streaming reply is written again when it is older than this. It bounds what a kill can take of
/// a reply that was not yet complete; nothing acknowledged is ever in it.
const KEEP_EVERY_MS: u64 = 200;
/// The agent's name in permissions. Plan mode brings a second one.
const AGENT: &str = "build";

/// A turn under way, as others see it.
pub(super) struct Turning {
    pub(super) reply: MessageId,
    pub(super) staging: Staging,
    pub(super) permission: Option<Request>,
    /// What it does now, for people.
    pub(super) doing: String,
    /// Which request to the model this is, from 1.
    pub(super) step: u32,
    /// The way to speak to it: stop, and answers to its questions.
    pub(super) says: mpsc::UnboundedSender<Event>,
}

/// What the task of a turn holds on to.
struct Run {
    workspace: Rc<Workspace>,
    turn: Turn,
    reply: MessageId,
    model: wire::Model,
    stream: Option<LocalBoxStream<'static, ModelEvent>>,
    heard: mpsc::UnboundedReceiver<Event>,
    kept_at_ms: u64,
    /// The person's edits that this turn's requests tell of.
    told: BTreeMap<String, EditedRecord>,
}

impl Session {
    /// Starts a turn that answers the conversation as it stands.
    pub(super) fn start_turn(&self, workspace: &Rc<Workspace>, model: wire::Model) {
        let reply = MessageId::new(self.new_id("msg"));
        let action = ActionId::new(self.new_id("act"));
        let (says, heard) = mpsc::unbounded();
        let options = self.turn_options(workspace, &model);
        {
            let mut state = workspace.state.borrow_mut();
            let parent = state.conversation.last().map(|it| it.id.clone());
            let now = self.now_ms();
            let message = Message::reply(reply.clone(), parent, model.id.clone(), now);
            // Its id is new and its parent is there.
            state.conversation.push(message).ok();
            let staging = match &state.pending {
                Some(pending) => Staging::resume(action.clone(), pending),
                None => Staging::new(action.clone()),
            };
            state.turning = Some(Turning {
                reply: reply.clone(),
                staging,
                permission: None,
                doing: said::THINKING.to_owned(),
                step: 1,
                says,
            });
        }
        let (turn, effects) = Turn::start(options);
        let run = Run {
            workspace: Rc::clone(workspace),
            turn,
            reply,
            model,
            stream: None,
            heard,
            kept_at_ms: 0,
            told: workspace.state.borrow().record.edited.clone(),
        };
        let session = self.clone();
        self.spawn(async move { session.run(run, effects).await });
        self.touch(&workspace.id, &[Panel::Chat, Panel::Status]);
    }

    fn turn_options(&self, workspace: &Workspace, model: &wire::Model) -> Options {
        let state = workspace.state.borrow();
        let mode = if state.record.auto_apply { Mode::AutoApply } else { Mode::Review };
        let permissions = Permissions {
            agent: AGENT.to_owned(),
            project: workspace.id.clone(),
            mode,
            grants: super::chat::grants(&workspace.id, &state.record.grants),
        };
        Options { permissions, tools: model.tools, ..Options::default() }
    }

    async fn run(&self, mut run: Run, mut effects: Vec<Effect>) {
        loop {
            if let Some(outcome) = self.carry(&mut run, effects).await {
                self.end_turn(&run, outcome).await;
                return;
            }
            let event = next_event(&mut run).await;
            self.note_doing(&run, &event);
            effects = run.turn.handle(event);
        }
    }

    /// Does what the turn asks for, until it waits for somebody else or is over.
    async fn carry(&self, run: &mut Run, effects: Vec<Effect>) -> Option<Outcome> {
        let mut waiting: std::collections::VecDeque<Effect> = effects.into();
        let mut outcome = None;
        while let Some(effect) = waiting.pop_front() {
            match effect {
                Effect::Ask { append } => {
                    if let Some(event) = self.ask(run, append).await {
                        waiting.extend(run.turn.handle(event));
                    }
                }
                Effect::Permit(request) => self.permit(run, request),
                Effect::Run { call, tool } => {
                    let event = match self.run_tool(run, &tool).await {
                        Some(Ok(output)) => Event::ToolFinished { call, output, failed: false },
                        Some(Err(output)) => Event::ToolFinished { call, output, failed: true },
                        None => Event::Cancelled,
                    };
                    waiting.extend(run.turn.handle(event));
                }
                Effect::Show { at, change } => self.show(run, at, &change),
                Effect::Finish(how) => outcome = Some(how),
            }
        }
        if outcome.is_none() {
            self.keep_reply_when_old(run).await;
        }
        outcome
    }

    /// Asks the model. Returns what happened instead, when no reply begins.
    async fn ask(&self, run: &mut Run, append: Vec<wire::Message>) -> Option<Event> {
        run.stream = None;
        let step = run.turn.step();
        self.with_turning(&run.workspace, |it| it.step = step);
        self.touch(&run.workspace.id, &[Panel::Status]);
        let request = match self.assemble(&run.workspace, &run.model, &append, "") {
            Ok(assembled) => assembled.request,
            Err(why) => return Some(Event::Model(ModelEvent::Error(said::too_long(&why)))),
        };
        let purpose = Purpose { operation: Operation::Chat, session: run.workspace.id.clone() };
        let answer = self.way(&run.model.provider).turn(request, &purpose);
        // A stop must not wait for a provider that does not answer.
        match unless_stopped(&mut run.heard, answer).await {
            Some(Ok(stream)) => {
                run.stream = Some(stream);
                None
            }
            Some(Err(rejection)) => Some(Event::Model(ModelEvent::Error(rejection))),
            None => Some(Event::Cancelled),
        }
    }

    fn permit(&self, run: &Run, request: Request) {
        self.with_turning(&run.workspace, |it| {
            it.doing = said::WAITING.to_owned();
            it.permission = Some(request);
        });
        self.touch(&run.workspace.id, &[Panel::Chat, Panel::Status]);
    }

    /// Copies a part of the turn into its message.
    fn show(&self, run: &Run, at: usize, change: &Shown) {
        let mut state = run.workspace.state.borrow_mut();
        let Some(message) = state.conversation.get_mut(&run.reply) else { return };
        match (change, message.parts.get_mut(at), run.turn.parts().get(at)) {
            (Shown::Grew { text: more }, Some(part), _) => part.grow(more),
            (_, Some(part), Some(now)) => part.clone_from(now),
            (_, None, Some(now)) => message.parts.push(now.clone()),
            (_, _, None) => {}
        }
        drop(state);
        self.touch(&run.workspace.id, &[Panel::Chat]);
    }

    fn note_doing(&self, run: &Run, event: &Event) {
        let doing = match event {
            Event::Model(ModelEvent::TextDelta { .. }) => said::WRITING,
            Event::Model(ModelEvent::Reasoning { .. }) => said::THINKING,
            Event::Model(
                ModelEvent::ReasoningEnd { .. }
                | ModelEvent::ToolCallStart { .. }
                | ModelEvent::ToolCallDelta { .. }
                | ModelEvent::ToolCallEnd { .. }
                | ModelEvent::Usage(_)
                | ModelEvent::Finish { .. }
                | ModelEvent::Error(_),
            )
            | Event::StreamEnded
            | Event::ToolFinished { .. }
            | Event::Answered { .. }
            | Event::Cancelled => return,
        };
        let mut changed = false;
        self.with_turning(&run.workspace, |it| {
            changed = it.doing != doing;
            if changed {
                doing.clone_into(&mut it.doing);
            }
        });
        if changed {
            self.touch(&run.workspace.id, &[Panel::Status]);
        }
    }

    fn with_turning(&self, workspace: &Workspace, change: impl FnOnce(&mut Turning)) {
        if let Some(turning) = &mut workspace.state.borrow_mut().turning {
            change(turning);
        }
    }

    async fn keep_reply_when_old(&self, run: &mut Run) {
        let now = self.now_ms();
        if now < run.kept_at_ms + KEEP_EVERY_MS {
            return;
        }
        run.kept_at_ms = now;
        // The end of the turn writes it again and tells when that fails.
        self.keep_message(&run.workspace, &run.reply).await.ok();
    }

    /// Writes a message as it is now.
    pub(super) async fn keep_message(
        &self,
        workspace: &Workspace,
        id: &MessageId,
    ) -> Result<(), store::StoreError> {
        let mut writing = workspace.write().await;
        let bytes = workspace.state.borrow().conversation.get(id).map(chat::record::encode);
        if let Some(bytes) = bytes {
            writing.batch.put(key::message(id.as_str()), bytes);
        }
        writing.finish().await
    }

    /// Closes the replies that were streaming when the core before this one died.
    pub(super) async fn mark_interrupted(&self, workspace: &Workspace) {
        let broken: Vec<MessageId> = {
            let state = workspace.state.borrow();
            let streaming = state.conversation.messages().iter();
            let streaming = streaming.filter(|it| it.state == chat::State::Streaming);
            streaming.map(|it| it.id.clone()).collect()
        };
        for id in broken {
            if let Some(message) = workspace.state.borrow_mut().conversation.get_mut(&id) {
                message.interrupt();
            }
            // It is interrupted again when it could not be kept.
            self.keep_message(workspace, &id).await.ok();
        }
    }

    /// Remembers an "Always", so that it holds in later turns too.
    pub(super) async fn keep_grant(&self, workspace: &Workspace, request: &Request) {
        let (tool, pattern) = request.pattern.split_once(' ').unwrap_or((&request.pattern, "**"));
        let grant = GrantRecord {
            id: self.new_id("prm"),
            agent: AGENT.to_owned(),
            tool: tool.to_owned(),
            pattern: pattern.to_owned(),
        };
        self.change_record(workspace, |it| it.grants.push(grant)).await;
    }
}

/// Waits for the model or the person, whoever speaks first.
async fn next_event(run: &mut Run) -> Event {
    let Some(stream) = &mut run.stream else {
        return run.heard.next().await.unwrap_or(Event::Cancelled);
    };
    match select(stream.next(), run.heard.next()).await {
        Either::Left((Some(event), _)) => Event::Model(event),
        Either::Left((None, _)) => {
            run.stream = None;
            Event::StreamEnded
        }
        Either::Right((event, _)) => event.unwrap_or(Event::Cancelled),
    }
}
