import { type Image, type Plan, type Price, ProviderError, type Zone } from '@provisioning/extensions-sdk';
import { name, type UpcloudApi } from './api.ts';
import type { ApiPlan, ApiPriceZone, ApiStorage, ApiZone } from './api-types.ts';

const hoursPerMonth = 730;

/** Titles of the public templates by our names of systems. */
const systems: readonly (readonly [prefix: string, title: RegExp])[] = [
  ['ubuntu', /^Ubuntu Server (\d+\.\d+)/],
  ['debian', /^Debian GNU\/Linux (\d+)/],
  ['rocky', /^Rocky Linux (\d+)/],
  ['alma', /^AlmaLinux (\d+)/],
  ['centos-stream', /^CentOS Stream (\d+)/],
  ['centos', /^CentOS (\d+)/],
];

/** Plans, zones, templates and prices; kept on disk for a day (06 §8). */
export class Catalogue {
  readonly #api: UpcloudApi;
  readonly #zones: readonly string[];

  constructor(api: UpcloudApi, allowedZones: readonly string[]) {
    this.#api = api;
    this.#zones = allowedZones;
  }

  apiPlans(): Promise<readonly ApiPlan[]> {
    return this.#api.http.catalogue(
      'plans',
      async () =>
        (await this.#api.get<{ plans: { plan: ApiPlan[] } }>('/plan', { operation: 'listPlans' })).plans.plan,
    );
  }

  async plans({ zone }: { readonly zone?: string } = {}): Promise<Plan[]> {
    const [plans, zones, prices] = await Promise.all([this.apiPlans(), this.zones(), this.#prices()]);
    const names = zones.filter(({ available }) => available).map((entry) => entry.name);
    const priced = prices.find((entry) => entry.name === (zone ?? names[0]));
    if (zone !== undefined && !names.includes(zone)) return [];
    return plans.map((plan) => ({
      name: plan.name,
      cores: plan.core_number,
      memory_mb: plan.memory_amount,
      disk_gb: plan.storage_size,
      description: `${plan.core_number} cores, ${plan.memory_amount / 1024} GB, ${plan.storage_size} GB ${plan.storage_tier}`,
      zones: names,
      ...hourly(priced, `server_plan_${plan.name}`),
      architecture: 'x86_64',
    }));
  }

  async zones(): Promise<Zone[]> {
    const zones = await this.#api.http.catalogue(
      'zones',
      async () =>
        (await this.#api.get<{ zones: { zone: ApiZone[] } }>('/zone', { operation: 'listZones' })).zones.zone,
    );
    return zones
      .filter((zone) => zone.public === 'yes')
      .map(({ id, description }) => ({
        name: id,
        region: description.replace(/ #\d+$/, ''),
        country: id.slice(0, 2),
        available: this.#zones.length === 0 || this.#zones.includes(id),
      }));
  }

  templates(): Promise<readonly ApiStorage[]> {
    return this.#api.http.catalogue('templates', () =>
      this.#api.storages('template', { operation: 'listImages' }),
    );
  }

  async images({ find }: { readonly find?: string } = {}): Promise<Image[]> {
    return (await this.templates())
      .map(({ uuid, title }) => ({
        name: title,
        arch: 'x86_64',
        id: uuid,
        os_family: systemName(title) ?? 'other',
      }))
      .filter(({ name: title, arch, os_family: system }) => {
        return find === undefined || system === find || `name: ${title} | arch: ${arch}`.includes(find);
      })
      .map((image) => ({ ...image, os_family: image.os_family.replace(/-[\d.]+$/, '') }));
  }

  /** The template of a system: our name (`ubuntu-22.04`), its title or its id. @throws ProviderError `invalid`. */
  async template(os: string): Promise<ApiStorage> {
    const templates = await this.templates();
    const found = templates.find(
      ({ uuid, title }) => uuid === os || title === os || systemName(title) === os,
    );
    if (found !== undefined) return found;
    const known = templates.map(({ title }) => systemName(title) ?? title).join(', ');
    throw new ProviderError({
      provider: name,
      operation: 'createServer',
      code: 'invalid',
      message: `Invalid server configuration: Invalid image: ${os}`,
      help: `Images of ${name}: ${known}`,
    });
  }

  async prices({ plan, zone }: { readonly plan?: string; readonly zone?: string } = {}): Promise<Price[]> {
    const [plans, zones] = await Promise.all([this.apiPlans(), this.#prices()]);
    return zones
      .filter((entry) => zone === undefined || entry.name === zone)
      .flatMap((entry) =>
        plans
          .filter((known) => plan === undefined || known.name === plan)
          .flatMap((known) => {
            const price = hourly(entry, `server_plan_${known.name}`).hourly;
            if (price === undefined) return [];
            const storage = hourly(entry, 'storage_maxiops').hourly;
            const address = hourly(entry, 'public_ipv4_address').hourly;
            return [
              {
                plan: known.name,
                zone: entry.name,
                currency: 'EUR',
                hourly: price,
                monthly: round(price * hoursPerMonth),
                ...(storage === undefined ? {} : { storage_gb_month: round(storage * hoursPerMonth) }),
                ...(address === undefined ? {} : { ip_month: round(address * hoursPerMonth) }),
              },
            ];
          }),
      );
  }

  #prices(): Promise<readonly ApiPriceZone[]> {
    return this.#api.http.catalogue(
      'prices',
      async () =>
        (await this.#api.get<{ prices: { zone: ApiPriceZone[] } }>('/price', { operation: 'getPricing' }))
          .prices.zone,
    );
  }
}

/** Cents an hour for an amount, as a price an hour for one. */
function hourly(zone: ApiPriceZone | undefined, item: string): { hourly?: number } {
  const entry = zone?.[item];
  return typeof entry === 'object' ? { hourly: round(entry.price / 100 / (entry.amount || 1)) } : {};
}

function round(value: number): number {
  return Math.round(value * 1e8) / 1e8;
}

export function systemName(title: string): string | undefined {
  for (const [prefix, pattern] of systems) {
    const version = pattern.exec(title)?.[1];
    if (version !== undefined) return `${prefix}-${version}`;
  }
  return undefined;
}
