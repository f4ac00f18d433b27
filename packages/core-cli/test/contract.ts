import { commandOutputs, plainOutputs } from '@provisioning/client';
import { Value } from 'typebox/value';
import { route } from '../src/argv/route.ts';
import type { Catalogue } from '../src/command-catalogue.ts';

/** Whether a command line asks for JSON. */
function asksForJson(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const end = argv.indexOf('--');
  const words = (end === -1 ? argv : argv.slice(0, end)).join(' ');
  const [, format] = /(?:^| )(?:--out|-o)[= ](\w+)/.exec(words) ?? [];
  return (format ?? environment['PROVISIONING_OUTPUT_FORMAT']) === 'json';
}

/**
 * Holds what a command printed against its documented shape. Every test that asks for JSON goes through here, so that the
 * schemas of the client describe what is really printed.
 * @throws Error with the findings.
 */
export function holdToContract(
  catalogue: Catalogue,
  argv: readonly string[],
  stdout: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): void {
  if (stdout.trim() === '' || !asksForJson(argv, environment)) return;
  const { words, help } = route(catalogue, argv);
  const id = words.join(' ');
  if (help || Object.hasOwn(plainOutputs, id)) return;
  const check = argv.some((word) => word === '--check' || word === '-c' || word === '--dry-run');
  const schema = (check ? commandOutputs[`${id} --check`] : undefined) ?? commandOutputs[id];
  if (schema === undefined) return;
  const found = Value.Errors(schema, JSON.parse(stdout));
  if (found.length === 0) return;
  const lines = found.slice(0, 5).map((error) => `  ${error.instancePath || '/'}: ${error.message}`);
  throw new Error(
    `provisioning ${argv.join(' ')}: not the shape of ${id} (packages/client/src/schemas/outputs)\n${lines.join('\n')}\n${stdout.slice(0, 1500)}`,
  );
}
