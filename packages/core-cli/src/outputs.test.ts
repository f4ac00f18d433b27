import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commandOutputs, plainOutputs } from '@provisioning/client';
import { stopPrivateService } from '@provisioning/provider-local/engine';
import { Value } from 'typebox/value';
import { catalogue, run } from '../test/run.ts';

/** Arguments of commands that need some. */
const given: Readonly<Record<string, readonly string[]>> = {
  'cluster show': ['web'],
  'commands show': ['server list'],
  discover: ['taskserv'],
  explain: ['CONFIG_INVALID'],
  'extension info': ['redis'],
  'layer show': ['demo'],
  'layer test': ['redis', 'demo'],
  'module discover': ['taskserv'],
  'module info': ['taskserv', 'redis'],
  'provider info': ['local'],
  'provider plans': ['local'],
  'provider zones': ['local'],
  qr: ['https://shop.example.com'],
  'taskserv check-deps': ['redis'],
  'taskserv show': ['redis'],
  'taskserv validate': ['redis'],
  'taskserv versions': ['redis'],
  'template show': ['base-kubernetes'],
  'version taskserv': ['redis'],
  'plugin install': ['age'],
};

/** These need servers, a registry, an orchestrator or a person; the tests of the commands hold them to their contract. */
const elsewhere =
  /^(deploy|destroy|test$|workflow|batch|registry|oci (export|inspect|list|search|tags|verify)|oci-registry health|orchestrator (?!status|info|logs)|form|health monitor|extension test|taskserv (test|migration-logs|health|status|check$)|diagnostics|provider (test|status|templates)|runtime (detect|info|compose)|server info|server price|update|version (check|updates)|cluster (logs|status)|module list|network (test|trace)|validate-migration|migration-report|workspace (request|freeze|git|branch|get-preference)|gitea|metrics|performance monitor|config (eval|get|debug|diagnose|is-encrypted)|guide show|nickel|oci-registry (logs|status)|workspace get-default-infra|taskserv check-migration|commands search|cost|mode|server (logs|reserve)|network security-groups --|workspace init)/;

const table = await catalogue();
const reads = (
  await Promise.all(
    Object.keys(commandOutputs)
      .filter((id) => table.commands.has(id) && !elsewhere.test(id))
      .map((id) => table.details(id)),
  )
)
  .filter(({ metadata }) => metadata.tags.includes('read'))
  .map(({ id }) => id);

describe('what commands print for programs', () => {
  const home = mkdtempSync(join(tmpdir(), 'provisioning-outputs-'));
  const environment = {
    HOME: home,
    PATH: '',
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    ORCHESTRATOR_SERVER_PORT: '9',
    PROVISIONING_NONINTERACTIVE: '1',
  };
  beforeAll(async () => {
    mkdirSync(join(home, 'config', 'provisioning'), { recursive: true });
    writeFileSync(
      join(home, 'config', 'provisioning', 'config.toml'),
      '[orchestrator]\nauto_start = false\n',
    );
    const words = ['workspace', 'init', 'shop', '--template', 'demo', '--infra-name', 'demo', '--activate'];
    expect(await run(words, { environment, cwd: home })).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(async () => {
    await stopPrivateService({ variables: environment });
    rmSync(home, { recursive: true, force: true });
  });

  test('every command has a documented output, and every documented output a command', async () => {
    const { commands } = await catalogue();
    const documented = [...Object.keys(commandOutputs), ...Object.keys(plainOutputs)];
    const unknown = documented.filter((line) => !commands.has(line.replace(/ --.*$/, '')));
    expect(unknown).toEqual([]);
    expect([...commands.keys()].filter((id) => !documented.includes(id))).toEqual([]);
    expect(Object.keys(plainOutputs).filter((id) => id in commandOutputs)).toEqual([]);
  });

  test('commands validate finds nothing wrong with the commands', async () => {
    const { code, stdout } = await run(['commands', 'validate'], { environment, cwd: home });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok: \d+ commands are valid\n$/)]);
  }, 60_000);

  test.each(reads)(
    '%s keeps its contract',
    async (line) => {
      const words = [...line.split(' '), ...(given[line] ?? []), '--out', 'json'];
      const { code, stdout, stderr } = await run(words, { environment, cwd: home });
      expect([line, stderr, [0, 1, 3].includes(code)]).toEqual([line, stderr, true]);
      expect([line, Value.Errors(commandOutputs[line]!, JSON.parse(stdout))]).toEqual([line, []]);
    },
    60_000,
  );
});
