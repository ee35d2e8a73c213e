//! What the session asks of the world, as traits.
//!
//! The browser's answers are in `browser/`, the tests' in `session/testing.rs`. Nothing in `session`
//! does I/O, reads a clock or makes up a name by another way.

use std::rc::Rc;

use futures::{future::LocalBoxFuture, stream::LocalBoxStream};
use link::Down;
use preview::{Program, protocol::ToWorker};
use store::Shelf;
use wire::{
    Health, Model, ModelEvent, ModelRequest, Provider, ProviderChange, Rejection, TestReport,
};

/// Everything outside, handed over once.
#[derive(Clone)]
pub struct Ports {
    pub shelf: Rc<dyn Shelf>,
    pub gateway: Rc<dyn Gateway>,
    /// The browser itself, for providers whose keys it keeps.
    pub direct: Rc<dyn Way>,
    pub compiler: Rc<dyn preview::Compile>,
    pub sandbox: Rc<dyn Sandbox>,
    pub world: Rc<dyn World>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}

/// What a request is for, as the proxy's ledger books it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    pub operation: Operation,
    /// The project whose conversation it is part of: an id that says nothing about it.
    pub session: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Chat,
    /// A name for a project.
    Naming,
}

impl Purpose {
    /// The headers that the proxy reads it from, in its own names.
    pub fn headers(&self) -> [(&'static str, &str); 2] {
        let operation = match self.operation {
            Operation::Chat => "chat",
            Operation::Naming => "metadata_generation",
        };
        [("x-easel-operation", operation), ("x-easel-session", &self.session)]
    }
}

/// A way to the models: through the proxy, or straight from the browser.
pub trait Way {
    /// Asks for a reply. Dropping the stream ends the request, here and at the provider. Only the
    /// proxy keeps books, so only on the way through it the purpose is told.
    fn turn(
        &self,
        request: ModelRequest,
        purpose: &Purpose,
    ) -> LocalBoxFuture<'static, Result<LocalBoxStream<'static, ModelEvent>, Rejection>>;
    fn models(&self) -> LocalBoxFuture<'static, Result<Vec<Model>, Rejection>>;
    fn providers(&self) -> LocalBoxFuture<'static, Result<Vec<Provider>, Rejection>>;
    fn save_provider(
        &self,
        id: &str,
        change: ProviderChange,
    ) -> LocalBoxFuture<'static, Result<(), Rejection>>;
    fn remove_provider(&self, id: &str) -> LocalBoxFuture<'static, Result<(), Rejection>>;
    fn test_provider(&self, id: &str) -> LocalBoxFuture<'static, Result<TestReport, Rejection>>;
}

/// The proxy.
pub trait Gateway: Way {
    /// The origin and the token to use from now on.
    fn pair(&self, origin: &str, token: Option<&str>);
    fn health(&self) -> LocalBoxFuture<'static, Result<Health, Rejection>>;
    /// Returns a static file of the app's own origin: the packs that previews import.
    fn asset(&self, path: &str) -> LocalBoxFuture<'static, Option<Vec<u8>>>;
}

/// Runs what a model wrote where it reaches nothing.
pub trait Sandbox {
    /// Dropping the future ends the run.
    fn run(&self, program: Program) -> LocalBoxFuture<'static, Ran>;
}

/// How a program ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Ran {
    /// What it printed, in lines.
    pub output: String,
    /// Why it ended early; with the places where that was, on the preview's addresses.
    pub error: Option<String>,
}

/// Time, names, tasks and the tabs.
pub trait World {
    /// Milliseconds since the epoch.
    fn now_ms(&self) -> u64;
    /// The page's own, `http:` or `https:`.
    fn protocol(&self) -> String;
    /// Minutes to add to UTC for the person's clock.
    fn offset_minutes(&self) -> i32;
    /// 80 random bits.
    fn random(&self) -> u128;
    fn spawn(&self, task: LocalBoxFuture<'static, ()>);
    fn send(&self, down: Down);
    /// Speaks to a preview's service worker through the port of this name.
    fn tell_preview(&self, port: &str, message: ToWorker);
    /// Bytes used and bytes allowed.
    fn storage(&self) -> LocalBoxFuture<'static, (u64, u64)>;
}

#[cfg(test)]
mod tests {
    use super::{Operation, Purpose};

    /// The proxy refuses a request for something that it has no name for.
    #[test]
    fn the_proxy_has_a_name_for_every_purpose() {
        let (reads, names) = (
            include_str!("../../proxy/src/http/auth.rs"),
            include_str!("../../proxy/src/ledger/row.rs"),
        );
        for operation in [Operation::Chat, Operation::Naming] {
            let purpose = Purpose { operation, session: "prj_1".to_owned() };
            let [(header, name), (session, _)] = purpose.headers();
            assert!(names.contains(&format!("=> \"{name}\"")), "{name}");
            for header in [header, session] {
                assert!(reads.contains(&format!("from_static(\"{header}\")")), "{header}");
            }
        }
    }
}
