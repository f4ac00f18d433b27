import type { Zone } from '@provisioning/extensions-sdk';

/** Continents by the countries that providers have zones in (ISO 3166-1 alpha-2). */
const continents: Readonly<Record<string, readonly string[]>> = {
  eu: [
    'de',
    'fi',
    'nl',
    'uk',
    'gb',
    'fr',
    'es',
    'pl',
    'se',
    'ie',
    'it',
    'ch',
    'at',
    'be',
    'dk',
    'no',
    'cz',
    'pt',
  ],
  na: ['us', 'ca', 'mx'],
  as: ['sg', 'jp', 'in', 'kr', 'hk', 'id', 'ae', 'il'],
  oc: ['au', 'nz'],
  sa: ['br', 'cl'],
  af: ['za'],
};
const continentNames: Readonly<Record<string, string>> = {
  europe: 'eu',
  'north-america': 'na',
  america: 'na',
  asia: 'as',
  oceania: 'oc',
  'south-america': 'sa',
  africa: 'af',
};

/** Whether a zone lies in a wished region: its own name, the region's, the country or the continent. */
export function matchesRegion(zone: Zone, wished: string): boolean {
  const text = wished.toLowerCase();
  const name = zone.name.toLowerCase();
  const country = (zone.country ?? countryIn(name) ?? '').toLowerCase();
  if (text === name || text === zone.region.toLowerCase() || text === country) return true;
  if (text === 'uk' && country === 'gb') return true;
  // `us-east` names `us-east-1a`.
  if (text.includes('-') && name.startsWith(text)) return true;
  const continent = continentNames[text] ?? text;
  return continents[continent]?.includes(country) === true;
}

/** `de-fra1`, `us-east-1`: many services begin a zone's name with the country. */
function countryIn(name: string): string | undefined {
  const prefix = /^([a-z]{2})-/.exec(name)?.[1];
  return prefix !== undefined && Object.values(continents).some((list) => list.includes(prefix))
    ? prefix
    : undefined;
}
