//! The page. Everything is in the library, where tests can reach it.

fn main() {
    easel::browser::page::start();
}
