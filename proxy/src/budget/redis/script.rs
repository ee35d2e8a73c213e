//! The scripts that count in Redis, and their arguments.
//!
//! Each does its whole work in one run, which Redis never interrupts. All keys share one hash tag,
//! so that a cluster keeps them in one place.

use std::{num::NonZeroU32, sync::LazyLock, time::Duration};

use ::redis::{Script, ScriptInvocation};

use crate::budget::{
    Amounts, MOST, Per, Rate, Scope, Unit,
    claim::{Account, Hold},
    period::Period,
};

/// A period's account outlives it so long, for late costs and for clocks that are behind.
const GRACE_SECS: u64 = 24 * 60 * 60;
/// A place's set outlives its last lease so long.
const GRACE_MILLIS: u64 = 60_000;

static RESERVE: LazyLock<Script> = LazyLock::new(|| with_common(include_str!("reserve.lua")));
static RENEW: LazyLock<Script> = LazyLock::new(|| with_common(include_str!("renew.lua")));
static SETTLE: LazyLock<Script> = LazyLock::new(|| with_common(include_str!("settle.lua")));
static RESTORE: LazyLock<Script> = LazyLock::new(|| with_common(include_str!("restore.lua")));
static FORGET: LazyLock<Script> = LazyLock::new(|| with_common(include_str!("forget.lua")));
static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take.lua")));
static ONCE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("once.lua")));
static ENTER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("enter.lua")));
static LEAVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("leave.lua")));

fn with_common(text: &str) -> Script {
    Script::new(&format!("{}\n{text}", include_str!("common.lua")))
}

/// How one process names what it keeps.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// Before every key.
    pub prefix: String,
    /// Tells this process's reservations from those of others.
    pub instance: String,
}

/// When something is asked, and when what it takes is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    pub now_micros: u64,
    pub expires_micros: u64,
}

impl Names {
    fn id(&self, id: u64) -> String {
        format!("{}-{id}", self.instance)
    }

    fn account(&self, account: Account) -> String {
        let Account { scope, unit, period, start_secs } = account;
        let unit = match unit {
            Unit::Nano => "nano",
            Unit::Tokens => "tokens",
            Unit::Seconds => "seconds",
            Unit::Messages => "messages",
        };
        let period = match period {
            Period::Total => "total",
            Period::Month => "month",
            Period::Day => "day",
            Period::Hour => "hour",
        };
        format!("{}{unit}:{}:{period}:{start_secs}", self.prefix, scope_name(scope))
    }

    fn places(&self, scope: Scope) -> String {
        format!("{}inside:{}", self.prefix, scope_name(scope))
    }

    fn bucket(&self, scope: Scope, rate: Rate) -> String {
        let per = match rate.per {
            Per::Minute => "minute",
            Per::Hour => "hour",
        };
        format!("{}rate:{}:{}:{per}", self.prefix, scope_name(scope), rate.most)
    }

    pub(super) fn reserve(
        &self,
        id: u64,
        holds: &[Hold],
        lease: Lease,
        n_most: usize,
    ) -> ScriptInvocation<'static> {
        let mut call = RESERVE.prepare_invoke();
        call.arg(&self.prefix).arg(self.id(id));
        call.arg(lease.now_micros).arg(lease.expires_micros).arg(n_most);
        for hold in holds {
            let room = match hold.cap.checked_sub(hold.need) {
                _ if hold.need == 0 => String::new(),
                Some(room) => room.to_string(),
                None => "-".to_owned(),
            };
            call.key(self.account(hold.account));
            call.arg(hold.need).arg(room).arg(kept_until(hold.account));
        }
        call
    }

    pub(super) fn renew(&self, id: u64, lease: Lease) -> ScriptInvocation<'static> {
        let mut call = RENEW.prepare_invoke();
        call.arg(&self.prefix).arg(self.id(id)).arg(lease.now_micros).arg(lease.expires_micros);
        call
    }

    pub(super) fn settle(
        &self,
        id: u64,
        holds: &[Hold],
        actual: &Amounts,
    ) -> ScriptInvocation<'static> {
        let mut call = SETTLE.prepare_invoke();
        call.arg(&self.prefix).arg(self.id(id)).arg(MOST);
        for hold in holds {
            let cost = actual.of(hold.account.unit);
            call.key(self.account(hold.account));
            call.arg(hold.need).arg(cost).arg(MOST - cost).arg(kept_until(hold.account));
        }
        call
    }

    pub(super) fn restore(&self, sums: &[(Account, u64)]) -> ScriptInvocation<'static> {
        let mut call = RESTORE.prepare_invoke();
        for (account, amount) in sums {
            call.key(self.account(*account)).arg(*amount).arg(kept_until(*account));
        }
        call
    }

    pub(super) fn forget(&self, scope: Scope) -> ScriptInvocation<'static> {
        let mut call = FORGET.prepare_invoke();
        call.key(Account::totals(scope).map(|it| self.account(it)).as_slice());
        call
    }

    pub(super) fn take(
        &self,
        rates: &[(Scope, Rate)],
        now_micros: u64,
    ) -> ScriptInvocation<'static> {
        let mut call = TAKE.prepare_invoke();
        call.arg(now_micros);
        for (scope, rate) in rates {
            let refill = rate.refill_micros();
            let ahead = refill * u64::from(rate.most.get() - NonZeroU32::MIN.get());
            call.key(self.bucket(*scope, *rate)).arg(refill).arg(ahead);
        }
        call
    }

    pub(super) fn once(&self, name: u128, lasts: Duration) -> ScriptInvocation<'static> {
        let mut call = ONCE.prepare_invoke();
        let millis = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX).max(1);
        call.key(format!("{}seen:{name:032x}", self.prefix)).arg(millis);
        call
    }

    pub(super) fn enter(
        &self,
        id: u64,
        scope: Scope,
        most: u32,
        lease: Lease,
    ) -> ScriptInvocation<'static> {
        let keep_millis = (lease.expires_micros - lease.now_micros) / 1_000 + GRACE_MILLIS;
        let mut call = ENTER.prepare_invoke();
        call.key(self.places(scope)).arg(self.id(id));
        call.arg(lease.now_micros).arg(lease.expires_micros).arg(most).arg(keep_millis);
        call
    }

    pub(super) fn leave(&self, id: u64, scope: Scope) -> ScriptInvocation<'static> {
        let mut call = LEAVE.prepare_invoke();
        call.key(self.places(scope)).arg(self.id(id));
        call
    }
}

fn scope_name(scope: Scope) -> String {
    match scope {
        Scope::Key(id) => format!("key-{id}"),
        Scope::Person(id) => format!("person-{id}"),
        Scope::Project(id) => format!("project-{id}"),
        Scope::Organisation(id) => format!("organisation-{id}"),
        Scope::Session(id) => format!("session-{id}"),
    }
}

fn kept_until(account: Account) -> String {
    let end = account.period.end_secs(account.start_secs);
    end.map(|it| it.saturating_add(GRACE_SECS).to_string()).unwrap_or_default()
}
