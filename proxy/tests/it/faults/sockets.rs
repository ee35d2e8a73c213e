//! Sockets and files that somebody still holds.

use std::{fs, path::Path};

/// Returns how many connections from or to these ports belong to a process.
pub fn connected(ports: [u16; 2]) -> usize {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    let tables = tables.map(|it| fs::read_to_string(it).unwrap_or_default());
    tables.iter().flat_map(|it| it.lines().skip(1)).filter(|it| is_one(it, ports)).count()
}

/// Returns what this process holds open, without what is in a folder: a database opens what it needs.
pub fn held(without: &Path) -> Vec<String> {
    let held = fs::read_dir("/proc/self/fd").unwrap();
    // The list itself is one that is closed by now.
    let held = held.filter_map(|it| fs::read_link(it.unwrap().path()).ok());
    held.filter(|it| !it.starts_with(without)).map(|it| it.display().to_string()).collect()
}

fn is_one(line: &str, ports: [u16; 2]) -> bool {
    const LISTENS: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let &[_, local, remote, state, _, _, _, _, _, inode, ..] = &*fields else { return false };
    let port = |it: &str| u16::from_str_radix(it.rsplit(':').next().unwrap_or_default(), 16).ok();
    let ours = [local, remote].into_iter().filter_map(port).any(|it| ports.contains(&it));
    ours && state != LISTENS && inode != "0"
}
