//! The way a PIN reaches a person: by mail, or in the log of an installation without mail.
//!
//! Sending takes its time in the background: who asked gets the answer at once, and cannot tell from
//! it whether there was a mail.

use std::{sync::Arc, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use tokio::sync::Semaphore;

use super::pin::TTL_MINUTES;
use crate::keys::Secret;

const TIMEOUT: Duration = Duration::from_secs(20);

/// Mails at the same time. Further ones are not sent: whoever waits asks again.
const MOST: usize = 16;

#[derive(Debug, Clone)]
pub enum Post {
    /// For an installation of one person: the PIN is in the log.
    Log,
    Mail(Arc<Mail>),
}

#[derive(Debug)]
pub struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    room: Arc<Semaphore>,
}

/// The configuration of mail is wrong.
#[derive(Debug, thiserror::Error)]
pub enum BadPost {
    /// The address may hold a password, so it is not repeated.
    #[error(
        "the mail server's address is none: smtps://user:password@host or smtp://…?tls=required"
    )]
    Server,
    #[error(
        "mail would go over the network unencrypted; write smtps:// or add ?tls=required to the mail server's address"
    )]
    Open,
    #[error("`{0}` is no sender: write `Name <name@example.com>`")]
    From(String),
}

impl Post {
    /// Sends by a server. Only one on this machine is spoken to unencrypted.
    pub fn mail(server: &str, from: &str) -> Result<Self, BadPost> {
        let encrypted = server.starts_with("smtps://") || server.contains("tls=required");
        if !encrypted && !local(server) {
            return Err(BadPost::Open);
        }
        let Ok(builder) = AsyncSmtpTransport::<Tokio1Executor>::from_url(server) else {
            return Err(BadPost::Server);
        };
        let Ok(sender) = from.parse() else { return Err(BadPost::From(from.to_owned())) };
        Ok(Self::Mail(Arc::new(Mail {
            server: builder.timeout(Some(TIMEOUT)).build(),
            from: sender,
            room: Arc::new(Semaphore::new(MOST)),
        })))
    }

    /// Sends a PIN, or says in the log that it could not.
    pub(super) fn send(&self, to: &str, pin: &Secret) {
        match self {
            Self::Log => tracing::info!(to, pin = pin.expose(), "a PIN for signing in"),
            Self::Mail(mail) => {
                let Ok(permit) = Arc::clone(&mail.room).try_acquire_owned() else {
                    tracing::warn!("a PIN is not sent: too many mails are under way");
                    return;
                };
                let (mail, to, pin) = (Arc::clone(mail), to.to_owned(), pin.clone());
                tokio::spawn(async move {
                    if let Err(err) = mail.deliver(&to, &pin).await {
                        tracing::warn!(cause = %err, "a PIN could not be sent");
                    }
                    drop(permit);
                });
            }
        }
    }
}

/// Returns whether a server is on this machine.
fn local(server: &str) -> bool {
    let Some(rest) = server.strip_prefix("smtp://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|it| {
        host.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    })
}

#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error(transparent)]
    Address(#[from] lettre::address::AddressError),
    #[error(transparent)]
    Letter(#[from] lettre::error::Error),
    #[error(transparent)]
    Server(#[from] lettre::transport::smtp::Error),
}

impl Mail {
    async fn deliver(&self, to: &str, pin: &Secret) -> Result<(), NotSent> {
        let letter = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.parse()?))
            .subject("Your PIN for Easel")
            .header(ContentType::TEXT_PLAIN)
            .body(format!(
                "{}\n\nThis PIN signs you in to Easel. It is good for {TTL_MINUTES} minutes.\nIf you did not ask for it, ignore this mail.\n",
                pin.expose()
            ))?;
        self.server.send(letter).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_is_spoken_to_encrypted() {
        for (server, right) in [
            ("smtp://localhost:2525", true),
            ("smtp://127.0.0.1", true),
            ("smtp://user:pw@[::1]:25", true),
            ("smtps://user:pw@mail.example", true),
            ("smtp://mail.example:587?tls=required", true),
            ("smtp://mail.example", false),
            ("smtp://localhost.example", false),
            ("smtp://localhost@mail.example", false),
            ("http://mail.example?tls=required", false),
        ] {
            let made = Post::mail(server, "Easel <easel@example.com>");
            assert_eq!(made.is_ok(), right, "{server}");
            assert!(!format!("{made:?}").contains("pw"), "{server}");
        }
        assert!(matches!(Post::mail("smtps://m.example", "me"), Err(BadPost::From(_))));
    }
}
