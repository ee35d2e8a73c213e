//! A server of tools that is a program: Streamable HTTP outside, lines of JSON-RPC inside.
//!
//! Each session has a process of its own, started by its `initialize`. What a program's messages mean
//! is not looked at.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use axum::body::Body;
use futures::stream;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use wire::RejectionCode;

use super::{
    super::Refused,
    Asked, SESSION,
    rpc::{self, BadMessage},
    session::{NotTaken, Session, Taken},
};
use crate::keys::{Secret, secret::hex};

/// Processes of one server.
const SESSIONS_LIMIT: usize = 8;

/// A program may have to be downloaded by its own starter first.
const START: Duration = Duration::from_secs(120);

/// A stream on which nothing comes says so often that it is alive.
const PING: Duration = Duration::from_secs(15);

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";

type Sessions = Mutex<BTreeMap<String, Arc<Session>>>;

/// How a program is started.
#[derive(Debug)]
pub(super) struct Recipe {
    pub(super) command: String,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, Secret)>,
    pub(super) idle: Duration,
}

#[derive(Debug)]
pub(super) struct Program {
    name: String,
    recipe: Recipe,
    sessions: Arc<Sessions>,
}

/// Ends a session whose client left before it began.
struct Beginning<'a> {
    session: &'a Arc<Session>,
    begun: bool,
}

impl Drop for Beginning<'_> {
    fn drop(&mut self) {
        if !self.begun {
            self.session.stop();
        }
    }
}

impl Program {
    pub(super) fn new(name: &str, recipe: Recipe) -> Self {
        Self { name: name.to_owned(), recipe, sessions: Arc::default() }
    }

    pub(super) async fn ask(
        &self,
        asked: Asked,
        ending: watch::Receiver<bool>,
    ) -> Result<Response<Body>, Refused> {
        let id = asked.headers.get(SESSION).map(|it| it.to_str().unwrap_or_default());
        match asked.method {
            Method::POST => match id {
                Some(id) => answer(self.take(&*self.find(id)?, &asked.body)?, &asked.headers).await,
                None if *ending.borrow() => Err(Refused::busy("The proxy is ending")),
                None => self.begin(&asked).await,
            },
            Method::GET => {
                if !accepts(&asked.headers, EVENTS) {
                    let message = "This address answers with `text/event-stream` only";
                    let code = RejectionCode::BadRequest;
                    return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, code, message));
                }
                let told = self.find(id.ok_or_else(no_session)?)?.listen();
                Ok(events(told.map_err(|err| self.not_taken(&err))?, Some(ending)))
            }
            Method::DELETE => {
                self.find(id.ok_or_else(no_session)?)?.stop();
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                Ok(response)
            }
            _ => Err(Refused::new(
                StatusCode::METHOD_NOT_ALLOWED,
                RejectionCode::BadRequest,
                "This address does not take this method",
            )),
        }
    }

    /// Ends all sessions, and waits for it.
    pub(super) async fn end(&self) {
        let sessions: Vec<_> = self.lock().values().cloned().collect();
        for session in &sessions {
            session.stop();
        }
        for session in sessions {
            session.ended().await;
        }
    }

    pub(super) fn kill(&self) {
        self.lock().values().for_each(|it| it.kill());
    }

    pub(super) fn n_running(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Session>>> {
        lock(&self.sessions)
    }

    fn find(&self, id: &str) -> Result<Arc<Session>, Refused> {
        self.lock().get(id).cloned().ok_or_else(|| {
            let message = "This session is over; begin a new one with `initialize`";
            Refused::new(StatusCode::NOT_FOUND, RejectionCode::BadRequest, message)
        })
    }

    /// Starts a program and hands it the first message.
    async fn begin(&self, asked: &Asked) -> Result<Response<Body>, Refused> {
        if !rpc::initializes(&asked.body) {
            return Err(no_session());
        }
        let (id, session) = self.start()?;
        let mut beginning = Beginning { session: &session, begun: false };
        let Taken::Answers(mut told) = self.take(&session, &asked.body)? else {
            return Err(no_session());
        };
        let failed = |what: &str| {
            let message = format!("The server `{}` {what}; see the proxy's log", self.name);
            Refused::new(StatusCode::BAD_GATEWAY, RejectionCode::ProviderFailed, &message)
        };
        // Its first words may be notes about itself.
        let first = async {
            loop {
                let message = told.recv().await?;
                if rpc::answers(&message) {
                    return Some(message);
                }
            }
        };
        let message = match timeout(START, first).await {
            Ok(Some(message)) => message,
            Ok(None) => return Err(failed("ended before it answered")),
            Err(_) => return Err(failed("was started and did not answer in time")),
        };
        beginning.begun = rpc::succeeds(&message);
        let mut response = one(message, &asked.headers);
        if beginning.begun {
            let id = HeaderValue::try_from(id).ok().ok_or_else(no_session)?;
            response.headers_mut().insert(SESSION, id);
        }
        Ok(response)
    }

    fn start(&self) -> Result<(String, Arc<Session>), Refused> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|err| {
            tracing::error!(cause = %err, "no random numbers");
            let code = RejectionCode::Broken;
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, code, "The proxy failed; see its log")
        })?;
        let id = hex(&bytes);
        let mut sessions = self.lock();
        if sessions.len() >= SESSIONS_LIMIT {
            let idle = sessions.iter().filter_map(|(id, it)| Some((it.idle_for()?, id.clone())));
            let Some((_, longest)) = idle.max() else {
                let message =
                    format!("The server `{}` has all the sessions it can have", self.name);
                return Err(Refused::busy(&message));
            };
            if let Some(session) = sessions.remove(&longest) {
                session.stop();
            }
        }
        let registered: Weak<Sessions> = Arc::downgrade(&self.sessions);
        let gone = {
            let id = id.clone();
            move || {
                if let Some(sessions) = registered.upgrade() {
                    lock(&sessions).remove(&id);
                }
            }
        };
        let session = Session::start(&self.name, &self.recipe, gone).map_err(|err| {
            tracing::warn!(server = self.name, cause = %err, "program not started");
            let why = if err.kind() == io::ErrorKind::NotFound {
                "its program is not there"
            } else if err.kind() == io::ErrorKind::PermissionDenied {
                "its program may not be run"
            } else {
                "the system refuses"
            };
            let message = format!("The server `{}` cannot be started: {why}", self.name);
            Refused::new(StatusCode::BAD_GATEWAY, RejectionCode::ProviderFailed, &message)
        })?;
        tracing::info!(server = self.name, "program of a session started");
        sessions.insert(id.clone(), Arc::clone(&session));
        Ok((id, session))
    }

    fn take(&self, session: &Session, body: &[u8]) -> Result<Taken, Refused> {
        session.take(body).map_err(|err| self.not_taken(&err))
    }

    fn not_taken(&self, err: &NotTaken) -> Refused {
        match err {
            NotTaken::Bad(BadMessage::TooMany) | NotTaken::Behind => {
                Refused::busy(&format!("The server `{}` is busy: {err}", self.name))
            }
            NotTaken::Bad(err) => Refused::bad(&format!("Not passed on: {err}")),
            NotTaken::Over => {
                let message = "This session is over; begin a new one with `initialize`";
                Refused::new(StatusCode::NOT_FOUND, RejectionCode::BadRequest, message)
            }
        }
    }
}

fn lock(sessions: &Sessions) -> MutexGuard<'_, BTreeMap<String, Arc<Session>>> {
    sessions.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_session() -> Refused {
    Refused::bad("Name the session with `Mcp-Session-Id`; a new one begins with `initialize`")
}

async fn answer(taken: Taken, headers: &HeaderMap) -> Result<Response<Body>, Refused> {
    let mut told = match taken {
        Taken::Noted => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::ACCEPTED;
            return Ok(response);
        }
        Taken::Answers(told) => told,
    };
    if accepts(headers, EVENTS) {
        return Ok(events(told, None));
    }
    while let Some(message) = told.recv().await {
        if rpc::answers(&message) {
            return Ok(one(message, headers));
        }
    }
    Err(Refused::new(
        StatusCode::BAD_GATEWAY,
        RejectionCode::CutOff,
        "This request was given up before it was answered",
    ))
}

/// An answer that is one message, in the form that the client takes.
fn one(message: String, headers: &HeaderMap) -> Response<Body> {
    if accepts(headers, JSON) || !accepts(headers, EVENTS) {
        with_type(Body::from(message), JSON)
    } else {
        with_type(Body::from(event(&message)), EVENTS)
    }
}

/// Messages as they come, until there are no more or, for those who only listen, the proxy ends.
fn events(told: mpsc::Receiver<String>, ending: Option<watch::Receiver<bool>>) -> Response<Body> {
    let next =
        async |(mut told, mut ending): (mpsc::Receiver<String>, Option<watch::Receiver<bool>>)| {
            let ended = async {
                match &mut ending {
                    // Whoever would tell is gone, which is an end too.
                    Some(ending) => drop(ending.wait_for(|it| *it).await),
                    None => std::future::pending().await,
                }
            };
            let text = tokio::select! {
                message = told.recv() => event(&message?),
                () = ended => return None,
                () = sleep(PING) => ": ping\n\n".to_owned(),
            };
            Some((Ok::<_, io::Error>(text), (told, ending)))
        };
    with_type(Body::from_stream(stream::unfold((told, ending), next)), EVENTS)
}

fn event(message: &str) -> String {
    format!("event: message\ndata: {message}\n\n")
}

fn with_type(body: Body, media_type: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    accepted.any(|it| {
        it.split(',').any(|it| {
            let name = it.split(';').next().unwrap_or_default().trim();
            name.eq_ignore_ascii_case(media_type) || name == "*/*"
        })
    })
}
