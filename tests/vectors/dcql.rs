//! The DCQL queries that OpenID4VP 1.0 prints: those within our subset are answered, the others refused by name.

use crate::suite::{run, text};
use waypass_credential::Format;
use waypass_credential::json::{self, Limits};
use waypass_credential::request::{Query, QueryError};

#[test]
fn openid4vp_queries() {
    run("openid4vp-dcql", ".", |suite| {
        let query = |bytes: &[u8]| Query::parse(bytes);
        let refused = [
            ("query_lang/multi_credentials.json", "several required credentials"),
            ("query_lang/claims_alternatives.json", "claim sets"),
            ("query_lang/simple_mdoc.json", "ISO document types"),
        ];
        for (path, what) in refused {
            let found = query(&suite.bytes(format!("openid4vp/{path}"))).map(drop);
            suite.equal(path, found, Err(QueryError::Unsupported(what)));
        }
        let ldp = query(&suite.bytes("openid4vp/request/dcql_ldp_vc.json")).expect("within our subset");
        suite.equal("ldp_vc", (ldp.alternatives()[0].format, ldp.alternatives()[0].claims.len()), (Format::DataIntegrity, 7));
        let jwt = query(&suite.bytes("openid4vp/request/dcql_jwt_vc.json")).expect("within our subset");
        suite.equal("jwt_vc", jwt.alternatives()[0].format, Format::VcJwt);

        // The simple query, and the SD-JWT VC example that it is written for.
        let simple = query(&suite.bytes("openid4vp/query_lang/simple.json")).expect("within our subset");
        let held = suite.json("sd-jwt/sd-jwt-vc-examples/01/user_claims.json");
        let kind = text(&held["vct"]).to_owned();
        let held = held.to_string();
        let held = json::parse(held.as_bytes(), Limits::CREDENTIAL).expect("JSON");
        let paths = |found: waypass_credential::request::Match| found.paths.iter().map(ToString::to_string).collect::<Vec<_>>();
        let expected = ["address.street_address", "family_name", "given_name"].map(str::to_owned).to_vec();
        suite.equal("simple", simple.first_match(&held, Format::SdJwtVc, &kind).map(paths), Some(expected));
        suite.case("simple, another type", simple.first_match(&held, Format::SdJwtVc, "other").is_none());
        suite.case("simple, another format", simple.first_match(&held, Format::DataIntegrity, &kind).is_none());
    });
}
