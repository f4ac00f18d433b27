import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ensureWorkspaceKey } from './workspace-key.ts';

test('makes one key pair that OpenSSH understands, however many ask at once', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'provisioning-key-'));
  try {
    const keys = await Promise.all(Array.from({ length: 12 }, () => ensureWorkspaceKey(workspace)));
    const [key] = keys;
    expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(1);
    expect(statSync(key!.privateKeyFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(workspace, 'secrets', 'ssh-keys')).mode & 0o777).toBe(0o700);
    expect(readFileSync(key!.publicKeyFile, 'utf8')).toBe(`${key!.publicKey}\n`);
    const derived = execFileSync('ssh-keygen', ['-y', '-f', key!.privateKeyFile]).toString().trim();
    expect(derived).toBe(key!.publicKey);
    expect(await ensureWorkspaceKey(workspace)).toEqual(key);
  } finally {
    rmSync(workspace, { recursive: true });
  }
});
