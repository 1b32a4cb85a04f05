//! `serve` as those who run it meet it: what it refuses to start with, its keys, its directory, its pages, its log, its end.

mod directory;
mod ending;
mod keys;
mod log;
mod metrics;
mod pages;
mod protocol;
mod redis;
mod settings;
mod status;
mod unprivileged;
