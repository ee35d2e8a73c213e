//! Which addresses belong to everybody, and which to somebody's own network.
//!
//! A list of what is public, not of what is not: an address that no rule knows is refused. Addresses
//! that carry another one inside are judged by what they carry.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Public,
    /// This machine, or a network that somebody has: asked only where the configuration says so.
    Own,
    /// Link-local and with it the clouds' metadata, multicast, reserved: never asked.
    Nowhere,
}

/// Metadata of clouds outside the ranges that are refused as a whole.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Judges an address.
#[must_use]
pub fn place(ip: IpAddr) -> Place {
    if METADATA.contains(&ip) {
        return Place::Nowhere;
    }
    match ip {
        IpAddr::V4(ip) => place_v4(ip),
        IpAddr::V6(ip) => place_v6(ip),
    }
}

fn place_v4(ip: Ipv4Addr) -> Place {
    match ip.octets() {
        [10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Place::Own,
        // "This network", link-local, protocol assignments, documentation, 6to4's relay, benchmarks,
        // multicast, reserved, broadcast.
        [0, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => Place::Nowhere,
        _ => Place::Public,
    }
}

fn place_v6(ip: Ipv6Addr) -> Place {
    let parts = ip.segments();
    let outer = match parts {
        [0, 0, 0, 0, 0, 0, 0, 1] => Place::Own,
        // Mapped, and NAT64's own prefix: what is meant is the address inside.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            return place(IpAddr::V4(inside(high, low)));
        }
        // 6to4
        [0x2002, high, low, ..] => return place(IpAddr::V4(inside(high, low))),
        // Protocol assignments, with Teredo among them, and documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Place::Nowhere,
        [0x2000..=0x3fff, ..] => Place::Public,
        [0xfc00..=0xfdff, ..] => Place::Own,
        _ => Place::Nowhere,
    };
    // ISATAP, which can stand in any network.
    match parts {
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => {
            outer.max(place(IpAddr::V4(inside(high, low))))
        }
        _ => outer,
    }
}

fn inside(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_private_address_is_known() {
        for (text, expected) in [
            ("1.1.1.1", Place::Public),
            ("8.8.8.8", Place::Public),
            ("172.15.255.255", Place::Public),
            ("172.32.0.1", Place::Public),
            ("100.63.255.255", Place::Public),
            ("100.128.0.1", Place::Public),
            ("192.0.1.1", Place::Public),
            ("198.17.0.1", Place::Public),
            ("198.20.0.1", Place::Public),
            ("223.255.255.255", Place::Public),
            ("127.0.0.1", Place::Own),
            ("127.255.255.254", Place::Own),
            ("10.0.0.1", Place::Own),
            ("172.16.0.1", Place::Own),
            ("172.31.255.255", Place::Own),
            ("192.168.1.1", Place::Own),
            ("100.64.0.1", Place::Own),
            ("100.127.255.255", Place::Own),
            ("0.0.0.0", Place::Nowhere),
            ("0.1.2.3", Place::Nowhere),
            ("169.254.169.254", Place::Nowhere),
            ("169.254.170.2", Place::Nowhere),
            ("100.100.100.200", Place::Nowhere),
            ("168.63.129.16", Place::Nowhere),
            ("192.0.0.192", Place::Nowhere),
            ("192.0.2.1", Place::Nowhere),
            ("192.88.99.1", Place::Nowhere),
            ("198.18.0.1", Place::Nowhere),
            ("198.51.100.7", Place::Nowhere),
            ("203.0.113.7", Place::Nowhere),
            ("224.0.0.1", Place::Nowhere),
            ("239.255.255.250", Place::Nowhere),
            ("240.0.0.1", Place::Nowhere),
            ("255.255.255.255", Place::Nowhere),
            ("2606:4700:4700::1111", Place::Public),
            ("2001:4860:4860::8888", Place::Public),
            ("::ffff:1.1.1.1", Place::Public),
            ("64:ff9b::1.1.1.1", Place::Public),
            ("2002:101:101::", Place::Public),
            ("::1", Place::Own),
            ("fc00::1", Place::Own),
            ("fd12:3456:789a::1", Place::Own),
            ("::ffff:127.0.0.1", Place::Own),
            ("::ffff:10.0.0.1", Place::Own),
            ("::ffff:7f00:1", Place::Own),
            ("64:ff9b::10.0.0.1", Place::Own),
            ("64:ff9b::7f00:1", Place::Own),
            ("2002:7f00:1::", Place::Own),
            ("2002:c0a8:101::1", Place::Own),
            ("2606:4700::5efe:10.0.0.1", Place::Own),
            ("2606:4700::200:5efe:10.0.0.1", Place::Own),
            ("::", Place::Nowhere),
            ("::ffff:169.254.169.254", Place::Nowhere),
            ("::ffff:0.0.0.0", Place::Nowhere),
            ("64:ff9b::169.254.169.254", Place::Nowhere),
            ("2002:a9fe:a9fe::", Place::Nowhere),
            ("fd00:ec2::254", Place::Nowhere),
            ("fd20:ce::254", Place::Nowhere),
            // Compatible and translated, of which nobody knows where they lead.
            ("::127.0.0.1", Place::Nowhere),
            ("::ffff:0:127.0.0.1", Place::Nowhere),
            ("64:ff9b:1::1", Place::Nowhere),
            ("100::1", Place::Nowhere),
            ("2001::1", Place::Nowhere),
            ("2001:10::1", Place::Nowhere),
            ("2001:db8::1", Place::Nowhere),
            ("3fff::1", Place::Nowhere),
            ("5f00::1", Place::Nowhere),
            ("fe80::1", Place::Nowhere),
            ("fec0::1", Place::Nowhere),
            ("ff02::1", Place::Nowhere),
            ("4000::1", Place::Nowhere),
        ] {
            assert_eq!(place(text.parse().unwrap()), expected, "{text}");
        }
    }
}
