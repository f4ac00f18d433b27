import { PassThrough, Writable } from 'node:stream';
import { type Catalogue, main, type Runtime, scanCatalogue } from '../src/index.ts';
import { holdToContract } from './contract.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSettings {
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly tty?: boolean;
  readonly columns?: number;
}

class Collector extends Writable {
  text = '';
  isTTY = false;
  columns = 80;
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

let scanned: Promise<Catalogue> | undefined;

/** The catalogue of the source folder, read once for all tests of a file. */
export function catalogue(): Promise<Catalogue> {
  scanned ??= scanCatalogue();
  return scanned;
}

/** Runs a command line in this process, as `main` would, and collects what it says. */
export async function run(argv: readonly string[], settings: RunSettings = {}): Promise<Outcome> {
  const stdout = new Collector();
  const stderr = new Collector();
  const stdin = Object.assign(new PassThrough(), { isTTY: settings.tty ?? false });
  stdin.end(settings.stdin ?? '');
  stdout.isTTY = stderr.isTTY = settings.tty ?? false;
  stdout.columns = stderr.columns = settings.columns ?? 80;
  const runtime: Runtime = {
    environment: settings.environment ?? {},
    cwd: settings.cwd ?? process.cwd(),
    stdin,
    stdout,
    stderr,
    platform: process.platform,
    now: () => Date.now(),
  };
  const code = await main(argv, await catalogue(), runtime);
  holdToContract(await catalogue(), argv, stdout.text, settings.environment);
  return { code, stdout: stdout.text, stderr: stderr.text };
}
