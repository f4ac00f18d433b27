import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where programs that were built from Go modules lie between runs. */
const bin = join(import.meta.dirname, '../../../../../node_modules/.cache/provisioning/go');

/** Go modules of the peers. zot has none on the module proxy: it is taken from `PATH` or from `ZOT`. */
const modules: Readonly<Record<string, string>> = {
  oras: 'oras.land/oras/cmd/oras@v1.3.5',
  crane: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1',
  cosign: 'github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5',
  conformance: 'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111',
};

const asksForVersion: Readonly<Record<string, readonly string[]>> = {
  skopeo: ['--version'],
  'docker-registry': ['--version'],
  zot: ['--help'],
};

/** Environment in which the peers are found. */
export const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
};

/** Path of a program: installed, built before, or built now where a Go toolchain is there. */
export async function findPeer(name: string, say: (message: string) => void): Promise<string | undefined> {
  const named =
    process.env[name === 'conformance' ? 'OCI_CONFORMANCE' : name.toUpperCase().replace('-', '_')];
  if (name === 'conformance') {
    // It has no word that only asks for its version, and its name says too little to take it from `PATH`.
    for (const file of [named, join(bin, name)]) if (file !== undefined && existsSync(file)) return file;
  } else {
    for (const file of [...(named === undefined ? [] : [named]), name, join(bin, name)])
      if (await works(file, name)) return file;
  }
  const module = modules[name];
  if (module === undefined) return undefined;
  say(`building ${name}`);
  const env = { ...process.env, GOBIN: bin, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' };
  const built = await run('go', ['install', module], { env }).then(
    () => true,
    () => false,
  );
  return built ? join(bin, name) : undefined;
}

function works(file: string, name: string): Promise<boolean> {
  return run(file, [...(asksForVersion[name] ?? ['version'])]).then(
    () => true,
    () => false,
  );
}
