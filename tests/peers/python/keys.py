"""Keys of the peer by their seeds, keys of others as did:key, and both as COSE keys."""

import hashlib
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cwt import COSEKey

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# The multicodec prefixes of Ed25519 and of compressed P-256 keys.
ED25519, P256 = b"\xed\x01", b"\x80\x24"
# The algorithms of RFC 9864, by the type of key, and HPKE-4 (draft-ietf-cose-hpke).
ALGORITHMS = {1: -19, 2: -9}
HPKE_4 = 42


@dataclass
class Key:
    """A key that signs, or the public half of one, as members of a COSE key."""

    public: dict
    secret: dict = field(default_factory=dict)

    @classmethod
    def of_seed(cls, text):
        """Returns the key of `CURVE:SEED`, the seed in hexadecimal digits."""
        curve, seed = text.split(":")
        secret = bytes.fromhex(seed)
        if curve == "ed25519":
            point = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
            return cls({1: 1, -1: 6, -2: point}, {-4: secret})
        if curve == "p256":
            return cls(_p256(ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1()).public_key()), {-4: secret})
        raise ValueError(f"neither ed25519 nor p256: {curve}")

    @classmethod
    def of_did(cls, text):
        """Reads a did:key or a Multikey text."""
        multikey = text.removeprefix("did:key:").split("#")[0]
        number = 0
        for letter in multikey.removeprefix("z"):
            number = number * 58 + BASE58.index(letter)
        prefix, point = (number.to_bytes((number.bit_length() + 7) // 8)[part] for part in (slice(2), slice(2, None)))
        if prefix == ED25519:
            return cls({1: 1, -1: 6, -2: point})
        if prefix == P256:
            return cls(_p256(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)))
        raise ValueError(f"neither Ed25519 nor P-256: {text}")

    @property
    def algorithm(self):
        """Returns its one algorithm."""
        return ALGORITHMS[self.public[1]]

    def did(self):
        """Returns the did:key."""
        if self.public[1] == 1:
            number = ED25519 + self.public[-2]
        else:
            number = P256 + bytes([2 | self.public[-3][-1] & 1]) + self.public[-2]
        number, digits = int.from_bytes(number), ""
        while number:
            number, digit = divmod(number, 58)
            digits = BASE58[digit] + digits
        return f"did:key:z{digits}"

    def kid(self):
        """Returns the first 8 bytes of the thumbprint (RFC 9679)."""
        return hashlib.sha256(cbor2.dumps(self.public)).digest()[:8]

    def cose(self, kid=None):
        """Returns the key as the library takes it. A message with a `kid` is verified only by a key that has the same one."""
        named = {} if kid is None else {2: kid}
        return COSEKey.new({**self.public, **self.secret, 3: self.algorithm, **named})


def _p256(public):
    numbers = public.public_numbers()
    return {1: 2, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}


def recipient(public):
    """Returns the key that an answer is sealed to."""
    return COSEKey.new({1: 1, -1: 4, -2: public, 3: HPKE_4})


def recipient_secret(seed, kid):
    """Returns the key that opens what was sealed to its public half under this `kid`."""
    secret = bytes.fromhex(seed)
    return COSEKey.new({1: 1, -1: 4, -2: recipient_public(seed), -4: secret, 3: HPKE_4, 2: kid})


def recipient_public(seed):
    """Returns the public half of an X25519 key."""
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(seed)).public_key().public_bytes_raw()
