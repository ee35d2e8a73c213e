//! One client and the one program that was started for it: lines in, streams out.
//!
//! Which message is whose is decided in `rpc`; here are the pipes, the queues and their limits, and
//! the end of all of it.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader},
    process::ChildStdin,
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::{Instant, interval, timeout},
};

use super::{
    MESSAGE_LIMIT_BYTES,
    group::{Group, GroupId, Pipes},
    program::Recipe,
    rpc::{BadMessage, For, Sent, Talk},
};

/// Messages that a client may be behind.
const BEHIND_LIMIT: usize = 256;

/// Lines that a program may be behind.
const LINES_LIMIT: usize = 64;

/// What is kept for a client that does not listen yet.
const KEPT_LIMIT: usize = 64;
const KEPT_LIMIT_BYTES: usize = 1 << 20;

/// What a program says beside its messages goes to the log up to here.
const LOGGED_LINES: usize = 200;
const LOGGED_CHARS: usize = 500;

/// Until what a program wrote last is read.
const LAST_WORDS: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Session {
    state: Mutex<State>,
    group: GroupId,
    stop: Notify,
    over: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    talk: Talk,
    /// None once the program is told to end.
    to_program: Option<mpsc::Sender<String>>,
    askers: BTreeMap<u64, mpsc::Sender<String>>,
    listener: Option<mpsc::Sender<String>>,
    /// Messages for a listener, with the id of those that want an answer.
    kept: VecDeque<(String, Option<String>)>,
    kept_bytes: usize,
    last_used: Instant,
}

/// What becomes of a client's message.
#[derive(Debug)]
pub(super) enum Taken {
    /// There is nothing to answer.
    Noted,
    /// The answer, and what comes before it.
    Answers(mpsc::Receiver<String>),
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error(transparent)]
    Bad(#[from] BadMessage),
    #[error("the program reads nothing")]
    Behind,
    #[error("the program has ended")]
    Over,
}

impl Session {
    /// Starts a program. `gone` is called when it has ended, for whatever reason.
    pub(super) fn start(
        name: &str,
        recipe: &Recipe,
        gone: impl FnOnce() + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let (group, pipes) = Group::start(&recipe.command, &recipe.args, &recipe.env)?;
        let (to_program, lines) = mpsc::channel(LINES_LIMIT);
        let state = State {
            talk: Talk::default(),
            to_program: Some(to_program),
            askers: BTreeMap::new(),
            listener: None,
            kept: VecDeque::new(),
            kept_bytes: 0,
            last_used: Instant::now(),
        };
        let session = Arc::new(Self {
            state: Mutex::new(state),
            group: group.id(),
            stop: Notify::new(),
            over: watch::Sender::new(false),
        });
        let Pipes { stdin, stdout, stderr } = pipes;
        let mut tasks = JoinSet::new();
        tasks.spawn(write_lines(stdin, lines));
        let secrets = recipe.env.iter().map(|it| it.1.expose().to_owned()).collect();
        tasks.spawn(log(stderr, name.to_owned(), secrets));
        let reading = Arc::clone(&session);
        let reader = tokio::spawn(async move { reading.read(stdout).await });
        let keeper = Keeper { session: Arc::clone(&session), group, name: name.to_owned() };
        let idle = recipe.idle;
        tokio::spawn(async move {
            keeper.keep(reader, idle).await;
            drop(tasks);
            gone();
        });
        Ok(session)
    }

    /// Takes a client's message.
    pub(super) fn take(&self, body: &[u8]) -> Result<Taken, NotTaken> {
        let mut state = self.lock();
        state.last_used = Instant::now();
        let to_program = state.to_program.clone().ok_or(NotTaken::Over)?;
        // So that nothing is noted as asked that cannot be.
        let place = to_program.try_reserve().map_err(|err| match err {
            mpsc::error::TrySendError::Full(()) => NotTaken::Behind,
            mpsc::error::TrySendError::Closed(()) => NotTaken::Over,
        })?;
        state.forget_the_gone();
        let (sent, line) = state.talk.take(body)?;
        if let Some(line) = line {
            place.send(line);
        }
        match sent {
            Sent::Request { ours } => {
                let (tell, told) = mpsc::channel(BEHIND_LIMIT);
                state.askers.insert(ours, tell);
                Ok(Taken::Answers(told))
            }
            Sent::Rest { gave_up } => {
                if let Some(ours) = gave_up {
                    state.askers.remove(&ours);
                }
                Ok(Taken::Noted)
            }
        }
    }

    /// Returns what the program says to nobody in particular. There is one listener, the last one.
    pub(super) fn listen(&self) -> Result<mpsc::Receiver<String>, NotTaken> {
        let mut state = self.lock();
        state.last_used = Instant::now();
        if state.to_program.is_none() {
            return Err(NotTaken::Over);
        }
        let (tell, told) = mpsc::channel(BEHIND_LIMIT);
        state.kept_bytes = 0;
        for (message, _) in state.kept.drain(..) {
            // There is room for more than is kept.
            tell.try_send(message).ok();
        }
        state.listener = Some(tell);
        Ok(told)
    }

    /// How long nobody has used it; none while somebody does.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let mut state = self.lock();
        state.forget_the_gone();
        let listens = state.listener.as_ref().is_some_and(|it| !it.is_closed());
        (!listens && !state.talk.is_waiting()).then(|| state.last_used.elapsed())
    }

    /// Tells the program to end.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }

    /// Waits until it has ended.
    pub(super) async fn ended(&self) {
        // Whoever would tell is gone, which is an end too.
        self.over.subscribe().wait_for(|it| *it).await.ok();
    }

    pub(super) fn kill(&self) {
        self.group.kill();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads lines until there are no more, and returns what is wrong with them, if anything is.
    async fn read(&self, stdout: impl AsyncRead + Unpin) -> Option<&'static str> {
        let mut stdout = BufReader::with_capacity(64 << 10, stdout);
        let mut line = Vec::new();
        loop {
            let Ok(bytes) = stdout.fill_buf().await else { return Some("its output broke off") };
            if bytes.is_empty() {
                return None;
            }
            let end = bytes.iter().position(|it| *it == b'\n');
            let n = end.unwrap_or(bytes.len());
            if line.len() + n > MESSAGE_LIMIT_BYTES {
                return Some("it wrote a line that is too long");
            }
            line.extend_from_slice(&bytes[..n]);
            stdout.consume(end.map_or(n, |it| it + 1));
            if end.is_some() {
                if !line.trim_ascii().is_empty() {
                    self.lock().receive(&line);
                }
                line.clear();
                line.shrink_to(64 << 10);
            }
        }
    }
}

impl State {
    fn receive(&mut self, line: &[u8]) {
        self.last_used = Instant::now();
        let Some((whom, message)) = self.talk.give(line) else {
            tracing::debug!(bytes = line.len(), "a program wrote something that is no message");
            return;
        };
        match whom {
            For::Asker(ours) => {
                if let Some(asker) = self.askers.remove(&ours) {
                    // The last place is kept for this. Who is gone needs no answer.
                    asker.try_send(message).ok();
                }
            }
            For::Watcher(ours) => {
                if let Some(asker) = self.askers.get(&ours).filter(|it| it.capacity() > 1) {
                    asker.try_send(message).ok(); // As above.
                }
            }
            For::Listener { asks } => self.tell(message, asks),
            For::Nobody => tracing::debug!("a program answers what nobody waits for"),
        }
    }

    /// Hands a message to whoever listens, else keeps it for a while.
    fn tell(&mut self, message: String, asks: Option<String>) {
        let mut message = message;
        if let Some(listener) = &self.listener {
            match listener.try_send(message) {
                Ok(()) => return,
                Err(err) => message = err.into_inner(),
            }
            // Gone, or so far behind that it must begin again.
            self.listener = None;
        }
        let open = self.askers.values().rev().find(|it| !it.is_closed() && it.capacity() > 1);
        if let Some(asker) = open {
            match asker.try_send(message) {
                Ok(()) => return,
                Err(err) => message = err.into_inner(),
            }
        }
        self.kept_bytes += message.len();
        self.kept.push_back((message, asks));
        while self.kept.len() > KEPT_LIMIT || self.kept_bytes > KEPT_LIMIT_BYTES {
            let Some((dropped, asks)) = self.kept.pop_front() else { break };
            self.kept_bytes -= dropped.len();
            if let (Some(id), Some(to_program)) = (asks, &self.to_program) {
                // A program that reads nothing needs no answer either.
                to_program.try_send(self.talk.unanswered(&id)).ok();
            }
        }
    }

    fn forget_the_gone(&mut self) {
        let gone = self.askers.extract_if(.., |_, it| it.is_closed());
        gone.for_each(|(ours, _)| self.talk.forget(ours));
    }
}

/// Owns the processes, and sees to their end.
struct Keeper {
    session: Arc<Session>,
    group: Group,
    name: String,
}

impl Keeper {
    async fn keep(mut self, reader: tokio::task::JoinHandle<Option<&'static str>>, idle: Duration) {
        let mut reader = reader;
        let session = Arc::clone(&self.session);
        let mut check = interval((idle / 4).max(Duration::from_millis(50)));
        let unused = async {
            loop {
                check.tick().await;
                if session.idle_for().is_some_and(|it| it >= idle) {
                    return;
                }
            }
        };
        let (why, runs) = tokio::select! {
            how = self.group.ended() => (format!("it ended: {how}"), false),
            read = &mut reader => match read {
                Ok(Some(why)) => (why.to_owned(), true),
                // A program closes its output when it ends, too.
                Ok(None) | Err(_) => match timeout(LAST_WORDS, self.group.ended()).await {
                    Ok(how) => (format!("it ended: {how}"), false),
                    Err(_) => ("it closed its output".to_owned(), true),
                },
            },
            () = session.stop.notified() => ("its session is over".to_owned(), true),
            () = unused => ("nobody used it".to_owned(), true),
        };
        tracing::info!(server = self.name, why, "program of a session ends");
        // Closes its input.
        session.lock().to_program = None;
        if runs {
            self.group.end().await;
        }
        if !reader.is_finished() && timeout(LAST_WORDS, &mut reader).await.is_err() {
            reader.abort();
        }
        {
            let mut state = session.lock();
            for (ours, message) in state.talk.give_up(&format!("The server `{}`: {why}", self.name))
            {
                if let Some(asker) = state.askers.remove(&ours) {
                    asker.try_send(message).ok(); // Who is gone needs no answer.
                }
            }
            state.askers.clear();
            state.listener = None;
        }
        session.over.send_replace(true);
    }
}

async fn write_lines(mut stdin: ChildStdin, mut lines: mpsc::Receiver<String>) {
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        if let Err(err) = stdin.write_all(line.as_bytes()).await {
            // The reader sees the end, too, and says so.
            tracing::debug!(cause = %err, "a program does not read any more");
            return;
        }
    }
}

/// Logs what a program says on the side, within limits and without its keys.
async fn log(stderr: impl AsyncRead + Unpin, name: String, secrets: Vec<String>) {
    let mut stderr = BufReader::new(stderr);
    let (mut line, mut n_logged) = (Vec::new(), 0);
    loop {
        let Ok(bytes) = stderr.fill_buf().await else { return };
        if bytes.is_empty() {
            return;
        }
        let end = bytes.iter().position(|it| *it == b'\n');
        let n = end.unwrap_or(bytes.len());
        // Four bytes are the longest character. What is longer is read and dropped.
        let kept = n.min((LOGGED_CHARS * 4).saturating_sub(line.len()));
        line.extend_from_slice(&bytes[..kept]);
        stderr.consume(end.map_or(n, |it| it + 1));
        if end.is_none() {
            continue;
        }
        let text = String::from_utf8_lossy(&line);
        let mut text: String = text.trim().to_owned();
        for secret in secrets.iter().filter(|it| !it.is_empty()) {
            text = text.replace(secret, "…");
        }
        let text: String = text.chars().take(LOGGED_CHARS).collect();
        if n_logged < LOGGED_LINES && !text.is_empty() {
            n_logged += 1;
            tracing::info!(server = name, says = text, "server of tools");
            if n_logged == LOGGED_LINES {
                tracing::info!(server = name, "nothing more of what it says is logged");
            }
        }
        line.clear();
    }
}
