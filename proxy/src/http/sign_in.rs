//! Signing in where several people share an installation: a PIN by mail, a session, web tokens.
//!
//! What is asked for is answered the same whether or not a person has the address. In an installation
//! of one person there is nothing to sign in to, and each address says so.

use std::{net::IpAddr, num::NonZeroU32};

use axum::{
    Router,
    extract::{FromRequestParts, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{StatusCode, request::Parts};
use providers::failure;
use serde::{Deserialize, Serialize};
use wire::RejectionCode;

use super::{
    Shared,
    admin::{Small, address, agent},
    auth::bearer,
    body::shown,
    refusal::Refusal,
};
use crate::{
    accounts::{NotAsked, NotSignedIn, Visitor, Who},
    budget::{Per, Rate},
    now_ms,
};

/// PINs that one address of the network may ask for, and tries at PINs that it has.
const PINS: Rate = rate(20, Per::Hour);
const TRIES: Rate = rate(20, Per::Minute);

const WEB_TOKEN_SECS: u64 = 15 * 60;

const fn rate(most: u32, per: Per) -> Rate {
    Rate { most: NonZeroU32::new(most).expect("not zero"), per }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/auth/pin", post(ask_pin))
        .route("/auth/session", post(begin).delete(end))
        .route("/auth/token", post(web_token))
        .route("/auth/me", get(me))
}

/// Somebody at the door of a shared installation.
#[derive(Debug)]
struct Guest {
    ip: Option<IpAddr>,
    user_agent: String,
}

/// Somebody who has signed in.
#[derive(Debug)]
struct SignedIn(Visitor);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskPin {
    email: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    email: String,
    pin: String,
}

#[derive(Debug, Serialize)]
struct Session<'a> {
    token: &'a str,
    expires_at_ms: u64,
    person: i64,
}

#[derive(Debug, Serialize)]
struct WebToken<'a> {
    token: &'a str,
    expires_in_secs: u64,
}

#[derive(Debug, Serialize)]
struct Me {
    person: i64,
    name: String,
    email: Option<String>,
    expires_at_ms: u64,
    roles: Vec<RoleOf>,
}

#[derive(Debug, Serialize)]
struct RoleOf {
    organisation: i64,
    organisation_name: String,
    project: Option<i64>,
    role: &'static str,
}

impl FromRequestParts<Shared> for Guest {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        if !state.operations.shared {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                RejectionCode::BadRequest,
                "This installation is for one person, so nobody signs in; write `shared = true` \
                 under `[accounts]` in easel.toml to share it",
            ));
        }
        Ok(Self { ip: address(parts, state), user_agent: agent(parts) })
    }
}

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        Guest::from_request_parts(parts, state).await?;
        let visitor = bearer(parts).and_then(|it| state.accounts.visitor(it, now_ms()).ok());
        // Whatever is wrong with it, signing in again helps.
        visitor.map(Self).ok_or_else(|| {
            Refusal::new(
                StatusCode::UNAUTHORIZED,
                RejectionCode::NotPaired,
                "The session is missing, unknown or has expired; sign in again",
            )
        })
    }
}

async fn ask_pin(
    State(state): State<Shared>,
    guest: Guest,
    Small(asked): Small<AskPin>,
) -> Result<Response, Refusal> {
    state.gateway.books.throttle("pin", &guest.from(), PINS).await?;
    let asked = state.accounts.ask_pin(&asked.email, &state.operations.post, now_ms()).await;
    match asked {
        Ok(()) => Ok(StatusCode::ACCEPTED.into_response()),
        Err(NotAsked::NoAddress) => {
            Err(failure::plain(RejectionCode::BadRequest, "This is no e-mail address").into())
        }
        Err(NotAsked::TooOften { retry_after_secs }) => {
            let message = "Too many PINs were asked for; try again later";
            let mut busy = failure::plain(RejectionCode::Busy, message);
            busy.retry_after_secs = Some(u32::try_from(retry_after_secs).unwrap_or(u32::MAX));
            Err(busy.into())
        }
        Err(NotAsked::Secret(err)) => Err(err.into()),
        Err(NotAsked::Store(err)) => Err(err.into()),
    }
}

async fn begin(
    State(state): State<Shared>,
    guest: Guest,
    Small(Begin { email, pin }): Small<Begin>,
) -> Result<Response, Refusal> {
    let ip = guest.from();
    state.gateway.books.throttle("try", &ip, TRIES).await?;
    let by = Who { actor: "sign-in", ip: &ip, user_agent: &guest.user_agent, session: "" };
    match state.accounts.sign_in(&email, &pin, by, now_ms()).await {
        Ok((token, visitor)) => Ok(shown(Session {
            token: token.expose(),
            expires_at_ms: visitor.expires_at_ms,
            person: visitor.person.0,
        })),
        Err(NotSignedIn::WrongPin) => Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            RejectionCode::NotPaired,
            "The PIN is wrong or has expired; ask for a new one",
        )),
        Err(NotSignedIn::Secret(err)) => Err(err.into()),
        Err(NotSignedIn::Store(err)) => Err(err.into()),
    }
}

async fn web_token(State(state): State<Shared>, SignedIn(visitor): SignedIn) -> Response {
    let now_ms = now_ms();
    let token = state.accounts.web_token(&visitor, now_ms);
    let left_secs = visitor.expires_at_ms.saturating_sub(now_ms) / 1000;
    shown(WebToken { token: token.expose(), expires_in_secs: left_secs.min(WEB_TOKEN_SECS) })
}

async fn end(
    State(state): State<Shared>,
    SignedIn(visitor): SignedIn,
) -> Result<StatusCode, Refusal> {
    state.accounts.end_session(visitor.session).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn me(State(state): State<Shared>, SignedIn(visitor): SignedIn) -> Response {
    let directory = state.accounts.directory();
    let person = directory.people.get(&visitor.person);
    let theirs = directory.roles.iter().filter(|it| it.0.2 == visitor.person);
    let roles = theirs.map(|(place, role)| RoleOf {
        organisation: place.0.0,
        organisation_name: directory
            .organisations
            .get(&place.0)
            .map(|it| it.name.clone())
            .unwrap_or_default(),
        project: place.1.map(|it| it.0),
        role: role.name(),
    });
    shown(Me {
        person: visitor.person.0,
        name: person.map(|it| it.name.clone()).unwrap_or_default(),
        email: person.and_then(|it| it.email.clone()),
        expires_at_ms: visitor.expires_at_ms,
        roles: roles.collect(),
    })
}

impl Guest {
    /// One person's network as text: a home has one address of the fourth version, or a whole range
    /// of the sixth.
    fn from(&self) -> String {
        match self.ip {
            None => String::new(),
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => match ip.to_ipv4_mapped() {
                Some(ip) => ip.to_string(),
                None => {
                    let [a, b, c, d, ..] = ip.segments();
                    format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
                }
            },
        }
    }
}
