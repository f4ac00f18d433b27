/* What lists show people; programs and pipes get the full values. */

/** A time as how long ago it was; after a day, as its date and hour. */
export function ago(time: string | undefined, now: number): string {
  if (time === undefined) return '';
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return time.slice(0, 16).replace('T', ' ');
}

/** How an id of a list is shown: its beginning, where that is enough to name it. Commands take it like the whole. */
export function shortIds(ids: readonly string[]): (id: string) => string {
  const length = 13;
  const unique = new Set(ids.map((id) => id.slice(0, length))).size === ids.length;
  return (id) => (unique ? id.slice(0, length) : id);
}
