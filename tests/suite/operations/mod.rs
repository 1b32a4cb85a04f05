//! What whoever runs the service relies on: backups that come back, losses that are said, a person really forgotten, an audit
//! that shows when it was touched.

mod audit;
mod backup;
mod damaged;
mod erasure;
mod households;
mod key_renewal;
mod on_redis;
mod receipts;
mod running;
mod traces;
mod world;
