"""SD-CWT, a gate's question as a code, and sealed answers, for the tests to drive:

  sd_cwt.py did KEY                                    the did:key of a key, which is ed25519:SEED or p256:SEED
  sd_cwt.py issue KEY HOLDER CLAIMS OUT                a role credential for the did:key HOLDER; CLAIMS is a JSON file
  sd_cwt.py check CREDENTIAL ISSUERS                   what a credential says; ISSUERS are did:keys or Multikeys, with commas
  sd_cwt.py present KEY CREDENTIAL SHOWN NONCE AUDIENCE OUT
                                                       an answer; SHOWN are names and roles, with commas
  sd_cwt.py verify ANSWER ISSUERS NONCE AUDIENCE       what an answer says, bound to the nonce (hexadecimal) and the audience
  sd_cwt.py question CODE                              what a gate asks
  sd_cwt.py ask KEY RECIPIENT ROLE CLAIM OUT           a question of the peer's own; RECIPIENT is the seed of an X25519 key
  sd_cwt.py seal ANSWER RECIPIENT DIGEST OUT           an answer, sealed to a public key and a question (hexadecimal)
  sd_cwt.py open SEALED RECIPIENT DIGEST OUT           the answer in it; RECIPIENT is the seed again
  sd_cwt.py tamper PART CREDENTIAL OUT                 another digest, other disclosures or another signature

Signatures and encryption are those of the package cwt. Exit code 3 and the reason: what was read is refused.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from pathlib import Path

import cbor2
from cwt import COSE, DecodeError, VerifyError

import keys
from redaction import REDACTED_KEYS, Redactor, Refused, Revealer, chosen, is_deterministic

# Header parameters (RFC 9052, 9596, 9528, draft-ietf-spice-sd-cwt) and the types of both tokens.
ALG, KID, KCWT, TYP, SD_CLAIMS = 1, 4, 13, 16, 17
SD_CWT, KEY_BINDING, QUESTION = 293, 294, "application/waypass-request+cwt"
# Claims (RFC 8392, 8747, 9200, schemas/role/sd-cwt.cddl, schemas/request/code.cddl).
ISS, SUB, AUD, EXP, NBF, IAT, CNF, NONCE, VCT, CNONCE, STATUS = 1, 2, 3, 4, 5, 6, 8, 10, 11, 39, 65535
ROLE, PURPOSE, QUERY, RECIPIENT = -65537, -65538, -65539, -65540
# SD-CWT among the formats of a query.
FORMAT = 6


def require(holds, why):
    if not holds:
        raise Refused(why)


def signed(key, protected, payload, unprotected=None):
    """Returns a COSE_Sign1."""
    return COSE.new().encode_and_sign(cbor2.dumps(payload), key.cose(), {ALG: key.algorithm, **protected}, unprotected or {})


def opened(message, key, who):
    """Checks the signature; returns the protected header and the payload."""
    kid = cbor2.loads(message.value[0]).get(KID)
    try:
        protected, _, payload = COSE.new().decode_with_headers(message, key.cose(kid))
    except VerifyError:
        raise Refused(f"not signed by the {who}") from None
    require(protected[ALG] == key.algorithm, f"not the algorithm of the {who}'s key")
    return protected, payload


def sign1(raw):
    """Reads the tag and the four parts of a COSE_Sign1."""
    message = cbor2.loads(raw)
    require(isinstance(message, cbor2.CBORTag) and message.tag == 18 and len(message.value) == 4, "no COSE_Sign1")
    return message


def issue(key, holder, claims, out):
    said, redactor = json.loads(Path(claims).read_text()), Redactor()
    signer = keys.Key.of_seed(key)
    roles = [redactor.element(role) for role in said["roles"]]
    # The draft's example of decoys has one with a disclosure, and digests of nothing are allowed as well.
    roles += [cbor2.CBORTag(60, redactor.decoy()), cbor2.CBORTag(60, secrets.token_bytes(32))]
    payload = {
        **({ISS: said["iss"]} if "iss" in said else {}),
        SUB: "",
        IAT: said["iat"],
        NBF: said["iat"],
        EXP: said["exp"],
        CNF: {1: keys.Key.of_did(holder).public},
        STATUS: {"status_list": {"idx": said["status"]["idx"], "uri": said["status"]["uri"]}},
        ROLE: [roles, said["sites"], said["zones"]],
        **redactor.claims(said["personal"]),
    }
    protected = {KID: signer.kid(), TYP: SD_CWT}
    Path(out).write_bytes(signed(signer, protected, payload, {SD_CLAIMS: redactor.disclosures}))


def credential(message, issuers):
    """Verifies a credential; returns its claims."""
    protected = cbor2.loads(message.value[0])
    require(protected.get(TYP) == SD_CWT, "no SD-CWT")
    known = {key.kid(): key for key in map(keys.Key.of_did, issuers.split(","))}
    require(protected.get(KID) in known, "an unknown issuer")
    issuer = known[protected[KID]]
    _, payload = opened(message, issuer, "issuer")
    claims = Revealer(message.value[1].get(SD_CLAIMS, [])).claims(cbor2.loads(payload))
    require(claims.get(ISS, issuer.did()) == issuer.did(), "another issuer than the key")
    require(claims[SUB] == "" and claims.get(NBF, claims[IAT]) <= claims[IAT] < claims[EXP], "subject or times")
    require(claims.get(NBF, claims[IAT]) <= time.time() < claims[EXP], "not in force")
    return claims


def shown(claims):
    """Returns claims as JSON: roles, sites and zones, and what has a name."""
    role = dict(zip(("roles", "sites", "zones"), claims[ROLE]))
    return role | {name: value for name, value in claims.items() if isinstance(name, str)}


def check(path, issuers):
    raw = Path(path).read_bytes()
    message = sign1(raw)
    claims = credential(message, issuers)
    parts = [raw, message.value[0], message.value[2], *message.value[1].get(SD_CLAIMS, [])]
    require(all(map(is_deterministic, parts)), "no deterministic CBOR")
    print(json.dumps(shown(claims)))


def present(key, path, names, nonce, audience, out):
    message = sign1(Path(path).read_bytes())
    protected, unprotected, payload, signature = message.value
    disclosures = chosen(unprotected.get(SD_CLAIMS, []), names.split(","))
    nested = cbor2.CBORTag(18, [protected, {SD_CLAIMS: disclosures}, payload, signature])
    claims = {AUD: audience, IAT: int(time.time()), CNONCE: bytes.fromhex(nonce)}
    Path(out).write_bytes(signed(keys.Key.of_seed(key), {KCWT: nested, TYP: KEY_BINDING}, claims))


def verify(path, issuers, nonce, audience):
    raw = Path(path).read_bytes()
    message = sign1(raw)
    header = cbor2.loads(message.value[0])
    require(header.get(TYP) == KEY_BINDING and KCWT in header, "no key binding token")
    claims = credential(header[KCWT], issuers)
    _, payload = opened(message, keys.Key(claims[CNF][1]), "holder")
    require(all(map(is_deterministic, (raw, message.value[0], payload))), "no deterministic CBOR")
    token = cbor2.loads(payload)
    require(token[CNONCE] == bytes.fromhex(nonce), "another nonce")
    short = base64.urlsafe_b64encode(hashlib.sha256(audience.encode()).digest()[:8]).rstrip(b"=").decode()
    require(token[AUD] == (short if audience else ""), "another audience")
    require(claims[IAT] <= token[IAT] < claims[EXP], "not within the times of the credential")
    print(json.dumps(shown(claims)))


def question(path):
    raw = Path(path).read_bytes()
    message = sign1(raw)
    gate = keys.Key.of_did(cbor2.loads(message.value[2])[ISS])
    protected, payload = opened(message, gate, "gate")
    require(protected[TYP] == QUESTION, "no question")
    require(all(map(is_deterministic, (raw, message.value[0]))), "no deterministic CBOR")
    asked = cbor2.loads(payload)
    require(list(asked) == [ISS, EXP, IAT, NONCE, PURPOSE, QUERY, RECIPIENT], "not the claims of a question")
    require(0 < asked[EXP] - asked[IAT] <= 300 and len(asked[NONCE]) == 16, "not the times of a question")
    digest = hashlib.sha256(raw).hexdigest()
    print(json.dumps({"gate": asked[ISS], "digest": digest, "recipient": asked[RECIPIENT].hex(), "query": asked[QUERY]}))


def ask(key, recipient, role, claim, out):
    gate, now = keys.Key.of_seed(key), int(time.time())
    query = [[FORMAT, None, [[["roles", None], [role]], [[claim], []]]]]
    claims = {ISS: gate.did(), EXP: now + 60, IAT: now, NONCE: secrets.token_bytes(16), PURPOSE: "Entry", QUERY: query}
    Path(out).write_bytes(signed(gate, {TYP: QUESTION}, {**claims, RECIPIENT: keys.recipient_public(recipient)}))


def seal(path, recipient, digest, out):
    question, key = bytes.fromhex(digest), keys.recipient(bytes.fromhex(recipient))
    protected, unprotected = {ALG: keys.HPKE_4}, {KID: question[:8]}
    answer = Path(path).read_bytes()
    Path(out).write_bytes(COSE.new().encode_and_encrypt(answer, key, protected, unprotected, external_aad=question))


def open_sealed(path, recipient, digest, out):
    raw, question = Path(path).read_bytes(), bytes.fromhex(digest)
    key = keys.recipient_secret(recipient, question[:8])
    message = cbor2.loads(raw)
    require(isinstance(message, cbor2.CBORTag) and message.tag == 16, "no COSE_Encrypt0")
    require(message.value[1].get(KID) == question[:8], "names another question")
    try:
        Path(out).write_bytes(COSE.new().decode(raw, key, external_aad=question))
    except DecodeError:
        raise Refused("not sealed to this key and this question") from None
    require(all(map(is_deterministic, (raw, message.value[0]))), "no deterministic CBOR")


def tamper(part, path, out):
    message = sign1(Path(path).read_bytes())
    other = lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])
    if part == "digest":
        payload = cbor2.loads(message.value[2])
        payload[REDACTED_KEYS][0] = other(payload[REDACTED_KEYS][0])
        message.value[2] = cbor2.dumps(payload)
    elif part == "disclosures":
        salted = map(cbor2.loads, message.value[1][SD_CLAIMS])
        message.value[1][SD_CLAIMS] = [cbor2.dumps([other(salt), *rest]) for salt, *rest in salted]
    elif part == "signature":
        message.value[3] = other(message.value[3])
    else:
        raise ValueError(f"neither digest, disclosures nor signature: {part}")
    Path(out).write_bytes(cbor2.dumps(message))


VERBS = {
    "did": lambda key: print(keys.Key.of_seed(key).did()),
    "issue": issue,
    "check": check,
    "present": present,
    "verify": verify,
    "question": question,
    "ask": ask,
    "seal": seal,
    "open": open_sealed,
    "tamper": tamper,
}

try:
    VERBS[sys.argv[1]](*sys.argv[2:])
except Refused as why:
    print(why, file=sys.stderr)
    sys.exit(3)
