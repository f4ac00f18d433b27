import { requestTag, serverTags, tagNames } from '../cloud/names.ts';
import { type ProviderInstance, type ServerSpec, serverStates } from '../provider.ts';
import type { Server } from '../schemas/server.ts';
import type { ConformanceOptions } from './options.ts';
import { expectCode, failureOf } from './query-groups.ts';
import { expectThat, type GroupRecorder } from './report.ts';

const key =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKcfHGX0rd8sVXwv8cTOiNvo3WQyPBaXBy0N5T3rlOd7 conformance@provisioning';

/** A whole specification from the smallest one of the options. */
export function specificationOf(options: ConformanceOptions, hostname: string): ServerSpec {
  const idempotency = `conformance-${hostname}`;
  return {
    ssh_public_keys: [key],
    allowed_ports: [],
    time_zone: 'UTC',
    extra: {},
    idempotency_key: idempotency,
    hostname,
    ...options.spec,
    tags: {
      ...options.spec.tags,
      ...serverTags(options.context, hostname),
      [tagNames.request]: requestTag(idempotency),
    },
  };
}

/** 7: one server's life. */
export async function lives(group: GroupRecorder, instance: ProviderInstance, options: ConformanceOptions) {
  const hostname = options.spec.hostname ?? 'conform-01';
  const spec = specificationOf(options, hostname);
  const ref = { hostname };
  const count = async () =>
    (await instance.listServers()).filter((server) => server.hostname === hostname).length;
  await group.check('looking before a creation changes nothing', async () => {
    const before = options.mock?.mutations() ?? 0;
    await instance.getServer(ref);
    await instance.listPlans();
    await instance.getPricing(spec.plan === '' ? {} : { plan: spec.plan });
    expectThat((options.mock?.mutations() ?? 0) === before, 'a changing request was sent');
  });
  let id = '';
  const created = await group.check('creates a server and waits until it runs', async () => {
    const ids: string[] = [];
    const server = await instance.createServer(spec, {
      wait: true,
      onCreated: async (value) => void ids.push(value),
    });
    id = server.id;
    expectThat(server.hostname === hostname, `hostname is ${server.hostname}`);
    expectThat(server.status === 'running', `status is ${server.status}`);
    expectThat(ids.includes(id), 'onCreated was not told the id');
    expectThat(!Number.isNaN(Date.parse(server.created_at)), `created_at is ${server.created_at}`);
  });
  if (!created) {
    await instance.deleteServer(ref, { keepStorage: false, force: true, wait: true }).catch(() => undefined);
    group.skip('the rest of its life', 'there is no server');
    return;
  }
  await group.check('creating it again returns the same one', async () => {
    const again = await instance.createServer(spec, { wait: true });
    expectThat(again.id === id, `made ${again.id} beside ${id}`);
    expectThat((await count()) === 1, `${await count()} servers of that name`);
  });
  await group.check('reports it with a known state, plan and tags', async () => {
    const server = await instance.getServer(ref);
    expectThat(
      server !== null && (serverStates as readonly string[]).includes(server.status),
      `${server?.status}`,
    );
    expectThat(server.zone === spec.zone, `zone is ${server.zone}, expected ${spec.zone}`);
    expectThat(server.os === spec.os, `os is ${server.os}, expected ${spec.os}`);
    if (spec.plan !== '')
      expectThat(server.plan === spec.plan, `plan is ${server.plan}, expected ${spec.plan}`);
    expectThat((await instance.getServer({ hostname, id }))?.id === id, 'not found by its id');
  });
  await group.check('says how to reach it', async () => {
    const access = await instance.getAccess(ref);
    expectThat(access.kind === 'local' || (access.host !== '' && access.port > 0), JSON.stringify(access));
    const addresses = await Promise.all([instance.getIp(ref, 'public'), instance.getIp(ref, 'private')]);
    expectThat(
      addresses.some((address) => address !== null),
      'no address',
    );
  });
  if (options.withoutPower === true) group.skip('stop, start and reboot', 'no power control');
  else {
    await group.check('stops, starts and reboots it', async () => {
      const settings = { wait: true, force: true };
      const stopped = await instance.setServerState(ref, 'stopped', settings);
      expectThat(stopped.status === 'stopped', `after stop: ${stopped.status}`);
      const started = await instance.setServerState(ref, 'running', settings);
      expectThat(started.status === 'running', `after start: ${started.status}`);
      await instance.setServerState(ref, 'running', settings);
      const rebooted = await instance.setServerState(ref, 'rebooted', settings);
      expectThat(rebooted.status === 'running', `after reboot: ${rebooted.status}`);
    });
  }
  const { otherPlan } = options;
  if (otherPlan === undefined) group.skip('resize', 'no other plan given');
  else {
    await group.check('resizes it and it runs again', async () => {
      const server = await instance.resizeServer(ref, otherPlan);
      expectThat(
        server.plan === otherPlan && server.status === 'running',
        `${server.plan}, ${server.status}`,
      );
    });
  }
  await group.check('deletes it, and again without complaint', async () => {
    const settings = { keepStorage: false, force: true, wait: true };
    expectThat((await instance.deleteServer(ref, settings)).deleted, 'deleted is false');
    expectThat(!(await instance.serverExists(ref)), 'it still exists');
    expectThat(!(await instance.deleteServer(ref, settings)).deleted, 'a second deletion says deleted');
    expectThat((await count()) === 0, 'it is still listed');
  });
}

/** 8: refusals in our classes, outages repeated. */
export async function faults(group: GroupRecorder, instance: ProviderInstance, options: ConformanceOptions) {
  const { mock } = options;
  if (mock === undefined) {
    group.skip('errors', 'a live service is not made to fail');
    return;
  }
  const spec = specificationOf(options, options.spec.hostname ?? 'conform-02');
  const create = () => instance.createServer(spec, { wait: true });
  await group.check('403 is an auth error, exit 4', async () => {
    mock.fail({ status: 403, times: 1 });
    const error = await failureOf(() => instance.listServers());
    expectCode(error, 'auth');
    expectThat(error.exitCode === 4, `exit code is ${error.exitCode}`);
  });
  await group.check('a quota text is a quota error', async () => {
    mock.fail({
      status: 422,
      body: { error: { code: 'x', message: 'quota reached' } },
      times: 1,
      method: 'POST',
    });
    expectCode(await failureOf(create), 'quota');
    expectThat(!(await instance.serverExists(spec)), 'a server was made');
  });
  await group.check('429 with Retry-After is followed', async () => {
    mock.fail({ status: 429, headers: { 'retry-after': '1' }, times: 1 });
    await instance.listServers();
  });
  await group.check('two outages are repeated', async () => {
    mock.fail({ status: 503, times: 2 });
    await instance.listServers();
  });
  await group.check('a lasting outage ends as unavailable', async () => {
    mock.fail({ status: 503, times: 3 });
    const error = await failureOf(() => instance.listServers());
    expectCode(error, 'unavailable');
    expectThat(error.message.includes('API call failed after retries'), error.message);
    expectThat(error.retryable, 'it is not retryable');
  });
  await group.check('an abort ends a call', async () => {
    const error = await instance.listServers({ signal: AbortSignal.abort(new Error('stop')) }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expectThat(error instanceof Error, 'the call went on');
  });
}

/** 9: a definition that names this provider can be planned. */
export async function serves(
  group: GroupRecorder,
  instance: ProviderInstance,
  options: ConformanceOptions,
  provider: string,
) {
  const servers: readonly Server[] = options.infrastructure ?? [];
  if (servers.length === 0) {
    group.skip('an existing definition', 'none was given');
    return;
  }
  const [plans, zones] = await Promise.all([instance.listPlans(), instance.listZones()]);
  for (const server of servers) {
    await group.check(`${server.hostname} of the definition can be planned`, async () => {
      expectThat(server.provider === provider, `its provider is ${server.provider}`);
      const named = server.plan === '' || plans.some(({ name }) => name === server.plan);
      const portable = /^\d+xCPU-\d+GB$|^(small|medium|large|2?xlarge)$/.test(server.plan);
      expectThat(named || portable, `Invalid plan: ${server.plan}`);
      expectThat(
        server.zone === 'auto' || zones.some(({ name }) => name === server.zone),
        `Invalid zone: ${server.zone}`,
      );
      expectThat(
        (await instance.getServer({ hostname: server.hostname })) === null,
        'it exists before it was made',
      );
    });
  }
}
