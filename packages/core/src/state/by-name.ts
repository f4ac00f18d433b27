/** Records by names that people choose: `constructor` is a name like others, and not there until somebody gives it. */
export function byName<T>(records: Readonly<Record<string, T>> = {}): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null) as Record<string, T>, records);
}
