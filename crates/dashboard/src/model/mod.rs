//! The logic of the pages: pure functions, tested without a browser.

pub mod address;
pub mod age;
pub mod alert;
pub mod deed;
pub mod every;
pub mod fitting;
pub mod fleet;
pub mod flow;
pub mod gesture;
pub mod inbox;
pub mod load;
pub mod map;
pub mod marks;
pub mod moment;
pub mod number;
pub mod people;
pub mod presence;
pub mod quarantine;
pub mod quarantined;
pub mod rollout;
pub mod serials;
pub mod series;
pub mod source;
pub mod subscription;
pub mod system;
pub mod table;
