//! The sums in memory, and who holds what of them.
//!
//! Pure: no lock and no clock. An account is there only while there is something to know of it.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Amounts, Bounds, MOST, Refused, Scope, Unavailable,
    bounded::Bounded,
    claim::{Account, Hold},
};

/// A period's account outlives it so long, for those whose clock is behind.
const GRACE_SECS: u64 = 60 * 60;

#[derive(Debug)]
pub(super) struct Books {
    accounts: Bounded<Account, Balance>,
    /// What is reserved, by when it lapses and by id.
    leases: BTreeMap<(u64, u64), Arc<[Hold]>>,
    bounds: Bounds,
}

#[derive(Debug, Default)]
struct Balance {
    spent: u64,
    held: u64,
}

impl Balance {
    fn used(&self) -> u64 {
        self.spent.saturating_add(self.held)
    }
}

impl Books {
    pub(super) fn new(bounds: Bounds) -> Self {
        let accounts = Bounded::new("budgets", bounds.n_accounts);
        Self { accounts, leases: BTreeMap::new(), bounds }
    }

    /// Returns when it lapses, in microseconds.
    pub(super) fn reserve(
        &mut self,
        id: u64,
        holds: &Arc<[Hold]>,
        now_micros: u64,
    ) -> Result<u64, Refused> {
        self.lapse(now_micros);
        if self.leases.len() >= self.bounds.n_reservations {
            let most = self.bounds.n_reservations;
            return Err(Unavailable::Full { what: "reservations", most }.into());
        }
        if self.accounts.is_short_of(holds.len()) {
            let accounts = &self.accounts.entries;
            let is_new = |it: &&Hold| it.need > 0 && !accounts.contains_key(&it.account);
            let n_new = holds.iter().filter(is_new).count();
            let now_secs = now_micros / 1_000_000;
            self.accounts.make_room(n_new, now_micros, |it, _| it.counts(now_secs))?;
        }
        for (n_held, hold) in holds.iter().enumerate().filter(|it| it.1.need > 0) {
            let balance = self.accounts.entries.entry(hold.account).or_default();
            let used = balance.used();
            if used.saturating_add(hold.need) > hold.cap {
                if used == 0 {
                    self.accounts.entries.remove(&hold.account);
                }
                self.book(&holds[..n_held], true, &Amounts::default());
                return Err(hold.exceeded(used).into());
            }
            balance.held += hold.need;
        }
        let expires_micros = self.bounds.expires_micros(now_micros);
        self.leases.insert((expires_micros, id), Arc::clone(holds));
        Ok(expires_micros)
    }

    /// Returns when it lapses next.
    pub(super) fn renew(
        &mut self,
        id: u64,
        expires_micros: u64,
        holds: &Arc<[Hold]>,
        now_micros: u64,
    ) -> Result<u64, Refused> {
        self.lapse(now_micros);
        let Some(lease) = self.leases.remove(&(expires_micros, id)) else {
            return self.reserve(id, holds, now_micros);
        };
        let expires_micros = self.bounds.expires_micros(now_micros);
        self.leases.insert((expires_micros, id), lease);
        Ok(expires_micros)
    }

    pub(super) fn settle(
        &mut self,
        id: u64,
        expires_micros: u64,
        holds: &[Hold],
        actual: &Amounts,
    ) {
        let held = self.leases.remove(&(expires_micros, id)).is_some();
        self.book(holds, held, actual);
    }

    pub(super) fn restore(&mut self, account: Account, amount: u64) {
        if amount > 0 {
            let balance = self.accounts.entries.entry(account).or_default();
            balance.spent = balance.spent.max(amount.min(MOST));
        }
    }

    pub(super) fn forget(&mut self, scope: Scope) {
        for account in Account::totals(scope) {
            let Some(balance) = self.accounts.entries.get_mut(&account) else { continue };
            balance.spent = 0;
            if balance.held == 0 {
                self.accounts.entries.remove(&account);
            }
        }
    }

    /// Gives back what nobody settled in time.
    fn lapse(&mut self, now_micros: u64) {
        while let Some(first) = self.leases.first_entry().filter(|it| it.key().0 <= now_micros) {
            let holds = first.remove();
            self.book(&holds, true, &Amounts::default());
        }
    }

    fn book(&mut self, holds: &[Hold], held: bool, actual: &Amounts) {
        for Hold { account, need, .. } in holds {
            let back = if held { *need } else { 0 };
            let amount = actual.of(account.unit);
            if back == 0 && amount == 0 {
                continue;
            }
            let balance = self.accounts.entries.entry(*account).or_default();
            balance.held = balance.held.saturating_sub(back);
            balance.spent = balance.spent.saturating_add(amount).min(MOST);
            if balance.used() == 0 {
                self.accounts.entries.remove(account);
            }
        }
    }
}

impl Account {
    /// Returns whether somebody may still ask for it.
    fn counts(&self, now_secs: u64) -> bool {
        let end = self.period.end_secs(self.start_secs);
        end.is_none_or(|it| now_secs < it.saturating_add(GRACE_SECS))
    }
}
