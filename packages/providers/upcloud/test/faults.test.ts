import { describe, expect, test } from '@jest/globals';
import { type FaultyService, runFaultSchedule, seeded } from '@provisioning/extensions-sdk/testing';
import provider from '../src/index.ts';
import { recordingsAreThere, recordingsFolder } from './cassettes.ts';
import { fixture, spec } from './fixture.ts';
import { UpcloudMock } from './mock.ts';

/** The conformance suite `provider-faults` runs 500 for each provider; FAULT_SEED moves them on. */
const schedules = Number(process.env.FAULT_SCHEDULES ?? 50);
const firstSeed = Number(process.env.FAULT_SEED ?? 1);

function faulty(mock: UpcloudMock): FaultyService {
  const { state } = mock;
  const labelled = (server: Record<string, unknown>, key: string, value: string) =>
    (server.labels as { label: { key: string; value: string }[] }).label.some(
      (label) => label.key === key && label.value === value,
    );
  return {
    fail: (fault) => mock.fail(fault),
    lose: (loss) => mock.lose(loss),
    lag: (requests) => void (state.lag = requests),
    behave: () => mock.behave(),
    count: (hostname) =>
      [...state.servers.values()].filter((server) => labelled(server, 'provisioning.hostname', hostname))
        .length,
    leftovers: () => [
      ...[...state.servers.values()]
        .filter((server) => labelled(server, 'managed-by', 'provisioning'))
        .map(({ title }) => `server ${String(title)}`),
      ...[...state.storages.values()]
        .filter(({ type }) => type === 'normal')
        .map(({ title }) => `storage ${String(title)}`),
    ],
  };
}

if (!recordingsAreThere()) {
  test('the recordings are not beside the repository: the UpCloud faults are left out', () => {
    process.stderr.write(`left out: ${recordingsFolder} is not there\n`);
  });
} else {
  describe('whatever the service does', () => {
    test(`${schedules} random schedules of faults end with no duplicate and no orphan`, async () => {
      await using mock = await UpcloudMock.start();
      await using setup = await fixture(mock.url, { timeout: 0.2 });
      const instance = await provider.init(setup.context);
      const wrong: string[] = [];
      for (let seed = firstSeed; seed < firstSeed + schedules; seed += 1) {
        const whole = seeded(seed)() < 0.5;
        const outcome = await runFaultSchedule({
          seed,
          service: faulty(mock),
          provider: instance,
          clock: setup.clock,
          spec: spec({
            idempotency_key: `schedule-${seed}`,
            allowed_ports: whole ? [80] : [],
            volumes: whole ? [{ name: 'data', size: 10 }] : [],
          }),
        });
        if (outcome.findings.length > 0) {
          wrong.push(`seed ${seed} (${outcome.faults.join(', ')}): ${outcome.findings.join('; ')}`);
          break;
        }
      }
      await instance.dispose();
      expect(wrong).toEqual([]);
    }, 600_000);
  });
}
