import { ProvisioningError } from '../error.ts';
import type { Provider, ProviderContext, ProviderInstance } from '../provider.ts';
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts';
import type { ConformanceOptions } from './options.ts';
import { expectThat, type GroupRecorder } from './report.ts';

/** The error of a call that must fail. */
export async function failureOf(work: () => Promise<unknown>): Promise<ProvisioningError> {
  try {
    await work();
  } catch (error) {
    expectThat(error instanceof ProvisioningError, `threw ${String(error)} instead of a ProvisioningError`);
    return error;
  }
  throw new Error('succeeded, an error was expected');
}

export function expectCode(error: ProvisioningError, code: ProviderErrorCode): void {
  const found = error instanceof ProviderError ? error.providerCode : error.code;
  expectThat(found === code, `code is ${found}, expected ${code}: ${error.message}`);
}

/** 5: missing, wrong and right credentials. */
export async function authenticates(
  group: GroupRecorder,
  provider: Provider,
  instance: ProviderInstance,
  options: ConformanceOptions,
) {
  const use = async (context: ProviderContext, work: (used: ProviderInstance) => Promise<void>) => {
    const used = await provider.init(context);
    try {
      await work(used);
    } finally {
      await used.dispose();
    }
  };
  const { withoutCredentials, wrongCredentials, secrets = [] } = options;
  if (withoutCredentials === undefined || wrongCredentials === undefined) {
    group.skip('credentials', 'the provider needs none');
  } else {
    await group.check('missing credentials are told before anything is sent', () =>
      use(withoutCredentials, async (used) => {
        const before = options.mock?.requests() ?? 0;
        const { valid } = await used.validateConfig({ online: false });
        expectThat(!valid, 'validateConfig finds the configuration valid');
        const error = await failureOf(() => used.listServers());
        expectCode(error, 'auth');
        expectThat((options.mock?.requests() ?? 0) === before, 'a request was sent without credentials');
      }),
    );
    await group.check('wrong credentials are an auth error without the secret', () =>
      use(wrongCredentials, async (used) => {
        const error = await failureOf(() => used.listServers());
        expectCode(error, 'auth');
        expectThat(error.exitCode === 4, `exit code is ${error.exitCode}`);
        const result = await used.testConnection();
        expectThat(
          !result.success && result.message === 'Connection failed',
          `testConnection: ${result.message}`,
        );
        const shown = `${error.message}${JSON.stringify(error)}${JSON.stringify(result)}${error.stack ?? ''}`;
        for (const secret of secrets) expectThat(!shown.includes(secret), 'a secret is in the error');
      }),
    );
  }
  await group.check('the right configuration is valid', async () => {
    const { valid, errors } = await instance.validateConfig({ online: true });
    expectThat(valid, errors.map(({ message }) => message).join('; '));
  });
  await group.check('the connection is successful', async () => {
    const result = await instance.testConnection();
    expectThat(result.success && result.message === 'Connection successful', result.error ?? result.message);
  });
  await group.check('health has latency and time', async () => {
    const { healthy, latency_ms: latency, checked_at: at, error } = await instance.health();
    expectThat(healthy, error ?? 'not healthy');
    expectThat(latency >= 0 && !Number.isNaN(Date.parse(at)), `latency ${latency}, checked at ${at}`);
  });
}

/** 6: the catalogue and the servers there are. */
export async function queries(group: GroupRecorder, instance: ProviderInstance, options: ConformanceOptions) {
  const { spec, mock } = options;
  await group.check('plans have cores, memory and the wished one', async () => {
    const plans = await instance.listPlans();
    for (const { name, cores, memory_mb: memory } of plans) {
      expectThat(name !== '' && cores > 0 && memory > 0, `plan ${name} has ${cores} cores and ${memory} MB`);
    }
    if (spec.plan !== '')
      expectThat(
        plans.some(({ name }) => name === spec.plan),
        `no plan ${spec.plan}`,
      );
  });
  await group.check('zones have the wished one', async () => {
    const zones = await instance.listZones();
    expectThat(
      zones.some(({ name }) => name === spec.zone),
      `no zone ${spec.zone}`,
    );
  });
  await group.check('images can be searched', async () => {
    const images = await instance.listImages({ find: spec.os });
    expectThat(images.length > 0, `no image for ${spec.os}`);
    expectThat(
      (await instance.listImages({ find: 'no-such-system-0.0' })).length === 0,
      'find finds nonsense',
    );
  });
  await group.check('prices are numbers in a currency', async () => {
    const query = spec.plan === '' ? {} : { plan: spec.plan };
    for (const { hourly, monthly, currency } of await instance.getPricing(query)) {
      expectThat(
        hourly >= 0 && monthly >= hourly && /^[A-Z]{3}$/.test(currency),
        `${hourly} ${monthly} ${currency}`,
      );
    }
  });
  await group.check('an unknown server is null, not an error', async () => {
    const ref = { hostname: 'no-such-server' };
    expectThat((await instance.getServer(ref)) === null, 'getServer returned one');
    expectThat(!(await instance.serverExists(ref)), 'serverExists says yes');
    expectCode(await failureOf(() => instance.getAccess(ref)), 'not_found');
  });
  await group.check('only our servers are listed', async () => {
    const servers = await instance.listServers();
    const foreign = servers.find(
      (server) => server.hostname === mock?.foreignServer || server.name === mock?.foreignServer,
    );
    expectThat(foreign === undefined, `${foreign?.name} is not ours`);
  });
  await group.check('queries change nothing', () => {
    expectThat((mock?.mutations() ?? 0) === 0, `${mock?.mutations()} changing requests were sent`);
  });
}
