//! What the black-box tests share.

pub(crate) mod api;
pub(crate) mod desk;
pub(crate) mod flaky;
pub(crate) mod follower;
pub(crate) mod history;
pub(crate) mod nodes;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod serve;
pub(crate) mod service;
