import { createHash, generateKeyPairSync } from 'node:crypto';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { pullExtension } from '../artifacts/pull.ts';
import { pushExtension } from '../artifacts/push.ts';
import { signReference, verifyReference } from '../artifacts/sign.ts';
import { type RunningRegistry, startDockerRegistry } from '../testing/registry-process.ts';
import { Scratch } from '../testing/session.ts';

let registry: RunningRegistry;
let scratch: Scratch;
let digest: string;
let keyIdentifier: string;

/**
 * Stands in for the programs: writes down its arguments and what its environment leads to, and answers in their words. It
 * accepts the key or identity that the file `accepts` names.
 */
const standIn = (folder: string): string => `#!/bin/sh
{ echo "$0 $*"; } >>"${folder}/calls"
env >"${folder}/environment"
for last in "$@"; do :; done
case "$0" in
  *cosign)
    case "$1" in
      sign) [ "$COSIGN_PASSWORD" = open-sesame ] || [ -n "$SIGSTORE_ID_TOKEN" ] || { echo "Error: signing: decrypt: decryption failed" >&2; exit 1; }; touch "${folder}/signed" ;;
      verify)
        [ -e "${folder}/signed" ] || { echo "Error: no signatures found" >&2; exit 10; }
        case "$*" in *"$(cat "${folder}/accepts")"*) ;; *) echo "Error: no matching signatures: invalid signature" >&2; exit 12 ;; esac
        printf '[{"critical":{"image":{"docker-manifest-digest":"%s"}},"optional":null}]\\n' "\${NAMED:-\${last##*@}}" ;;
    esac ;;
  *)
    case "$1" in
      sign) touch "${folder}/signed"; echo "Successfully signed $last" ;;
      verify)
        [ -e "${folder}/signed" ] || { echo "Error: signature verification failed: no signature is associated with \\"$last\\", make sure the artifact was signed successfully" >&2; exit 1; }
        cat "$XDG_CONFIG_HOME/notation/trustpolicy.json" >>"${folder}/policies"
        ls "$XDG_CONFIG_HOME/notation/truststore/x509/ca/provisioning" >>"${folder}/store"
        grep -q "$(cat "${folder}/accepts")" "$XDG_CONFIG_HOME/notation/trustpolicy.json" || { echo "Error: signature verification failed for all the signatures associated with $last" >&2; exit 1; }
        echo "Successfully verified signature for $last" ;;
    esac ;;
esac
`;

beforeAll(async () => {
  scratch = await Scratch.create();
  registry = await startDockerRegistry();
  for (const tool of ['cosign', 'notation'])
    await chmod(await scratch.write(`bin/${tool}`, standIn(scratch.folder)), 0o755);
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await scratch.write('trusted.pub', publicKey.export({ type: 'spki', format: 'pem' }) as string);
  keyIdentifier = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  await scratch.write('other.pub', other.export({ type: 'spki', format: 'pem' }) as string);
  await scratch.write('cosign.key', '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n');
  const path = await scratch.extension('redis', { name: 'redis' });
  const plain = scratch.session(registry.host);
  ({ digest } = await pushExtension(plain, { path }));
  await plain.close();
});
afterAll(async () => {
  await registry.stop();
  await scratch.remove();
});
beforeEach(async () => {
  for (const file of ['calls', 'policies', 'store', 'accepts']) await scratch.write(file, '');
});

const calls = async (): Promise<readonly string[]> =>
  (await readFile(scratch.path('calls'), 'utf8')).trim().split('\n').filter(Boolean);
const left = async (): Promise<readonly string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('provisioning-signing-'));

function session(config: Readonly<Record<string, unknown>>, environment: Record<string, string> = {}) {
  const path = `${scratch.path('bin')}:${process.env['PATH']!}`;
  return scratch.session(registry.host, { config, path, environment });
}

test('a signing program that is missing is named, with what to do', async () => {
  for (const tool of ['cosign', 'notation']) {
    const without = scratch.session(registry.host, {
      config: { 'oci.signing.tool': tool, 'oci.signing.public_keys': [scratch.path('trusted.pub')] },
      path: scratch.path('nothing'),
    });
    const missing = { code: 'SIGNING_TOOL_MISSING', exitCode: 1, message: `${tool} not found` };
    await expect(signReference(without, 'redis:1.0.0', {})).rejects.toMatchObject(missing);
    if (tool === 'cosign')
      await expect(verifyReference(without, 'redis:1.0.0', [])).rejects.toMatchObject(missing);
    await without.close();
  }
});

test('a stand-in for cosign: signs by key file, and the policy of the session asks it', async () => {
  const before = await left();
  const name = `${registry.host}/provisioning-extensions/redis@${digest}`;
  const http = '--allow-http-registry --allow-insecure-registry';
  const config = {
    'oci.signing.tool': 'cosign',
    'oci.signing.policy': 'require',
    'oci.signing.public_keys': [scratch.path('other.pub'), scratch.path('trusted.pub')],
  };
  const outside = session(config, { COSIGN_PASSWORD: 'open-sesame' });
  await scratch.write('accepts', 'trusted.pub');
  await expect(verifyReference(outside, 'redis:1.0.0', [])).rejects.toMatchObject({
    message: `Unsigned artifact refused: ${registry.host}/provisioning-extensions/redis:1.0.0`,
    exitCode: 4,
  });
  const keyFile = scratch.path('cosign.key');
  const annotations = ['team=db'];
  expect(await signReference(outside, 'redis:1.0.0', { keyFile, annotations })).toMatchObject({ digest });
  const said = await calls();
  expect(said.at(-1)).toBe(
    `${scratch.path('bin/cosign')} sign --yes --key ${keyFile} --tlog-upload=false --annotations team=db ${http} ${name}`,
  );
  expect(said.join()).not.toContain('open-sesame');

  const pulled = await pullExtension(outside, 'redis:1.0.0', { cwd: scratch.path('pulled') });
  expect(pulled.signedBy).toBe(keyIdentifier);
  expect((await calls()).at(-1)).toBe(
    `${scratch.path('bin/cosign')} verify --output json --key ${scratch.path('trusted.pub')} --insecure-ignore-tlog=true ${http} ${name}`,
  );
  await scratch.write('accepts', 'nobody.pub');
  await expect(verifyReference(outside, 'redis:1.0.0', [])).rejects.toMatchObject({
    message: `Signature verification failed: ${registry.host}/provisioning-extensions/redis:1.0.0`,
    exitCode: 4,
    hint: expect.stringContaining('no matching signatures'),
  });
  await outside.close();
  // An answer about another artifact counts for nothing.
  await scratch.write('accepts', 'trusted.pub');
  const lying = session(config, { NAMED: `sha256:${'0'.repeat(64)}` });
  await expect(verifyReference(lying, 'redis:1.0.0', [])).rejects.toMatchObject({ exitCode: 4 });
  await lying.close();
  expect(await left()).toEqual(before);
});

test('a stand-in for cosign: identities are asked for, and allowed_signers may narrow them', async () => {
  const subject = 'release@acme.example';
  const config = {
    'oci.signing.tool': 'cosign',
    'oci.signing.identities': [{ issuer: 'https://login.acme.example', subject }],
  };
  await scratch.write('signed', '');
  await scratch.write('accepts', `--certificate-identity ${subject}`);
  const outside = session(config, { SIGSTORE_ID_TOKEN: 'very-secret-token' });
  expect(await signReference(outside, 'redis:1.0.0', {})).toMatchObject({ key: 'keyless' });
  expect(await verifyReference(outside, 'redis:1.0.0', [])).toMatchObject({ key: subject, digest });
  const said = await calls();
  expect(said[0]).not.toContain('--key');
  expect(said[1]).toContain(
    `--certificate-identity ${subject} --certificate-oidc-issuer https://login.acme.example`,
  );
  expect(said.join()).not.toContain('very-secret-token');
  await outside.close();
  const narrowed = session({ ...config, 'oci.signing.allowed_signers': { '**': ['somebody-else'] } });
  await expect(verifyReference(narrowed, 'redis:1.0.0', [])).rejects.toMatchObject({
    code: 'SIGNATURE_INVALID',
    hint: expect.stringContaining('allowed_signers'),
  });
  expect(await calls()).toHaveLength(2);
  await narrowed.close();
});

test('a stand-in for cosign: a key that cosign encrypted is left to it by the built-in tool', async () => {
  const builtin = session({}, { COSIGN_PASSWORD: 'open-sesame' });
  await signReference(builtin, 'redis:1.0.0', { keyFile: scratch.path('cosign.key') });
  expect(await calls()).toEqual([expect.stringContaining('cosign sign --yes --key')]);
  await builtin.close();
  const wrong = session({}, { COSIGN_PASSWORD: 'wrong' });
  await expect(
    signReference(wrong, 'redis:1.0.0', { keyFile: scratch.path('cosign.key') }),
  ).rejects.toMatchObject({
    code: 'SIGNING_FAILED',
    exitCode: 1,
    hint: expect.stringContaining('COSIGN_PASSWORD'),
  });
  await wrong.close();
});

test('a stand-in for notation: a trust policy of its own names certificates and one identity', async () => {
  const before = await left();
  const name = `${registry.host}/provisioning-extensions/redis@${digest}`;
  const subject = 'C=DE, ST=BE, O=Acme, CN=release';
  await scratch.write('docker/config.json', JSON.stringify({ auths: { [registry.host]: { auth: 'YTpi' } } }));
  const outside = session({
    'oci.signing.tool': 'notation',
    'oci.signing.public_keys': [scratch.path('ca.pem')],
    'oci.signing.identities': [{ subject: 'C=DE, ST=BE, O=Other' }, { subject }],
  });
  await scratch.write('ca.pem', 'a certificate');
  await scratch.write('signed', '');
  await scratch.write('accepts', 'CN=release');
  expect(await signReference(outside, 'redis:1.0.0', { keyFile: 'acme' })).toMatchObject({ key: 'acme' });
  expect(await verifyReference(outside, 'redis:1.0.0', [])).toMatchObject({ key: subject });
  expect(await calls()).toEqual([
    `${scratch.path('bin/notation')} sign --key acme --insecure-registry ${name}`,
    `${scratch.path('bin/notation')} verify --insecure-registry ${name}`,
    `${scratch.path('bin/notation')} verify --insecure-registry ${name}`,
  ]);
  expect(await readFile(scratch.path('policies'), 'utf8')).toContain(`x509.subject: ${subject}`);
  expect(await readFile(scratch.path('store'), 'utf8')).toContain('0.pem');
  // The registry's credentials went by a file that is gone now.
  expect(await readFile(scratch.path('environment'), 'utf8')).toMatch(
    /^DOCKER_CONFIG=.*provisioning-signing-/m,
  );
  await outside.close();
  expect(await left()).toEqual(before);
});

test('identities need a program that checks them, and with cosign an issuer', () => {
  const identities = [{ subject: 'a@b' }];
  for (const tool of ['builtin', 'cosign'])
    expect(() => session({ 'oci.signing.tool': tool, 'oci.signing.identities': identities })).toThrow(
      expect.objectContaining({ code: 'INVALID_SETTING', exitCode: 3 }),
    );
});
