//! Personal data and keys that can be told by their form, and by a checksum where there is one.

use std::net::{Ipv4Addr, Ipv6Addr};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Email,
    Phone,
    Iban,
    CreditCard,
    Ip,
    UsSsn,
    ApiKey,
}

/// Returns how much of a match, from its beginning, is what is looked for.
pub(super) type Check = fn(&str) -> Option<usize>;

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Email,
        Self::Phone,
        Self::Iban,
        Self::CreditCard,
        Self::Ip,
        Self::UsSsn,
        Self::ApiKey,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Iban => "iban",
            Self::CreditCard => "credit-card",
            Self::Ip => "ip",
            Self::UsSsn => "us-ssn",
            Self::ApiKey => "api-key",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }

    pub(super) fn pattern(self) -> &'static str {
        match self {
            Self::Email => r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24}",
            Self::Phone => {
                r"(?:\+|\b00)[1-9][0-9]{0,2}(?:[ .\-/]?\(?[0-9]{1,4}\)?){2,7}\b|\b[2-9][0-9]{2}[ .\-][0-9]{3}[ .\-][0-9]{4}\b|\([2-9][0-9]{2}\) ?[0-9]{3}[ .\-][0-9]{4}\b"
            }
            Self::Iban => r"\b[A-Za-z]{2}[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11,40}\b",
            Self::CreditCard => r"\b[0-9](?:[ \-]?[0-9]){12,18}\b",
            Self::Ip => {
                r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|\b[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}\b"
            }
            Self::UsSsn => r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
            Self::ApiKey => concat!(
                r"\b(?:sk-[A-Za-z0-9_\-]{20,200}|(?:sk|rk)_live_[A-Za-z0-9]{16,100}",
                r"|(?:AKIA|ASIA)[0-9A-Z]{16}|gh[oprsu]_[A-Za-z0-9]{36}",
                r"|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_\-]{20,60}",
                r"|xox[abeprs]-[A-Za-z0-9\-]{10,200}|AIza[0-9A-Za-z_\-]{35}",
                r"|gsk_[A-Za-z0-9]{40,64}|xai-[A-Za-z0-9]{60,100}|hf_[A-Za-z0-9]{30,40}",
                r"|npm_[A-Za-z0-9]{36}|easel-[0-9a-f]{64})"
            ),
        }
    }

    pub(super) fn check(self) -> Check {
        match self {
            Self::Email | Self::ApiKey => |it| Some(it.len()),
            Self::Phone => |it| (8..=15).contains(&n_digits(it)).then_some(it.len()),
            Self::Iban => |it| prefix(it, 15..=34, is_iban),
            Self::CreditCard => |it| prefix(it, 13..=19, is_card),
            Self::Ip => |it| is_ip(it).then_some(it.len()),
            Self::UsSsn => |it| is_ssn(it).then_some(it.len()),
        }
    }
}

fn n_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Words that follow may look like further groups: the longest run of whole groups counts.
fn prefix(
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    holds: fn(&[u8]) -> bool,
) -> Option<usize> {
    let ends = text.match_indices([' ', '-']).map(|it| it.0).chain([text.len()]);
    let mut ends: Vec<usize> = ends.collect();
    ends.reverse();
    ends.into_iter().find(|end| {
        let packed: Vec<u8> = text[..*end].bytes().filter(u8::is_ascii_alphanumeric).collect();
        lengths.contains(&packed.len()) && holds(&packed)
    })
}

/// ISO 13616: moved to the end, the first four make the number one modulo 97.
fn is_iban(packed: &[u8]) -> bool {
    let moved = packed[4..].iter().chain(&packed[..4]);
    let rest = moved.fold(0_u32, |rest, it| match it.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => (rest * 10 + u32::from(digit - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.saturating_sub(b'A')) + 10) % 97,
    });
    rest == 1
}

/// By Luhn. Rows of one digit pass it and are no card.
fn is_card(packed: &[u8]) -> bool {
    let sum: u32 = packed
        .iter()
        .rev()
        .enumerate()
        .map(|(n, digit)| {
            let digit = u32::from(digit - b'0');
            match (n % 2, digit) {
                (0, digit) => digit,
                (_, 0..=4) => digit * 2,
                (_, _) => digit * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10) && packed.iter().any(|it| it != &packed[0])
}

fn is_ip(text: &str) -> bool {
    let six = || text.bytes().any(|it| it.is_ascii_digit()) && text.parse::<Ipv6Addr>().is_ok();
    text.parse::<Ipv4Addr>().is_ok() || six()
}

/// Numbers that were never given out are none.
fn is_ssn(text: &str) -> bool {
    let area = &text[..3];
    !matches!(area, "000" | "666")
        && !area.starts_with('9')
        && &text[4..6] != "00"
        && &text[7..] != "0000"
}
