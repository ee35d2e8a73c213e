//! Sockets that somebody still holds.

use std::fs;

/// Returns how many connections from or to these ports belong to a process.
pub fn connected(ports: [u16; 2]) -> usize {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    let tables = tables.map(|it| fs::read_to_string(it).unwrap_or_default());
    tables.iter().flat_map(|it| it.lines().skip(1)).filter(|it| is_one(it, ports)).count()
}

fn is_one(line: &str, ports: [u16; 2]) -> bool {
    const LISTENS: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let &[_, local, remote, state, _, _, _, _, _, inode, ..] = &*fields else { return false };
    let port = |it: &str| u16::from_str_radix(it.rsplit(':').next().unwrap_or_default(), 16).ok();
    let ours = [local, remote].into_iter().filter_map(port).any(|it| ports.contains(&it));
    ours && state != LISTENS && inode != "0"
}
