import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import {
  type Provider,
  type ProviderCapabilities,
  type ProviderInstance,
  groupFunctions,
  requiredProviderFunctions,
} from '../provider.ts';
import { expectThat, type GroupRecorder } from './report.ts';
import type { ConformanceOptions } from './options.ts';

interface Manifest {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly version?: unknown;
}

/** 1: a manifest that discovery finds, in agreement with the package and the provider. */
export async function discovered(group: GroupRecorder, provider: Provider, { folder }: ConformanceOptions) {
  let manifest: Manifest = {};
  await group.check('manifest.yaml names a provider', async () => {
    const { parse } = await import('yaml');
    manifest = parse(await readFile(join(folder, 'manifest.yaml'), 'utf8')) as Manifest;
    expectThat(manifest.type === 'provider', `type is ${String(manifest.type)}`);
    expectThat(/^\d+\.\d+\.\d+/.test(String(manifest.version)), `version is ${String(manifest.version)}`);
  });
  await group.check('manifest and metadata agree', () => {
    const { name, version } = provider.metadata();
    expectThat(manifest.name === name, `manifest says ${String(manifest.name)}, metadata ${name}`);
    expectThat(
      manifest.version === version,
      `manifest says ${String(manifest.version)}, metadata ${version}`,
    );
  });
}

/** 2: it speaks our API and starts without touching the network. */
export async function loads(
  group: GroupRecorder,
  provider: Provider,
  options: ConformanceOptions,
): Promise<ProviderInstance | undefined> {
  let instance: ProviderInstance | undefined;
  await group.check('speaks provider API 2.x', () => {
    expectThat(/^2\.\d+$/.test(provider.apiVersion), `apiVersion is ${provider.apiVersion}`);
  });
  await group.check('init needs no network', async () => {
    const before = options.mock?.requests() ?? 0;
    instance = await provider.init(options.context);
    expectThat((options.mock?.requests() ?? 0) === before, 'init sent a request');
  });
  return instance;
}

const capabilityFunctions: readonly (readonly [
  keyof ProviderCapabilities,
  readonly (keyof ProviderInstance)[],
])[] = [
  ['firewall', ['configureFirewall', 'getFirewall']],
  ['network_management', ['network']],
  ['storage_management', ['volume']],
  ['snapshots', ['snapshot']],
  ['load_balancer', ['loadBalancer']],
  ['dns_management', ['dns']],
];

/** 3: every required function, and what each capability promises. */
export async function complete(group: GroupRecorder, provider: Provider, instance: ProviderInstance) {
  await group.check('has every required function', () => {
    const missing = requiredProviderFunctions.filter((name) => typeof instance[name] !== 'function');
    expectThat(missing.length === 0, `does not implement: ${missing.join(', ')}`);
  });
  await group.check('every group it has is whole', () => {
    const missing = Object.entries(groupFunctions).flatMap(([name, members]) => {
      const part = instance[name as keyof ProviderInstance] as Record<string, unknown> | undefined;
      return part === undefined
        ? []
        : members.filter((member) => typeof part[member] !== 'function').map((member) => `${name}.${member}`);
    });
    expectThat(missing.length === 0, `does not implement: ${missing.join(', ')}`);
  });
  const { capabilities } = provider.metadata();
  for (const [capability, members] of capabilityFunctions) {
    await group.check(`${capability} is what it says`, () => {
      for (const member of members) {
        const there = instance[member] !== undefined;
        const promised = capabilities[capability] === true;
        expectThat(
          there === promised,
          `${member} is ${there ? 'there' : 'absent'}, ${capability} is ${promised}`,
        );
      }
    });
  }
}

/** 4: metadata for people, schemas for editors and validation. */
export async function described(group: GroupRecorder, provider: Provider, options: ConformanceOptions) {
  await group.check('metadata is complete', () => {
    const metadata = provider.metadata();
    for (const key of ['name', 'version', 'display_name', 'description'] as const) {
      expectThat(typeof metadata[key] === 'string' && metadata[key] !== '', `${key} is empty`);
    }
    expectThat(metadata.type === 'provider', `type is ${metadata.type}`);
    expectThat(metadata.supported_os.length > 0, 'supported_os is empty');
  });
  for (const name of ['configSchema', 'serverSchema'] as const) {
    await group.check(`${name} is a JSON Schema`, () => {
      compile(provider[name]);
    });
  }
  await group.check('the configuration in use is valid', () => {
    const validate = compile(provider.configSchema);
    const valid = validate(JSON.parse(JSON.stringify(options.context.config)));
    const findings = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    expectThat(valid, findings.join('; '));
  });
}

/** Plain JSON Schema, as any other tool would read it. */
function compile(schema: object): ValidateFunction {
  return new Ajv({ strict: false, allErrors: true, logger: false }).compile(
    JSON.parse(JSON.stringify(schema)) as object,
  );
}
