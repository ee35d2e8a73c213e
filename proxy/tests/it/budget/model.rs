//! Long random sequences against a model that is too simple to be wrong: it keeps every
//! reservation in a list and adds up.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    time::{Duration, SystemTime},
};

use easel_proxy::budget::{
    Amounts, Claim, Counters, Exceeded, MOST, Memory, Per, Period, Rate, Refused, Reservation,
    Scope, Spent, Unit,
};

use super::{LEASE, Server, noon, redis};

const SCOPES: [Scope; 5] =
    [Scope::Key(1), Scope::Key(2), Scope::Person(1), Scope::Organisation(1), Scope::Session(1)];
const UNITS: [Unit; 3] = [Unit::Nano, Unit::Tokens, Unit::Messages];
const PERIODS: [Period; 4] = [Period::Total, Period::Month, Period::Day, Period::Hour];

#[tokio::test]
async fn in_memory() {
    for seed in 0..300 {
        run(&Memory::default(), seed, 300).await;
    }
}

#[tokio::test]
async fn in_redis() {
    for seed in 0..8 {
        let server = Server::start();
        run(&redis(&server).await, seed, 250).await;
    }
}

#[tokio::test]
async fn rates_in_memory_and_in_redis_agree() {
    let server = Server::start();
    let (memory, redis) = (Memory::default(), redis(&server).await);
    let mut random = Random(7);
    let mut now = noon();
    for step in 0..1_500 {
        let rates: Vec<(Scope, Rate)> = (0..=random.below(3))
            .map(|_| {
                let most = [1, 7, 60, 100][random.below(4) as usize];
                let per = if most > 50 { Per::Hour } else { Per::Minute };
                let rate = Rate { most: NonZeroU32::new(most).unwrap(), per };
                (SCOPES[random.below(5) as usize], rate)
            })
            .collect();
        let [one, other] =
            [memory.take(&rates, now).await, redis.take(&rates, now).await].map(super::told);
        assert_eq!(one, other, "step {step}");
        now += Duration::from_micros(random.below(3_000_000));
        now -= Duration::from_micros(random.below(100_000));
    }
}

type Account = (Scope, Unit, Period, SystemTime);

#[derive(Default)]
struct Model {
    spent: BTreeMap<Account, u64>,
    held: Vec<Held>,
}

struct Held {
    id: u64,
    needs: Vec<(Account, u64)>,
    caps: Vec<u64>,
    expires: SystemTime,
    lapsed: bool,
}

impl Model {
    fn used(&self, account: Account) -> u64 {
        let held = self.held.iter().filter(|it| !it.lapsed).flat_map(|it| &it.needs);
        let held: u64 = held.filter(|it| it.0 == account).map(|it| it.1).sum();
        held + self.spent.get(&account).copied().unwrap_or(0)
    }

    fn lapse(&mut self, now: SystemTime) {
        for held in &mut self.held {
            held.lapsed |= held.expires <= now;
        }
    }

    fn check(&self, needs: &[(Account, u64)], caps: &[u64]) -> Result<(), Exceeded> {
        for (&(account, needed), cap) in needs.iter().zip(caps) {
            let used = self.used(account);
            if needed > 0 && used + needed > *cap {
                let (scope, unit, period, _) = account;
                let available = cap.saturating_sub(used);
                return Err(Exceeded { scope, unit, period, needed, available });
            }
        }
        Ok(())
    }

    fn reserve(
        &mut self,
        id: u64,
        claims: &[Claim],
        need: Amounts,
        now: SystemTime,
    ) -> Result<(), Exceeded> {
        self.lapse(now);
        let (mut needs, mut caps) = (Vec::new(), Vec::new());
        for claim in claims {
            let account = (claim.scope, claim.unit, claim.period, claim.period.start(now));
            match needs.iter().position(|it: &(Account, u64)| it.0 == account) {
                Some(at) => caps[at] = claim.cap.min(caps[at]),
                None => {
                    needs.push((account, of(need, claim.unit)));
                    caps.push(claim.cap);
                }
            }
        }
        self.check(&needs, &caps)?;
        self.held.push(Held { id, needs, caps, expires: now + LEASE, lapsed: false });
        Ok(())
    }

    fn renew(&mut self, id: u64, now: SystemTime) -> Result<(), Exceeded> {
        self.lapse(now);
        let at = self.held.iter().position(|it| it.id == id).unwrap();
        if self.held[at].lapsed {
            self.check(&self.held[at].needs, &self.held[at].caps)?;
        }
        self.held[at].lapsed = false;
        self.held[at].expires = now + LEASE;
        Ok(())
    }

    fn settle(&mut self, id: u64, actual: Amounts) {
        let at = self.held.iter().position(|it| it.id == id).unwrap();
        for (account, _) in self.held.remove(at).needs {
            *self.spent.entry(account).or_default() += of(actual, account.1);
        }
    }
}

fn of(amounts: Amounts, unit: Unit) -> u64 {
    match unit {
        Unit::Nano => amounts.nano,
        Unit::Tokens => amounts.tokens,
        Unit::Seconds => amounts.seconds,
        Unit::Messages => amounts.messages,
    }
}

async fn run(counters: &dyn Counters, seed: u64, n_steps: usize) {
    let mut random = Random(seed);
    let mut model = Model::default();
    let mut held: BTreeMap<u64, Reservation> = BTreeMap::new();
    let mut now = noon();
    for step in 0..n_steps {
        let id = step as u64;
        let place = format!("seed {seed}, step {step}");
        let choice = random.below(100);
        let any = held.keys().nth(random.below(held.len().max(1) as u64) as usize).copied();
        match (choice, any) {
            (0..45, _) | (_, None) => {
                let claims = random.claims();
                let need = random.amounts(60);
                let expected = model.reserve(id, &claims, need, now);
                let got = counters.reserve(&claims, need, now).await;
                let got = same(got, expected, &place);
                held.extend(got.map(|it| (id, it)));
            }
            (45..62, Some(id)) => {
                let actual = random.amounts(80);
                model.settle(id, actual);
                counters.settle(held.remove(&id).unwrap(), actual).await.unwrap();
            }
            (62..70, Some(id)) => {
                model.settle(id, Amounts::default());
                counters.release(held.remove(&id).unwrap()).await.unwrap();
            }
            (70..80, Some(id)) => {
                let expected = model.renew(id, now);
                let got = counters.renew(held.get_mut(&id).unwrap(), now).await;
                same(got, expected, &place);
            }
            (80..97, Some(_)) => {
                let steps = [1, 60, 300, 600, 900, 3_600, 86_400, 31 * 86_400];
                now += Duration::from_secs(steps[random.below(8) as usize]);
                now -= Duration::from_millis(random.below(2_000)); // Clocks disagree a little.
            }
            (97, Some(_)) => {
                let scope = SCOPES[random.below(5) as usize];
                counters.forget(scope).await.unwrap();
                model.spent.retain(|it, _| it.0 != scope || it.2 != Period::Total);
            }
            (_, Some(_)) => {
                let Claim { scope, unit, period, cap } = random.claims()[0];
                let row = Spent { scope, unit, period, start: now, amount: cap };
                counters.restore(&mut [row].into_iter()).await.unwrap();
                let spent =
                    model.spent.entry((scope, unit, period, period.start(now))).or_default();
                *spent = cap.max(*spent);
            }
        }
    }
    // In the end nothing is held that nobody has, and everything spent is known.
    let late = now + LEASE;
    model.lapse(late);
    for (scope, unit, period) in every_account() {
        let used = model.used((scope, unit, period, period.start(late)));
        let probe = Claim { scope, unit, period, cap: MOST };
        let known = super::used(counters, probe, late).await;
        assert_eq!(known, used, "seed {seed}: {scope:?}, {unit:?}, {period:?}");
    }
}

fn every_account() -> impl Iterator<Item = (Scope, Unit, Period)> {
    SCOPES.into_iter().flat_map(|scope| {
        UNITS.into_iter().flat_map(move |unit| PERIODS.into_iter().map(move |it| (scope, unit, it)))
    })
}

#[track_caller]
fn same<T>(got: Result<T, Refused>, expected: Result<(), Exceeded>, place: &str) -> Option<T> {
    match (got, expected) {
        (Ok(got), Ok(())) => return Some(got),
        (Err(Refused::Exceeded(got)), Err(expected)) => assert_eq!(got, expected, "{place}"),
        (Err(err), expected) => panic!("{place}: {err}, not {expected:?}"),
        (Ok(_), Err(expected)) => panic!("{place}: let through, not {expected}"),
    }
    None
}

/// Numbers that look random and are the same each time (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (it ^ (it >> 31)) % limit
    }

    fn amounts(&mut self, limit: u64) -> Amounts {
        let mut amount = || self.below(limit).saturating_sub(limit / 6);
        Amounts { nano: amount(), tokens: amount(), seconds: amount(), messages: amount() }
    }

    fn claims(&mut self) -> Vec<Claim> {
        let n = self.below(5) + 1;
        (0..n)
            .map(|_| Claim {
                scope: SCOPES[self.below(5) as usize],
                unit: UNITS[self.below(3) as usize],
                period: PERIODS[self.below(4) as usize],
                cap: self.below(250),
            })
            .collect()
    }
}
