//! The connection to Redis, and another one when it is dead.
//!
//! The driver connects again when a connection is closed. One that only falls silent, as when a
//! machine vanishes, is replaced here: the system would wait a quarter of an hour for it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ::redis::{
    Client, FromRedisValue, IntoConnectionInfo as _, RedisError, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::TcpSettings,
};

use super::NotConnected;

const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);
/// Commands that may wait to be written.
const N_WAITING: usize = 1_024;

pub(super) struct Line {
    client: Client,
    current: Mutex<Current>,
}

#[derive(Clone)]
struct Current {
    connection: ConnectionManager,
    /// How many there were before.
    number: u64,
}

impl Line {
    pub(super) async fn connect(address: &str) -> Result<Self, NotConnected> {
        let info = address.into_connection_info().map_err(NotConnected::Address)?;
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = Client::open(info).map_err(NotConnected::Address)?;
        let address = client.get_connection_info().addr().to_string();
        let silent = |source| NotConnected::Silent { address: address.clone(), source };
        let connecting = ConnectionManager::new_with_config(client.clone(), config());
        let mut connection = connecting.await.map_err(silent)?;
        let memory = ::redis::cmd("INFO").arg("memory").query_async(&mut connection).await;
        let memory: String = memory.map_err(silent)?;
        if let Some(policy) = evicts(&memory) {
            return Err(NotConnected::Forgetful { policy: policy.to_owned(), address });
        }
        Ok(Self { client, current: Mutex::new(Current { connection, number: 0 }) })
    }

    /// Asks once more on a new connection when the old one turns out to be closed: asked twice,
    /// every script answers as if asked once, but for rates, which then count two.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        call: &ScriptInvocation<'_>,
    ) -> Result<T, RedisError> {
        let Current { mut connection, number } = self.current().clone();
        let mut answer = call.invoke_async(&mut connection).await;
        if answer.as_ref().is_err_and(RedisError::is_connection_dropped) {
            answer = call.invoke_async(&mut connection).await;
        }
        if answer.as_ref().is_err_and(RedisError::is_timeout) {
            self.replace(number);
        }
        answer
    }

    /// Replaces a connection, unless somebody who waited on it too has done so.
    fn replace(&self, number: u64) {
        let mut current = self.current();
        if current.number != number {
            return;
        }
        match ConnectionManager::new_lazy_with_config(self.client.clone(), config()) {
            Ok(connection) => *current = Current { connection, number: number + 1 },
            Err(err) => tracing::warn!(%err, "the connection to Redis cannot be replaced"),
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CONNECT_PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_pipeline_buffer_size(N_WAITING)
}

/// Returns how Redis makes room, if it may do so with what counts.
fn evicts(memory: &str) -> Option<&str> {
    let value = |name: &str| {
        memory.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let policy = value("maxmemory_policy")?;
    (value("maxmemory") != Some("0") && policy != "noeviction").then_some(policy)
}
