// Data Integrity by @digitalbazaar's libraries, for the tests to drive:
//
//   di.mjs did SUITE SEED                             the did:key of a seed (64 hexadecimal digits) for a suite's kind of key
//   di.mjs sign SUITE FILE SEED assertionMethod       the document with a proof, on standard output
//   di.mjs sign SUITE FILE SEED authentication CHALLENGE DOMAIN
//   di.mjs verify FILE                                a credential; exit 1 and the reason when it is refused
//   di.mjs verify FILE CHALLENGE DOMAIN               a presentation with its credential
//   di.mjs speed                                      multiples of a raw verification, as lines of the ratio table
//
// Every document the libraries ask for is made here from the did:key itself, or is a context of theirs or ours: nothing is fetched.
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as ecdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {contexts as credentialContexts} from '@digitalbazaar/credentials-context';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import jsigs from 'jsonld-signatures';
import {readFileSync} from 'node:fs';
import {createECDH, sign as rawSign, verify as rawVerify, generateKeyPairSync} from 'node:crypto';

const {AssertionProofPurpose, AuthenticationProofPurpose} = jsigs.purposes;

const SUITES = {
  'eddsa-jcs-2022': {signer: eddsaJcs.createSignCryptosuite, verifier: eddsaJcs.createVerifyCryptosuite, keyPair: ed25519},
  'eddsa-rdfc-2022': {signer: () => eddsaRdfc, verifier: () => eddsaRdfc, keyPair: ed25519},
  'ecdsa-jcs-2019': {signer: ecdsaJcs.createSignCryptosuite, verifier: ecdsaJcs.createVerifyCryptosuite, keyPair: p256},
  'ecdsa-rdfc-2019': {signer: () => ecdsaRdfc, verifier: () => ecdsaRdfc, keyPair: p256},
};

function suiteOf(name) {
  if(!Object.hasOwn(SUITES, name)) {
    throw new Error(`"${name}" is no suite of these libraries`);
  }
  return SUITES[name];
}

const ROLE_CONTEXT = JSON.parse(readFileSync(new URL('../../schemas/contexts/role-v1.jsonld', import.meta.url), 'utf8'));
const CONTEXTS = new Map([...credentialContexts, ['https://waypass.example/contexts/role/v1', ROLE_CONTEXT]]);

async function documentLoader(url) {
  if(CONTEXTS.has(url)) {
    return {contextUrl: null, documentUrl: url, document: CONTEXTS.get(url)};
  }
  const [did, fragment] = url.split('#');
  const publicKeyMultibase = did.replace(/^did:key:/, '');
  if(did === publicKeyMultibase || (fragment && fragment !== publicKeyMultibase)) {
    throw new Error(`"${url}" is not a did:key`);
  }
  const id = `${did}#${publicKeyMultibase}`;
  const document = fragment ?
    {'@context': 'https://w3id.org/security/multikey/v1', type: 'Multikey', id, controller: did, publicKeyMultibase} :
    {'@context': 'https://www.w3.org/ns/did/v1', id: did, authentication: [id], assertionMethod: [id]};
  return {contextUrl: null, documentUrl: url, document};
}

async function ed25519(seed) {
  return ed25519Multikey.generate({seed: Uint8Array.from(Buffer.from(seed, 'hex'))});
}

async function p256(seed) {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(seed, 'hex');
  const point = ecdh.getPublicKey();
  const text = bytes => bytes.toString('base64url');
  const jwk = {kty: 'EC', crv: 'P-256', x: text(point.subarray(1, 33)), y: text(point.subarray(33)), d: text(Buffer.from(seed, 'hex'))};
  return ecdsaMultikey.fromJwk({jwk, secretKey: true});
}

async function keyPair(suite, seed) {
  const pair = await suiteOf(suite).keyPair(seed);
  const {publicKeyMultibase} = await pair.export({publicKey: true});
  pair.controller = `did:key:${publicKeyMultibase}`;
  pair.id = `${pair.controller}#${publicKeyMultibase}`;
  return pair;
}

function purposeOf(name, challenge, domain) {
  return name === 'authentication' ? new AuthenticationProofPurpose({challenge, domain}) : new AssertionProofPurpose();
}

async function sign(suite, document, pair, purpose) {
  const proof = new DataIntegrityProof({signer: pair.signer(), cryptosuite: suiteOf(suite).signer()});
  return jsigs.sign(document, {suite: proof, purpose, documentLoader});
}

async function check(document, purpose) {
  const proof = new DataIntegrityProof({cryptosuite: suiteOf(document.proof?.cryptosuite).verifier()});
  // The library writes into the document it checks.
  const result = await jsigs.verify(structuredClone(document), {suite: proof, purpose, documentLoader});
  if(!result.verified) {
    const errors = result.error?.errors ?? [result.error];
    throw new Error(errors.map(error => error?.message ?? error).join('; '));
  }
}

// The signer of a proof must be who the document says: the library leaves that to its caller.
function controls(document, who) {
  if(document.proof.verificationMethod.split('#')[0] !== who) {
    throw new Error('signed by another key than the one the document names');
  }
}

async function verify(document, challenge, domain) {
  if(challenge === undefined) {
    await check(document, purposeOf('assertionMethod'));
    return controls(document, document.issuer.id ?? document.issuer);
  }
  await check(document, purposeOf('authentication', challenge, domain));
  for(const credential of [document.verifiableCredential].flat()) {
    await verify(credential);
    controls(document, credential.credentialSubject.id);
  }
}

// Interleaved rounds, the least CPU time of each (one thread does all the work here).
async function speed(suite) {
  const names = (stem, count) => Array.from({length: count}, (_, n) => `${stem}-${n}`);
  const issuer = await keyPair(suite, '11'.repeat(32));
  const credential = await sign(suite, {
    '@context': ['https://www.w3.org/ns/credentials/v2', 'https://waypass.example/contexts/role/v1'],
    type: ['VerifiableCredential', 'RoleCredential'], issuer: issuer.controller,
    validFrom: '2026-11-20T08:00:00Z', validUntil: '2027-11-20T08:00:00Z',
    credentialSubject: {
      id: issuer.controller, roles: names('ward-nurse', 12), sites: names('clinic-site', 8), zones: names('zone', 8),
      given_name: 'Adelheid', family_name: 'Quisenberry',
    },
    credentialStatus: {type: 'TokenStatusListEntry', uri: 'https://clinic.example/lists/1', idx: 7},
  }, issuer, purposeOf('assertionMethod'));
  const isEddsa = suite.startsWith('eddsa');
  const {publicKey, privateKey} = isEddsa ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const hash = isEddsa ? null : 'sha256';
  const message = Buffer.alloc(64, 7);
  const signature = rawSign(hash, message, privateKey);
  const text = JSON.stringify(credential);
  const calls = 50;
  const least = {raw: Infinity, path: Infinity};
  const timed = async (name, work) => {
    const start = process.cpuUsage();
    for(let call = 0; call < calls; call++) {
      await work();
    }
    const {user, system} = process.cpuUsage(start);
    least[name] = Math.min(least[name], (user + system) / calls);
  };
  const end = Date.now() + 4000;
  do {
    await timed('raw', () => rawVerify(hash, message, publicKey, signature));
    await timed('path', () => verify(JSON.parse(text)));
  } while(Date.now() < end);
  console.log(row(`${suite} credential (npm)`, least.raw, least.path));
}

function row(name, raw, path) {
  const number = (value, digits, width) => value.toFixed(digits).padStart(width);
  return `${name.padEnd(46)} ${number(raw, 1, 9)} ${number(path, 1, 9)} ${number(path / raw, 2, 7)} ${'-'.padStart(7)} ${'peer'.padStart(6)}`;
}

const json = file => JSON.parse(readFileSync(file, 'utf8'));
const [verb, ...args] = process.argv.slice(2);
try {
  if(verb === 'did') {
    console.log((await keyPair(...args)).controller);
  } else if(verb === 'sign') {
    const [suite, file, seed, purpose, challenge, domain] = args;
    console.log(JSON.stringify(await sign(suite, json(file), await keyPair(suite, seed), purposeOf(purpose, challenge, domain))));
  } else if(verb === 'verify') {
    const [file, challenge, domain] = args;
    await verify(json(file), challenge, domain);
    console.log('verified');
  } else if(verb === 'speed') {
    for(const suite of Object.keys(SUITES)) {
      await speed(suite);
    }
  } else {
    throw new Error('did, sign, verify or speed');
  }
} catch(error) {
  console.error(error.message);
  process.exitCode = 1;
}
