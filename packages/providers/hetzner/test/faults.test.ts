import { describe, expect, test } from '@jest/globals';
import { type FaultyService, runFaultSchedule, seeded } from '@provisioning/extensions-sdk/testing';
import provider from '../src/index.ts';
import { fixture, spec } from './fixture.ts';
import { HetznerMock } from './mock.ts';
import { descriptionFile, descriptionIsThere } from './openapi.ts';

/** The conformance suite `provider-faults` runs 500 for each provider; FAULT_SEED moves them on. */
const schedules = Number(process.env.FAULT_SCHEDULES ?? 50);
const firstSeed = Number(process.env.FAULT_SEED ?? 1);

function faulty(mock: HetznerMock): FaultyService {
  const { state } = mock;
  return {
    fail: (fault) => mock.fail(fault),
    lose: (loss) => mock.lose(loss),
    lag: (requests) => void (state.lag = requests),
    behave: () => mock.behave(),
    count: (hostname) =>
      state.everything('servers').filter(({ labels }) => labels?.['provisioning.hostname'] === hostname)
        .length,
    leftovers: () =>
      (['servers', 'firewalls', 'volumes', 'ssh_keys'] as const).flatMap((kind) =>
        state
          .everything(kind)
          .filter(({ labels }) => labels?.['managed-by'] === 'provisioning')
          .map(({ name }) => `${kind} ${name}`),
      ),
  };
}

if (!descriptionIsThere()) {
  test('the API description is not beside the repository: the Hetzner faults are left out', () => {
    process.stderr.write(`left out: ${descriptionFile} is not there\n`);
  });
} else {
  describe('whatever the service does', () => {
    test(`${schedules} random schedules of faults end with no duplicate and no orphan`, async () => {
      await using mock = await HetznerMock.start();
      await using setup = await fixture(mock, { timeout: 0.2 });
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
      expect(mock.violations).toEqual([]);
    }, 600_000);
  });
}
