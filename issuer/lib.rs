//! The online role: issues, lists, revokes, publishes and serves
