//! What a request asks of budgets: on whose account, in which unit, up to which cap.
//!
//! It names no person and no price: scopes are numbers that others give out, and amounts are
//! worked out before they come here.

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

pub use wire::Unit;

use super::period::{Period, secs};
use crate::money::Dollars;

/// The largest amount, cap and sum: 4.6 billion dollars in nano-dollars. Larger ones count as
/// this much, so that a cap and what is held and spent below it add up in 64 bits, also in Redis.
pub const MOST: u64 = (1 << 62) - 1;

/// Whose budget or limit it is. A request usually counts on several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    Key(u64),
    Person(u64),
    Project(u64),
    Organisation(u64),
    Session(u64),
}

/// What a request may take, or has taken, of each unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    pub nano: u64,
    pub tokens: u64,
    pub seconds: u64,
    pub messages: u64,
}

/// A budget that a request counts on: so much of a unit in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub scope: Scope,
    pub unit: Unit,
    pub period: Period,
    pub cap: u64,
}

/// What was spent of a budget before, as the ledger has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub scope: Scope,
    pub unit: Unit,
    pub period: Period,
    /// Any time in the period.
    pub start: SystemTime,
    pub amount: u64,
}

/// A budget that does not suffice, with both numbers: the code `INSUFFICIENT_BALANCE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this can need {}, and {} budget{} has {} left",
    Amount(*unit, *needed), Owner(*scope), Refill(*period), Amount(*unit, *available)
)]
pub struct Exceeded {
    pub scope: Scope,
    pub unit: Unit,
    pub period: Period,
    pub needed: u64,
    pub available: u64,
}

/// One counted sum: a scope's unit in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Account {
    pub scope: Scope,
    pub unit: Unit,
    pub period: Period,
    pub start_secs: u64,
}

/// What a reservation keeps free on one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold {
    pub account: Account,
    pub cap: u64,
    pub need: u64,
}

impl Amounts {
    #[must_use]
    pub const fn nano(nano: u64) -> Self {
        Self { nano, tokens: 0, seconds: 0, messages: 0 }
    }

    pub(super) fn of(&self, unit: Unit) -> u64 {
        let amount = match unit {
            Unit::Nano => self.nano,
            Unit::Tokens => self.tokens,
            Unit::Seconds => self.seconds,
            Unit::Messages => self.messages,
        };
        amount.min(MOST)
    }
}

impl Account {
    /// Returns a scope's accounts that no period ends.
    pub(super) fn totals(scope: Scope) -> [Self; 4] {
        let units = [Unit::Nano, Unit::Tokens, Unit::Seconds, Unit::Messages];
        units.map(|unit| Self { scope, unit, period: Period::Total, start_secs: 0 })
    }
}

impl Spent {
    pub(super) fn account(&self) -> Account {
        let start_secs = self.period.start_secs(secs(self.start));
        Account { scope: self.scope, unit: self.unit, period: self.period, start_secs }
    }
}

impl Hold {
    pub(super) fn exceeded(&self, used: u64) -> Exceeded {
        let Account { scope, unit, period, .. } = self.account;
        let available = self.cap.saturating_sub(used);
        Exceeded { scope, unit, period, needed: self.need, available }
    }
}

/// Returns what to hold for claims, one hold per account: of two caps the smaller counts.
///
/// A claim of which nothing is needed is held too, with nothing, because in the end it may cost.
pub(super) fn holds(claims: &[Claim], need: Amounts, now: SystemTime) -> Arc<[Hold]> {
    let now = secs(now);
    let mut holds: Vec<Hold> = Vec::with_capacity(claims.len());
    for claim in claims {
        let Claim { scope, unit, period, cap } = *claim;
        let account = Account { scope, unit, period, start_secs: period.start_secs(now) };
        let cap = cap.min(MOST);
        match holds.iter_mut().find(|it| it.account == account) {
            Some(hold) => hold.cap = hold.cap.min(cap),
            None => holds.push(Hold { account, cap, need: need.of(unit) }),
        }
    }
    holds.into()
}

/// Returns what was spent on each account.
pub(super) fn sums(spent: &mut dyn Iterator<Item = Spent>) -> BTreeMap<Account, u64> {
    let mut sums: BTreeMap<Account, u64> = BTreeMap::new();
    for row in spent {
        let sum = sums.entry(row.account()).or_default();
        *sum = sum.saturating_add(row.amount).min(MOST);
    }
    sums
}

/// Whose it is, for people, who do not know scopes by their numbers.
pub(super) struct Owner(pub(super) Scope);

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Scope::Key(_) => "the key's",
            Scope::Person(_) => "the person's",
            Scope::Project(_) => "the project's",
            Scope::Organisation(_) => "the organisation's",
            Scope::Session(_) => "the session's",
        })
    }
}

struct Refill(Period);

impl fmt::Display for Refill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Period::Total => "",
            Period::Month => " for this month",
            Period::Day => " for this day",
            Period::Hour => " for this hour",
        })
    }
}

struct Amount(Unit, u64);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.1 == 1 { "" } else { "s" };
        match self.0 {
            Unit::Nano => write!(f, "${}", Dollars(self.1)),
            Unit::Tokens => write!(f, "{} token{plural}", self.1),
            Unit::Seconds => write!(f, "{} second{plural}", self.1),
            Unit::Messages => write!(f, "{} message{plural}", self.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn what_is_missing_is_told_in_words() {
        let told = |scope, unit, period, needed, available| {
            Exceeded { scope, unit, period, needed, available }.to_string()
        };
        assert_eq!(
            told(Scope::Project(7), Unit::Nano, Period::Month, 1_500_000_001, 20_000_000),
            "this can need $1.500000001, and the project's budget for this month has $0.02 left"
        );
        assert_eq!(
            told(Scope::Session(7), Unit::Messages, Period::Total, 1, 0),
            "this can need 1 message, and the session's budget has 0 messages left"
        );
    }

    #[test]
    fn one_account_is_held_once_under_the_smaller_cap() {
        let claim =
            |cap| Claim { scope: Scope::Key(1), unit: Unit::Nano, period: Period::Day, cap };
        let held = holds(&[claim(9), claim(4), claim(u64::MAX)], Amounts::nano(3), UNIX_EPOCH);
        assert_eq!(held.iter().map(|it| (it.cap, it.need)).collect::<Vec<_>>(), [(4, 3)]);
        let held = holds(&[claim(u64::MAX)], Amounts::nano(u64::MAX), UNIX_EPOCH);
        assert_eq!(held.iter().map(|it| (it.cap, it.need)).collect::<Vec<_>>(), [(MOST, MOST)]);
    }
}
