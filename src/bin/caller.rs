//! The caller: a module worker of its own, which asks providers and holds the vault of their keys.
//!
//! Everything is in the library, where tests can reach it.

fn main() {
    easel::browser::calling::start();
}
