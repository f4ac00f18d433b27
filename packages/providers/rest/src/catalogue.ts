import type { Image, Plan, Price, Zone } from '@provisioning/extensions-sdk';
import type { Declaration } from './schema.ts';
import { valueAt } from './path.ts';
import type { RestService } from './service.ts';

const hoursPerMonth = 730;

/** Plans, zones, images and prices of the declaration, else of the service. */
export class RestCatalogue {
  readonly #service: RestService;
  readonly #declaration: Declaration;

  constructor(service: RestService) {
    this.#service = service;
    this.#declaration = service.declaration;
  }

  async plans({ zone }: { readonly zone?: string } = {}): Promise<Plan[]> {
    const { plans, pricing } = this.#declaration;
    const zones = (await this.zones()).map(({ name }) => name);
    const known: Omit<Plan, 'hourly'>[] =
      plans?.map((plan) => ({
        ...plan,
        description: plan.description ?? `${plan.cores} cores, ${plan.memory_mb} MB`,
        zones: plan.zones ?? zones,
        architecture: 'x86_64',
      })) ??
      (await this.#list('listPlans')).map((raw) => ({
        name: textAt(raw, ['name', 'slug', 'id']),
        cores: Number(firstAt(raw, ['cores', 'vcpus', 'cpu']) ?? 0),
        memory_mb: Number(firstAt(raw, ['memory_mb', 'memory']) ?? 0),
        disk_gb: Number(firstAt(raw, ['disk_gb', 'disk']) ?? 0),
        description: textAt(raw, ['description', 'name', 'slug']),
        zones: (firstAt(raw, ['zones', 'regions']) as string[] | undefined) ?? zones,
        ...(typeof firstAt(raw, ['hourly', 'price_hourly']) === 'number'
          ? { hourly: firstAt(raw, ['hourly', 'price_hourly']) as number }
          : {}),
        architecture: 'x86_64',
      }));
    return known
      .filter((plan) => zone === undefined || plan.zones.includes(zone))
      .map((plan) => {
        const price = pricing?.table[plan.name];
        return price === undefined ? plan : { ...plan, hourly: this.#hourly(price) };
      });
  }

  async zones(): Promise<Zone[]> {
    const { zones } = this.#declaration;
    if (zones !== undefined) {
      return zones.map((zone) =>
        typeof zone === 'string'
          ? { name: zone, region: zone, available: true }
          : { name: zone.name, region: zone.region, available: true },
      );
    }
    return (await this.#list('listZones')).map((raw) => ({
      name: textAt(raw, ['slug', 'id', 'name']),
      region: textAt(raw, ['region', 'name', 'slug']),
      available: firstAt(raw, ['available']) !== false,
    }));
  }

  async images({ find }: { readonly find?: string } = {}): Promise<Image[]> {
    const { images } = this.#declaration;
    const all =
      images?.map((name) => ({ name, arch: 'x86_64', id: name, os_family: name.replace(/-.*/, '') })) ??
      (await this.#list('listImages')).map((raw) => ({
        name: textAt(raw, ['slug', 'name']),
        arch: 'x86_64',
        id: textAt(raw, ['slug', 'id', 'name']),
        os_family: textAt(raw, ['distribution', 'os_family', 'name']).toLowerCase(),
      }));
    return all.filter(
      ({ name, arch }) => find === undefined || `name: ${name} | arch: ${arch}`.includes(find),
    );
  }

  async prices({ plan, zone }: { readonly plan?: string; readonly zone?: string } = {}): Promise<Price[]> {
    const { pricing } = this.#declaration;
    const zones = (await this.zones())
      .map(({ name }) => name)
      .filter((name) => zone === undefined || name === zone);
    const table =
      pricing?.table ??
      Object.fromEntries(
        (await this.plans()).flatMap(({ name, hourly }) => (hourly === undefined ? [] : [[name, hourly]])),
      );
    return Object.entries(table)
      .filter(([name]) => plan === undefined || name === plan)
      .flatMap(([name, price]) =>
        zones.map((place) => ({
          plan: name,
          zone: place,
          currency: pricing?.currency ?? 'USD',
          hourly: this.#hourly(price),
          monthly: round(this.#hourly(price) * hoursPerMonth),
          ...(pricing?.storage_gb === undefined
            ? {}
            : { storage_gb_month: round(this.#hourly(pricing.storage_gb) * hoursPerMonth) }),
        })),
      );
  }

  #hourly(price: number): number {
    return this.#declaration.pricing?.unit === 'month' ? round(price / hoursPerMonth) : price;
  }

  #list(key: 'listPlans' | 'listZones' | 'listImages'): Promise<unknown[]> {
    return this.#service.http.catalogue(key, () => this.#service.list(key, {}, { operation: key }));
  }
}

function firstAt(raw: unknown, keys: readonly string[]): unknown {
  return keys.map((key) => valueAt(raw, key)).find((value) => value !== undefined && value !== null);
}

function textAt(raw: unknown, keys: readonly string[]): string {
  if (typeof raw === 'string') return raw;
  return String(firstAt(raw, keys) ?? '');
}

function round(value: number): number {
  return Math.round(value * 1e8) / 1e8;
}
