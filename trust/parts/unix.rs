//! Times in our own JSON documents: Unix seconds as an integer.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use waypass_credential::time::Timestamp;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
pub(crate) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(time.unix())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    Timestamp::from_unix(i64::deserialize(from)?).ok_or_else(|| D::Error::custom("time out of range"))
}

pub(super) mod option {
    use serde::{Deserializer, Serializer};
    use waypass_credential::time::Timestamp;

    #[expect(clippy::ref_option, reason = "the signature serde calls")]
    pub(crate) fn serialize<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, to),
            None => to.serialize_none(),
        }
    }

    /// Absent is `None` (`serde(default)`); `null` is refused so that there is one way to write it.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        super::deserialize(from).map(Some)
    }
}
