import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { missingTools } from '../../status/checks.ts';

/** What the product can do beyond its core, and the programs one of which it takes. */
const features: readonly (readonly [feature: string, programs: readonly string[], without: string])[] = [
  ['servers as containers', ['podman', 'docker'], 'install Podman: servers of the local provider need it'],
  ['terminal on a server', ['ssh'], 'server ssh needs it; deploying does not'],
  ['workspaces in Git', ['git'], 'branches, sync and signed freezes need it'],
  ['definitions in Nickel', ['nickel'], 'TOML, YAML and TypeScript need nothing'],
  ['definitions in KCL', ['kcl'], 'TOML, YAML and TypeScript need nothing'],
  ['keys for encryption', ['age-keygen', 'rage-keygen'], 'encrypting and decrypting need no program'],
  ['recipes with just', ['just'], 'provisioning recipe runs the same ones'],
  ['guides in colour', ['glow', 'bat'], 'the built-in pages show them too'],
];

export default class CapabilityCheck extends ProvisioningCommand {
  static override summary = 'Show what works on this machine, and why something does not';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning capability check'];

  async run(): Promise<void> {
    await this.parse(CapabilityCheck);
    const rows = await Promise.all(
      features.map(async ([name, programs, without]) => {
        const missing = new Set(await missingTools(this, programs));
        const by = programs.find((program) => !missing.has(program));
        return {
          name,
          available: by !== undefined,
          by: by ?? null,
          reason: by === undefined ? without : null,
        };
      }),
    );
    await this.out.list(
      rows,
      [
        { title: 'FEATURE', value: (row) => row.name },
        { title: 'AVAILABLE', value: (row) => (row.available ? 'yes' : 'no') },
        { title: 'BY', value: (row) => row.by ?? '-' },
        { title: 'WITHOUT', value: (row) => row.reason ?? '' },
      ],
      'features',
    );
  }
}
