//! The core: a module worker. Everything is in the library, where tests can reach it.

fn main() {
    easel::browser::worker::start();
}
