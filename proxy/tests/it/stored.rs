//! What the gateway stores, on a real SQLite file and on a real Postgres: both must do the same.

mod accounts;
mod audit;
mod figures;
mod instances;
mod kills;
mod kills_of_the_program;
mod ledger;
mod migrations;
mod outage;
mod place;
mod postgres;
mod sign_in;
mod signatures;

pub use postgres::Postgres;
