//! Multibase: the two bases that our formats use.

use crate::suite::run;
use waypass_credential::base64url;

#[test]
fn multibase() {
    run("multibase", "multibase", |suite| {
        for file in suite.names("") {
            let table = suite.text(&file);
            let mut rows = table.lines().map(|line| {
                let (name, value) = line.split_once(',').expect("two columns");
                (name.trim(), value.trim().trim_matches('"').replace("\\x00", "\0"))
            });
            let (_, plain) = rows.next().expect("a heading");
            for (base, encoded) in rows {
                match base {
                    "base58btc" => {
                        let decoded = multibase::decode(&encoded).ok();
                        suite.equal(
                            format!("{file}: {base} read"),
                            decoded,
                            Some((multibase::Base::Base58Btc, plain.clone().into_bytes())),
                        );
                        suite.equal(format!("{file}: {base} written"), multibase::encode(multibase::Base::Base58Btc, &plain), encoded);
                    }
                    "base64url" => {
                        let bare = encoded.strip_prefix('u').expect("the prefix of base64url");
                        suite.equal(format!("{file}: {base} read"), base64url::decode(bare).ok(), Some(plain.clone().into_bytes()));
                        suite.equal(format!("{file}: {base} written"), base64url::encode(plain.as_bytes()), bare.to_owned());
                    }
                    _ => suite.exclude(base),
                }
            }
        }
    });
}
