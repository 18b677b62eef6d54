//! The connector against a scripted Sophtron on loopback: what it asks for, in which order, and what it makes of the answers.

mod connecting;
mod fetching;
mod listing;
mod scripted;
