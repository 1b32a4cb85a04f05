//! Aiguilleur: unscheduled care and médecin traitant for a French CPTS.
//!
//! The map, in the order of dependencies:

#![forbid(unsafe_code)]

pub mod clock;
mod durable_file;
mod private_file;
pub mod domain;
pub mod geography;
pub mod synthetic;
pub mod triage;
pub mod protocol_folder;
pub mod matching;
pub mod store;
pub mod seal;
pub mod receipts;
pub mod views;
pub mod identity;
pub mod booking;
pub mod operations;
pub mod web;
pub mod observability;
pub mod http;
pub mod service;
pub mod config;
pub mod control;
pub mod serve;
pub mod demo;
pub mod cli;
