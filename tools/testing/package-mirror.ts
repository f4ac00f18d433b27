import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A Debian package by its files. */
export interface MirroredPackage {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  /** Text by absolute path; programs are executable. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * APT repositories, signed like those of a publisher and served over HTTP, for software whose publisher a closed network
 * does not reach: packages of the same shape, with programs that behave as far as a test looks.
 */
export class PackageMirror implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'provisioning-mirror-'));
  #server: Server | undefined;

  /** Adds the flat repository at `path`, with its key beside it as `Release.key`. */
  add(path: string, packages: readonly MirroredPackage[]): void {
    const place = join(this.#folder, 'www', path);
    mkdirSync(place, { recursive: true });
    const entries = packages.map((one) => this.#build(place, one));
    const list = `${entries.join('\n\n')}\n`;
    writeFileSync(join(place, 'Packages'), list);
    writeFileSync(join(place, 'Packages.gz'), gzipSync(list));
    const sums = ['Packages', 'Packages.gz'].map((name) => {
      const content = readFileSync(join(place, name));
      return ` ${sha256(content)} ${content.length} ${name}`;
    });
    const date = new Date().toUTCString().replace('GMT', 'UTC');
    writeFileSync(join(place, 'Release'), `Date: ${date}\nSHA256:\n${sums.join('\n')}\n`);
    this.#gpg(
      ['--armor', '--clearsign', '--output', join(place, 'InRelease'), join(place, 'Release')],
      place,
    );
  }

  /** Starts serving. @param address of this machine as the servers see it. @returns the base address. */
  async serve(address: string): Promise<string> {
    const www = join(this.#folder, 'www');
    this.#server = createServer((request, response) => {
      try {
        response.end(readFileSync(join(www, normalize(decodeURIComponent(request.url ?? '/')))));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => this.#server!.listen(0, '0.0.0.0', resolve));
    return `http://${address}:${(this.#server.address() as AddressInfo).port}`;
  }

  #build(place: string, { name, version, depends, files }: MirroredPackage): string {
    const tree = mkdtempSync(join(this.#folder, 'tree-'));
    for (const [path, text] of Object.entries(files)) {
      const file = join(tree, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      chmodSync(file, text.startsWith('#!') ? 0o755 : 0o644);
    }
    const control = [
      `Package: ${name}`,
      `Version: ${version}`,
      'Architecture: all',
      'Maintainer: Tests <tests@example.org>',
      ...(depends === undefined ? [] : [`Depends: ${depends}`]),
      'Description: A package of the same shape',
    ].join('\n');
    mkdirSync(join(tree, 'DEBIAN'));
    writeFileSync(join(tree, 'DEBIAN', 'control'), `${control}\n`);
    const file = `${name}_${version}_all.deb`;
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', tree, join(place, file)], {
      stdio: 'ignore',
    });
    const content = readFileSync(join(place, file));
    return `${control}\nFilename: ./${file}\nSize: ${content.length}\nSHA256: ${sha256(content)}`;
  }

  #gpg(args: readonly string[], place: string): void {
    const home = join(this.#folder, 'gpg');
    const options = ['--homedir', home, '--batch', '--quiet', '--yes', '--passphrase', ''];
    const gpg = (more: readonly string[]): Buffer =>
      execFileSync('gpg', [...options, ...more], { stdio: 'pipe' });
    if (!readdirSync(this.#folder).includes('gpg')) {
      mkdirSync(home, { mode: 0o700 });
      gpg(['--quick-generate-key', 'mirror@example.org', 'ed25519', 'sign', '1d']);
    }
    writeFileSync(join(place, 'Release.key'), gpg(['--armor', '--export']));
    gpg(args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    if (server !== undefined) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    // The agent that gpg started ends with its folder; it is told so that no process is left.
    try {
      execFileSync('gpgconf', ['--homedir', join(this.#folder, 'gpg'), '--kill', 'all'], { stdio: 'ignore' });
    } catch {
      // There was none.
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
