//! The compiler: a module worker of its own, so that the core does not carry oxc.
//!
//! Everything is in the library, where tests can reach it.

fn main() {
    easel::browser::compiling::start();
}
