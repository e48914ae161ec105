//! What `cargo xtask bench` has measured, as it is committed, and what is made of it: tables and plots.

mod charts;
mod compare;
mod page;
mod results;

pub use charts::plots;
pub use compare::compare;
pub use page::{insert, page_tables, readme_table, terminal_table};
pub use results::{Kind, Machine, Measured, Missing, Results, Row, Spread, ratios, spread_of};

/// The server that all are measured against.
pub const BARE: &str = "bare epoll";
pub const IO_THREAD: &str = "stepwire, I/O thread";
pub const MANUAL: &str = "stepwire, manual I/O";

/// Where the results are committed, in the project's folder.
pub const RESULTS: &str = "docs/performance.json";
