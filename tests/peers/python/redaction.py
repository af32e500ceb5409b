"""Redaction of claims: salts, disclosures and digests (draft-ietf-spice-sd-cwt, sections 4 to 9)."""

import hashlib
import secrets

import cbor2

# The key of a map whose value is the digests of redacted keys, and the tag around that of a redacted element.
REDACTED_KEYS, REDACTED_ELEMENT = cbor2.CBORSimpleValue(59), 60


class Refused(Exception):
    """What was read is not what it should be."""


def digest(disclosure):
    """Returns SHA-256 over a disclosure as a CBOR byte string, its head included."""
    return hashlib.sha256(cbor2.dumps(disclosure)).digest()


class Redactor:
    """Makes disclosures, in the order in which they are asked for."""

    def __init__(self):
        self.disclosures = []

    def element(self, value):
        """Returns the element of an array that takes the place of `value`."""
        return cbor2.CBORTag(REDACTED_ELEMENT, self._salted(value))

    def decoy(self):
        """Returns a digest that no claim belongs to."""
        return self._salted()

    def claims(self, claims):
        """Returns the map that takes the place of `claims`, each of them redacted, and what is in them too."""
        inner = {name: self.claims(value) if isinstance(value, dict) else value for name, value in claims.items()}
        return {REDACTED_KEYS: [self._salted(value, name) for name, value in inner.items()]}

    def _salted(self, *parts):
        disclosure = cbor2.dumps([secrets.token_bytes(16), *parts])
        self.disclosures.append(disclosure)
        return digest(disclosure)


class Revealer:
    """Puts what is disclosed into its place."""

    def __init__(self, disclosures):
        self.salted = {digest(disclosure): cbor2.loads(disclosure) for disclosure in disclosures}
        self.met = set()
        if len(self.salted) < len(disclosures):
            raise Refused("a disclosure twice")
        for salted in self.salted.values():
            if not isinstance(salted, list) or not 1 <= len(salted) <= 3 or not isinstance(salted[0], bytes) or len(salted[0]) != 16:
                raise Refused("a disclosure is not a salt of 128 bits, a value and a name")

    def claims(self, payload):
        """Returns the claims without digests. Every disclosure must have found its place."""
        claims = self._item(payload)
        if not self.met.issuperset(self.salted):
            raise Refused("a disclosure without a place")
        return claims

    def _item(self, item):
        if isinstance(item, dict):
            return self._map(item)
        if isinstance(item, list):
            return self._array(item)
        if isinstance(item, cbor2.CBORTag):
            raise Refused(f"tag {item.tag} where no element can be")
        return item

    def _map(self, found):
        shown = {name: self._item(value) for name, value in found.items() if name != REDACTED_KEYS}
        for key in found.get(REDACTED_KEYS, []):
            match self._meet(key):
                case [value, name]:
                    if name in shown:
                        raise Refused("a claim twice")
                    shown[name] = self._item(value)
                case [_]:
                    raise Refused("an element among claims")
        return shown

    def _array(self, found):
        shown = []
        for element in found:
            if not isinstance(element, cbor2.CBORTag) or element.tag != REDACTED_ELEMENT:
                shown.append(self._item(element))
                continue
            match self._meet(element.value):
                case [value]:
                    shown.append(self._item(value))
                case [_, _]:
                    raise Refused("a claim among elements")
        return shown

    def _meet(self, key):
        if not isinstance(key, bytes) or len(key) != 32 or key in self.met:
            raise Refused("a digest that is not one, or is there twice")
        self.met.add(key)
        return self.salted.get(key, [b""])[1:]


def chosen(disclosures, shown):
    """Returns the disclosures whose name, or whose element, is among `shown`."""
    return [disclosure for disclosure in disclosures if cbor2.loads(disclosure)[-1] in shown]


def is_deterministic(raw):
    """Returns true if these bytes are deterministic CBOR (RFC 8949, section 4.2.1)."""
    return cbor2.dumps(_ordered(cbor2.loads(raw))) == raw


def _ordered(item):
    if isinstance(item, dict):
        return {name: _ordered(item[name]) for name in sorted(item, key=cbor2.dumps)}
    if isinstance(item, list):
        return [_ordered(element) for element in item]
    if isinstance(item, cbor2.CBORTag):
        return cbor2.CBORTag(item.tag, _ordered(item.value))
    return item
