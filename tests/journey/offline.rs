//! Wallet and gate in a network with nothing in it: every command that must work there does.

use crate::site::{Site, codes};
use std::process::Command;

#[test]
fn wallet_and_gate_need_no_network() {
    if !Command::new("unshare").args(["-rn", "true"]).status().is_ok_and(|status| status.success()) {
        println!("SKIP offline: this system does not let a process be cut off from the network (unshare -rn)");
        return;
    }
    let site = Site::new(&["unshare", "-rn"], "sd-jwt");
    site.ok("ada", "wallet add credential --key-file KEY");
    for line in [
        "wallet list --key-file KEY",
        "wallet status",
        "wallet history --key-file KEY",
        "wallet history --verify --key-file KEY",
        "trust list",
        "doctor",
    ] {
        site.ok("ada", line);
    }
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");
    for line in
        ["verifier status --key-file KEY", "audit list --key-file KEY", "audit show 0 --key-file KEY", "audit verify --key-file KEY"]
    {
        site.ok("gate", line);
    }

    // There really is no network: a sync over the network is told so, and nothing else breaks.
    let ran = site.run("gate", "verifier sync --from http://127.0.0.1:9 --key-file KEY");
    assert_eq!(ran.code, 50, "{}", ran.stderr);
    site.answer("answer");
    let (exit, verdict) = site.verdict("answer");
    assert_eq!((exit, codes(&verdict)), (0, vec!["ok"]), "{verdict}");
}
