// Data Integrity (eddsa-jcs-2022) by @digitalbazaar's libraries, for the tests to drive:
//
//   di.mjs did SEED                                   the did:key of a seed (64 hexadecimal digits)
//   di.mjs sign FILE SEED assertionMethod             the document with a proof, on standard output
//   di.mjs sign FILE SEED authentication CHALLENGE DOMAIN
//   di.mjs verify FILE                                a credential; exit 1 and the reason when it is refused
//   di.mjs verify FILE CHALLENGE DOMAIN               a presentation with its credential
//   di.mjs speed                                      the multiple of a raw verification, as a line of the ratio table
//
// Every document the libraries ask for is made here from the did:key itself: nothing is fetched.
import * as multikey from '@digitalbazaar/ed25519-multikey';
import * as suite from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import jsigs from 'jsonld-signatures';
import {readFileSync} from 'node:fs';
import {sign as rawSign, verify as rawVerify, generateKeyPairSync} from 'node:crypto';

const {AssertionProofPurpose, AuthenticationProofPurpose} = jsigs.purposes;

async function documentLoader(url) {
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

async function keyPair(seed) {
  const pair = await multikey.generate({seed: Uint8Array.from(Buffer.from(seed, 'hex'))});
  const {publicKeyMultibase} = await pair.export({publicKey: true});
  pair.controller = `did:key:${publicKeyMultibase}`;
  pair.id = `${pair.controller}#${publicKeyMultibase}`;
  return pair;
}

function purposeOf(name, challenge, domain) {
  return name === 'authentication' ? new AuthenticationProofPurpose({challenge, domain}) : new AssertionProofPurpose();
}

async function sign(document, pair, purpose) {
  const proof = new DataIntegrityProof({signer: pair.signer(), cryptosuite: suite.createSignCryptosuite()});
  return jsigs.sign(document, {suite: proof, purpose, documentLoader});
}

async function check(document, purpose) {
  const proof = new DataIntegrityProof({cryptosuite: suite.createVerifyCryptosuite()});
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
async function speed() {
  const names = (stem, count) => Array.from({length: count}, (_, n) => `${stem}-${n}`);
  const issuer = await keyPair('11'.repeat(32));
  const credential = await sign({
    '@context': ['https://www.w3.org/ns/credentials/v2', 'https://waypass.example/contexts/role/v1'],
    type: ['VerifiableCredential', 'RoleCredential'], issuer: issuer.controller,
    validFrom: '2026-11-20T08:00:00Z', validUntil: '2027-11-20T08:00:00Z',
    credentialSubject: {
      id: issuer.controller, roles: names('ward-nurse', 12), sites: names('clinic-site', 8), zones: names('zone', 8),
      given_name: 'Adelheid', family_name: 'Quisenberry',
    },
    credentialStatus: {type: 'TokenStatusListEntry', uri: 'https://clinic.example/lists/1', idx: 7},
  }, issuer, purposeOf('assertionMethod'));
  const {publicKey, privateKey} = generateKeyPairSync('ed25519');
  const message = Buffer.alloc(64, 7);
  const signature = rawSign(null, message, privateKey);
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
    await timed('raw', () => rawVerify(null, message, publicKey, signature));
    await timed('path', () => verify(JSON.parse(text)));
  } while(Date.now() < end);
  console.log(row('eddsa-jcs-2022 credential (npm)', least.raw, least.path));
}

function row(name, raw, path) {
  const number = (value, digits, width) => value.toFixed(digits).padStart(width);
  return `${name.padEnd(46)} ${number(raw, 1, 9)} ${number(path, 1, 9)} ${number(path / raw, 2, 7)} ${'-'.padStart(7)} ${'peer'.padStart(6)}`;
}

const json = file => JSON.parse(readFileSync(file, 'utf8'));
const [verb, ...args] = process.argv.slice(2);
try {
  if(verb === 'did') {
    console.log((await keyPair(args[0])).controller);
  } else if(verb === 'sign') {
    const [file, seed, purpose, challenge, domain] = args;
    console.log(JSON.stringify(await sign(json(file), await keyPair(seed), purposeOf(purpose, challenge, domain))));
  } else if(verb === 'verify') {
    const [file, challenge, domain] = args;
    await verify(json(file), challenge, domain);
    console.log('verified');
  } else if(verb === 'speed') {
    await speed();
  } else {
    throw new Error('did, sign, verify or speed');
  }
} catch(error) {
  console.error(error.message);
  process.exitCode = 1;
}
