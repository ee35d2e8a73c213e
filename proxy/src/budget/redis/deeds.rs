//! What must reach Redis though nobody may be waiting for it: costs, and what was dropped.
//!
//! One task brings it there, all that has gathered at a time, and tries again until it is done.
//! It holds as much as was reserved before Redis went away, because without Redis nothing more is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::redis::RedisError;
use futures::future::join_all;
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    time::sleep,
};

use super::{line::Line, script::Names};
use crate::budget::{Amounts, Scope, Unavailable, claim::Hold};

const PAUSE: Duration = Duration::from_millis(200);
const MANY: usize = 256;

#[derive(Debug)]
pub(super) enum Deed {
    Settle { id: u64, holds: Arc<[Hold]>, actual: Amounts },
    Leave { id: u64, scope: Scope },
}

/// The way to the task.
#[derive(Debug)]
pub(super) struct Deeds {
    sender: UnboundedSender<Told>,
    behind: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Told {
    deed: Deed,
    /// Whoever waits hears of the first try only.
    done: Option<oneshot::Sender<Result<(), Unavailable>>>,
}

struct Courier {
    names: Names,
    line: Arc<Line>,
    receiver: UnboundedReceiver<Told>,
    behind: Arc<AtomicBool>,
}

impl Deeds {
    /// Starts the task. It ends when this is dropped and all is done, or with the runtime.
    pub(super) fn start(names: Names, line: Arc<Line>) -> Self {
        let (sender, receiver) = unbounded_channel();
        let behind = Arc::new(AtomicBool::new(false));
        let courier = Courier { names, line, receiver, behind: Arc::clone(&behind) };
        tokio::spawn(courier.run());
        Self { sender, behind }
    }

    /// Returns whether something is left to do that was tried before.
    pub(super) fn are_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }

    /// Hands it over, whether or not the answer is waited for.
    pub(super) fn tell(&self, deed: Deed) -> impl Future<Output = Result<(), Unavailable>> + use<> {
        let (done, answer) = oneshot::channel();
        let waits = !self.are_behind();
        let told = Told { deed, done: waits.then_some(done) };
        let sent = self.sender.send(told);
        async move {
            let answer = if sent.is_ok() { answer.await.ok() } else { None };
            answer.unwrap_or(Err(Unavailable::Away { source: None }))
        }
    }
}

impl Courier {
    async fn run(mut self) {
        let mut todo = Vec::new();
        loop {
            if todo.is_empty() {
                if self.receiver.recv_many(&mut todo, MANY).await == 0 {
                    return; // All is done, and nobody is left who could tell more.
                }
            } else {
                sleep(PAUSE).await;
                while let Ok(told) = self.receiver.try_recv() {
                    todo.push(told);
                }
            }
            self.bring(&mut todo).await;
        }
    }

    /// Leaves what could not be done.
    async fn bring(&self, todo: &mut Vec<Told>) {
        let mut left = Vec::new();
        let mut why = None;
        while !todo.is_empty() {
            let some: Vec<Told> = todo.drain(..todo.len().min(MANY)).collect();
            let answers = join_all(some.iter().map(|it| self.carry(&it.deed))).await;
            for (told, answer) in some.into_iter().zip(answers) {
                match answer {
                    Ok(()) => tell(told.done, Ok(())),
                    Err(err) => {
                        let source = Some(err.clone().into());
                        tell(told.done, Err(Unavailable::Away { source }));
                        left.push(Told { deed: told.deed, done: None });
                        why = Some(err);
                    }
                }
            }
            if why.is_some() {
                break; // The rest would wait for the same.
            }
        }
        left.append(todo);
        *todo = left;
        let was_behind = self.behind.swap(!todo.is_empty(), Ordering::AcqRel);
        match why {
            Some(err) if !was_behind => {
                tracing::warn!(%err, n = todo.len(), "costs wait for Redis; nothing is let through");
            }
            None if was_behind => tracing::info!("all costs are in Redis again"),
            Some(_) | None => {}
        }
    }

    async fn carry(&self, deed: &Deed) -> Result<(), RedisError> {
        let call = match deed {
            Deed::Settle { id, holds, actual } => self.names.settle(*id, holds, actual),
            Deed::Leave { id, scope } => self.names.leave(*id, *scope),
        };
        self.line.ask(&call).await
    }
}

fn tell(done: Option<oneshot::Sender<Result<(), Unavailable>>>, answer: Result<(), Unavailable>) {
    if let Some(done) = done {
        // Who asked may have gone; it is done all the same.
        done.send(answer).ok();
    }
}
